"""How long a client repeats a call."""

from typing import Any

import pytest

from canvas_app.canvas.errors import CanvasError, NotFound, Throttled, Unavailable
from canvas_app.canvas.retry import Attempts, RetryPolicy


def test_pauses_grow_to_their_limit():
    policy = RetryPolicy(9, 9, first_pause=1.0, longest_pause=8.0, give_up_after=100.0)

    assert all(0 <= policy.pause(1) <= 1 for _ in range(50))
    assert all(0 <= policy.pause(3) <= 4 for _ in range(50))
    assert all(0 <= policy.pause(5000) <= 8 for _ in range(50))
    assert max(policy.pause(9) for _ in range(200)) > 4


def attempts(slept: list[float], deadline: float | None = None, **policy: float) -> Attempts:
    """Return attempts on a clock that moves only by sleeping."""
    limits: Any = {"attempts": 3, "throttled_attempts": 2, "give_up_after": 60.0} | policy
    made = RetryPolicy(first_pause=0.0, longest_pause=0.0, **limits)
    return Attempts(made, deadline, lambda: sum(slept), slept.append)


def test_failures_and_throttled_answers_are_counted_apart() -> None:
    """Both limits hold for the whole call, whatever comes in between."""
    slept: list[float] = []
    call = attempts(slept)
    down = Unavailable("down", repeat_is_safe=True, retry_after=1.0)
    full = Throttled("full", retry_after=2.0)

    call.pause_after(down)
    call.pause_after(full)
    call.pause_after(down)

    assert slept == [1.0, 2.0, 1.0]
    with pytest.raises(Unavailable):
        call.pause_after(down)
    with pytest.raises(Throttled):
        call.pause_after(full)


@pytest.mark.parametrize(
    "error", [NotFound("no"), Unavailable("may have happened", repeat_is_safe=False)]
)
def test_what_may_not_be_repeated_is_final(error: CanvasError) -> None:
    """No time is spent sleeping."""
    slept: list[float] = []

    with pytest.raises(type(error)):
        attempts(slept).pause_after(error)
    assert slept == []


def test_no_pause_reaches_beyond_the_deadline() -> None:
    """The error is raised at once instead; a patient policy says how long it tried."""
    slept: list[float] = []
    full = Throttled("Full.", retry_after=10.0)

    with pytest.raises(Throttled):
        attempts(slept, deadline=10.0).pause_after(full)
    with pytest.raises(Throttled, match="for 24 hours"):
        attempts([90_000.0], give_up_after=86_400.0, deadline=90_005.0).pause_after(full)
    assert slept == []
