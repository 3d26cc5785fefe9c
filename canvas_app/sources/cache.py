"""Cached answers: in this process, bounded by bytes, or in Redis for several processes.

The owner of an answer is (environment, user, real user, grant generation), hashed. An owner's
answers are in a *namespace*, which ``drop`` abandons at sign-out, write and disconnect. An answer
that was requested before and comes afterwards is stored in the old namespace, which nobody reads
any more.
"""

import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Protocol

log = logging.getLogger(__name__)

KEEP_SECONDS = 6 * 3600.0
OVERHEAD = 300  # approximate overhead beside each value
MOST_OWNERS = 10_000


class Cache(Protocol):
    """The methods that Sources needs of a cache; values are bytes that contain their own time."""

    def namespace(self, owner: str) -> str:
        """Return the namespace of this owner's answers, valid until the next ``drop``."""
        ...

    def get(self, namespace: str, request: str) -> bytes | None: ...
    def put(self, namespace: str, request: str, value: bytes) -> None: ...
    def discard(self, namespace: str, request: str) -> None: ...
    def drop(self, owner: str) -> None: ...
    def claim(self, namespace: str, request: str) -> bool:
        """Return whether the caller may renew this answer; nobody else may until ``release``."""
        ...

    def release(self, namespace: str, request: str) -> None: ...
    def size(self) -> int | None:
        """Return how many bytes are held; None when that is not known."""
        ...

    def close(self) -> None: ...


class MemoryCache:
    """A cache in this process that evicts the least recently used answers above ``max_bytes``.

    Every answer is dropped after ``keep`` seconds.
    """

    def __init__(
        self,
        max_bytes: int,
        *,
        keep: float = KEEP_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_bytes = max_bytes
        self._keep = keep
        self.bytes = 0
        self._clock = clock
        self._namespaces: OrderedDict[str, str] = OrderedDict()  # by owner
        self._kept: OrderedDict[tuple[str, str], tuple[float, bytes]] = OrderedDict()
        self._claims: dict[tuple[str, str], float] = {}
        self._lock = Lock()

    def namespace(self, owner: str) -> str:
        with self._lock:
            found = self._namespaces.setdefault(owner, secrets.token_hex(8))
            self._namespaces.move_to_end(owner)
            while len(self._namespaces) > MOST_OWNERS:
                self._empty(self._namespaces.popitem(last=False)[1])
            return found

    def get(self, namespace: str, request: str) -> bytes | None:
        with self._lock:
            found = self._kept.get((namespace, request))
            if found is None:
                return None
            until, value = found
            if until < self._clock():
                self._remove((namespace, request))
                return None
            self._kept.move_to_end((namespace, request))
            return value

    def put(self, namespace: str, request: str, value: bytes) -> None:
        key = (namespace, request)
        with self._lock:
            self._remove(key)
            if self._size(key, value) > self.max_bytes:
                return
            self._kept[key] = (self._clock() + self._keep, value)
            self.bytes += self._size(key, value)
            while self.bytes > self.max_bytes:
                self._remove(next(iter(self._kept)))

    def discard(self, namespace: str, request: str) -> None:
        with self._lock:
            self._remove((namespace, request))

    def drop(self, owner: str) -> None:
        with self._lock:
            namespace = self._namespaces.pop(owner, None)
            if namespace is not None:
                self._empty(namespace)

    def claim(self, namespace: str, request: str) -> bool:
        with self._lock:
            now = self._clock()
            if self._claims.get((namespace, request), 0) > now:
                return False
            self._claims[namespace, request] = now + RENEWAL_SECONDS
            return True

    def release(self, namespace: str, request: str) -> None:
        with self._lock:
            self._claims.pop((namespace, request), None)

    def size(self) -> int:
        return self.bytes

    def close(self) -> None:
        """Do nothing, because a cache in this process holds nothing to close."""

    def _empty(self, namespace: str) -> None:
        for key in [key for key in self._kept if key[0] == namespace]:
            self._remove(key)

    def _remove(self, key: tuple[str, str]) -> None:
        found = self._kept.pop(key, None)
        if found:
            self.bytes -= self._size(key, found[1])

    @staticmethod
    def _size(key: tuple[str, str], value: bytes) -> int:
        return len(key[0]) + len(key[1]) + len(value) + OVERHEAD


RENEWAL_SECONDS = 30
