"""The roster's rows: what is counted, how a score fell, in which order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    ClassSubmission,
    Course,
    GradingPeriod,
)
from canvas_app.domain import grade_calculator
from canvas_app.domain.attention import AttentionRules
from canvas_app.domain.class_roll import Student
from canvas_app.domain.roster import (
    RosterFilter,
    on_time_share,
    open_works,
    points_fallen,
    roster_row,
    sorted_roster,
    student_book,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
AGO = NOW - timedelta(days=3)
MAYA = Student("1", "Maya Lindqvist", "Lindqvist, Maya", section_ids=frozenset({"7"}))
WORKS = {
    "a": Assignment(id="a", assignment_group_id="g", points_possible=10.0),
    "b": Assignment(id="b", assignment_group_id="g", points_possible=10.0),
    "p": Assignment(id="p", submission_types=["on_paper"]),
}


def row(assignment_id: str, **facts: Any) -> ClassSubmission:
    return ClassSubmission(assignment_id=assignment_id, **facts)


def told(rows: list[ClassSubmission] | None, **student: Any) -> Any:
    who = Student("1", "Maya", "Maya", **student)
    facts: dict[str, Any] = {"fell": None, "activity_known": False, "now": NOW}
    return roster_row(who, rows, WORKS, AttentionRules(), **facts)


def test_counts_leave_closed_work_out() -> None:
    found = told(
        [row("a", missing=True), row("b", late=True, submitted_at=AGO), row("x", missing=True)]
    )
    assert (found.missing, found.late, found.last_submitted_at) == (1, 1, AGO)
    lost = told(None)
    assert (lost.missing, lost.late, lost.on_time_share, lost.attention) == (None, None, None, ())


def test_on_time_counts_what_was_due_and_is_handed_in() -> None:
    due = {"cached_due_date": AGO}
    rows = [
        row("a", submitted_at=AGO, **due),
        row("a", submitted_at=AGO, late=True, **due),
        row("b", **due),
        row("b", excused=True, **due),
        row("p", **due),
        row("b", cached_due_date=NOW + timedelta(days=1)),
        row("b"),
    ]
    assert on_time_share(rows, WORKS, NOW) == pytest.approx(1 / 3)
    assert on_time_share(rows[3:], WORKS, NOW) is None


def test_anonymous_and_moderated_work_is_closed() -> None:
    works = [
        Assignment(id="1", anonymize_students=True),
        Assignment(id="2", moderated_grading=True),
        Assignment(id="3", moderated_grading=True),
        Assignment(id="4"),
    ]
    assert list(open_works(works, [[row("3", score=1.0)], []])) == ["3", "4"]


def test_how_a_score_fell() -> None:
    course, groups = Course(id="1"), [AssignmentGroup(id="g")]
    old = row("a", score=10.0, posted_at=AGO, graded_at=NOW - timedelta(days=30))
    new = row("b", score=5.0, posted_at=AGO, graded_at=AGO)

    def fell(*rows: ClassSubmission) -> float | None:
        return points_fallen(course, groups, list(WORKS.values()), rows, NOW)

    assert fell(old, new) == 25.0
    assert fell(old) is None
    assert fell(new) is None
    better = row("b", score=10.0, posted_at=AGO, graded_at=AGO)
    assert fell(old, better) == 0.0


def test_filter_and_orders() -> None:
    def read(*pairs: tuple[str, str]) -> RosterFilter:
        return RosterFilter.from_query(MultiDict(pairs))

    assert read(("section", "x"), ("sort", "odd")) == RosterFilter()
    assert read(("q", " lind  ")).takes(MAYA)
    assert not read(("q", "weber")).takes(MAYA)
    assert read(("section", "7")).takes(MAYA)
    assert not read(("section", "8")).takes(MAYA)
    near = told([row("a", missing=True)], current_score=50.0, last_activity_at=NOW)
    far = told([], last_activity_at=AGO)
    assert sorted_roster([near, far], "activity") == (far, near)
    assert sorted_roster([far, near], "score") == (near, far)
    assert sorted_roster([far, near], "missing") == (near, far)
    assert sorted_roster([far, near], "attention") == (near, far)
    assert sorted_roster([far, near], "name") == (far, near)


def test_weighted_periods_make_up_the_total() -> None:
    """Canvas 7.7: each period's total by its weight; where they have none, all work together."""
    groups = [AssignmentGroup(id="g")]
    rows = [
        row("a", score=10.0, posted_at=AGO, grading_period_id="1"),
        row("b", score=5.0, posted_at=AGO, grading_period_id="2"),
    ]
    periods = [GradingPeriod(id="1", weight=80.0), GradingPeriod(id="2", weight=20.0)]
    works = [WORKS["a"], WORKS["b"]]

    def total(weighted: bool) -> float:
        course = Course(id="1", has_weighted_grading_periods=weighted)
        found = grade_calculator.current(student_book(course, groups, works, rows, periods))
        assert found.percent is not None
        return float(found.percent)

    assert (total(True), total(False)) == (90.0, 75.0)
