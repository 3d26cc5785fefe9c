"""The calendar file: whole days, moments across clock changes, and text that stays text."""

from datetime import date, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from canvas_app.canvas.errors import AuthenticationError
from canvas_app.canvas.models import (
    Assignment,
    CalendarEvent,
    Plannable,
    PlannerItem,
)
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.services import calendar_calls
from canvas_app.services.calendar_calls import AskedCalendar
from canvas_app.services.calendar_feed import Incomplete, lay_out, write_calendar
from tests.unit.domain.given_calendar import BIOLOGY, ME, NOW


@pytest.fixture
def look() -> ItemBuilder:
    return ItemBuilder("https://canvas.example.edu", {"4101": BIOLOGY}, {}, NOW)


def asked_of(**more: Any) -> AskedCalendar:
    return AskedCalendar(
        canvas_url="https://canvas.example.edu",
        first=NOW - timedelta(days=30),
        last=NOW + timedelta(days=366),
        courses={"4101": BIOLOGY},
        profile=ME,
        **more,
    )


def test_calendar_knows_an_event_better_than_the_planner(look: ItemBuilder) -> None:
    """One entry, with the day that the calendar names."""
    planned = PlannerItem(
        plannable_id="9",
        plannable_type="calendar_event",
        plannable_date=NOW,
        plannable=Plannable(id="9", title="Excursion"),
    )
    event = CalendarEvent(
        id="9", title="Excursion", start_at=NOW, all_day=True, all_day_date=date(2026, 11, 23)
    )

    (entry,) = lay_out(asked_of(planner=[planned], events=[event]), look)

    assert (entry.key, entry.start) == (("calendar_event", "9"), date(2026, 11, 23))
    (alone,) = lay_out(asked_of(planner=[planned]), look)
    assert alone.start == NOW


def test_due_dates_outside_the_calendar_are_left_out(look: ItemBuilder) -> None:
    """Checkpoints are asked for without dates, because Canvas accepts none there."""
    works = [
        Assignment(id=str(days), course_id="4101", name=f"{days}", due_at=NOW + timedelta(days))
        for days in (-31, 3, 400)
    ]
    owed = [CalendarEvent(id=f"assignment_{work.id}", assignment=work) for work in works]

    assert [entry.title for entry in lay_out(asked_of(owed=owed), look)] == ["3"]


def test_one_round_of_calls_then_another(sources_of: Any, canvas: Any) -> None:
    made = write_calendar(sources_of("dozen"), environment="production", label="x")

    assert len(Calendar.from_ical(made).walk("VEVENT")) > 30
    asked = {route: sum(by.values()) for route, by in canvas.stats()["calls"].items()}
    assert asked["GET /api/v1/planner/items"] == len(calendar_calls.SLICES) - 1
    assert sum(asked.values()) < 15


def test_part_is_no_calendar(sources_of: Any, canvas: Any) -> None:
    fault = {"method": "GET", "path": "/api/v1/users/self/profile", "kind": "html", "times": None}
    canvas.control(faults=[fault])

    with pytest.raises(Incomplete, match="Profile: Canvas is having problems"):
        write_calendar(sources_of("dozen"), environment="production", label="x")


def test_ended_grant_ends_the_calendar(sources_of: Any) -> None:
    with pytest.raises(AuthenticationError):
        write_calendar(sources_of("dozen", token="1~nonsense"), environment="production", label="x")
