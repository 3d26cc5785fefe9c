"""How long to try again, and how often."""

from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom

from canvas_app.canvas.errors import CanvasError, Throttled, Unavailable

_random = SystemRandom()


@dataclass(frozen=True)
class RetryPolicy:
    """How long to try again: pauses in seconds double from ``first_pause`` up to ``longest_pause``.

    Each pause is drawn between 0 and its size (full jitter), so that many clients do not come back
    together. Attempts end after ``attempts`` calls or ``give_up_after`` seconds.
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
BACKGROUND = RetryPolicy(
    1_000_000, 1_000_000, first_pause=1.0, longest_pause=30.0, give_up_after=300.0
)
"""For work that nobody watches call by call, but whose end somebody awaits."""


class Attempts:
    """The attempts of one call, from now on; ``deadline`` is on the same ``clock``."""

    def __init__(
        self,
        policy: RetryPolicy,
        deadline: float | None,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._sleep = sleep
        self._failures = self._throttled = 0
        give_up = clock() + policy.give_up_after
        self._end = min(give_up, deadline or give_up)

    def pause_after(self, error: CanvasError) -> None:
        """Sleep until the call may be sent again; raise its error when that is final."""
        if isinstance(error, Throttled):
            self._throttled += 1
            final = self._throttled >= self._policy.throttled_attempts
            pause = error.retry_after
        elif isinstance(error, Unavailable) and error.repeat_is_safe:
            self._failures += 1
            final = self._failures >= self._policy.attempts
            pause = max(error.retry_after, self._policy.pause(self._failures))
        else:
            raise error
        if final:
            raise error
        if self._clock() + pause >= self._end:
            if self._policy.give_up_after >= 3600:
                hours = self._policy.give_up_after / 3600
                error.message += f" It was tried again for {hours:.0f} hours, which is the limit."
            raise error
        if pause:
            self._sleep(pause)
