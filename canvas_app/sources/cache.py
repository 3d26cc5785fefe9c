"""Answers kept for a while: in this process, bounded by bytes, or in Redis for several processes.

An owner is (environment, user, real user, grant generation), hashed. Her answers lie on a *shelf*
that ``drop`` takes away whole, at sign-out, write and disconnect: what was asked before and comes
in afterwards is put on the old shelf, where nobody looks any more.
"""

import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, Protocol

log = logging.getLogger(__name__)

KEEP_SECONDS = 12 * 3600
RENEWAL_SECONDS = 30
TRY_AGAIN = 5.0  # seconds until a Redis that failed is asked again; each look may take one
OVERHEAD = 300  # bytes of bookkeeping beside each value, about
MOST_OWNERS = 10_000


class Cache(Protocol):
    """What Sources needs of a cache; values are bytes that say their own age."""

    def shelf(self, owner: str) -> str:
        """Where this owner's answers are kept until the next ``drop``."""
        ...

    def get(self, shelf: str, request: str) -> bytes | None: ...
    def put(self, shelf: str, request: str, value: bytes) -> None: ...
    def discard(self, shelf: str, request: str) -> None: ...
    def drop(self, owner: str) -> None: ...
    def claim(self, shelf: str, request: str) -> bool:
        """Whether the caller is the one to renew this answer now."""
        ...

    def release(self, shelf: str, request: str) -> None: ...


