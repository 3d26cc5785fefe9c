"""A calendar as a file (RFC 5545)."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from icalendar import Calendar, Component, Event, vText

from canvas_app.canvas.models import Course
from canvas_app.domain.calendar import DAY, Person
from canvas_app.domain.planner_items import ItemBuilder

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Entry:
    """One entry: what happened is due at, or begins at, ``start``; a date stands for whole days."""

    key: tuple[str, ...]  # type and id: the same as long as Canvas has the thing
    kind: str
    title: str
    start: datetime | date
    end: datetime | date | None = None
    course_id: str | None = None
    done: bool = False
    url: str = ""
    location: str = ""
    lines: tuple[str, ...] = ()
    section: str = ""  # whose event it is, when it is not the whole course's


def whole_days(day: date, start_at: datetime, end_at: datetime | None) -> tuple[date, date]:
    """Return the first day and the day after the last (RFC 5545 section 3.6.1: DTEND is exclusive).

    Hours on the clock are rounded to days, because a day may have 23 or 25 hours.
    """
    length = round((end_at - start_at) / DAY) if end_at and end_at > start_at else 0
    return day, day + DAY * max(1, length)


def clean(text: str) -> str:
    """Return text without control characters and lone surrogates, which iCalendar excludes."""
    return "".join(
        letter
        for letter in re.sub(r"\r\n?|\x85|\u2028|\u2029", "\n", text)
        if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs")
    )


def clean_line(text: str) -> str:
    return " ".join(clean(text).split())


def describe(file: Calendar, text: str) -> None:
    """Set the calendar's description, under both names that programs look for."""
    for name in ("description", "x-wr-caldesc"):
        file.pop(name, None)
        file.add(name, vText(text))


def icalendar_text(
    entries: Iterable[Entry],
    builder: ItemBuilder,
    profile: Person,
    environment: str,
    label: str,
    previous: bytes | None,
    notes: str = "",
) -> bytes:
    """Return the file; icalendar escapes and folds. ``notes`` say what Canvas withholds."""
    before = {
        str(event["UID"]): event
        for event in (Calendar.from_ical(previous).walk("VEVENT") if previous else ())
    }
    file = Calendar()
    file.add("prodid", "-//Easel//Calendar feed//EN")
    file.add("version", "2.0")
    file.add("calscale", "GREGORIAN")
    name = vText(f"{clean_line(label)} (Canvas)")  # a bare str would not be escaped here
    file.add("name", name)
    file.add("x-wr-calname", name)
    describe(file, clean(f"From Canvas, put together by Easel. {notes}".rstrip()))
    file.add("x-wr-timezone", str(profile.zone))  # the one that counts, a name or UTC
    file.add("refresh-interval", HOUR, parameters={"VALUE": "DURATION"})
    file.add("x-published-ttl", "PT1H")
    host = urlsplit(builder.canvas_url).hostname
    for entry in sorted(entries, key=lambda entry: (as_text(entry.start), entry.key)):
        event = event_of(entry, builder.courses.get(entry.course_id or ""))
        event.add("uid", f"{environment}-{'-'.join(entry.key)}@{host}")
        old = before.get(str(event["UID"]))
        since = (
            old.decoded("DTSTAMP")
            if old and event_facts(old) == event_facts(event)
            else builder.now
        )
        event.add("dtstamp", since)
        event.add("last-modified", since)
        file.add_component(event)
    return bytes(file.to_ical())


def event_of(entry: Entry, course: Course | None) -> Event:
    """Return an entry as VEVENT, still without UID and stamps.

    What is due has no length: it ends at the moment it begins (RFC 5545 section 3.6.1).
    """
    event = Event()
    title = clean_line(entry.title) or "Untitled"
    code = clean_line((course.course_code or course.name or "") if course else "")
    event.add("summary", f"{'✓ ' if entry.done else ''}{title}{f' [{code}]' if code else ''}")
    event.add("dtstart", entry.start)
    if entry.end is not None and entry.end > entry.start:
        event.add("dtend", entry.end)
    event.add("transp", "OPAQUE" if entry.kind == "event" else "TRANSPARENT")
    url = address(entry.url)
    if url:
        event.add("url", url)
    if entry.location:
        event.add("location", clean(entry.location))
    event.add("description", clean("\n".join(filter(None, (*entry.lines, url)))))
    return event


def address(url: str) -> str:
    """Return a web address that may be its own line, because icalendar does not escape it."""
    return url if url and not re.search(r"[\s\x00-\x1f\x7f]", url) else ""


def as_text(start: datetime | date) -> str:
    return start.isoformat()


def event_facts(event: Component) -> tuple[str, ...]:
    """Return the content of an event, without its stamps."""
    return tuple(
        line
        for line in event.to_ical().decode().splitlines()
        if not line.startswith(("DTSTAMP", "LAST-MODIFIED", "UID"))
    )


def marked_stale(kept: bytes, at: datetime | None, trouble: str) -> bytes:
    """Return the calendar with a description of how old it is and why no newer one came."""
    file = Calendar.from_ical(kept)
    since = f" this is from {at.day} {at:%B %Y, %H:%M} UTC." if at else ""
    file.description = f"Not up to date:{since} {clean(trouble)} Easel asks Canvas again by itself."
    return bytes(file.to_ical())
