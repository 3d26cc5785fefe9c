"""An assignment's share of the final grade."""

from datetime import UTC, datetime

from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    Course,
    DropRules,
    Submission,
)
from canvas_app.domain.weights import weights, weights_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_weights_of_groups_and_of_points():
    essays = [Assignment(id=str(n), course_id="4", points_possible=10.0 * n) for n in (1, 3)]
    out = [
        Assignment(id="7", points_possible=50, omit_from_final_grade=True),
        Assignment(id="8", points_possible=50, submission_types=["not_graded"]),
        Assignment(id="9", points_possible=50, submission=Submission(excused=True, posted_at=NOW)),
        Assignment(id="10", points_possible=0),
        Assignment(id="11"),
    ]
    exam = Assignment(id="12", course_id="4", points_possible=10)
    bonus = Assignment(id="13", points_possible=5)
    groups = [
        AssignmentGroup(id="1", group_weight=40, assignments=[*essays, *out]),
        AssignmentGroup(id="2", group_weight=60, assignments=[exam]),
        AssignmentGroup(id="3", group_weight=0, assignments=[bonus]),
        AssignmentGroup(id="4"),
    ]

    assert weights(groups, weighted=True) == {"1": 10.0, "3": 30.0, "12": 60.0}
    assert weights(groups[:2], weighted=False) == {"1": 20.0, "3": 60.0, "12": 20.0}
    courses = {"4": Course(id="4", apply_assignment_group_weights=True)}
    assert weights_of(groups[:2], courses)["12"] == 60.0
    assert weights_of(groups[:2], {}) == {}


def test_weights_are_those_of_the_calculator():
    """Below 100 % they are scaled up, above they stay; a group without points gives nothing."""

    def group(number, weight, *points, **rules):
        works = [
            Assignment(id=f"{number}{place}", course_id="4", points_possible=possible)
            for place, possible in enumerate(points)
        ]
        rule = DropRules(**rules)
        return AssignmentGroup(id=str(number), group_weight=weight, assignments=works, rules=rule)

    halves = [group(1, 40, 10), group(2, 40, 25)]
    assert weights(halves, weighted=True) == {"10": 50.0, "20": 50.0}
    assert weights([*halves, group(3, 20, 0)], weighted=True) == {"10": 50.0, "20": 50.0}
    more = [group(1, 60, 10), group(2, 40, 10), group(3, 10, 5, 5)]
    assert weights(more, weighted=True) == {"10": 60.0, "20": 40.0, "30": 5.0, "31": 5.0}
    kept = weights([group(1, 50, 10, 10, 10, drop_lowest=1), group(2, 50, 10)], weighted=True)
    assert kept == {"10": 25.0, "11": 25.0, "12": 25.0, "20": 50.0}
    courses = {
        "4": Course(id="4", apply_assignment_group_weights=True, has_weighted_grading_periods=True)
    }
    assert weights_of(halves, courses) == {}, "which period an assignment is in is not known here"
