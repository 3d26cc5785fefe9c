"""Each person's share of the thread pool that all pages use."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextvars import Context, copy_context
from threading import Lock
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

_T = TypeVar("_T")


class PoolShare(Generic[_T]):
    """Runs one person's work on the pool, at most ``most`` pieces at a time, page by page in turn.

    Canvas allows a person only few calls in flight. Without shares, a page of a hundred calls would
    fill the pool with waiting calls and block everybody else's pages.
    """

    def __init__(self, pool: Executor, most: int) -> None:
        self._pool = pool
        self._free = most
        self._waiting: dict[object, deque[tuple[Future[_T], Context, Callable[[], _T]]]] = {}
        self._lock = Lock()

    def submit(self, work: Callable[[], _T], page: object = None) -> "Future[_T]":
        """Run a page's piece of work when it is its turn, in the caller's context (for the log)."""
        future: Future[_T] = Future()
        with self._lock:
            self._waiting.setdefault(page, deque()).append((future, copy_context(), work))
            if self._free == 0:
                return future
            self._free -= 1
        self._pool.submit(self._next)
        return future

    def _next(self) -> None:
        """Run the next piece of work, then queue again behind the other people's."""
        with self._lock:
            page = next(iter(self._waiting))
            pieces = self._waiting.pop(page)
            future, context, work = pieces.popleft()
            if pieces:
                self._waiting[page] = pieces  # this page is last in line again
        try:
            future.set_result(context.run(work))
        except BaseException as error:
            future.set_exception(error)
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
        self._pool.submit(self._next)


SHARES: "WeakValueDictionary[tuple[Executor, object], PoolShare[Any]]" = WeakValueDictionary()
SHARING = Lock()


def share_of(pool: Executor, owner: object, most: int) -> PoolShare[Any]:
    """Return the share of an owner's pages, which exists only while one of them uses it."""
    with SHARING:
        share = SHARES.get((pool, owner))
        if share is None:
            share = SHARES[(pool, owner)] = PoolShare(pool, most)
        return share
