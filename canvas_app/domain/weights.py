"""How much of the final grade each assignment is worth, as far as its course's groups show."""

from collections.abc import Iterable, Mapping

from canvas_app.canvas.models import (
    AssignmentGroup,
    Course,
)
from canvas_app.domain import grade_calculator
from canvas_app.domain.grade_book import book_of
from canvas_app.domain.letters import letters_only


def weights(groups: Iterable[AssignmentGroup], *, weighted: bool) -> Mapping[str, float]:
    """Return percent of the final grade by assignment id, by the calculator's rules.

    See :func:`canvas_app.domain.grade_calculator.shares`. Work that does not count, is excused or
    gives no points is left out. Do not use this for a course whose grading periods have weights.
    """
    course = Course(id="", apply_assignment_group_weights=weighted)
    found = grade_calculator.shares(book_of(course, list(groups), []))
    return {id_: float(share) for id_, share in found.items()}


def weights_of(
    groups: Iterable[AssignmentGroup], courses: Mapping[str, Course]
) -> dict[str, float]:
    """Return percent of the course's final grade by assignment id.

    Courses whose grading periods have weights are left out, because only their own pages request
    these weights.
    """
    by_course: dict[str, list[AssignmentGroup]] = {}
    for group in groups:
        for assignment in (group.assignments or ())[:1]:
            by_course.setdefault(assignment.course_id or "", []).append(group)
    found: dict[str, float] = {}
    for course_id, members in by_course.items():
        course = courses.get(course_id)
        if course and not letters_only(course) and not course.has_weighted_grading_periods:
            weighted = bool(course.apply_assignment_group_weights)
            found |= weights(members, weighted=weighted)
    return found
