"""The heading under which an item is listed, and the days that a page shows."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from canvas_app.domain.agenda import heading, in_window, placed, sections
from canvas_app.domain.calendar import Person
from canvas_app.domain.rows import Item

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ZONES = [
    "America/Denver",
    "America/St_Johns",
    "America/Santiago",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Australia/Lord_Howe",
]
CHANGES = [date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1)]


def item(due_at=None, status="due", **more):
    facts = {"id": "1", "type": "assignment", "title": "t", "course_id": "4", "course_name": ""}
    facts |= {"points_possible": None, "done": False, "url": "", "due_at": due_at}
    return Item(**(facts | {"status": status} | more))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("around", CHANGES)
def test_the_days_last_second_is_on_its_day(zone, around):
    """Canvas's own due time, 23:59:59, whatever the clocks do around it."""
    me = Person(time_zone=zone)
    for day in (around - timedelta(days=1), around, around + timedelta(days=1)):
        due = me.moment(day, time(23, 59, 59))

        assert me.day(due) == day
        assert placed(item(due), me, {}).day == day
        assert placed(item(me.moment(day, time(0, 1))), me, {}).day == day
        assert me.day(due + timedelta(seconds=1)) == day + timedelta(days=1)


def test_an_all_day_event_stands_under_its_day():
    start = datetime(2026, 11, 24, tzinfo=ZoneInfo("Asia/Kolkata"))
    event = item(start, "nothing_to_hand_in", type="calendar_event", all_day=True)

    assert placed(event, Person(time_zone="America/Denver"), {}).day == date(2026, 11, 24)


def test_headings_by_the_persons_day():
    me = Person(time_zone="Pacific/Auckland")  # 24 November, 01:00
    today = me.day(NOW)

    def under(due, week=None, **more):
        return heading(placed(item(due, **more), me, {}), today, week)

    assert under(NOW + timedelta(hours=3)) == ("today", date(2026, 11, 24))
    assert under(NOW + timedelta(hours=24)) == ("tomorrow", date(2026, 11, 25))
    assert under(NOW + timedelta(days=5))[0] == "day"
    assert under(NOW + timedelta(days=20)) == ("later", None)
    assert under(None) == ("undated", None)
    assert under(NOW - timedelta(days=2), status="custom") == ("earlier", None)
    assert under(NOW - timedelta(days=2), status="missing") == ("overdue", None)
    week = date(2026, 11, 16)
    assert under(NOW - timedelta(days=2), week, status="custom") == ("day", date(2026, 11, 22))


def test_a_week_shows_its_days_in_order():
    me = Person()
    week = date(2026, 11, 23)
    rows = [placed(item(NOW + timedelta(days=n), id=str(n)), me, {}) for n in (3, 0, 1, 2)] + [
        placed(item(NOW - timedelta(hours=1), "missing", id="m"), me, {})
    ]

    found = sections(rows, me, NOW, week)

    assert [section.key for section in found] == ["overdue", "today", "tomorrow", "day", "day"]
    assert [section.day for section in found][1:] == [week + timedelta(days=n) for n in range(4)]


def test_window_of_a_week_has_neither_undated_nor_older_work():
    first, last = date(2026, 11, 23), date(2026, 11, 29)
    old = placed(item(NOW - timedelta(days=40), "missing", missing=True), Person(), {})

    assert in_window(old, first, last, None)
    assert not in_window(old, first, last, first)
    assert in_window(item(), first, last, None)
    assert not in_window(item(), first, last, first)