class MemoryCache:
    """A cache of this process: the least recently used answers go when ``max_bytes`` is reached."""

    def __init__(self, max_bytes: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._clock = clock
        self._shelves: OrderedDict[str, str] = OrderedDict()  # by owner
        self._kept: OrderedDict[tuple[str, str], tuple[float, bytes]] = OrderedDict()
        self._claims: dict[tuple[str, str], float] = {}
        self._lock = Lock()

    def shelf(self, owner: str) -> str:
        with self._lock:
            found = self._shelves.setdefault(owner, secrets.token_hex(8))
            self._shelves.move_to_end(owner)
            while len(self._shelves) > MOST_OWNERS:
                self._empty(self._shelves.popitem(last=False)[1])
            return found

    def get(self, shelf: str, request: str) -> bytes | None:
        with self._lock:
            found = self._kept.get((shelf, request))
            if found is None:
                return None
            until, value = found
            if until < self._clock():
                self._remove((shelf, request))
                return None
            self._kept.move_to_end((shelf, request))
            return value

    def put(self, shelf: str, request: str, value: bytes) -> None:
        key = (shelf, request)
        with self._lock:
            self._remove(key)
            if self._size(key, value) > self.max_bytes:
                return
            self._kept[key] = (self._clock() + KEEP_SECONDS, value)
            self.bytes += self._size(key, value)
            while self.bytes > self.max_bytes:
                self._remove(next(iter(self._kept)))

    def discard(self, shelf: str, request: str) -> None:
        with self._lock:
            self._remove((shelf, request))

    def drop(self, owner: str) -> None:
        with self._lock:
            shelf = self._shelves.pop(owner, None)
            if shelf is not None:
                self._empty(shelf)

    def claim(self, shelf: str, request: str) -> bool:
        with self._lock:
            now = self._clock()
            if self._claims.get((shelf, request), 0) > now:
                return False
            self._claims[shelf, request] = now + RENEWAL_SECONDS
            return True

    def release(self, shelf: str, request: str) -> None:
        with self._lock:
            self._claims.pop((shelf, request), None)

    def _empty(self, shelf: str) -> None:
        for key in [key for key in self._kept if key[0] == shelf]:
            self._remove(key)

    def _remove(self, key: tuple[str, str]) -> None:
        found = self._kept.pop(key, None)
        if found:
            self.bytes -= self._size(key, found[1])

    @staticmethod
    def _size(key: tuple[str, str], value: bytes) -> int:
        return len(key[0]) + len(key[1]) + len(value) + OVERHEAD


class Cipher(Protocol):
    """What encrypts answers for a Redis; ``place`` is where each is kept."""

    def close(self, content: bytes, place: str) -> bytes: ...

    def open(self, sealed: bytes, place: str) -> bytes | None: ...


class RedisCache:
    """A cache that several processes share: one Redis hash per shelf, so that one DEL drops it.

    Answers are encrypted there: they hold people's names, grades and comments.

    When Redis does not answer, nothing is kept: pages are slower, never wrong. It is asked again
    after a while, by one call: a page asks it dozens of times, and each would wait for it.
    """

    def __init__(
        self, url: str, cipher: Cipher, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        import redis

        self._cipher = cipher

        self._error: type[Exception] = redis.RedisError
        self._redis: Any = redis.Redis.from_url(
            url, socket_timeout=1, socket_connect_timeout=1, retry=None
        )
        self._clock = clock
        self._away_until = float("-inf")
        self._away = False
        self._undropped: set[str] = set()

    def shelf(self, owner: str) -> str:
        if owner in self._undropped:
            self.drop(owner)
        if owner in self._undropped:
            return secrets.token_hex(8)

        # A shelf is looked for at each view, so it outlives what lies on it.
        def look() -> bytes | None:
            with self._redis.pipeline() as pipe:
                pipe.set(self._owner(owner), secrets.token_hex(8), nx=True)
                pipe.expire(self._owner(owner), KEEP_SECONDS)
                pipe.get(self._owner(owner))
                found: bytes | None = pipe.execute()[-1]
                return found

        found = self._ask(look)
        return found.decode() if found else secrets.token_hex(8)  # one that nobody shares

    def get(self, shelf: str, request: str) -> bytes | None:
        found: bytes | None = self._ask(lambda: self._redis.hget(self._name(shelf), request))
        return self._cipher.open(found, f"{shelf} {request}") if found else None

    def put(self, shelf: str, request: str, value: bytes) -> None:
        sealed = self._cipher.close(value, f"{shelf} {request}")

        def write() -> None:
            with self._redis.pipeline() as pipe:
                pipe.hset(self._name(shelf), request, sealed)
                pipe.expire(self._name(shelf), KEEP_SECONDS)
                pipe.execute()

        self._ask(write)

    def discard(self, shelf: str, request: str) -> None:
        self._ask(lambda: self._redis.hdel(self._name(shelf), request))

    def drop(self, owner: str) -> None:
        def take_away() -> bool:
            shelf = self._redis.get(self._owner(owner))
            if shelf is not None:
                self._redis.delete(self._owner(owner), self._name(shelf.decode()))
            return True

        if self._ask(take_away):
            self._undropped.discard(owner)
        else:  # what lies there is out of date: it is not to be read when Redis answers again
            self._undropped.add(owner)

    def claim(self, shelf: str, request: str) -> bool:
        return bool(
            self._ask(
                lambda: self._redis.set(
                    self._claim(shelf, request), "1", nx=True, ex=RENEWAL_SECONDS
                )
            )
        )

    def release(self, shelf: str, request: str) -> None:
        self._ask(lambda: self._redis.delete(self._claim(shelf, request)))

    def _ask(self, call: Callable[[], Any]) -> Any:
        if self._away:
            if self._clock() < self._away_until:
                return None
            self._away_until = self._clock() + TRY_AGAIN  # the others do not wait for this call
        try:
            told = call()
        except self._error as error:
            self._away_until = self._clock() + TRY_AGAIN
            if not self._away:
                self._away = True
                log.warning("Redis keeps no answers now: %s", type(error).__name__)
            return None
        self._away = False
        return told

    @staticmethod
    def _owner(owner: str) -> str:
        return f"easel:shelf:{owner}"

    @staticmethod
    def _name(shelf: str) -> str:
        return f"easel:answers:{shelf}"

    @staticmethod
    def _claim(shelf: str, request: str) -> str:
        return f"easel:renewal:{shelf}:{request}"
