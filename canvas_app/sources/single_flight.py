"""Calls under way in this process, so that one person's question is asked only once at a time."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

_T = TypeVar("_T")


class SingleFlight(Generic[_T]):
    """Lets threads that ask the same question at the same time share one call."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._under_way: dict[Hashable, Future[_T]] = {}

    def join(self, key: Hashable, start: "Callable[[], Future[_T]]") -> "tuple[Future[_T], bool]":
        """Return the call under way for ``key``, and whether it was started by this caller."""
        with self._lock:
            found = self._under_way.get(key)
            if found is not None:
                return found, False
            future = self._under_way[key] = start()
        # Outside the lock: if the call has ended already, its callback runs now and needs the lock.
        future.add_done_callback(lambda _: self._forget(key))
        return future, True

    def _forget(self, key: Hashable) -> None:
        with self._lock:
            self._under_way.pop(key, None)

    def __len__(self) -> int:
        return len(self._under_way)
