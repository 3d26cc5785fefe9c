"""How long to try again, and how often."""

from dataclasses import dataclass
from random import SystemRandom

_random = SystemRandom()


@dataclass(frozen=True)
class RetryPolicy:
    """How long to try again: pauses in seconds double from ``first_pause`` up to ``longest_pause``.

    Each pause is drawn between nothing and its size (full jitter), so that many clients do not
    come back together. It ends after ``attempts`` calls or ``give_up_after`` seconds.
    ``throttled_attempts`` counts answers that say Rate Limit Exceeded, which cost Canvas nothing.
    """

    attempts: int
    throttled_attempts: int
    first_pause: float
    longest_pause: float
    give_up_after: float

    def pause(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row (1 is the first)."""
        most = min(self.longest_pause, self.first_pause * 2.0 ** min(failures - 1, 30))
        return _random.uniform(0.0, most)


INTERACTIVE = RetryPolicy(3, 12, first_pause=0.2, longest_pause=1.0, give_up_after=60.0)
PATIENT = RetryPolicy(
    1_000_000, 1_000_000, first_pause=1.0, longest_pause=3600.0, give_up_after=86_400.0
)
