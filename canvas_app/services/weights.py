"""How much of the final grade each assignment is worth, as far as a course's groups tell."""

from collections.abc import Iterable, Mapping

from canvas_app.canvas.models import Assignment, AssignmentGroup
from canvas_app.services.gradebook import counts


def weights(groups: Iterable[AssignmentGroup], *, weighted: bool) -> Mapping[str, float]:
    """Assignment id to percent of the final grade, before any drop rule.

    In a course that weights its groups an assignment has its share of its group's weight,
    otherwise its share of all points (``lib/grade_calculator.rb``). What does not count, is
    excused or gives no points is not named.
    """
    parts = [
        (group.group_weight or 0.0, [a for a in group.assignments or () if moves(a)])
        for group in groups
    ]
    everything = sum(points(a) for _, part in parts for a in part)
    found: dict[str, float] = {}
    for weight, part in parts:
        share, total = (weight, sum(map(points, part))) if weighted else (100.0, everything)
        found |= {a.id: share * points(a) / total for a in part if share}
    return found


def moves(assignment: Assignment) -> bool:
    """Whether an assignment can move the person's final grade."""
    own = assignment.own_submission
    return counts(assignment) and points(assignment) > 0 and not (own and own.excused)


def points(assignment: Assignment) -> float:
    return assignment.points_possible or 0.0
