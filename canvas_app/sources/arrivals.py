"""The rows of a list while it is read: one thread adds rows, another uses those that have come."""

from threading import Condition
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Arrivals(Generic[_T]):
    """The rows that have come so far, in order; ``rows`` is never shortened, only replaced."""

    def __init__(self) -> None:
        self.rows: list[_T] = []
        self._ended = False
        self._changed = Condition()

    def expect(self) -> None:
        """Note that rows will come, because a call was started."""
        self._ended = False

    def begin(self) -> None:
        """Start an empty list."""
        self.rows = []

    def add(self, row: _T) -> None:
        with self._changed:
            self.rows.append(row)
            self._changed.notify_all()

    def end(self, _: object = None) -> None:
        """Wake the waiting threads, because no more rows come. Callback of the call that reads."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def after(self, count: int, seconds: float) -> list[_T]:
        """Wait until more than ``count`` rows are here, or no more come; return those after them.

        It waits no longer than ``seconds``.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ended or len(self.rows) > count, seconds)
            return self.rows[count:]
