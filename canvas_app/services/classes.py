"""What the pages of teachers ask about a class: its students, sections and everybody's work."""

from collections.abc import Iterable, Sequence
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Assignment,
    ClassEnrollment,
    ClassSubmission,
    Course,
    CourseSection,
)
from canvas_app.sources.sources import ListSource, Sources


def start_students(
    sources: Sources, course: Course, states: Sequence[str] = ("active",), period_id: str = ""
) -> ListSource[ClassEnrollment]:
    """Start the list of a course's students in these stored states."""
    call = partial(CanvasAPI.class_enrollments, course_id=course.id, states=tuple(states))
    if period_id:
        call = partial(call, period_id=period_id)
    return sources.start(f"students: {course.name or course.id}", call, course=course)


def start_sections(sources: Sources, course: Course) -> ListSource[CourseSection]:
    call = partial(CanvasAPI.sections, course_id=course.id)
    return sources.start(f"sections: {course.name or course.id}", call, course=course)


def start_class_work(
    sources: Sources, course: Course, works: Sequence[Assignment]
) -> ListSource[ClassSubmission]:
    """Start the lists of everybody's submissions, one for each of these assignments."""
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
    """By assignment its submissions, where the whole list came."""
    return {
        work.id: answer.value
        for work, answer in zip(works, handle.answers(), strict=True)
        if not answer.error and not answer.why
    }


def section_names(rows: Iterable[CourseSection]) -> dict[str, str]:
    """Names by id."""
    return {row.id: row.name or f"Section {row.id}" for row in rows if row.id}
