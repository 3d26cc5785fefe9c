"""The emulator's time, which a control request can change."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that runs on with the machine's monotonic clock from where it was last set.

    ``start`` is the time it shows when it is made; the default is the machine's time. ``reset``
    undoes what ``advance`` and ``set`` changed.
    """

    def __init__(
        self, start: datetime | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        self.start = (start or datetime.now(UTC)).astimezone(UTC)
        self._base = self.start - timedelta(seconds=monotonic())
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the emulator's time in UTC."""
        return self._base + timedelta(seconds=self._monotonic()) + self._offset

    def seconds(self) -> float:
        """Return the same time in seconds since 1970, for leaking buckets and expiring tokens."""
        return (self._base + self._offset).timestamp() + self._monotonic()

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)

    def set(self, to: datetime) -> None:
        self._offset += to.astimezone(UTC) - self.now()

    def reset(self) -> None:
        """Undo every ``advance`` and ``set``; the time that passed meanwhile still counts."""
        self._offset = timedelta()
