"""Outages are logged once and then counted, so that failing requests do not fill the log."""

import logging
import time
from collections.abc import Callable
from threading import Lock

SAME_OUTAGE = 60.0  # seconds without a failure, after which the next one is a new outage


class Outage:
    """Failures of one service in one process. ``count`` is how many there have been."""

    def __init__(
        self, log: logging.Logger, what: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = log
        self._what = what
        self._clock = clock
        self._lock = Lock()
        self._last_at = float("-inf")
        self._unsaid = 0
        self.count = 0

    def failed(self, error: BaseException | None = None, why: str = "") -> None:
        """Record a failure; its traceback is logged only at DEBUG."""
        with self._lock:
            now = self._clock()
            new = now - self._last_at >= SAME_OUTAGE
            self._last_at = now
            self.count += 1
            before, self._unsaid = (self._unsaid, 0) if new else (0, self._unsaid + 1)
        if new:
            counted = f" (in the last outage {before} more were counted)" if before else ""
            reason = why or (type(error).__name__ if error else "no reason given")
            self._log.warning(
                "%s: %s. Further failures are counted, not logged%s.", self._what, reason, counted
            )
        self._log.debug("%s", self._what, exc_info=error)
