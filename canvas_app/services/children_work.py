"""Canvas's answers about the work of the students whom the person observes, one by one.

Canvas dates an assignment for one of an observer's students, so a student's dates come from the
planner, the missing list and the submission alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from msgspec import structs

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Assignment,
    CalendarEvent,
    Course,
)
from canvas_app.domain.calendar import WEEK, Person, whole_weeks
from canvas_app.domain.children import Child, childs_event
from canvas_app.domain.home import NEXT_WITHIN, coming, in_doubt
from canvas_app.domain.planner_items import planner_assignment
from canvas_app.services.asks import (
    read_colors,
    read_profile,
    start_colors,
    start_courses,
    start_profile,
)
from canvas_app.services.children_calls import PREFIX, ChildrenCalls
from canvas_app.services.family import Family
from canvas_app.services.own_work import WorkAnswers, start_calendar
from canvas_app.services.planner_calls import in_tens
from canvas_app.services.without_includes import mend_courses
from canvas_app.sources.answer import Source
from canvas_app.sources.sources import ListSource, PageSource, Sources


@dataclass(frozen=True)
class ChildrenAnswers:
    """Canvas's answers about the students' work, for each student whom the page shows."""

    family: Family = field(default_factory=Family)
    work: tuple[WorkAnswers, ...] = ()


@dataclass(frozen=True)
class Reading:
    """Who reads and when: ``shared`` are the sources on which all students' parts depend."""

    me: Person
    colors: Mapping[str, str]
    now: datetime
    shared: "tuple[PageSource[Any], ...]" = ()


def read_children(sources: Sources, calls: ChildrenCalls, reading: Reading) -> ChildrenAnswers:
    """Read all answers, and ask the calendar what kind of work is in doubt.

    The planner does not tell work on paper, which nobody hands in, from work that is overdue.
    """
    family = calls.family.answers(sources)
    for child in family.shown:
        if child.id in calls.work:
            calls.work[child.id].planner.is_about(child.name)
            calls.work[child.id].missing.is_about(child.name)
    drafts = [planned_work(sources, calls, child, reading) for child in family.shown]
    asked = start_doubts(sources, drafts, reading.now)
    graded = [with_grades(calls, draft, reading.shared) for draft in drafts]
    events = asked.rows() if asked else []
    return ChildrenAnswers(family, tuple(with_kinds(work, events) for work in graded))


def ask_of_child(
    sources: Sources, now: datetime, start: Callable[[Iterable[Course]], ChildrenCalls]
) -> tuple[WorkAnswers, ChildrenAnswers]:
    """Ask about one student alone, with no call for the person's own work.

    ``start`` starts the calls about the student's work in these courses. The first part of the
    answer has the person and their courses.
    """
    courses, profile, colors = start_courses(sources), start_profile(sources), start_colors(sources)
    mend_courses(sources, courses, ())
    rows = courses.rows()
    calls = start(rows)
    shared: tuple[PageSource[Any], ...] = (courses, profile, *calls.family.handles)
    reading = Reading(read_profile(profile), read_colors(colors), now, shared)
    children = read_children(sources, calls, reading)
    work = WorkAnswers(
        canvas_url=sources.api.canvas_url,
        me=reading.me,
        courses={course.id: course for course in rows},
        sources=sources.states(),
    )
    return work, children


def planned_work(
    sources: Sources, calls: ChildrenCalls, child: Child, reading: Reading
) -> WorkAnswers:
    """Return what a student's planner and missing list tell, without waiting for their grades."""
    own = calls.work.get(child.id)
    return WorkAnswers(
        canvas_url=sources.api.canvas_url,
        me=reading.me,
        courses=calls.family.courses(child.id),
        colors=reading.colors,
        planner=own.planner.rows() if own else (),
        missing=own.missing.rows() if own else (),
        child=child,
    )


def with_grades(
    calls: ChildrenCalls, draft: WorkAnswers, shared: "Sequence[PageSource[Any]]"
) -> WorkAnswers:
    """Return the answers with the student's submissions, and with the state of their sources."""
    id_ = draft.child.id if draft.child else ""
    own = calls.work.get(id_)
    grades = [calls.grades[course_id] for course_id in own.course_ids] if own else []
    told = {planner_assignment(plan) for plan in draft.planner}
    told |= {work.id for work in draft.missing}
    events = [
        childs_event(row, alone=calls.alone(row))
        for handle in grades
        for row in handle.rows()
        if row.user_id == id_ and (row.assignment or row.assignment_id in told)
    ]
    handles = [*shared, *((own.planner, own.missing) if own else ()), *grades]
    sources = tuple(bare(handle.source()) for handle in handles)
    return replace(draft, sources=sources, calendar=events)


def bare(source: Source) -> Source:
    """Return a student's source by the name that the person's own would have."""
    return replace(source, name=source.name.removeprefix(PREFIX))


def start_doubts(
    sources: Sources, drafts: Sequence[WorkAnswers], now: datetime
) -> ListSource[CalendarEvent] | None:
    """Start the calendar of courses where work is past due, or due next, of an unknown kind."""
    today = drafts[0].me.day(now) if drafts else now.date()
    late: set[str] = set()
    soon: set[str] = set()
    for draft in drafts:
        items = draft.merged(now)
        late.update(in_doubt(items, draft.me, today - WEEK))
        following = (i.course_id for i in coming(items, now) if i.course_id and i.assignment_id)
        soon.update(list(following)[:1])
    courses = sorted({*late, *soon})
    start, end = whole_weeks(today - WEEK, today + NEXT_WITHIN)
    call = partial(CanvasAPI.calendar_assignments, start_date=start, end_date=end)
    names = {id_: course for draft in drafts for id_, course in draft.courses.items()}
    parts = [partial(call, course_ids=ids) for ids in in_tens(courses)]
    return start_calendar(sources, parts, names, f"{PREFIX}calendar")


def with_kinds(draft: WorkAnswers, events: Sequence[CalendarEvent]) -> WorkAnswers:
    """Return the answers with the kinds of planned work, without dates of other students."""
    planned = {planner_assignment(plan) for plan in draft.planner}
    kinds = [
        CalendarEvent(id=event.id, assignment=undated(event.assignment))
        for event in events
        if event.assignment and event.assignment.id in planned
    ]
    return replace(draft, calendar=[*kinds, *draft.calendar])


def undated(work: Assignment) -> Assignment:
    return structs.replace(work, due_at=None, unlock_at=None, lock_at=None, lock_explanation=None)
