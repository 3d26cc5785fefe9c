"""One page's share of the pool that all pages use."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextvars import Context, copy_context
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Lanes(Generic[T]):
    """Hands a page's work to the pool, ``most`` pieces at a time, in order.

    Canvas lets one person have few calls in flight; a page of a hundred calls that filled the pool
    with its waiting would hold up everybody else's.
    """

    def __init__(self, pool: Executor, most: int) -> None:
        self._pool = pool
        self._free = most
        self._waiting: deque[tuple[Future[T], Context, Callable[[], T]]] = deque()
        self._lock = Lock()

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Do a piece when its turn comes, in the caller's context: the log names her request."""
        future: Future[T] = Future()
        with self._lock:
            self._waiting.append((future, copy_context(), work))
            if self._free == 0:
                return future
            self._free -= 1
        self._pool.submit(self._next)
        return future

    def _next(self) -> None:
        """Do one piece, then stand at the pool's end again, behind other pages."""
        with self._lock:
            future, context, work = self._waiting.popleft()
        try:
            future.set_result(context.run(work))
        except BaseException as error:
            future.set_exception(error)
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
        self._pool.submit(self._next)
