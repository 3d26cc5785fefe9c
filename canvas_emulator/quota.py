"""Canvas's leaky bucket for each token, session or address (``request_throttle.rb``)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock


@dataclass
class Limits:
    """The throttle's numbers, in units of cost; ``outflow`` in units per second."""

    status: int = 403
    hwm: float = 600
    maximum: float = 800
    outflow: float = 10
    up_front: float = 50
    enabled: bool = True
    token_endpoint_surcharge: float = 0


@dataclass
class _Bucket:
    count: float = 0.0
    touched: float = 0.0


@dataclass
class Quotas:
    """All buckets. ``seconds`` is the emulator's clock, so that advancing it lets them leak."""

    seconds: Callable[[], float]
    limits: Limits = field(default_factory=Limits)
    _buckets: dict[str, _Bucket] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def add(self, key: str, amount: float) -> float:
        """Leak, add ``amount`` and return the new level, as ``increment_bucket.lua`` does it."""
        limits = self.limits
        with self._lock:
            now = self.seconds()
            bucket = self._buckets.get(key)
            if bucket is None:
                bucket = self._buckets[key] = _Bucket(touched=now)
            count = bucket.count
            if count > 0:
                count -= max(0.0, limits.outflow * (now - bucket.touched))
            # Canvas clamps only after adding, so an idle bucket swallows part of a negative amount.
            bucket.count = max(0.0, min(count + amount, limits.maximum))
            bucket.touched = now
            return bucket.count

    def reserve(self, key: str) -> bool:
        """Add the up-front cost of one request; return False when that fills the bucket."""
        level = self.add(key, self.limits.up_front)
        return level < self.limits.hwm or not self.limits.enabled

    def settle(self, key: str, cost: float) -> float:
        """Replace the reserved cost by the real one and return the units that remain."""
        return self.limits.hwm - self.add(key, cost - self.limits.up_front)

    def clear(self) -> None:
        with self._lock:
            self._buckets.clear()


def bucket_of(token: str | None, session: str | None, address: str) -> str:
    """Return the name of the bucket that a request counts against.

    A request counts against its token, else against its session, else against its address.
    """
    if token:
        return "token " + hashlib.sha256(token.encode()).hexdigest()
    return f"session {session}" if session else f"address {address}"
