"""The person's own work: the lists that every view of it starts, and Canvas's answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    CalendarEvent,
    Colors,
    Course,
    PlannerItem,
    Profile,
    StreamItem,
    TodoItem,
)
from canvas_app.canvas.paging import Pages
from canvas_app.domain.agenda import placed
from canvas_app.domain.calendar import DAY, Person
from canvas_app.domain.children import Child, childs_row
from canvas_app.domain.courses import course_row, has_role, observed
from canvas_app.domain.planner_items import ItemBuilder, ItemKey
from canvas_app.domain.rows import CourseRow, Item
from canvas_app.domain.weights import weights_of
from canvas_app.services.asks import (
    read_colors,
    read_profile,
    start_colors,
    start_courses,
    start_profile,
)
from canvas_app.services.pages import OwnPage
from canvas_app.services.planner_calls import MISSING, WEIGHED, groups_call, planner_slices
from canvas_app.services.upcoming_filters import Choice, note_choices
from canvas_app.sources.answer import Source, complete
from canvas_app.sources.call import request_key
from canvas_app.sources.sources import ListSource, ObjectSource, Sources

Row = TypeVar("Row")


@dataclass(frozen=True)
class WorkPage(OwnPage):
    """Page of the person's work: who they are, and with which courses they can write notes.

    ``note_limits``: they are in other courses too, with which Canvas lists no notes.
    """

    note_courses: tuple[Choice, ...] = ()
    note_limits: bool = False


@dataclass(frozen=True)
class WorkAnswers:
    """Canvas's answers about the person's work; a failed list is empty, and ``sources`` says so.

    ``courses`` are by id, ``colors`` by course id. ``todo`` is the work that waits for the person
    to grade it. With ``child`` all of it is about that student, whom the person observes.
    """

    canvas_url: str = ""
    sources: tuple[Source, ...] = ()
    me: Person = field(default_factory=Person)
    courses: Mapping[str, Course] = field(default_factory=dict)
    colors: Mapping[str, str] = field(default_factory=dict)
    planner: Sequence[PlannerItem] = ()
    missing: Sequence[Assignment] = ()
    stream: Sequence[StreamItem] = ()
    todo: Sequence[TodoItem] = ()
    calendar: Sequence[CalendarEvent] = ()
    groups: Sequence[AssignmentGroup] = ()
    child: Child | None = None

    def builder(self, now: datetime) -> ItemBuilder:
        """Return the builder of items from these courses and colours."""
        return ItemBuilder(self.canvas_url, self.courses, self.colors, now, self.me.id)

    def merged(self, now: datetime, groups: Iterable[AssignmentGroup] = ()) -> list[Item]:
        """Return every item once; groups' assignments fill in where the calendar has none."""
        return self.builder(now).merged(
            self.planner, self.missing, self.calendar, self.stream, groups
        )

    def by_key(
        self, now: datetime, earlier: Mapping[ItemKey, Item] = MappingProxyType({})
    ) -> dict[ItemKey, Item]:
        """Return every item once, by its key.

        ``earlier``: what these answers gave before the calendar was among them.
        """
        return self.builder(now).by_key(
            self.planner, self.missing, self.calendar, self.stream, earlier=earlier
        )

    def with_days(self, items: Iterable[Item]) -> list[Item]:
        """Return the items with their days in the person's zone, and with known weights."""
        worth = weights_of(self.groups, self.courses)
        return [placed(item, self.me, worth, self.child) for item in items]

    def row(self, course: Course, now: datetime) -> CourseRow:
        """Return a course as a row, the student's where the answers are about one."""
        row = course_row(course, self.canvas_url, self.colors, now)
        return childs_row(row, self.child) if self.child else row

    def grading(self, now: datetime) -> tuple[Item, ...]:
        """Return the work that waits for the person to grade it, the oldest first."""
        return self.builder(now).grading(self.todo)


def work_page(work: WorkAnswers, now: datetime) -> WorkPage:
    """Return what every page of the person's work says of them and of their courses."""
    courses = work.courses.values()
    notes = note_choices(courses, now)
    return WorkPage(
        sources=work.sources,
        complete=complete(work.sources),
        profile=work.me,
        now=now,
        in_courses=bool(courses),
        is_student=has_role(courses, "student"),
        is_teacher=has_role(courses, "teacher", "ta"),
        observes=observed(courses),
        note_courses=notes,
        note_limits=len(notes) < len(courses),
    )


@dataclass(frozen=True)
class WorkCalls:
    """Calls that every view of the person's work starts."""

    courses: ListSource[Course]
    planner: ListSource[PlannerItem]
    missing: ListSource[Assignment]
    stream: ListSource[StreamItem]
    todo: ListSource[TodoItem]
    profile: ObjectSource[Profile]
    colors: ObjectSource[Colors]

    def answers(
        self,
        sources: Sources,
        courses: Mapping[str, Course],
        calendar: Sequence[CalendarEvent] = (),
        groups: Sequence[AssignmentGroup] = (),
    ) -> WorkAnswers:
        """Read all answers; wait for the page's slowest call, or until the page's deadline."""
        return WorkAnswers(
            canvas_url=sources.api.canvas_url,
            me=read_profile(self.profile),
            courses=courses,
            colors=read_colors(self.colors),
            planner=self.planner.rows(),
            missing=self.missing.rows(),
            stream=self.stream.rows(),
            todo=self.todo.rows(),
            calendar=calendar,
            groups=groups,
            sources=sources.states(),
        )


def start_work(sources: Sources, first: date, last: date) -> WorkCalls:
    """Start all calls, with a further day at each end of the planner to cover every time zone.

    The longest lists go first, because their further pages take more round trips. The planner is
    read in whole weeks, so that different pages make the same calls and share the cached answers.
    """
    courses = start_courses(sources)
    planner = sources.start(
        "planner",
        *(
            partial(CanvasAPI.planner_items, start_date=start, end_date=end)
            for start, end in planner_slices(first - DAY, last + DAY, sources.now())
        ),
    )
    stream = sources.start("activity", partial(CanvasAPI.activity_stream))
    todo = sources.start("todo", partial(CanvasAPI.todo))
    missing = sources.start("missing", partial(CanvasAPI.missing_submissions, include=MISSING))
    profile, colors = start_profile(sources), start_colors(sources)
    return WorkCalls(courses, planner, missing, stream, todo, profile, colors)


def start_calendar(
    sources: Sources,
    calls: "Sequence[partial[Pages[CalendarEvent]]]",
    courses: Mapping[str, Course],
    name: str = "calendar",
) -> ListSource[CalendarEvent] | None:
    """Start the calendar's assignments, if there are any courses (by id) to ask about."""
    return sources.start(name, *calls, courses=courses) if calls else None


def start_groups(sources: Sources, course_ids: Sequence[str]) -> ListSource[AssignmentGroup] | None:
    """Start the assignment groups of these courses, which give each assignment's weight."""
    calls = [groups_call(course_id) for course_id in course_ids]
    return sources.start("weights", *calls) if calls else None


def kept_groups(sources: Sources, course_ids: Sequence[str]) -> list[AssignmentGroup]:
    """Return the cached assignment groups of these courses; never ask Canvas."""
    return kept_rows(sources, [groups_call(course_id) for course_id in course_ids[:WEIGHED]])


def kept_rows(sources: Sources, calls: "Iterable[partial[Pages[Row]]]") -> list[Row]:
    """Return the cached rows of these lists; never ask Canvas."""
    kept = [sources.kept(request_key(call), call) for call in calls]
    return [row for answer in kept if answer for row in answer.value]
