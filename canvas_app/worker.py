"""Easel's gunicorn worker: a thread gets a request only once it has arrived in full.

gunicorn's own threads read from the client, so sixteen clients that send a byte now and then block
sixteen threads. Here the main loop collects each request, as a buffering proxy does. A client that
is too slow or silent, or sends too much, never reaches a thread. This is written for gunicorn 27;
the methods it relies on are checked at start.
"""

import re
import selectors
import socket
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.util import close_graceful
from gunicorn.workers import gthread

HEAD_SECONDS = 10.0  # seconds a client may take for the request line and the headers
BODY_SECONDS = 30.0  # seconds it may then take for the body
ANSWER_SECONDS = 15.0  # seconds it may take to accept a piece of its answer
LARGEST_HEAD = 64 * 1024  # bytes
AROUND_A_FORM = 64 * 1024  # bytes that a body may be larger than a form (MAX_FORM)
MOST_COLLECTED = 64 * 2**20  # bytes of unfinished requests in one process
ANSWER_BUFFER = 256 * 1024  # bytes of an answer the system keeps for a client that reads slowly
LINGER_SECONDS = 0.5  # seconds to wait until the other side closes too
MOST_LINGERING = 64  # connections that may wait for that at once
STOPPING_SECONDS = 2.0  # seconds for an unfinished request when the worker stops

END_OF_HEAD = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
CODED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)

# A thread gets the whole request; if something is missing after all, it does not wait.
SOCKET_OPTIONS: tuple[tuple[int, int | bytes], ...] = (
    (socket.SO_RCVTIMEO, struct.pack("ll", 0, 100_000)),
    (socket.SO_SNDBUF, ANSWER_BUFFER),
)

RELIED_ON = ("accept", "enqueue_req", "finish_request", "handle_request", "murder_pending")


_largest_body = 2**20 + AROUND_A_FORM  # bytes; Easel refuses larger forms without reading them


def limit_bodies(largest_form: int) -> None:
    """Do not collect bodies that are larger than a form may be."""
    global _largest_body
    _largest_body = largest_form + AROUND_A_FORM


def bare_answer(status: str) -> bytes:
    """Return a response of the worker's own, after which the connection closes."""
    head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n"
    return f"{head}Cache-Control: no-store\r\n\r\n".encode()


TIMED_OUT = bare_answer("408 Request Timeout")
NO_LENGTH = bare_answer("411 Length Required")
HEAD_TOO_LARGE = bare_answer("431 Request Header Fields Too Large")
FULL = bare_answer("503 Service Unavailable")


