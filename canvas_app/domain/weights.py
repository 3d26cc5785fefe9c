"""How much of the final grade each assignment is worth, as far as a course's groups tell."""

from collections.abc import Iterable, Mapping

from canvas_app.canvas.models import AssignmentGroup, Course
from canvas_app.domain import grade_calculator
from canvas_app.domain.grade_book import book_of


def weights(groups: Iterable[AssignmentGroup], *, weighted: bool) -> Mapping[str, float]:
    """Assignment id to percent of the final grade, by the rules of the calculator.

    See :func:`canvas_app.domain.grade_calculator.shares`. What does not count, is excused or gives
    no points is not named. Not for a course whose grading periods carry weights.
    """
    course = Course(id="", apply_assignment_group_weights=weighted)
    found = grade_calculator.shares(book_of(course, list(groups), []))
    return {id_: float(share) for id_, share in found.items()}
