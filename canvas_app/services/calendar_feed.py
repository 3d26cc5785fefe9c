"""Write a person's work, events and notes as an iCalendar file (RFC 5545) for other programs.

Times are written in UTC: a deadline is one instant, which every calendar program shows in its
reader's own zone, on both sides of a clock change, without a VTIMEZONE that could be wrong. Whole
days are written as dates, which have no zone and so cannot slip to the day before. There is no
SEQUENCE, because it counts an organizer's revisions, and Canvas does not report these. DTSTAMP and
LAST-MODIFIED are the time of an event's last change.
"""

from collections.abc import Collection, Iterable

from canvas_app.domain.calendar_entries import FEED_KINDS, of_duty, of_event, of_plan, told_apart
from canvas_app.domain.courses import roles_of
from canvas_app.domain.duties import duties
from canvas_app.domain.features import ALL_FEATURES, Features
from canvas_app.domain.icalendar_file import Entry, icalendar_text
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.services.calendar_calls import AskedCalendar, ask
from canvas_app.sources.answer import Source, complete
from canvas_app.sources.sources import Sources


class Incomplete(Exception):
    """The answers do not cover the whole calendar; the message says what is missing and why."""


class NotOffered(Exception):
    """The institution has switched feeds off for people of these roles."""


def write_calendar(
    sources: Sources,
    *,
    environment: str,
    label: str,
    kinds: Collection[str] = FEED_KINDS,
    course_ids: Collection[str] = (),
    done: bool = True,
    previous: bytes | None = None,
    features: Features = ALL_FEATURES,
) -> bytes:
    """Return the calendar from 30 days ago to 366 days ahead, after two rounds of calls.

    ``course_ids`` limits it to these courses (empty: all) and to entries without a course.
    ``done=False`` leaves out what is done. The file's description names courses whose calendars
    Canvas refuses, and answers that could not be read. ``previous`` is the last calendar, from
    which unchanged events keep their time stamps.

    Raises Incomplete rather than return a part, NotOffered, and AuthenticationError when the grant
    has ended.
    """
    asked = ask(sources)
    bad = [state for state in asked.sources if not complete((state,)) and not state.unread]
    if bad:
        raise Incomplete(" ".join(f"{s.name.capitalize()}: {s.detail}" for s in bad))
    roles = {role for course in asked.courses.values() for role in roles_of(course)}
    if features.limited("feeds") and not features.offered("feeds", roles):
        raise NotOffered
    builder = ItemBuilder(asked.canvas_url, asked.courses, {}, sources.now())
    wanted = [
        entry
        for entry in lay_out(asked, builder)
        if entry.kind in kinds
        and (done or not entry.done)
        and (not course_ids or entry.course_id is None or entry.course_id in course_ids)
    ]
    return icalendar_text(
        wanted, builder, asked.profile, environment, label, previous, notes_of(asked.sources)
    )


def notes_of(states: Iterable[Source]) -> str:
    """Return the notes about what Canvas withholds and what Easel could not read."""
    said = (
        text
        for state in states
        for text in (state.note, f"{state.name.capitalize()}: {state.detail}" * state.unread)
    )
    return " ".join(dict.fromkeys(filter(None, said)))


def lay_out(asked: AskedCalendar, builder: ItemBuilder) -> list[Entry]:
    """Return every entry once; the calendar's entry takes precedence over the planner's.

    The planner knows the person's own work and whether it is done, but only for courses in which
    they are a student, and it gives a whole day only as an instant. The calendar knows the day,
    and the due dates of courses in which they teach, assist or observe.
    """
    me = asked.profile
    found: dict[tuple[str, ...], Entry] = {}
    for entry in (
        *filter(None, (of_event(event, builder, me) for event in asked.events)),
        *filter(None, (of_plan(plan, builder, me) for plan in asked.planner)),
        *(
            of_duty(duty, builder)
            for duty in duties(asked.owed, builder, me)
            if asked.first <= duty.due_at <= asked.last
        ),
    ):
        found.setdefault(entry.key, entry)
    return told_apart(found.values())
