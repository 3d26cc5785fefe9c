"""A student's totals as Canvas has them stored (``app/models/score.rb``).

A background job works them out some time after a grade: until then the old ones are answered.
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
    """The totals that were worked out last."""
    held = call.campus.held_totals.get((course.id, user_id))
    if held is not None and call.now < held[0]:
        found: Totals = held[1][unposted, period.id if period else None]
        return found
    return totals(call.campus, course, user_id, unposted=unposted, period=period)


def effective_totals(
    call: Call, course: Course, user_id: int, *, period: GradingPeriod | None = None
) -> Totals:
    """What the student is shown: a total set by hand replaces both, in each grading period too."""
    found = stored_totals(call, course, user_id, period=period)
    by_hand = course.override_scores.get(user_id)
    return found if by_hand is None else Totals(by_hand, by_hand, found.points)


def hold_totals(call: Call, course: Course, user_id: int) -> None:
    """Keep the totals as they are before a change, for as long as the job takes."""
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
