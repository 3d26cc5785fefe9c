"""Courses that came without their includes, completed from other calls."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec.structs import replace

from canvas_app.canvas.models import (
    Assignment,
    Course,
    CourseEnrollment,
    Enrollment,
    Grades,
    GradingPeriod,
)


def placed_in_time(course: Course, over: Iterable[Course], ahead: Iterable[Course]) -> Course:
    """Return a course with the marks that it is over, or has not begun, for the person.

    An enrollment stored as active but listed as pending waits for its dates.
    """
    course = concluded(course, over)
    if course.enrollments is None or all(other.id != course.id for other in ahead):
        return course
    pending = [
        replace(e, enrollment_state="pending_active") if e.enrollment_state == "active" else e
        for e in course.enrollments
    ]
    return replace(course, enrollments=pending)


def concluded(course: Course, over: Iterable[Course]) -> Course:
    """Return a course with the mark that it is over, if all of the person's enrollments are.

    A person may have studied in a course and assist there now: then one enrollment has ended.
    """
    ended = next((other for other in over if other.id == course.id), None)
    if ended is None or course.name is None:
        return course
    mine, past = (
        [(e.type, e.role, e.associated_user_id) for e in each.enrollments or ()]
        for each in (course, ended)
    )
    return replace(course, concluded=all(one in past for one in mine))


def with_totals(course: Course, rows: Iterable[Enrollment]) -> Course:
    """Return a course with its totals from a list of enrollments, over all its periods."""
    found = {row.user_id: row.grades for row in rows if row.course_id == course.id}
    if not found or course.enrollments is None:
        return course
    return replace(course, enrollments=[totalled(e, found) for e in course.enrollments])


def totalled(
    enrollment: CourseEnrollment, found: Mapping[str | None, Grades | None]
) -> CourseEnrollment:
    grades = found.get(enrollment.user_id)
    if enrollment.type != "student" or grades is None:
        return enrollment
    return replace(
        enrollment,
        computed_current_score=grades.current_score,
        computed_current_grade=grades.current_grade,
        computed_final_score=grades.final_score,
        computed_final_grade=grades.final_grade,
    )


def with_letters(
    courses: Mapping[str, Course], work: Iterable[Assignment | None]
) -> dict[str, Course]:
    """Return the courses, marked as letters-only where one of their assignments is."""
    restricted = {one.course_id for one in work if one and one.restrict_quantitative_data}
    return {
        id_: replace(course, restrict_quantitative_data=True) if id_ in restricted else course
        for id_, course in courses.items()
    }


def weights_unsaid(periods: Iterable[GradingPeriod]) -> bool:
    """Return whether periods have weights; only the includes say whether these count."""
    return any(period.weight for period in periods)


def running(periods: Iterable[GradingPeriod], now: datetime) -> GradingPeriod | None:
    """Return the grading period that is current now."""
    dated = ((p.start_date, p.end_date, p) for p in periods)
    return next((p for start, end, p in dated if start and end and start <= now <= end), None)
