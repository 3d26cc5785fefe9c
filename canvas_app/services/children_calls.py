"""The calls about the work of the students whom the person observes.

Planner and missing list are asked for each student, grades for each course and all students in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Assignment,
    Course,
    PlannerItem,
    Submission,
)
from canvas_app.services.family import FamilyCalls, current_ones
from canvas_app.services.planner_calls import MISSING
from canvas_app.sources.sources import ListSource, Sources

PREFIX = "child "
"""Begins the names of a student's sources, so that the person's own lists are told apart."""
GRADED_WITHIN = timedelta(days=60)
"""How long ago a grade may have been given that was posted within two weeks."""


@dataclass(frozen=True)
class ChildCalls:
    """Calls about one student's work in their current courses (ids)."""

    course_ids: tuple[str, ...]
    planner: ListSource[PlannerItem]
    missing: ListSource[Assignment]


@dataclass(frozen=True)
class ChildrenCalls:
    """Calls about all students' work: their own by their id, their grades by course id."""

    family: FamilyCalls
    work: Mapping[str, ChildCalls]
    grades: Mapping[str, ListSource[Submission]]
    students: Mapping[str, Sequence[str]]  # whom the person observes there, by course id

    def alone(self, row: Submission) -> bool:
        """Return whether the person observes nobody else in the course of a submission."""
        work = row.assignment
        return bool(work and len(self.students.get(work.course_id or "", ())) == 1)


def start_children(
    sources: Sources,
    family: FamilyCalls,
    slices: Sequence[tuple[datetime, datetime]],
    *,
    lately: bool,
) -> ChildrenCalls:
    """Start planner, missing list and grades of the students whom the page shows.

    ``lately``: only what was graded in the last 60 days, otherwise all submissions.
    """
    work: dict[str, ChildCalls] = {}
    for id_ in family.shown:
        current = tuple(course.id for course in current_ones(family.watched[id_], sources))
        if not current:
            continue
        plan = partial(CanvasAPI.planner_items, observed_user_id=id_, course_ids=current)
        plans = (partial(plan, start_date=start, end_date=end) for start, end in slices)
        lacking = partial(
            CanvasAPI.missing_submissions,
            include=MISSING,
            observed_user_id=id_,
            course_ids=current,
        )
        work[id_] = ChildCalls(
            current,
            planner=sources.start(f"{PREFIX}planner: {id_}", *plans),
            missing=sources.start(f"{PREFIX}missing: {id_}", lacking),
        )
    names = {course.id: course for courses in family.watched.values() for course in courses}
    grades = {
        course_id: start_grades(sources, names[course_id], ids, lately=lately)
        for course_id, ids in current_students(sources, family).items()
    }
    return ChildrenCalls(family, work, grades, students_by_course(family))


def current_students(sources: Sources, family: FamilyCalls) -> dict[str, list[str]]:
    """Return the students whom the page shows, by the id of each course that they are in now."""
    return _by_course({id_: current_ones(family.watched[id_], sources) for id_ in family.shown})


def students_by_course(family: FamilyCalls) -> dict[str, list[str]]:
    """Return all students whom the person observes, shown or not, by course id."""
    return _by_course(family.watched)


def _by_course(courses_of: Mapping[str, Sequence[Course]]) -> dict[str, list[str]]:
    """Return the students by the id of each course, from their courses."""
    found: dict[str, list[str]] = {}
    for id_, courses in courses_of.items():
        for course in courses:
            found.setdefault(course.id, []).append(id_)
    return found


def start_grades(
    sources: Sources, course: Course, student_ids: Sequence[str], *, lately: bool
) -> ListSource[Submission]:
    """Start the submissions of these students in a course."""
    call = partial(
        CanvasAPI.student_submissions,
        course_id=course.id,
        include=("assignment",),
        student_ids=tuple(student_ids),
    )
    if lately:
        today = sources.now().replace(hour=0, minute=0, second=0, microsecond=0)
        call = partial(call, graded_since=today - GRADED_WITHIN)
    return sources.start(f"{PREFIX}grades: {course.id}", call, course=course)