class Refused(Exception):
    """A request that never reaches a thread, with the response to send."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(answer)
        self.answer = answer


class Collected:
    """The part of a request received so far, and the deadline for the rest.

    ``begin`` is the monotonic time at which the client could begin to send.
    """

    def __init__(self, begin: float) -> None:
        self.data = bytearray()
        self.deadline = begin + HEAD_SECONDS
        self.body_left_out = False  # too large to collect; Easel refuses it without reading it
        self.expects_continue = False  # the client waits for permission to send the body
        self._searched = 0
        self._ends: int | None = None  # length of the whole request, known once its head is here

    def add(self, piece: bytes, now: float) -> bool:
        """Add a piece; return whether the request is complete. Raise Refused."""
        self.data += piece
        if self._ends is None and not self._found_head(now):
            return False
        return len(self.data) >= (self._ends or 0)

    def _found_head(self, now: float) -> bool:
        at = self.data.find(END_OF_HEAD, max(0, self._searched - len(END_OF_HEAD)))
        self._searched = len(self.data)
        end = at + len(END_OF_HEAD)
        if (end if at >= 0 else len(self.data)) > LARGEST_HEAD:
            raise Refused(HEAD_TOO_LARGE)
        if at < 0:
            return False
        head = bytes(self.data[:end])
        if CODED.search(head):
            raise Refused(NO_LENGTH)
        found = LENGTH.search(head)  # gunicorn's parser refuses a malformed one
        length = int(found[1]) if found else 0
        self.body_left_out = length > _largest_body
        self._ends = end if self.body_left_out else end + length
        self.deadline = now + BODY_SECONDS
        self.expects_continue = EXPECTS.search(head) is not None
        return True


class Connection(gthread.TConn):  # type: ignore[misc]  # gunicorn is untyped
    """A connection, the request being received on it, and how it ends."""

    def __init__(self, worker: "Worker", *arguments: Any) -> None:
        super().__init__(*arguments)
        self.worker = worker
        self.body_left_out = False

    def close(self, graceful: bool = False) -> None:
        """Close at once, or let another thread wait for the client while the main loop goes on."""
        if graceful and self.worker.room.acquire(blocking=False):
            self.sock.setblocking(True)
            self.worker.aside.submit(self.worker.linger, self.sock)
        else:
            self.sock.close()


class Worker(gthread.ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker, whose main loop collects requests before threads answer them."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        missing = [name for name in RELIED_ON if not hasattr(gthread.ThreadWorker, name)]
        if missing:
            raise RuntimeError(
                f"this gunicorn lacks {', '.join(missing)}, which Easel's worker builds on: "
                "install the version that requirements.txt names"
            )
        self.collecting: dict[Connection, Collected] = {}  # oldest first
        self.held = 0  # bytes in all of ``collecting``
        self.aside = ThreadPoolExecutor(8, thread_name_prefix="linger")
        self.room = threading.BoundedSemaphore(MOST_LINGERING)

    def linger(self, sock: socket.socket) -> None:
        try:
            close_graceful(sock, LINGER_SECONDS)
        finally:
            self.room.release()

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection; if there are too many, drop the oldest unfinished one."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        for option, value in SOCKET_OPTIONS:
            client.setsockopt(socket.SOL_SOCKET, option, value)
        if self.nr_conns >= self.worker_connections and self.collecting:
            self._end(next(iter(self.collecting)), FULL)
        self.enqueue_req(Connection(self, self.cfg, client, address, listener.getsockname()))

    def enqueue_req(self, conn: Connection) -> None:
        """Collect a connection's next request, and pass it to a thread when it is complete."""
        conn.sock.setblocking(False)
        self.collecting[conn] = Collected(time.monotonic())
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_data, conn))
        # Data that came with the body of the last request, or that woke the poller.
        ahead = conn.parser.unreader.take_buffered() if conn.parser else b""
        self._take(conn, ahead)

    def on_data(self, conn: Connection, client: socket.socket) -> None:
        """Receive what a client has sent."""
        try:
            piece = client.recv(LARGEST_HEAD)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if piece:
            self._take(conn, piece)
        else:
            self._end(conn)

    def _take(self, conn: Connection, piece: bytes) -> None:
        if not piece:
            return
        collected = self.collecting[conn]
        told = collected.expects_continue
        self.held += len(piece)
        try:
            whole = collected.add(piece, time.monotonic())
        except Refused as refused:
            self._end(conn, refused.answer)
            return
        if whole:
            self._forget(conn)
            conn.init()
            conn.body_left_out = collected.body_left_out
            conn.parser.unreader.unread(bytes(collected.data))
            super().enqueue_req(conn)
        elif self.held > MOST_COLLECTED:
            self._end(conn, FULL)
        elif collected.expects_continue and not told:
            with suppress(OSError):
                conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _forget(self, conn: Connection) -> None:
        self.held -= len(self.collecting.pop(conn).data)
        with suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)

    def _end(self, conn: Connection, answer: bytes = b"") -> None:
        """Close a connection whose request stayed incomplete; if it had begun one, answer first."""
        began = bool(self.collecting[conn].data)
        self._forget(conn)
        self.nr_conns -= 1
        if answer and began:
            with suppress(OSError):
                conn.sock.send(answer)
        conn.close(graceful=bool(answer and began))

    def murder_pending(self) -> None:
        """Close connections whose request took too long; the limit is short when stopping."""
        super().murder_pending()
        for conn in list(self._late(time.monotonic())):
            self._end(conn, TIMED_OUT)

    def _late(self, now: float) -> Iterator[Connection]:
        for conn, collected in self.collecting.items():
            if not self.alive:
                collected.deadline = min(collected.deadline, now + STOPPING_SECONDS)
            if collected.deadline <= now:
                yield conn

    def handle_request(self, req: Any, conn: Connection) -> bool:
        """Answer a request; cut off a client that accepts no piece of the answer for too long."""
        conn.sock.settimeout(ANSWER_SECONDS)
        if conn.body_left_out:
            req.force_close()
        with self.wsgi.extensions["easel.metrics"].busy.track_inprogress():
            return bool(super().handle_request(req, conn))

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:
        """Return whether the connection may serve another request; not while a body is arriving."""
        return keepalive and not conn.body_left_out and bool(conn.parser.finish_body())
