"""The calendar file."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, vText

from canvas_app.domain.icalendar_file import marked_stale, whole_days
from canvas_app.domain.planner_items import ItemBuilder
from tests.unit.domain.given_calendar import NOW, entry, file, only

HOSTILE = [
    "semi;colon, comma \\ backslash\nnew line",
    "\u202eright to left\u202c שלום",
    "👩🏽‍🔬" * 60,
    "x" * 500,
    "BEGIN:VEVENT\r\nSUMMARY:injected",
    "tab\there",
    "\u2028line\u2029paragraph\x85next",
]


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
