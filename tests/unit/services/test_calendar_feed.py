"""The calendar file: days that stay days, instants over a clock change, text that stays text."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, vText
from msgspec import structs

from canvas_app.canvas.errors import AuthenticationError
from canvas_app.canvas.models import (
    Assignment,
    CalendarEvent,
    Course,
    CourseEnrollment,
    CourseSection,
    DateOverride,
    Plannable,
    PlannerItem,
)
from canvas_app.domain.calendar import Person
from canvas_app.domain.calendar_entries import of_duty, of_event, of_plan, told_apart
from canvas_app.domain.duties import duties
from canvas_app.domain.icalendar_file import Entry, icalendar_text, marked_stale, whole_days
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.rich_text import plain_text
from canvas_app.services import calendar_calls
from canvas_app.services.calendar_calls import AskedCalendar
from canvas_app.services.calendar_feed import Incomplete, lay_out, write_calendar

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BIOLOGY = Course(id="4101", name="Biology 101", course_code="BIO-101")
ME = Person(id="1", time_zone="America/Los_Angeles")


@pytest.fixture
def look() -> ItemBuilder:
    return ItemBuilder("https://canvas.example.edu", {"4101": BIOLOGY}, {}, NOW)


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


def of_section(id_: str, section: str, title: str = "Laboratory", **more: Any) -> CalendarEvent:
    facts = {"context_code": f"course_section_{section}", "effective_context_code": "course_4101"}
    return CalendarEvent(id=id_, title=title, start_at=NOW, end_at=NOW, **(facts | more))


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


@pytest.mark.parametrize(
    ("hours", "days"), [(0, 1), (23, 1), (24, 1), (25, 1), (48, 2), (47, 2), (72, 3)]
)
def test_days_of_23_and_25_hours_are_days(hours: int, days: int) -> None:
    start = datetime(2026, 10, 25, tzinfo=UTC)
    first, after = whole_days(date(2026, 10, 25), start, start + timedelta(hours=hours))
    assert after - first == timedelta(days=days)
    assert whole_days(date(2026, 10, 25), start, None)[1] == date(2026, 10, 26)


@pytest.mark.parametrize(
    ("local", "zone"),
    [
        (datetime(2026, 11, 1, 1, 30, fold=0), "America/Denver"),
        (datetime(2026, 11, 1, 1, 30, fold=1), "America/Denver"),
        (datetime(2027, 3, 28, 3, 0), "Europe/Berlin"),
        (datetime(2026, 12, 31, 23, 59), "Pacific/Kiritimati"),
        (datetime(2026, 12, 31, 23, 59), "Etc/GMT+12"),
    ],
)
def test_instants_come_back_as_they_were(look: ItemBuilder, local: datetime, zone: str) -> None:
    due = local.replace(tzinfo=ZoneInfo(zone))

    read = only(file(look, entry(due.astimezone(UTC)))).decoded("DTSTART")

    assert read == due.astimezone(UTC)
    assert read.astimezone(ZoneInfo(zone)) == due


def test_uid_names_environment_type_and_id(look: ItemBuilder) -> None:
    assert only(file(look, entry()))["UID"] == "production-assignment-7@canvas.example.edu"


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
    """Canvas lists it first, under the same id; the base is what all others have."""
    course = structs.replace(BIOLOGY, enrollments=role(*roles))
    look = ItemBuilder("https://c.example", {"4101": course}, {}, NOW)

    found = [of_duty(duty, look) for duty in duties(dates, look, ME)]

    assert {entry.title: entry.start for entry in found} == {
        title: NOW + timedelta(days=days) for title, days in entries.items()
    }
    assert len({entry.key for entry in found}) == len(entries)


def test_other_dates_are_told() -> None:
    look = ItemBuilder(
        "https://c.example", {"4101": structs.replace(BIOLOGY, enrollments=role("ta"))}, {}, NOW
    )

    base, thursday = duties([date_of(4, ONE), date_of(3, THURSDAY), date_of(2)], look, ME)

    said = "Other dates (America/Los_Angeles): 1 student: 27 November 2026, 04:00; Thursday: 26"
    assert of_duty(base, look).lines[-1].startswith(said)
    assert thursday.elsewhere == ""


def test_checkpoints_are_duties_too() -> None:
    """Each for itself, with dates of sections as assignments have them (Canvas: Calendar)."""
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
    """Each date once; the first keeps the plain name."""
    course = structs.replace(BIOLOGY, enrollments=role("observer"))
    look = ItemBuilder("https://c.example", {"4101": course}, {}, NOW)

    found = list(duties([date_of(4, ONE), date_of(2)], look, ME))

    assert [(duty.key, duty.due_at) for duty in found] == [
        (("assignment", "7"), NOW + timedelta(days=2)),
        (("assignment", "7", "date", "2"), NOW + timedelta(days=4)),
    ]


HOSTILE = [
    "semi;colon, comma \\ backslash\nnew line",
    "\u202eright to left\u202c שלום",
    "👩🏽‍🔬" * 60,
    "x" * 500,
    "BEGIN:VEVENT\r\nSUMMARY:injected",
    "tab\there",
    "\u2028line\u2029paragraph\x85next",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_comes_back_as_it_was(look: ItemBuilder, text: str) -> None:
    made = file(look, entry(title=text, lines=(text,), location=text), label=text)

    event = only(made)
    assert str(event["SUMMARY"]) == " ".join(text.split())
    assert event["DESCRIPTION"].splitlines() == text.replace("\x85", "\n").splitlines()
    name = vText(f"{' '.join(text.split())} (Canvas)")
    assert Calendar.from_ical(made)["X-WR-CALNAME"] == name.to_ical().decode()
    assert all(len(line) <= 75 for line in made.split(b"\r\n"))
    assert b"\n" not in made.replace(b"\r\n", b"")


def test_control_characters_do_not_arrive(look: ItemBuilder) -> None:
    made = file(
        look, entry(title="a\x00b\x07c\x1b[31m\ud800", lines=("\x0b\x0cfeed",)), label="\x00"
    )

    assert str(only(made)["SUMMARY"]) == "abc[31m"
    assert not set(made) & (set(range(32)) - {9, 10, 13})


@pytest.mark.parametrize("url", ["https://x.example/\r\nATTACH:evil", "https://x.example/ y", ""])
def test_address_that_would_break_out_is_left_out(look: ItemBuilder, url: str) -> None:
    event = only(file(look, entry(url=url)))

    assert "URL" not in event
    assert "ATTACH" not in event


def test_blank_title_has_a_name(look: ItemBuilder) -> None:
    assert str(only(file(look, entry(title=" \u2003 ", course_id="4101")))["SUMMARY"]) == (
        "Untitled [BIO-101]"
    )


def test_html_becomes_text() -> None:
    rich = "<p>Bring <b>boots</b>.<br>And&nbsp;water &lt;1 l&gt;</p><script>evil()</script><p> </p>"
    assert plain_text(rich) == "Bring boots.\nAnd water <1 l>"
    assert plain_text(None) == ""


def test_unchanged_entry_keeps_its_stamp(look: ItemBuilder) -> None:
    first = file(look, entry(), entry(key=("assignment", "8")))
    later = ItemBuilder(look.canvas_url, look.courses, {}, NOW + timedelta(hours=1))

    again = file(later, entry(), entry(key=("assignment", "8")), previous=first)
    changed = file(later, entry(done=True), entry(key=("assignment", "8")), previous=first)

    assert again == first
    stamps = {
        str(event["UID"]): (event.decoded("DTSTAMP"), event.decoded("LAST-MODIFIED"))
        for event in Calendar.from_ical(changed).walk("VEVENT")
    }
    assert set(stamps.values()) == {(NOW, NOW), (later.now, later.now)}


def test_stale_calendar_says_so(look: ItemBuilder) -> None:
    made = marked_stale(file(look, entry()), NOW, "Canvas did not\x00 answer.")

    text = str(Calendar.from_ical(made)["X-WR-CALDESC"])
    assert text.startswith("Not up to date: this is from 23 November 2026, 12:00 UTC. Canvas did")
    assert "\x00" not in text
    assert only(made)["UID"] == only(file(look, entry()))["UID"]


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
    """Checkpoints are asked for without dates, for Canvas takes none there."""
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

    with pytest.raises(Incomplete, match="Profile: Canvas has trouble"):
        write_calendar(sources_of("dozen"), environment="production", label="x")


def test_ended_grant_ends_the_calendar(sources_of: Any) -> None:
    with pytest.raises(AuthenticationError):
        write_calendar(sources_of("dozen", token="1~nonsense"), environment="production", label="x")
