"""Reports to the operator when a Canvas drops include parameters: log line, counter, note."""

import logging
import time
from collections.abc import Callable
from threading import Lock

from canvas_app.storage.notes import INCLUDES_DROPPED, INCLUDES_READ, Notes

log = logging.getLogger(__name__)

NOTED_EVERY = 3600.0  # seconds after which an equal note is stored again, with the new time


class IncludesWatch:
    """Whether an environment's Canvas reads includes, according to its latest answer here.

    ``beside`` runs work in another thread. ``count`` is called for each answer without the includes
    it was asked for.
    """

    def __init__(
        self,
        environment: str,
        notes: Notes,
        *,
        count: Callable[[str], None],
        beside: Callable[..., object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._environment = environment
        self._notes = notes
        self._count = count
        self._beside = beside
        self._clock = clock
        self._read: bool | None = None
        self._noted: set[str] = set()
        self._noted_at = 0.0
        self._warned = False
        self._lock = Lock()

    def __call__(self, includes: tuple[str, ...], read: bool) -> None:
        """Take note of one answer; ``read`` is whether it has these includes."""
        if read:
            self._answered(includes)
        else:
            self._dropped(includes)

    def _answered(self, includes: tuple[str, ...]) -> None:
        with self._lock:
            before, self._read = self._read, True
            self._noted.clear()
        if before is False:
            log.info("Canvas reads include parameters again (%s)", self._environment)
        if not before:  # a note may be older than this process
            self._beside(self._notes.clear, self._environment, INCLUDES_DROPPED)
            self._beside(self._notes.put, self._environment, INCLUDES_READ, includes)

    def _dropped(self, includes: tuple[str, ...]) -> None:
        now = self._clock()
        with self._lock:
            self._read = False
            first, self._warned = not self._warned, True
            news = not self._noted.issuperset(includes) or now - self._noted_at >= NOTED_EVERY
            if news:
                self._noted.update(includes)
                self._noted_at = now
        self._count(self._environment)
        if first:
            log.warning(
                "Canvas (%s) drops include parameters, so pages lack what they ask for: in Canvas "
                "(Admin, Developer Keys) switch on Allow Include Parameters for Easel's key. "
                "Further answers like this are counted, not logged.",
                self._environment,
            )
        if news:
            self._beside(self._notes.put, self._environment, INCLUDES_DROPPED, includes)
