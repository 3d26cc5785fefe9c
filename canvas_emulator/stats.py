"""The emulator's counters: calls by route and status, throttling, tokens, calls in parallel."""

from collections import Counter, defaultdict
from threading import Lock
from typing import Any


class Stats:
    """Counters since the start or the last reset."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: dict[str, Counter[str]] = defaultdict(Counter)
        self._events: Counter[str] = Counter()
        self._in_flight = self._in_flight_max = 0

    def began(self) -> None:
        """Count an API call that arrived as one in flight."""
        with self._lock:
            self._in_flight += 1
            self._in_flight_max = max(self._in_flight_max, self._in_flight)

    def ended(self) -> None:
        with self._lock:
            self._in_flight -= 1

    def answered(self, label: str, outcome: str) -> None:
        """Count one request to the route ``label``; ``outcome`` is its status, or ``reset``."""
        with self._lock:
            self._calls[label][outcome] += 1

    def count(self, event: str, number: int = 1) -> None:
        """Add to an event: throttled, refreshes, exchanges, revocations or cookies.

        ``cookies`` counts calls that carry a token and send cookies back.
        """
        with self._lock:
            self._events[event] += number

    def report(self) -> dict[str, Any]:
        """Return the counters as ``GET /_emulator/stats`` shows them."""
        with self._lock:
            names = ("throttled", "refreshes", "exchanges", "revocations", "cookies")
            return {
                "calls": {label: dict(counts) for label, counts in self._calls.items()},
                **{name: self._events[name] for name in names},
                "in_flight_max": self._in_flight_max,
            }
