"""The emulator's time, which control can move."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """Runs on with the machine's monotonic clock, from wherever it was last set.

    ``start`` is the time it shows at first and after ``reset``; without it that is the
    machine's own time.
    """

    def __init__(
        self, start: datetime | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        self.start = (start or datetime.now(UTC)).astimezone(UTC)
        self._base = self.start - timedelta(seconds=monotonic())
        self._offset = timedelta()

    def now(self) -> datetime:
        """The time, UTC."""
        return self._base + timedelta(seconds=self._monotonic()) + self._offset

    def seconds(self) -> float:
        """The same time in seconds, for what leaks or expires."""
        return (self._base + self._offset).timestamp() + self._monotonic()

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)

    def set(self, to: datetime) -> None:
        self._offset += to.astimezone(UTC) - self.now()

    def reset(self) -> None:
        """Undo every movement; time that passed stays passed."""
        self._offset = timedelta()
