"""A person's work, events and notes as an iCalendar file (RFC 5545) other programs subscribe to.

Times are written in UTC: a deadline is one instant, which every calendar program shows in its
reader's own zone, on both sides of a clock change, without a VTIMEZONE that could be wrong.
Whole days are written as dates, which have no zone and so cannot slip to the day before.
No SEQUENCE is written: it counts an organiser's revisions, which Canvas does not tell. DTSTAMP and
LAST-MODIFIED say since when an event has been as it is.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise

from msgspec import structs

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import CalendarEvent, Course, PlannerItem
from canvas_app.domain.calendar import Person
from canvas_app.domain.courses import is_active_student, is_over, shares_calendar
from canvas_app.domain.duties import Duty, duties
from canvas_app.domain.icalendar_file import Entry, icalendar_text, whole_days
from canvas_app.domain.letters import letters_only
from canvas_app.domain.planner_items import ItemBuilder, planner_key
from canvas_app.domain.rich_text import plain_text
from canvas_app.services.asks import read_profile, start_courses, start_profile
from canvas_app.services.planner_calls import CONTEXTS
from canvas_app.services.without_includes import mend_courses
from canvas_app.sources.answer import complete
from canvas_app.sources.sources import Sources
from canvas_app.sources.wording import hidden

KINDS = ("work", "event", "note")
BACK, AHEAD = timedelta(days=30), timedelta(days=366)  # as Canvas's own feed reaches
SLICES = (-30, -2, 26, 54, 110, 238, 366)  # days from today: bookmarked lists, read side by side
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


class Incomplete(Exception):
    """Canvas gave less than the whole calendar; the message says what is missing and why."""


def write_calendar(
    sources: Sources,
    *,
    environment: str,
    label: str,
    kinds: Collection[str] = KINDS,
    course_ids: Collection[str] = (),
    done: bool = True,
    previous: bytes | None = None,
) -> bytes:
    """Gather the calendar from 30 days ago to 366 days ahead, two round trips deep.

    ``course_ids`` are the courses it is about, none named means all; what belongs to no course
    stays. ``done`` False leaves out what is done. The calendars of courses that Canvas refuses are
    named in the file's description, and so is what could not be understood. ``previous`` is the
    calendar before this one: what has not changed keeps its stamps. Raises Incomplete, never
    returns a part; raises AuthenticationError when the grant is over.
    """
    profile, look, entries = gather(sources)
    states = sources.states()
    bad = [state for state in states if not complete((state,)) and not state.unread]
    if bad:
        raise Incomplete(" ".join(f"{s.name.capitalize()}: {s.detail}" for s in bad))
    wanted = [
        entry
        for entry in entries
        if entry.kind in kinds
        and (done or not entry.done)
        and (not course_ids or entry.course_id is None or entry.course_id in course_ids)
    ]
    notes = " ".join(
        dict.fromkeys(
            said
            for state in states
            for said in (state.note, f"{state.name.capitalize()}: {state.detail}" * state.unread)
            if said
        )
    )
    return icalendar_text(wanted, look, profile, environment, label, previous, notes)


def gather(sources: Sources) -> tuple[Person, ItemBuilder, list[Entry]]:
    """Every entry, each once: the calendar's word on events goes before the planner's.

    The planner knows the person's own work and whether it is done, but only of courses she
    studies in, and of whole days only an instant; the calendar knows the day, and the due dates
    of the courses she teaches, assists or observes.
    """
    now = sources.now()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    edges = [today + timedelta(days=days) for days in SLICES]
    profile, courses = start_profile(sources), start_courses(sources)
    planner = sources.start(
        "planner",
        *(
            partial(CanvasAPI.planner_items, start_date=start, end_date=end - timedelta(seconds=1))
            for start, end in pairwise(edges)
        ),
    )
    me = read_profile(profile)
    mend_courses(sources, courses, ())
    known = {course.id: course for course in courses.rows() if is_open(course, now)}
    first, last = edges[0], edges[-1] - timedelta(seconds=1)
    codes = [f"user_{me.id}"] if me.id else []
    codes += [f"course_{id_}" for id_ in known]
    events = sources.start(
        "events",
        *(
            partial(CanvasAPI.calendar_events, context_codes=some, start_date=first, end_date=last)
            for some in tens(codes)
        ),
        courses=known,
    )
    others = [id_ for id_, course in known.items() if not is_active_student(course, now)]
    owed = sources.start(
        "due dates of other courses",
        *(
            partial(
                CanvasAPI.calendar_assignments, course_ids=some, start_date=first, end_date=last
            )
            for some in tens(others)
        ),
        *(partial(CanvasAPI.calendar_checkpoints, course_ids=some) for some in tens(others)),
        courses=known,
    )
    if courses.dropped():  # which courses show letters alone is not known: points stay out
        known = {id_: lettered(course) for id_, course in known.items()}
        courses.say(f"Points are left out. {hidden(('restrict_quantitative_data', 'sections'))}")
    look = ItemBuilder(sources.api.canvas_url, known, {}, now)
    found: dict[tuple[str, ...], Entry] = {}
    for entry in (
        *filter(None, (of_event(event, look, me) for event in events.rows())),
        *filter(None, (of_plan(plan, look, me) for plan in planner.rows())),
        *(
            of_duty(duty, look)
            for duty in duties(owed.rows(), look, me)
            if first <= duty.due_at <= last
        ),
    ):
        found.setdefault(entry.key, entry)
    return me, look, told_apart(found.values())


def lettered(course: Course) -> Course:
    """The course as one that shows letters alone, which binds no teacher."""
    return structs.replace(course, restrict_quantitative_data=True)


def is_open(course: Course, now: datetime) -> bool:
    """Whether its dates still are anybody's: Canvas's planner leaves out ended courses too."""
    return shares_calendar(course) and not is_over(course, now)


def tens(codes: list[str]) -> Iterator[tuple[str, ...]]:
    """As many contexts as Canvas reads in one request."""
    for at in range(0, len(codes), CONTEXTS):
        yield tuple(codes[at : at + CONTEXTS])


def of_plan(plan: PlannerItem, look: ItemBuilder, me: Person) -> Entry | None:
    """A planner item; what is merely posted has no place in a calendar."""
    posted = plan.plannable_type == "announcement" or plan.only_posted
    if posted or plan.plannable_date is None:
        return None
    item = look.from_planner(plan)
    course = look.courses.get(item.course_id or "")
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


def of_event(event: CalendarEvent, look: ItemBuilder, me: Person) -> Entry | None:
    """An event of a course or of the person; whole days as the calendar it stands in names them."""
    if event.hidden or event.workflow_state == "deleted" or event.start_at is None:
        return None
    course_id = event.course_id
    course = look.courses.get(course_id or "")
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
        url=look.link(event.html_url),
        location=event.location_name or "",
        lines=(
            ", ".join(filter(None, (course_name(course), section))),
            plain_text(event.description),
        ),
        section=section,
    )


def section_name(event: CalendarEvent, course: Course | None) -> str:
    """What the section of an event is called: as the course names it, else as the event does."""
    if event.section_id is None:
        return ""
    for section in (course.sections if course else None) or ():
        if section.id == event.section_id and section.name:
            return section.name
    named = event.context_name or ""
    return named if named and named != course_name(course) else f"section {event.section_id}"


def told_apart(entries: Iterable[Entry]) -> list[Entry]:
    """Name the section in the title of what several sections of a course have under one title.

    Canvas itself does so of late (``calendar_event_json``); then no title repeats.
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


def of_duty(duty: Duty, look: ItemBuilder) -> Entry:
    """Work of a course the person does not study in: when its students owe it."""
    work = duty.work
    course = look.courses.get(work.course_id or "")
    restricted = letters_only(course, work)
    return Entry(
        key=duty.key,
        kind="work",
        title=(work.name or "") + (f" ({duty.who})" if duty.who else ""),
        start=duty.due_at,
        course_id=work.course_id,
        url=look.link(work.html_url),
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
