"""A circuit breaker: one caller at a time tries a service that has stopped answering.

The others fail at once instead of waiting. It is written here because ``pybreaker`` lets every
caller try once its time is over, so that each of them waits, and ``purgatory`` keeps its state by
name in a store of its own.
"""

import time
from collections.abc import Callable
from threading import Lock


class Circuit:
    """Open after ``failures`` in a row; then one caller may try every ``seconds``.

    A caller that has entered reports ``succeeded`` or ``failed``, or nothing if the outcome does
    not show whether the service answers.
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
        """Return whether the caller may ask now; an open circuit admits one every ``seconds``."""
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
        """Close the circuit, because an answer came."""
        if self._in_a_row or self._next_try is not None:
            with self._lock:
                self._in_a_row, self._next_try = 0, None

    def failed(self) -> None:
        """Count a call that waited for an answer in vain."""
        with self._lock:
            self._in_a_row += 1
            if self._in_a_row >= self._failures:
                self._next_try = self._clock() + self._seconds
