"""Cut a call's connection when its time is up, whatever the other side is doing.

This is needed because a read timeout alone never stops a server that sends a byte now and then.
"""

import heapq
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class _Call:
    """A call in progress, with the sockets it uses."""

    def __init__(self) -> None:
        self.sockets: list[socket.socket] | None = []
        self.over = False
        self._lock = threading.Lock()

    def uses(self, sock: socket.socket) -> None:
        with self._lock:
            if self.sockets is not None:
                self.sockets.append(sock)
            if self.over:
                _shut(sock)

    def cut(self) -> None:
        with self._lock:
            self.over = self.sockets is not None
            for sock in self.sockets or ():
                _shut(sock)

    def done(self) -> None:
        with self._lock:
            self.sockets = None


def _shut(sock: socket.socket) -> None:
    try:
        # Not SSLSocket.shutdown, because it removes the TLS object while another thread reads.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return  # closed already


class _Watch:
    """The one thread of a process that cuts calls when their time is up."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._ends: list[tuple[float, int, _Call]] = []
        self._numbers = count()
        self._running = False

    def add(self, end: float, call: _Call) -> None:
        with self._changed:
            heapq.heappush(self._ends, (end, next(self._numbers), call))
            if not self._running:
                threading.Thread(target=self._run, name="canvas-deadlines", daemon=True).start()
                self._running = True
            elif self._ends[0][2] is call:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._ends or (left := self._ends[0][0] - time.monotonic()) > 0:
                    self._changed.wait(left if self._ends else None)
                call = heapq.heappop(self._ends)[2]
            call.cut()


_watch = _Watch()
_current = threading.local()


def _after_fork() -> None:
    global _watch
    _watch = _Watch()  # the parent's thread does not exist here, and its lock may still be held


os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def cut_at(end: float) -> Iterator[_Call]:
    """Cut this thread's connections at ``end`` (``time.monotonic()``)."""
    call = _current.call = _Call()
    _watch.add(end, call)
    try:
        yield call
    finally:
        _current.call = None
        call.done()


def _in_use(sock: Any) -> None:
    call = getattr(_current, "call", None)
    if call is not None and sock is not None:
        call.uses(getattr(sock, "socket", sock))  # TLS within TLS wraps the socket


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        _in_use(sock)
        return sock

    def request(self, *arguments: Any, **options: Any) -> None:
        _in_use(self.sock)
        super().request(*arguments, **options)


class _Secure(_Plain, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


CONNECTIONS = {"http": _PlainPool, "https": _SecurePool}
