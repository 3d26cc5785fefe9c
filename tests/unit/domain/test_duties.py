"""Due dates in courses in which the person is not a student."""

from datetime import timedelta

import pytest
from msgspec import structs

from canvas_app.canvas.models import (
    Assignment,
    CalendarEvent,
    DateOverride,
)
from canvas_app.domain.calendar_entries import of_duty
from canvas_app.domain.duties import duties
from canvas_app.domain.planner_items import ItemBuilder
from tests.unit.domain.given_calendar import BIOLOGY, ME, NOW, ONE, THURSDAY, date_of, role

FRIDAY = DateOverride(id="72", title="Friday", course_section_id="3")


@pytest.mark.parametrize(
    ("roles", "dates", "entries"),
    [
        (("teacher",), [date_of(2)], {"Essay": 2}),
        (("teacher",), [date_of(4, ONE), date_of(2)], {"Essay": 2}),
        (("ta",), [date_of(4, THURSDAY), date_of(2)], {"Essay": 2, "Essay (Thursday)": 4}),
        (
            ("teacher",),
            [date_of(4, THURSDAY), date_of(5, FRIDAY), date_of(9, ONE)],
            {"Essay (Thursday)": 4, "Essay (Friday)": 5, "Essay (1 student)": 9},
        ),
        (("designer",), [date_of(4, DateOverride(id="9"))], {"Essay (some students)": 4}),
        (("observer",), [date_of(4, ONE)], {"Essay": 4}),
        (("student", "ta"), [date_of(4, ONE)], {"Essay": 4}),
    ],
)
def test_one_students_date_is_not_everybodys(
    roles: tuple[str, ...], dates: list[CalendarEvent], entries: dict[str, float]
) -> None:
    """Canvas lists it first, under the same id; the base date applies to all others."""
    course = structs.replace(BIOLOGY, enrollments=role(*roles))
    look = ItemBuilder("https://c.example", {"4101": course}, {}, NOW)

    found = [of_duty(duty, look) for duty in duties(dates, look, ME)]

    assert {entry.title: entry.start for entry in found} == {
        title: NOW + timedelta(days=days) for title, days in entries.items()
    }
    assert len({entry.key for entry in found}) == len(entries)


def test_checkpoints_are_duties_too() -> None:
    """Each on its own, with dates of sections as assignments have them (Canvas: Calendar)."""
    look = ItemBuilder(
        "https://c.example", {"4101": structs.replace(BIOLOGY, enrollments=role("ta"))}, {}, NOW
    )
    work = Assignment(id="71", course_id="4101", name="Reply", due_at=NOW, sub_assignment_tag="x")
    later = structs.replace(work, due_at=NOW + timedelta(days=1))
    dates = [
        CalendarEvent(id="sub_assignment_71", sub_assignment=later, sub_assignment_overrides=[ONE]),
        CalendarEvent(id="sub_assignment_71", sub_assignment=work),
    ]

    (found,) = duties(dates, look, ME)

    assert (found.key, found.due_at) == (("sub_assignment", "71"), NOW)
    assert "1 student: 24 November 2026, 04:00" in found.elsewhere
    assert len({event.row_key for event in dates}) == 2


def test_children_with_different_dates() -> None:
    """Each date once; the first has the plain title."""
    course = structs.replace(BIOLOGY, enrollments=role("observer"))
    look = ItemBuilder("https://c.example", {"4101": course}, {}, NOW)

    found = list(duties([date_of(4, ONE), date_of(2)], look, ME))

    assert [(duty.key, duty.due_at) for duty in found] == [
        (("assignment", "7"), NOW + timedelta(days=2)),
        (("assignment", "7", "date", "2"), NOW + timedelta(days=4)),
    ]
