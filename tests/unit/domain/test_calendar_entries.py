"""Which of Canvas's objects become calendar entries, and at what time."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from canvas_app.canvas.models import (
    Assignment,
    CalendarEvent,
    CourseSection,
    Plannable,
    PlannerItem,
)
from canvas_app.domain.calendar_entries import of_duty, of_event, of_plan, told_apart
from canvas_app.domain.duties import duties
from canvas_app.domain.planner_items import ItemBuilder
from tests.unit.domain.given_calendar import (
    BIOLOGY,
    ME,
    NOW,
    ONE,
    THURSDAY,
    date_of,
    file,
    only,
    role,
)


def of_section(id_: str, section: str, title: str = "Laboratory", **more: Any) -> CalendarEvent:
    facts = {"context_code": f"course_section_{section}", "effective_context_code": "course_4101"}
    return CalendarEvent(id=id_, title=title, start_at=NOW, end_at=NOW, **(facts | more))


def test_whole_day_is_the_day_its_calendar_names(look: ItemBuilder) -> None:
    """Midnight in New York is the evening before in Los Angeles: the day must not slip."""
    midnight = datetime(2026, 11, 26, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
    event = CalendarEvent(
        id="9",
        title="Thanksgiving",
        context_code="course_4101",
        start_at=midnight,
        end_at=midnight,
        all_day=True,
        all_day_date=date(2026, 11, 26),
    )

    made = of_event(event, look, ME)

    assert made is not None
    line = only(file(look, made))
    assert line["DTSTART"].to_ical() == b"20261126"
    assert line["DTSTART"].params["VALUE"] == "DATE"
    assert line["DTEND"].to_ical() == b"20261127"
    assert ME.day(midnight) == date(2026, 11, 25)


@pytest.mark.parametrize(
    ("event", "course_id", "section"),
    [
        (of_section("1", "7"), "4101", "Monday"),
        (of_section("1", "9"), "4101", "section 9"),
        (of_section("1", "9", context_name="Thursday"), "4101", "Thursday"),
        (of_section("1", "9", context_name="Biology 101"), "4101", "section 9"),
        (of_section("1", "7", effective_context_code=None), None, "section 7"),
        (of_section("1", "7", effective_context_code="course_4101,course_2"), "4101", "Monday"),
        (of_section("1", "7", context_code="course_4101", effective_context_code=None), "4101", ""),
        (of_section("1", "7", context_code="user_1"), "4101", ""),
        (of_section("1", "7", context_code="user_1", effective_context_code=None), None, ""),
        (of_section("1", "7", context_code=None, effective_context_code=None), None, ""),
        (of_section("1", "7", context_code="group_3", effective_context_code=""), None, ""),
    ],
)
def test_section_events_keep_their_course(
    event: CalendarEvent, course_id: str | None, section: str
) -> None:
    """The section is in one code, the course in the other (Canvas: Calendar Events)."""
    course = structs.replace(BIOLOGY, sections=[CourseSection(id="7", name="Monday")])
    look = ItemBuilder("https://c.example", {"4101": course}, {}, NOW)

    made = of_event(event, look, ME)

    assert made is not None
    assert (made.course_id, made.section) == (course_id, section)
    said = ", ".join(filter(None, ("Biology 101" if course_id else "", section)))
    assert made.lines[0] == said


def test_repeated_titles_name_the_section(look: ItemBuilder) -> None:
    """Two sections' events of one title; one alone, or one that repeats, needs no name."""
    made = [
        of_event(event, look, ME)
        for event in (
            of_section("1", "7"),
            of_section("2", "8"),
            of_section("3", "7", "Excursion"),
            of_section("4", "7", "Excursion"),
            of_section("5", "7", "Talk"),
            of_section("6", "x", "Talk", context_code="course_4101"),
        )
    ]

    titles = [each.title for each in told_apart(filter(None, made))]

    assert titles == [
        *("Laboratory (section 7)", "Laboratory (section 8)"),
        *("Excursion", "Excursion"),
        *("Talk (section 7)", "Talk"),
    ]


def test_planner_alone_gives_the_persons_day(look: ItemBuilder) -> None:
    midnight = datetime(2026, 11, 26, tzinfo=ME.zone).astimezone(UTC)
    plan = PlannerItem(
        plannable_id="9",
        plannable_type="calendar_event",
        plannable_date=midnight,
        plannable=Plannable(title="Group meeting", all_day=True, end_at=midnight),
    )

    made = of_plan(plan, look, ME)

    assert made is not None
    assert (made.start, made.end) == (date(2026, 11, 26), date(2026, 11, 27))
    assert made.kind == "event"


def test_quiz_and_its_assignment_are_one() -> None:
    look = ItemBuilder("https://c.example", {"4101": BIOLOGY}, {}, NOW)
    quiz = PlannerItem(
        plannable_id="500",
        plannable_type="quiz",
        plannable_date=NOW,
        course_id="4101",
        plannable=Plannable(title="Quiz", assignment_id="7"),
    )
    duty = CalendarEvent(
        id="assignment_7", assignment=Assignment(id="7", course_id="4101", name="Quiz", due_at=NOW)
    )

    plan = of_plan(quiz, look, ME)
    (owed,) = duties([duty], look, ME)

    assert plan is not None
    assert plan.key == of_duty(owed, look).key == ("assignment", "7")


@pytest.mark.parametrize(
    "event",
    [
        CalendarEvent(id="1", start_at=NOW, hidden=True),
        CalendarEvent(id="1", start_at=NOW, workflow_state="deleted"),
        CalendarEvent(id="1", title="undated"),
    ],
)
def test_what_is_no_event(look: ItemBuilder, event: CalendarEvent) -> None:
    assert of_event(event, look, ME) is None


def test_announcements_and_undated_work_are_left_out(look: ItemBuilder) -> None:
    assert of_plan(PlannerItem(plannable_id="1", plannable_type="announcement"), look, ME) is None
    assert of_plan(PlannerItem(plannable_id="1", plannable_type="assignment"), look, ME) is None
    undated = CalendarEvent(id="1", assignment=Assignment(id="1"))
    assert list(duties([undated, CalendarEvent(id="1")], look, ME)) == []


def test_other_dates_are_told() -> None:
    look = ItemBuilder(
        "https://c.example", {"4101": structs.replace(BIOLOGY, enrollments=role("ta"))}, {}, NOW
    )

    base, thursday = duties([date_of(4, ONE), date_of(3, THURSDAY), date_of(2)], look, ME)

    said = "Other dates (America/Los_Angeles): 1 student: 27 November 2026, 04:00; Thursday: 26"
    assert of_duty(base, look).lines[-1].startswith(said)
    assert thursday.elsewhere == ""
