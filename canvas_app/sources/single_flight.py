"""Calls under way in this process, so that one person's question is asked only once at a time."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

_T = TypeVar("_T")


class SingleFlight(Generic[_T]):
    """Lets threads that ask the same question share one call."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._under_way: dict[Hashable, Future[_T]] = {}

    def join(self, key: Hashable, start: "Callable[[], Future[_T]]") -> "tuple[Future[_T], bool]":
        """Return the call under way for ``key``, started if need be, and whether it is new."""
        with self._lock:
            found = self._under_way.get(key)
            if found is not None:
                return found, False
            future = self._under_way[key] = start()
        # Outside the lock, because a call that has already ended runs its callback at once.
        future.add_done_callback(lambda _: self._forget(key))
        return future, True

    def _forget(self, key: Hashable) -> None:
        with self._lock:
            self._under_way.pop(key, None)

    def __len__(self) -> int:
        return len(self._under_way)
