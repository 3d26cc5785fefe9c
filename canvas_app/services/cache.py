"""Answers kept for a while: in this process, bounded by bytes, or in Redis for several processes.

A key has two halves, the owner (environment, user, real user, grant generation) and the request;
``drop`` forgets all of an owner at once, at sign-out, write and disconnect.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, Protocol

log = logging.getLogger(__name__)

KEEP_SECONDS = 12 * 3600
RENEWAL_SECONDS = 30
OVERHEAD = 300  # bytes of bookkeeping beside each value, about


class Cache(Protocol):
    """What Sources needs of a cache; values are bytes that say their own age."""

    def get(self, owner: str, request: str) -> bytes | None: ...
    def put(self, owner: str, request: str, value: bytes) -> None: ...
    def drop(self, owner: str) -> None: ...
    def claim(self, owner: str, request: str) -> bool:
        """Whether the caller is the one to renew this answer now."""
        ...

    def release(self, owner: str, request: str) -> None: ...


class MemoryCache:
    """A cache of this process: the least recently used answers go when ``max_bytes`` is reached."""

    def __init__(self, max_bytes: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], tuple[float, bytes]] = OrderedDict()
        self._claims: dict[tuple[str, str], float] = {}
        self._lock = Lock()

    def get(self, owner: str, request: str) -> bytes | None:
        with self._lock:
            found = self._kept.get((owner, request))
            if found is None:
                return None
            until, value = found
            if until < self._clock():
                self._remove((owner, request))
                return None
            self._kept.move_to_end((owner, request))
            return value

    def put(self, owner: str, request: str, value: bytes) -> None:
        key = (owner, request)
        with self._lock:
            self._remove(key)
            if self._size(key, value) > self.max_bytes:
                return
            self._kept[key] = (self._clock() + KEEP_SECONDS, value)
            self.bytes += self._size(key, value)
            while self.bytes > self.max_bytes:
                self._remove(next(iter(self._kept)))

    def drop(self, owner: str) -> None:
        with self._lock:
            for key in [key for key in self._kept if key[0] == owner]:
                self._remove(key)

    def claim(self, owner: str, request: str) -> bool:
        with self._lock:
            now = self._clock()
            if self._claims.get((owner, request), 0) > now:
                return False
            self._claims[owner, request] = now + RENEWAL_SECONDS
            return True

    def release(self, owner: str, request: str) -> None:
        with self._lock:
            self._claims.pop((owner, request), None)

    def _remove(self, key: tuple[str, str]) -> None:
        found = self._kept.pop(key, None)
        if found:
            self.bytes -= self._size(key, found[1])

    @staticmethod
    def _size(key: tuple[str, str], value: bytes) -> int:
        return len(key[0]) + len(key[1]) + len(value) + OVERHEAD


class RedisCache:
    """A cache that several processes share: one Redis hash per owner, so that one DEL drops it.

    When Redis does not answer, nothing is kept: pages are slower, never wrong.
    """

    def __init__(self, url: str) -> None:
        import redis

        self._error: type[Exception] = redis.RedisError
        self._redis: Any = redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)

    def get(self, owner: str, request: str) -> bytes | None:
        found: bytes | None = self._ask(lambda: self._redis.hget(self._name(owner), request))
        return found

    def put(self, owner: str, request: str, value: bytes) -> None:
        def write() -> None:
            with self._redis.pipeline() as pipe:
                pipe.hset(self._name(owner), request, value)
                pipe.expire(self._name(owner), KEEP_SECONDS)
                pipe.execute()

        self._ask(write)

    def drop(self, owner: str) -> None:
        self._ask(lambda: self._redis.delete(self._name(owner)))

    def claim(self, owner: str, request: str) -> bool:
        return bool(
            self._ask(
                lambda: self._redis.set(
                    self._claim(owner, request), "1", nx=True, ex=RENEWAL_SECONDS
                )
            )
        )

    def release(self, owner: str, request: str) -> None:
        self._ask(lambda: self._redis.delete(self._claim(owner, request)))

    def _ask(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except self._error as error:
            log.warning("Redis keeps no answers now: %s", type(error).__name__)
            return None

    @staticmethod
    def _name(owner: str) -> str:
        return f"easel:answers:{owner}"

    @staticmethod
    def _claim(owner: str, request: str) -> str:
        return f"easel:renewal:{owner}:{request}"
