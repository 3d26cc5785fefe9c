"""Due dates in courses in which the person is not a student: each once, and for whom.

Canvas lists an assignment there once for each of its dates, under one id (Canvas: Calendar
Events).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from canvas_app.canvas.models import Assignment, CalendarEvent, Course
from canvas_app.domain.calendar import Person, local
from canvas_app.domain.courses import roles_of
from canvas_app.domain.planner_items import ItemBuilder


@dataclass(frozen=True)
class Duty:
    """Work that students owe at a moment; ``who`` names the students unless it is all of them."""

    key: tuple[str, ...]
    work: Assignment
    due_at: datetime
    who: str = ""
    elsewhere: str = ""  # the other dates, in words


def duties(events: Iterable[CalendarEvent], builder: ItemBuilder, me: Person) -> Iterator[Duty]:
    """Return each piece of work at everybody's date, and at the dates of sections and groups.

    This is what staff get. Dates of single students are only named in the entry for everybody, and
    become entries themselves if there is none. Other people get their own date, or the dates of
    the students they observe, who are not named.
    """
    found: dict[tuple[str, str], list[CalendarEvent]] = {}
    for event in events:
        if event.work and event.work.due_at:
            kind = "assignment" if event.assignment else "sub_assignment"
            found.setdefault((kind, event.work.id), []).append(event)
    for key, dates in found.items():
        work = dates[0].work
        course = builder.courses.get((work.course_id if work else None) or "")
        if course and gives_dates(course):
            yield from given(key, dates, me)
        else:
            yield from watched(key, dates)


def gives_dates(course: Course) -> bool:
    """Return whether Canvas lists every date to the person; students there get only their own."""
    roles = roles_of(course)
    return "student" not in roles and any(role != "observer" for role in roles)


def watched(key: tuple[str, str], dates: Iterable[CalendarEvent]) -> Iterator[Duty]:
    ordered = sorted(filter(None, map(dated, dates)), key=lambda pair: pair[1])
    for place, (work, due_at) in enumerate(ordered):
        yield Duty((*key, "date", str(place + 1)) if place else key, work, due_at)


def given(key: tuple[str, str], dates: Iterable[CalendarEvent], me: Person) -> Iterator[Duty]:
    """Return the base date and those of sections and groups; without a base, all dates."""
    dates = list(dates)
    base = next((event for event in dates if event.override is None), None)
    others = [event for event in dates if event.override]
    if base and (found := dated(base)):
        yield Duty(key, *found, elsewhere=other_dates(others, me))
    for event in others:
        override, found = event.override, dated(event)
        if override is None or found is None:
            continue
        if base is None or override.course_section_id or override.group_id:
            yield Duty((*key, "for", override.id or ""), *found, who=whose(event))


def dated(event: CalendarEvent) -> tuple[Assignment, datetime] | None:
    work = event.work
    return (work, work.due_at) if work and work.due_at else None


def whose(event: CalendarEvent) -> str:
    return (event.override.title if event.override else None) or "some students"


def other_dates(events: Iterable[CalendarEvent], me: Person) -> str:
    """Return who has other dates, and when these are on the person's clocks."""
    said = [
        f"{whose(event)}: {there.day} {there:%B %Y, %H:%M}"
        for event in events
        if event.work and event.work.due_at
        for there in (local(event.work.due_at, me.zone),)
    ]
    return f"Other dates ({me.time_zone}): {'; '.join(said)}" if said else ""
