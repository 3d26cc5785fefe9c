"""A class's result: the distribution of scores, and what anonymity leaves."""

from datetime import UTC, datetime
from typing import Any

from canvas_app.canvas.models import Assignment, ClassSubmission
from canvas_app.domain.class_roll import Student
from canvas_app.domain.class_scores import Distribution, class_result, distribution

NOW = datetime(2026, 11, 23, tzinfo=UTC)
STUDENTS = [Student(n, f"Name {n}", n) for n in "1234"]


def rows() -> list[ClassSubmission]:
    def row(user_id: str, **facts: Any) -> ClassSubmission:
        return ClassSubmission(user_id=user_id, **facts)

    return [
        row("1", score=8.0, posted_at=NOW, submitted_at=NOW, late=True),
        row("2", score=4.0, workflow_state="graded"),
        row("3"),
        row("4", score=9.0, excused=True),
        row("somebody else", score=1.0),
    ]


def test_spread_of_scores() -> None:
    found = distribution([0.0, 5.0, 10.0, 10.0], 10.0)
    assert (found.count, found.mean, found.median) == (4, 6.25, 7.5)
    assert (found.q1, found.q3, found.min, found.max) == (3.75, 10.0, 0.0, 10.0)
    assert [each.count for each in found.bins] == [1, 0, 0, 0, 0, 1, 0, 0, 0, 2]
    assert (found.bins[0].start, found.bins[-1].end, found.highest_bar) == (0.0, 10.0, 2)


def test_odd_scores_have_a_spread_too() -> None:
    assert distribution([], 10.0) == Distribution(0)
    [one] = {(f.q1, f.median, f.q3) for f in [distribution([3.0], None)]}
    assert one == (3.0, 3.0, 3.0)
    wide = distribution([-2.0, 12.0], 10.0)
    assert (wide.bins[0].start, wide.bins[-1].end) == (-2.0, 12.0)
    assert sum(each.count for each in wide.bins) == 2
    assert sum(each.count for each in distribution([0.0, 0.0], 0.0).bins) == 2


def test_class_is_active_students_only() -> None:
    found = class_result(Assignment(id="7", points_possible=10.0), rows(), STUDENTS, NOW)
    assert found.distribution.count == 2
    assert [each.user_id for each in found.not_submitted] == ["3"]
    assert (found.late, found.hidden, found.lacking, len(found.rows)) == (1, 1, 1, 4)


def test_anonymous_work_names_nobody() -> None:
    found = class_result(Assignment(id="7", anonymize_students=True), rows(), STUDENTS, NOW)
    assert found.anonymous
    assert (found.not_submitted, found.rows) == ((), ())
    assert found.distribution.count == 2
