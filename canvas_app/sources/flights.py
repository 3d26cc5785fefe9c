"""Calls under way in this process, so that one question of one person is asked only once."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    """Who asks what another thread has asked already waits for the same answer."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._under_way: dict[Hashable, Future[T]] = {}

    def board(self, key: Hashable, start: "Callable[[], Future[T]]") -> "tuple[Future[T], bool]":
        """The call under way for ``key``, started when there is none, and whether it is new."""
        with self._lock:
            found = self._under_way.get(key)
            if found is not None:
                return found, False
            future = self._under_way[key] = start()
        # Outside the lock: a call that is over already lands here and now.
        future.add_done_callback(lambda _: self._landed(key))
        return future, True

    def _landed(self, key: Hashable) -> None:
        with self._lock:
            self._under_way.pop(key, None)

    def __len__(self) -> int:
        return len(self._under_way)
