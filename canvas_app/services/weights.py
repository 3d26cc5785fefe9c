"""How much of the final grade each assignment is worth, as far as a course's groups tell."""

from collections.abc import Iterable, Mapping

from canvas_app.canvas.models import AssignmentGroup, Course
from canvas_app.services import grading
from canvas_app.services.gradebook import book_of


def weights(groups: Iterable[AssignmentGroup], *, weighted: bool) -> Mapping[str, float]:
    """Assignment id to percent of the final grade, by the rules of the calculator.

    See :func:`canvas_app.services.grading.shares`. What does not count, is excused or gives no
    points is not named. Not for a course whose grading periods carry weights.
    """
    course = Course(id="", apply_assignment_group_weights=weighted)
    found = grading.shares(book_of(course, list(groups), []))
    return {id_: float(share) for id_, share in found.items()}
