"""The calls that read the person's work, and which of them run in parallel.

It takes two rounds of calls, plus the further pages of lists. The first asks for courses, planner
weeks, missing work, stream and to-do. The second asks for the calendar, ten courses a call, and for
the assignment groups of the courses whose work comes first, because these give its weight. A
student in 137 courses needs 76 calls, of which ten run at a time.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import Assignment, CalendarEvent, PlannerItem
from canvas_app.canvas.paging import Pages
from canvas_app.domain.calendar import DAY, WEEKS_BEGIN, read_week, week_slices, whole_weeks
from canvas_app.domain.charts import WEEKS
from canvas_app.domain.planner_items import is_done, planner_assignment, planner_submission

BACK = timedelta(days=28)
AHEAD = timedelta(days=14)
FORECAST = timedelta(weeks=WEEKS)  # how far ahead to read, for the chart of the coming load
EAST, WEST = timedelta(hours=14), timedelta(hours=12)  # the largest offset of a time zone from UTC
OLDER = "calendar: older missing work"
CONTEXTS = 10  # calendar contexts that Canvas reads in one request
OWN = ("submission",)  # includes of the calendar's assignments
MISSING = ("planner_overrides", "course")
WEIGHED = 20  # courses whose assignment groups are asked for: ten calls run at a time
GROUPS = ("assignments", "submission")  # those of the course page, so that both share the cache


def asked_days(week: str, now: datetime) -> tuple[date, date]:
    """Return the days to ask Canvas for while the person's time zone and locale are unknown."""
    days = ((now - WEST).date(), (now + EAST).date())
    starts = [read_week(week, today, begins) for today in days for begins in WEEKS_BEGIN]
    found = [start for start in starts if start]
    if not found:
        return (now - BACK).date(), (now + FORECAST).date()
    return min(found), max(found) + 6 * DAY


def planner_slices(first: date, last: date, now: datetime) -> list[tuple[datetime, datetime]]:
    """Split the days into at most four parts: this week, the next, what is later, what is past.

    Bookmarked lists can only be read page after page, so the parts are cut to have few pages: a
    person of 137 courses has two in this week and two in what is later. The parts with most items
    come first, because a page's first calls are few at once until Canvas tells how much it allows.
    """
    weeks = week_slices(first, last)
    if len(weeks) <= 3:
        return weeks
    current = max(0, sum(start <= now for start, _ in weeks) - 1)
    cuts = sorted({0, current, current + 1, min(current + 2, len(weeks)), len(weeks)})
    parts = [(weeks[a][0], weeks[b - 1][1]) for a, b in pairwise(cuts)]
    return parts[1:] + parts[:1] if current else parts


def older_calls(
    plans: Iterable[PlannerItem], lacking: Iterable[Assignment]
) -> "list[partial[Pages[CalendarEvent]]]":
    """Return the calendar calls that tell whether missing work outside the planner was graded.

    Work that was graded is not missing. Work is outside the planner if it is older than what was
    read, or has no date: a teacher marked it missing by hand, or it is a discussion with
    checkpoints, whose parts have the dates. Canvas's missing list has no submissions, and lists
    such a discussion only as a whole.
    """
    planned = {planner_assignment(plan) for plan in plans}
    old = [
        (assignment.due_at, assignment.course_id)
        for assignment in lacking
        if assignment.id not in planned and assignment.course_id
    ]
    days = [due_at.date() for due_at, _ in old if due_at]
    dated = sorted({course_id for due_at, course_id in old if due_at})
    calls = calendar_calls(dated, (min(days), max(days)), undated=False) if days else []
    undated = sorted({course_id for due_at, course_id in old if not due_at})
    return calls + undated_calls(undated)


def calendar_calls(
    studied: Sequence[str], days: tuple[date, date], *, undated: bool
) -> "list[partial[Pages[CalendarEvent]]]":
    """Return the calendar calls for these courses, ten in each, the most that Canvas takes.

    The checkpoints of discussions are asked for only if ``undated`` is, because the planner has
    them otherwise.
    """
    start, end = whole_weeks(*days)
    every = partial(CanvasAPI.calendar_assignments, include=OWN)
    dated = partial(every, start_date=start, end_date=end)
    calls = [partial(dated, course_ids=ids) for ids in in_tens(studied)]
    return calls + undated_calls(studied) if undated else calls


def undated_calls(course_ids: Sequence[str]) -> "list[partial[Pages[CalendarEvent]]]":
    """Return calls for undated work and for checkpoints of discussions, ten courses in each."""
    some = in_tens(course_ids)
    every = partial(CanvasAPI.calendar_assignments, include=OWN)
    parts = partial(CanvasAPI.calendar_checkpoints, include=OWN)
    calls = [partial(every, course_ids=ids) for ids in some]
    return calls + [partial(parts, course_ids=ids) for ids in some]


def in_tens(course_ids: Sequence[str]) -> list[tuple[str, ...]]:
    """Split the course ids into groups of ten, the most that Canvas's calendar takes."""
    return [tuple(course_ids[n : n + CONTEXTS]) for n in range(0, len(course_ids), CONTEXTS)]


def with_open_work(plans: Iterable[PlannerItem], now: datetime) -> list[str]:
    """Return the ids of the courses with open work to come, ordered by when it is due."""
    dated = [
        (plan.plannable_date, plan.course_id)
        for plan in plans
        if plan.course_id
        and plan.plannable_date
        and plan.plannable_date >= now
        and planner_assignment(plan)
        and not is_done(plan, planner_submission(plan))
    ]
    return list(dict.fromkeys(course_id for _, course_id in sorted(dated)))


def groups_call(course_id: str) -> "partial[Any]":
    return partial(CanvasAPI.assignment_groups, course_id=course_id, include=GROUPS)
