"""A circuit breaker: what has stopped answering is asked by one caller, and nobody else waits.

Of the libraries, ``pybreaker`` lets every caller through once its time is over, each of whom would
wait, and ``purgatory`` keeps its state by names in a store of its own; this is a dozen lines.
"""

import time
from collections.abc import Callable
from threading import Lock


class Circuit:
    """Open after ``failures`` in a row: then, every ``seconds``, one caller may try, others not.

    Whoever entered says what came of it, or nothing when that tells nothing.
    """

    def __init__(
        self,
        failures: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures = failures
        self._seconds = seconds
        self._clock = clock
        self._lock = Lock()
        self._in_a_row = 0
        self._next_try: float | None = None  # while it is open

    @property
    def is_open(self) -> bool:
        return self._next_try is not None

    def enter(self) -> bool:
        """Whether the caller may ask now; of an open circuit, one caller at a time."""
        if self._next_try is None:
            return True
        with self._lock:
            now = self._clock()
            if self._next_try is not None and now < self._next_try:
                return False
            if self._next_try is not None:
                self._next_try = now + self._seconds
            return True

    def succeeded(self) -> None:
        """An answer came: everybody may ask."""
        if self._in_a_row or self._next_try is not None:
            with self._lock:
                self._in_a_row, self._next_try = 0, None

    def failed(self) -> None:
        """No answer came, and the caller waited for it."""
        with self._lock:
            self._in_a_row += 1
            if self._in_a_row >= self._failures:
                self._next_try = self._clock() + self._seconds
