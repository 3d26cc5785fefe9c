"""Canvas's plans, events and due dates as calendar entries."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from canvas_app.canvas.models import CalendarEvent, Course, PlannerItem
from canvas_app.domain.calendar import Person
from canvas_app.domain.duties import Duty
from canvas_app.domain.icalendar_file import Entry, whole_days
from canvas_app.domain.letters import letters_only
from canvas_app.domain.planner_items import ItemBuilder, planner_key
from canvas_app.domain.rich_text import plain_text

FEED_KINDS = ("work", "event", "note")
KIND_OF = {"calendar_event": "event", "planner_note": "note", "wiki_page": "note"}
KIND_LABELS = {
    "assignment": "Assignment",
    "quiz": "Quiz",
    "discussion_topic": "Discussion",
    "wiki_page": "Page to read",
    "planner_note": "Own note",
    "assessment_request": "Peer review",
    "sub_assignment": "Discussion checkpoint",
}


def of_plan(plan: PlannerItem, builder: ItemBuilder, me: Person) -> Entry | None:
    """Return a planner item's entry; items that are merely posted have none."""
    posted = plan.plannable_type == "announcement" or plan.only_posted
    if posted or plan.plannable_date is None:
        return None
    item = builder.from_planner(plan)
    course = builder.courses.get(item.course_id or "")
    kind = KIND_OF.get(item.type, "work")
    start: datetime | date = plan.plannable_date
    end: datetime | date | None = item.ends_at
    if item.all_day:
        start, end = whole_days(me.day(plan.plannable_date), plan.plannable_date, item.ends_at)
    facts = [KIND_LABELS.get(item.type, ""), points(item.points_possible, item.letters_only)]
    state = item.status_label or item.status.replace("_", " ")
    return Entry(
        key=planner_key(plan),
        kind=kind,
        title=item.title,
        start=start,
        end=end if kind == "event" else None,
        course_id=item.course_id,
        done=item.done,
        url=item.url,
        location=item.location or "",
        lines=(
            course_name(course) or ("" if item.course_id is None else item.course_name),
            ", ".join(filter(None, facts)),
            f"Status: {state}" if kind == "work" else "",
            (item.details or "") if item.type == "planner_note" else plain_text(item.details),
        ),
    )


def of_event(event: CalendarEvent, builder: ItemBuilder, me: Person) -> Entry | None:
    """Return an event's entry; whole days are those of the calendar that the event is in."""
    if event.hidden or event.workflow_state == "deleted" or event.start_at is None:
        return None
    course_id = event.course_id
    course = builder.courses.get(course_id or "")
    section = section_name(event, course)
    start: datetime | date = event.start_at
    end: datetime | date | None = event.end_at
    if event.all_day:
        day = event.all_day_date or me.day(event.start_at)
        start, end = whole_days(day, event.start_at, event.end_at)
    return Entry(
        key=("calendar_event", event.id or ""),
        kind="event",
        title=event.title or "",
        start=start,
        end=end,
        course_id=course_id,
        url=builder.link(event.html_url),
        location=event.location_name or "",
        lines=(
            ", ".join(filter(None, (course_name(course), section))),
            plain_text(event.description),
        ),
        section=section,
    )


def section_name(event: CalendarEvent, course: Course | None) -> str:
    """Return the name of an event's section: as the course names it, else as the event does."""
    if event.section_id is None:
        return ""
    for section in (course.sections if course else None) or ():
        if section.id == event.section_id and section.name:
            return section.name
    named = event.context_name or ""
    return named if named and named != course_name(course) else f"section {event.section_id}"


def told_apart(entries: Iterable[Entry]) -> list[Entry]:
    """Add the section's name to titles that several sections of a course share.

    Recent versions of Canvas do so themselves (``calendar_event_json``); then no title repeats.
    """
    entries = list(entries)
    whose: dict[tuple[str | None, str], set[str]] = {}
    for entry in entries:
        if entry.kind == "event":
            whose.setdefault((entry.course_id, entry.title), set()).add(entry.section)
    return [
        replace(entry, title=f"{entry.title} ({entry.section})")
        if entry.section and len(whose.get((entry.course_id, entry.title), ())) > 1
        else entry
        for entry in entries
    ]


def of_duty(duty: Duty, builder: ItemBuilder) -> Entry:
    """Return the entry of work that students owe in a course the person does not study in."""
    work = duty.work
    course = builder.courses.get(work.course_id or "")
    restricted = letters_only(course, work)
    return Entry(
        key=duty.key,
        kind="work",
        title=(work.name or "") + (f" ({duty.who})" if duty.who else ""),
        start=duty.due_at,
        course_id=work.course_id,
        url=builder.link(work.html_url),
        lines=(
            course_name(course),
            ", ".join(filter(None, ("Due date", points(work.points_possible, restricted)))),
            duty.elsewhere,
        ),
    )


def course_name(course: Course | None) -> str:
    return (course.name if course else None) or ""


def points(possible: float | None, letters_only: bool) -> str:
    if possible is None or letters_only:
        return ""
    return f"{possible:.10g} " + ("point" if possible == 1 else "points")
