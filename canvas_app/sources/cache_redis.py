"""A cache of Canvas's answers that several processes share, in Redis."""

import secrets
import time
import zlib
from collections.abc import Callable
from typing import Any, Protocol

from canvas_app.sources.cache import KEEP_SECONDS, RENEWAL_SECONDS, log

FAST = 1  # zlib's fastest level already shrinks most answers to a fifth
CACHE_RETRY_SECONDS = 5.0  # until a Redis that failed is tried again, which may take a second


def unpacked(packed: bytes) -> bytes | None:
    """Return a value decompressed; None when an earlier Easel stored it uncompressed."""
    try:
        return zlib.decompress(packed)
    except zlib.error:
        return None


class Cipher(Protocol):
    """Encryption of answers for Redis; ``place`` is where each is stored."""

    def close(self, content: bytes, place: str) -> bytes: ...

    def open(self, sealed: bytes, place: str) -> bytes | None: ...


class RedisCache:
    """A cache that several processes share: one Redis hash per namespace, so one DEL drops it.

    Answers are encrypted, because they hold people's names, grades and comments.

    While Redis does not answer, nothing is cached: pages are slower but right. A page asks the
    cache dozens of times and would wait for Redis each time, so after a failure only one call tries
    it again, after a pause.
    """

    def __init__(
        self,
        client: Any,
        cipher: Cipher,
        *,
        keep: float = KEEP_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        from redis import RedisError

        self._cipher = cipher
        self._keep = int(keep)
        self._error: type[Exception] = RedisError
        self._redis = client
        self._clock = clock
        self._away_until = float("-inf")
        self._away = False
        self._undropped: set[str] = set()

    def namespace(self, owner: str) -> str:
        if owner in self._undropped:
            self.drop(owner)
        if owner in self._undropped:
            return secrets.token_hex(8)

        # Asking for the namespace renews it, so it outlives the answers in it.
        def look() -> bytes | None:
            with self._redis.pipeline() as pipe:
                pipe.set(self._owner(owner), secrets.token_hex(8), nx=True)
                pipe.expire(self._owner(owner), self._keep)
                pipe.get(self._owner(owner))
                found: bytes | None = pipe.execute()[-1]
                return found

        found = self._ask(look)
        return found.decode() if found else secrets.token_hex(8)  # nobody else reads this namespace

    def get(self, namespace: str, request: str) -> bytes | None:
        found: bytes | None = self._ask(lambda: self._redis.hget(self._name(namespace), request))
        packed = self._cipher.open(found, f"{namespace} {request}") if found else None
        return unpacked(packed) if packed else None

    def put(self, namespace: str, request: str, value: bytes) -> None:
        sealed = self._cipher.close(zlib.compress(value, FAST), f"{namespace} {request}")

        def write() -> None:
            with self._redis.pipeline() as pipe:
                pipe.hset(self._name(namespace), request, sealed)
                pipe.expire(self._name(namespace), self._keep)
                pipe.execute()

        self._ask(write)

    def discard(self, namespace: str, request: str) -> None:
        self._ask(lambda: self._redis.hdel(self._name(namespace), request))

    def drop(self, owner: str) -> None:
        def take_away() -> bool:
            namespace = self._redis.get(self._owner(owner))
            if namespace is not None:
                self._redis.delete(self._owner(owner), self._name(namespace.decode()))
            return True

        if self._ask(take_away):
            self._undropped.discard(owner)
        else:  # start afresh, because Redis may hold outdated answers when it is back
            self._undropped.add(owner)

    def claim(self, namespace: str, request: str) -> bool:
        return bool(
            self._ask(
                lambda: self._redis.set(
                    self._claim(namespace, request), "1", nx=True, ex=RENEWAL_SECONDS
                )
            )
        )

    def release(self, namespace: str, request: str) -> None:
        self._ask(lambda: self._redis.delete(self._claim(namespace, request)))

    def size(self) -> int | None:
        """Return all bytes that Redis holds; None if it does not answer or refuses the question."""
        told = self._ask(lambda: self._redis.info("memory"))
        return told.get("used_memory") if told else None

    def close(self) -> None:
        """Close the connections to Redis; the next use opens new ones."""
        self._redis.close()

    def _ask(self, call: Callable[[], Any]) -> Any:
        if self._away:
            if self._clock() < self._away_until:
                return None
            # Set before trying, so that other threads do not wait for this call.
            self._away_until = self._clock() + CACHE_RETRY_SECONDS
        try:
            told = call()
        except self._error as error:
            self._away_until = self._clock() + CACHE_RETRY_SECONDS
            if not self._away:
                self._away = True
                log.warning("Redis keeps no answers now: %s", type(error).__name__)
            return None
        self._away = False
        return told

    @staticmethod
    def _owner(owner: str) -> str:
        return f"easel:namespace:{owner}"

    @staticmethod
    def _name(namespace: str) -> str:
        return f"easel:answers:{namespace}"

    @staticmethod
    def _claim(namespace: str, request: str) -> str:
        return f"easel:renewal:{namespace}:{request}"
