"""The calls teachers' pages make about a class: its students, sections and everybody's work."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from canvas_app.canvas.api import HEAVY_OF_ASSIGNMENTS, CanvasAPI
from canvas_app.canvas.models import (
    Assignment,
    ClassEnrollment,
    ClassSubmission,
    Course,
    CourseSection,
    GradingPeriod,
    Profile,
)
from canvas_app.domain.courses import TEACHING, roles_of, with_ended
from canvas_app.services.asks import COURSE_INCLUDE, start_ended_in, start_profile
from canvas_app.sources.call import Terms
from canvas_app.sources.sources import USUAL, ListSource, ObjectSource, Sources

AN_HOUR = Terms(lasts=3600.0)
"""Terms for what seldom changes in a course, such as its sections: kept for an hour."""
RENEWED = Terms(renew=True)
"""Terms for what shows changes in a class: a stale answer is not shown but asked for again."""


class StaffOnly(Exception):
    """The page is for people who grade in the course, and this person does not grade there."""


@dataclass(frozen=True)
class StartedClass:
    """A course the person grades in; ``works`` are its assignments, which may still be coming."""

    course: Course
    works: ListSource[Assignment]
    sections: ListSource[CourseSection]
    profile: ObjectSource[Profile]


def start_class(sources: Sources, course_id: str) -> StartedClass:
    """Ask for a course by its id and, in parallel, for its sections and assignments.

    Raise the CanvasError that Canvas gives for the course itself, and StaffOnly when the person
    does not grade there. People grade where they have the role of a teacher or assistant.
    Administrators have no role in the course; they are recognised by ``needs_grading_count``, which
    Canvas gives only to people who may grade.
    """
    asked = sources.start_one(
        "course", partial(CanvasAPI.course, course_id=course_id, include=COURSE_INCLUDE)
    )
    asked.needs()  # includes; the course's name and roles come without them
    unnamed = Course(id=course_id)
    works = start_class_assignments(sources, unnamed, terms=RENEWED)
    sections = start_sections(sources, unnamed, terms=AN_HOUR)
    profile = start_profile(sources, terms=AN_HOUR)
    course = asked.required()
    ended = start_ended_in(sources, course)
    if ended:
        course = with_ended(course, ended.rows())
    if TEACHING.isdisjoint(roles_of(course)):
        if works.error and not works.denied:
            raise works.error
        if all(work.needs_grading_count is None for work in works.rows()):
            raise StaffOnly
    return StartedClass(course, works, sections, profile)


def start_class_assignments(
    sources: Sources, course: Course, terms: Terms = USUAL
) -> ListSource[Assignment]:
    call = partial(CanvasAPI.assignments, course_id=course.id, exclude=HEAVY_OF_ASSIGNMENTS)
    about = course if course.name else None
    name = f"grading: {course.name}" if course.name else "assignments"
    return sources.start(name, call, course=about, terms=terms)


def start_students(
    sources: Sources,
    course: Course,
    states: Sequence[str] = ("active",),
    period_id: str = "",
    terms: Terms = USUAL,
) -> ListSource[ClassEnrollment]:
    """Start the list of a course's students whose enrollments are in these states.

    With ``period_id`` Canvas adds their totals of that grading period instead of the whole
    course's.
    """
    call = partial(CanvasAPI.class_enrollments, course_id=course.id, states=tuple(states))
    if period_id:
        call = partial(call, period_id=period_id)
    return sources.start(f"students: {course.name or course.id}", call, course=course, terms=terms)


def start_sections(
    sources: Sources, course: Course, terms: Terms = USUAL
) -> ListSource[CourseSection]:
    return sources.start("sections", partial(CanvasAPI.sections, course_id=course.id), terms=terms)


def start_weighted_periods(sources: Sources, course: Course) -> ListSource[GradingPeriod] | None:
    """Start the list of grading periods; None if the course's totals do not weight them."""
    if not course.has_weighted_grading_periods:
        return None
    call = partial(CanvasAPI.grading_periods, course_id=course.id)
    return sources.start("grading periods", call)


def start_class_work(
    sources: Sources, course: Course, works: Sequence[Assignment]
) -> ListSource[ClassSubmission]:
    """Start the lists of everybody's submissions, one list for each of these assignments."""
    return sources.start(
        f"class work: {course.name or course.id}",
        *(
            partial(CanvasAPI.class_submissions, course_id=course.id, assignment_ids=(work.id,))
            for work in works
        ),
        course=course,
    )


def whole_lists(
    works: Sequence[Assignment], handle: ListSource[ClassSubmission]
) -> dict[str, list[ClassSubmission]]:
    """Return the submissions by assignment id, without the assignments whose list is incomplete."""
    return {
        work.id: answer.value
        for work, answer in zip(works, handle.answers(), strict=True)
        if not answer.error and not answer.why
    }


def all_here(handle: ListSource[Any]) -> bool:
    """Return whether the list is complete."""
    return all(not answer.error and not answer.why for answer in handle.answers())


def section_names(rows: Iterable[CourseSection]) -> dict[str, str]:
    """Return section names by id."""
    return {row.id: row.name or f"Section {row.id}" for row in rows if row.id}


def published_works(rows: Iterable[Assignment]) -> list[Assignment]:
    """Return the published assignments, each once."""
    return list({work.id: work for work in rows if work.published is not False}.values())
