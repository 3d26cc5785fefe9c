"""Which calls the person's work is read with, and how they go side by side.

Two round trips deep, each with its further pages: courses, planner weeks, missing work, stream and
to-do first; then the calendar of ten courses a call as soon as the courses are known, and the
groups of the courses whose work comes first, for its weight. A student of 137 courses waits for 76
calls, of which ten fly at a time.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import Assignment, CalendarEvent, PlannerItem
from canvas_app.canvas.paging import Pages
from canvas_app.domain.calendar import DAY, read_week, week_slices, whole_weeks
from canvas_app.domain.charts import WEEKS
from canvas_app.domain.planner_items import is_done, planner_assignment, planner_submission

BACK = timedelta(days=28)
AHEAD = timedelta(days=14)
FORECAST = timedelta(weeks=WEEKS)  # what is read ahead for the picture of the load
EAST, WEST = timedelta(hours=14), timedelta(hours=12)  # how far zones are from UTC
OLDER = "calendar: older missing work"
CONTEXTS = 10  # calendar contexts Canvas reads in one request
OWN = ("submission",)  # of the calendar's assignments
MISSING = ("planner_overrides", "course")
WEIGHED = 20  # courses whose groups are asked for: two rounds of calls
GROUPS = ("assignments", "submission")  # what the course page asks for, so that they share it


def asked_days(week: str, now: datetime) -> tuple[date, date]:
    """The days to ask Canvas for, before it is known which zone the person is in."""
    start, end = read_week(week, (now - WEST).date()), read_week(week, (now + EAST).date())
    if start is None or end is None:
        return (now - BACK).date(), (now + FORECAST).date()
    return start, end + 6 * DAY


def planner_slices(first: date, last: date, now: datetime) -> list[tuple[datetime, datetime]]:
    """The days in four parts at most, so that all of a page's first calls fly at once.

    This week stands alone, for it has most; long gone weeks have little that is read page by page.
    """
    weeks = week_slices(first, last)
    if len(weeks) <= 3:
        return weeks
    current = sum(start <= now for start, _ in weeks) - 1
    cuts = sorted({0, max(0, current - 2), max(0, current), current + 1, len(weeks)})
    return [(weeks[a][0], weeks[b - 1][1]) for a, b in pairwise(cuts) if a < b <= len(weeks)]


def older_calls(
    plans: Iterable[PlannerItem], lacking: Iterable[Assignment]
) -> "list[partial[Pages[CalendarEvent]]]":
    """The calendar of missing work that the planner read does not hold: graded it is not missing.

    It is older, or has no date: a teacher calls such work missing by hand, and of a discussion
    with checkpoints its parts have the dates. Canvas's missing list names no submission, and of
    such a discussion the whole alone.
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
    """Ten courses a call, as many as Canvas takes.

    The parts of discussions are asked for with undated work: all others are on the planner.
    """
    start, end = whole_weeks(*days)
    every = partial(CanvasAPI.calendar_assignments, include=OWN)
    dated = partial(every, start_date=start, end_date=end)
    calls = [partial(dated, course_ids=ids) for ids in in_tens(studied)]
    return calls + undated_calls(studied) if undated else calls


def undated_calls(course_ids: Sequence[str]) -> "list[partial[Pages[CalendarEvent]]]":
    """The calendar's work without a date, and the parts of discussions, ten courses a call."""
    some = in_tens(course_ids)
    every = partial(CanvasAPI.calendar_assignments, include=OWN)
    parts = partial(CanvasAPI.calendar_checkpoints, include=OWN)
    calls = [partial(every, course_ids=ids) for ids in some]
    return calls + [partial(parts, course_ids=ids) for ids in some]


def in_tens(course_ids: Sequence[str]) -> list[tuple[str, ...]]:
    """The courses in parts as large as Canvas's calendar takes."""
    return [tuple(course_ids[n : n + CONTEXTS]) for n in range(0, len(course_ids), CONTEXTS)]


def with_open_work(plans: Iterable[PlannerItem], now: datetime) -> list[str]:
    """The courses with open work to come, the soonest first."""
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
