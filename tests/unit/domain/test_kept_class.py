"""Kept work of a class: what becomes missing with time, and what must have changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from canvas_app.canvas.models import Assignment, ClassSubmission
from canvas_app.domain.class_roll import Student
from canvas_app.domain.kept_class import as_of, marks_of, merged, moved, totals_of, unexplained

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PAST, AHEAD = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
WORK = Assignment(id="1", submission_types=["online_upload"])


def row(**more: Any) -> ClassSubmission:
    given = {"user_id": "7", "assignment_id": "1", "cached_due_date": PAST, "missing": False}
    return ClassSubmission(**(given | more))


@pytest.mark.parametrize(
    ("given", "kinds", "missing"),
    [
        ({}, ["online_upload"], True),
        ({"cached_due_date": AHEAD}, ["online_upload"], False),
        ({"cached_due_date": None}, ["online_upload"], False),
        ({"submitted_at": PAST}, ["online_upload"], False),
        ({"workflow_state": "pending_review"}, ["online_quiz"], False),
        ({"excused": True}, ["online_upload"], False),
        ({"custom_grade_status_id": "3"}, ["online_upload"], False),
        ({"late_policy_status": "extended"}, ["online_upload"], False),
        ({"grader_id": "9"}, ["online_upload"], False),
        ({}, ["on_paper"], False),
        ({}, ["external_tool"], False),
        ({}, ["external_tool", "online_url"], True),
        ({}, [], False),
        ({"missing": True}, ["on_paper"], True),
        ({"assignment_id": "unknown"}, ["online_upload"], False),
    ],
)
def test_work_becomes_missing_when_its_date_is_over(
    given: dict[str, Any], kinds: list[str], missing: bool
) -> None:
    """As Canvas computes it at each request: submission.rb, Tardiness."""
    one = row(**given)
    as_of([one], {"1": Assignment(id="1", submission_types=kinds)}, NOW)
    assert one.missing is missing


def test_newer_rows_take_the_place_of_older_ones() -> None:
    rows = merged([row(), row(assignment_id="2")], [row(score=3.0), row(assignment_id="3")])
    assert [(one.assignment_id, one.score) for one in rows] == [
        ("1", 3.0),
        ("2", None),
        ("3", None),
    ]


def test_marks_tell_of_dates_and_of_work_that_waits() -> None:
    counted = Assignment(id="1", needs_grading_count=1)
    waiting = [[row(workflow_state="submitted")], [row(score=2.0, workflow_state="graded")]]
    before = marks_of([counted], waiting)
    assert before["1"].apart == 0
    assert moved(marks_of([counted], waiting), before) == []
    assert moved(marks_of([counted], []), before) == ["1"]
    assert moved(marks_of([Assignment(id="1", needs_grading_count=1, due_at=NOW)], waiting), before)
    assert marks_of([WORK], waiting)["1"].apart is None
    assert moved(marks_of([WORK], []), {}) == ["1"]


def test_totals_that_moved_without_a_change() -> None:
    students = [Student(id_, id_, id_, current_score=50.0) for id_ in ("1", "2", "3")]
    same = totals_of(students[0])
    other = totals_of(Student("2", "2", "2"))
    assert unexplained(students, {"1": same, "2": other}, ()) == ["2"]
    assert unexplained(students, {"2": other}, {"2"}) == []
