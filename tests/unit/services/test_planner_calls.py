"""Which calls bring what the planner does not have."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from canvas_app.canvas.models import (
    Assignment,
    Plannable,
    PlannerItem,
    PlannerSubmission,
)
from canvas_app.domain.calendar import Person, read_week
from canvas_app.services.planner_calls import (
    asked_days,
    older_calls,
    planner_slices,
    with_open_work,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def plan(id_, kind="assignment", due=NOW + timedelta(days=2), **more):
    facts = {"plannable": Plannable(title="Work"), "course_id": "4"} | more
    return PlannerItem(plannable_id=id_, plannable_type=kind, plannable_date=due, **facts)


def test_courses_with_the_nearest_open_work_come_first():
    plans = [
        plan("1", due=NOW + timedelta(days=3), course_id="9"),
        plan("2", due=NOW + timedelta(days=1), course_id="4"),
        plan("3", due=NOW + timedelta(days=2), course_id="9"),
        plan("4", due=NOW - timedelta(days=2), course_id="7"),
        plan("5", "announcement", course_id="8"),
        plan("6", course_id="6", submissions=PlannerSubmission(submitted=True)),
    ]

    assert with_open_work(plans, NOW) == ["4", "9"]


def test_old_missing_work_is_looked_up_once():
    work = [
        Assignment(id=str(n), course_id="4", due_at=NOW - timedelta(days=30 * n)) for n in (1, 2, 3)
    ]

    (call,) = older_calls([plan("1")], work)

    assert call.keywords["course_ids"] == ("4",)
    assert call.keywords["start_date"].date() == date(2026, 8, 24)
    assert older_calls([plan("1")], work[:1]) == []


def test_undated_missing_work_is_looked_up_where_work_has_no_date():
    """Among undated work, and among the parts of discussions, which have the dates."""
    calls = older_calls([plan("1")], [Assignment(id="2", course_id="4")])

    assert [call.func.__name__ for call in calls] == [
        "calendar_assignments",
        "calendar_checkpoints",
    ]
    assert all(call.keywords["course_ids"] == ("4",) for call in calls)
    assert not any("start_date" in call.keywords for call in calls)


@pytest.mark.parametrize("week", ["this", "2026-W48", "2026-11-29", "2026-11-28"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
@pytest.mark.parametrize("locale", ["en-US", "de", "ar-EG", "dv-MV"])
@pytest.mark.parametrize("now", [NOW, NOW + timedelta(days=5), NOW + timedelta(days=6.4)])
def test_days_asked_hold_the_week_of_any_locale_and_zone(week, zone, locale, now):
    """The person's zone and locale are asked for at the same time, so they are unknown."""
    me = Person(time_zone=zone, locale=locale)
    first, last = asked_days(week, now)

    start = read_week(week, me.day(now), me.week_begins)

    assert first <= start <= start + timedelta(days=6) <= last
    assert last - first <= timedelta(days=20)


@pytest.mark.parametrize(
    ("first", "last", "starts"),
    [
        (date(2026, 10, 29), date(2026, 12, 24), ["11-23", "11-30", "12-07", "10-26"]),
        (date(2026, 11, 26), date(2026, 12, 24), ["11-23", "11-30", "12-07"]),
        (date(2026, 10, 29), date(2026, 11, 26), ["11-23", "10-26"]),
        (date(2026, 9, 3), date(2026, 10, 8), ["10-05", "08-31"]),
        (date(2027, 2, 1), date(2027, 3, 7), ["02-01", "02-08", "02-15"]),
        (date(2026, 11, 20), date(2026, 12, 2), ["11-16", "11-23", "11-30"]),
    ],
)
def test_planner_is_read_in_parts_of_few_pages(first, last, starts):
    """Every day once, in whole weeks, the weeks with most items first."""
    found = planner_slices(first, last, datetime(2026, 11, 26, 12, tzinfo=UTC))

    assert [f"{start:%m-%d}" for start, _ in found] == starts
    ordered = sorted(found)
    assert ordered[0][0].date() <= first
    assert ordered[-1][1].date() >= last
    for (_, end), (start, _) in pairwise(ordered):
        assert start - end == timedelta(seconds=1)
