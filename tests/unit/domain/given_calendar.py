"""Objects for tests of the calendar file: a person, a course and its entries."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from icalendar import Calendar

from canvas_app.canvas.models import (
    Assignment,
    CalendarEvent,
    Course,
    CourseEnrollment,
    DateOverride,
)
from canvas_app.domain.calendar import Person
from canvas_app.domain.icalendar_file import Entry, icalendar_text
from canvas_app.domain.planner_items import ItemBuilder

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BIOLOGY = Course(id="4101", name="Biology 101", course_code="BIO-101")
ME = Person(id="1", time_zone="America/Los_Angeles")


def file(
    look: ItemBuilder, *entries: Entry, previous: bytes | None = None, label: str = "x"
) -> Any:
    return icalendar_text(entries, look, ME, "production", label, previous)


def only(made: bytes) -> Any:
    (event,) = Calendar.from_ical(made).walk("VEVENT")
    return event


def entry(start: datetime | date = NOW, **more: Any) -> Entry:
    return Entry(
        **({"key": ("assignment", "7"), "kind": "work", "title": "Essay", "start": start} | more)
    )


def role(*names: str) -> list[CourseEnrollment]:
    return [CourseEnrollment(type=name, enrollment_state="active") for name in names]


def date_of(days: float, override: DateOverride | None = None) -> CalendarEvent:
    """An assignment of Biology as the calendar has it for one of its dates."""
    work = Assignment(id="7", course_id="4101", name="Essay", due_at=NOW + timedelta(days=days))
    return CalendarEvent(
        id="assignment_7", assignment=work, assignment_overrides=[override] if override else None
    )


ONE = DateOverride(id="70", title="1 student")
THURSDAY = DateOverride(id="71", title="Thursday", course_section_id="2")
