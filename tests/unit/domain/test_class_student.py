"""A student's work for their teachers: the rows, their order, and which are shown."""

from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.datastructures import MultiDict

from canvas_app.canvas.models import Assignment, ClassSubmission, Course
from canvas_app.domain.class_student import Desk, is_shown, student_works, work_shown
from canvas_app.domain.planner_items import ItemBuilder

NOW = datetime(2026, 11, 23, tzinfo=UTC)
AGO = NOW - timedelta(days=3)
BIOLOGY = Course(id="1", name="Biology")
DESK = Desk(
    course=BIOLOGY,
    named={"late", "open", "undated"},
    groups={"g": "Essays"},
    builder=ItemBuilder("https://canvas.test", {"1": BIOLOGY}, {}, NOW),
    now=NOW,
)
WORKS = [
    Assignment(id="undated", name="Undated"),
    Assignment(id="sealed", name="Sealed", due_at=AGO, anonymize_students=True),
    Assignment(id="late", name="Late", due_at=NOW, assignment_group_id="g"),
    Assignment(id="open", name="Open", due_at=NOW),
    Assignment(id="of others", name="Of others"),
]
FACTS = {"user_id": "7", "late": True, "submitted_at": AGO, "workflow_state": "submitted"}
ROWS = [
    ClassSubmission(assignment_id="late", cached_due_date=AGO - timedelta(days=1), **FACTS),
    ClassSubmission(assignment_id="sealed", cached_due_date=AGO, score=3.0, **FACTS),
    ClassSubmission(assignment_id="open", cached_due_date=NOW + timedelta(days=1), user_id="7"),
    ClassSubmission(assignment_id="undated", user_id="7", grade="complete"),
]


def test_rows_are_in_order_of_the_students_own_dates() -> None:
    rows = student_works(WORKS, ROWS, DESK)

    assert [row.assignment_id for row in rows] == ["late", "sealed", "open", "undated"]
    late = rows[0]
    assert (late.status, late.group, late.late, late.waits) == (
        "needs_grading",
        "Essays",
        True,
        True,
    )
    assert late.url.endswith("assignment_id=late&student_id=7")


def test_sealed_work_has_no_submission() -> None:
    [row] = [row for row in student_works(WORKS, ROWS, DESK) if row.assignment_id == "sealed"]

    assert (row.status, row.score, row.late, row.submitted_at) == ("anonymous", None, None, None)
    assert row.due_at == AGO
    assert row.url.endswith("assignment_id=sealed")
    assert not any(is_shown(row, show) for show in ("missing", "late", "waiting", "graded"))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["late", "sealed", "open", "undated"]),
        ("late", ["late"]),
        ("waiting", ["late"]),
        ("missing", []),
        ("graded", ["undated"]),
        ("nonsense", ["late", "sealed", "open", "undated"]),
    ],
)
def test_which_are_shown(query: str, shown: list[str]) -> None:
    show = work_shown(MultiDict({"show": query}))

    found = [row for row in student_works(WORKS, ROWS, DESK) if is_shown(row, show)]
    assert [row.assignment_id for row in found] == shown
    assert work_shown(MultiDict()) == ""
