"""The calls from which a calendar feed is laid out, and their answers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise

from msgspec import structs

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import CalendarEvent, Course, PlannerItem
from canvas_app.domain.courses import is_active_student, is_over, shares_calendar
from canvas_app.services.asks import AskedPage, read_profile, start_courses, start_profile
from canvas_app.services.planner_calls import CONTEXTS
from canvas_app.services.without_includes import mend_courses
from canvas_app.sources.sources import ListSource, Sources
from canvas_app.sources.wording import hidden

# Edges of the slices in days from today; Canvas's own feed covers the same time. The planner's
# lists are bookmarked, so only slices of it can be read in parallel.
SLICES = (-30, -2, 26, 54, 110, 238, 366)


@dataclass(frozen=True)
class AskedCalendar(AskedPage):
    """Canvas's answers about the days from ``first`` to ``last``.

    ``courses`` are, by id, those whose dates still apply; ``owed`` are the due dates in courses in
    which the person is not a student.
    """

    first: datetime
    last: datetime
    courses: Mapping[str, Course] = field(default_factory=dict)
    planner: Sequence[PlannerItem] = ()
    events: Sequence[CalendarEvent] = ()
    owed: Sequence[CalendarEvent] = ()


def ask(sources: Sources) -> AskedCalendar:
    """Ask for the planner and the courses, then for the calendars of these courses."""
    now = sources.now()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    edges = [today + timedelta(days=days) for days in SLICES]
    first, last = edges[0], edges[-1] - timedelta(seconds=1)
    profile, courses = start_profile(sources), start_courses(sources)
    planner = start_planner(sources, edges)
    me = read_profile(profile)
    mend_courses(sources, courses, ())
    known = {course.id: course for course in courses.rows() if is_open(course, now)}
    codes = [f"user_{me.id}"] if me.id else []
    codes += [f"course_{id_}" for id_ in known]
    events = start_events(sources, codes, first, last, known)
    others = [id_ for id_, course in known.items() if not is_active_student(course, now)]
    owed = start_owed(sources, others, first, last, known)
    if courses.dropped():  # Any course might show only letters, so no points.
        known = {id_: lettered(course) for id_, course in known.items()}
        courses.say(f"Points are left out. {hidden(('restrict_quantitative_data', 'sections'))}")
    return AskedCalendar(
        canvas_url=sources.api.canvas_url,
        courses=known,
        planner=planner.rows(),
        events=events.rows(),
        owed=owed.rows(),
        first=first,
        last=last,
        sources=sources.states(),
        profile=me,
    )


def start_planner(sources: Sources, edges: Sequence[datetime]) -> ListSource[PlannerItem]:
    """Start the planner's lists in parallel; each is read page by page."""
    return sources.start(
        "planner",
        *(
            partial(CanvasAPI.planner_items, start_date=start, end_date=end - timedelta(seconds=1))
            for start, end in pairwise(edges)
        ),
    )


def start_events(
    sources: Sources, codes: list[str], first: datetime, last: datetime, known: Mapping[str, Course]
) -> ListSource[CalendarEvent]:
    """Start the events of these contexts; ``known`` names the courses that Canvas refuses."""
    call = partial(CanvasAPI.calendar_events, start_date=first, end_date=last)
    calls = (partial(call, context_codes=some) for some in tens(codes))
    return sources.start("events", *calls, courses=known)


def start_owed(
    sources: Sources, ids: list[str], first: datetime, last: datetime, known: Mapping[str, Course]
) -> ListSource[CalendarEvent]:
    """Start the assignments due in courses in which the person teaches, assists or observes."""
    call = partial(CanvasAPI.calendar_assignments, start_date=first, end_date=last)
    calls = [partial(call, course_ids=some) for some in tens(ids)]
    calls += [partial(CanvasAPI.calendar_checkpoints, course_ids=some) for some in tens(ids)]
    return sources.start("due dates of other courses", *calls, courses=known)


def lettered(course: Course) -> Course:
    """Return the course marked as one that shows only letters; its teachers still see points."""
    return structs.replace(course, restrict_quantitative_data=True)


def is_open(course: Course, now: datetime) -> bool:
    """Return whether the course's dates still apply: Canvas's planner omits ended courses too."""
    return shares_calendar(course) and not is_over(course, now)


def tens(codes: list[str]) -> Iterator[tuple[str, ...]]:
    """Split contexts into groups of ten, the most that Canvas reads in one request."""
    for at in range(0, len(codes), CONTEXTS):
        yield tuple(codes[at : at + CONTEXTS])
