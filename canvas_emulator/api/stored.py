"""A student's totals as Canvas stores them (``app/models/score.rb``).

Canvas recomputes them in a background job some time after a grade changed and answers with the old
ones until then. The switch ``totals_lag`` sets that time in seconds.
"""

from datetime import timedelta

from canvas_emulator.campus.courses import Course, GradingPeriod
from canvas_emulator.campus.grades import Totals, totals
from canvas_emulator.resource import Call


def stored_totals(
    call: Call,
    course: Course,
    user_id: int,
    *,
    unposted: bool = False,
    period: GradingPeriod | None = None,
) -> Totals:
    """Return the totals that were computed last; ``period`` None means the whole course."""
    held = call.campus.held_totals.get((course.id, user_id))
    if held is not None and call.now < held[0]:
        found: Totals = held[1][unposted, period.id if period else None]
        return found
    return totals(call.campus, course, user_id, unposted=unposted, period=period)


def effective_totals(
    call: Call, course: Course, user_id: int, *, period: GradingPeriod | None = None
) -> Totals:
    """Return the totals the student sees; one set by hand replaces both, in each period too."""
    found = stored_totals(call, course, user_id, period=period)
    by_hand = course.override_scores.get(user_id)
    return found if by_hand is None else Totals(by_hand, by_hand, found.points)


def hold_totals(call: Call, course: Course, user_id: int) -> None:
    """Before a change, keep the totals as they are for as long as the background job takes."""
    lag = timedelta(seconds=call.state.settings.totals_lag)
    if not lag:
        return
    kept = {
        (unposted, period.id if period else None): stored_totals(
            call, course, user_id, unposted=unposted, period=period
        )
        for unposted in (False, True)
        for period in (None, *course.grading_periods)
    }
    call.campus.held_totals[course.id, user_id] = (call.now + lag, kept)
