"""A submission as graders see it: its chip, whether it waits, what is counted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from canvas_app.canvas.models import Assignment, ClassSubmission
from canvas_app.domain.class_work import is_lacking, is_sealed, tally, teacher_status, waits

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AGO = NOW - timedelta(days=3)


def row(**facts: Any) -> ClassSubmission:
    return ClassSubmission(**({"user_id": "1", "workflow_state": "unsubmitted"} | facts))


def handed_in(**facts: Any) -> ClassSubmission:
    return row(**({"workflow_state": "submitted", "submitted_at": AGO} | facts))


def graded(**facts: Any) -> ClassSubmission:
    return handed_in(**({"workflow_state": "graded", "score": 7.0, "posted_at": AGO} | facts))


@pytest.mark.parametrize(
    ("submission", "waiting"),
    [
        (row(), False),
        (handed_in(), True),
        (handed_in(workflow_state="pending_review", score=3.0), True),
        (graded(), False),
        (graded(grade_matches_current_submission=False), True),
        (handed_in(excused=True), False),
        (graded(excused=True, grade_matches_current_submission=False), False),
        (handed_in(custom_grade_status_id="1"), True),
    ],
)
def test_what_waits(submission: ClassSubmission, waiting: bool) -> None:
    assert waits(submission) is waiting


@pytest.mark.parametrize(
    ("submission", "status"),
    [
        (graded(custom_grade_status_id="1", excused=True), "custom"),
        (graded(excused=True), "excused"),
        (graded(redo_request=True), "redo_requested"),
        (graded(grade_matches_current_submission=False), "needs_grading"),
        (graded(), "graded"),
        (graded(score=None, grade="A"), "graded"),
        (graded(posted_at=None), "hidden"),
        (handed_in(workflow_state="pending_review"), "needs_review"),
        (handed_in(), "needs_grading"),
        (row(missing=True), "missing"),
        (graded(missing=True, submitted_at=None, score=0.0), "graded"),
        (row(), "due"),
        (row(cached_due_date=AGO), "overdue"),
    ],
)
def test_chip_by_precedence(submission: ClassSubmission, status: str) -> None:
    work = Assignment(id="7", submission_types=["online_upload"])
    assert teacher_status(submission, work, NOW) == status


@pytest.mark.parametrize(
    ("work", "status"),
    [
        (None, "due"),
        (Assignment(id="7", submission_types=["on_paper"]), "on_paper"),
        (Assignment(id="7", submission_types=["none"]), "nothing_to_hand_in"),
        (Assignment(id="7", due_at=AGO), "overdue"),
        (Assignment(id="7", lock_at=AGO), "locked"),
        (Assignment(id="7", unlock_at=NOW + timedelta(days=1)), "not_yet_open"),
    ],
)
def test_chip_of_what_was_not_handed_in(work: Assignment | None, status: str) -> None:
    assert teacher_status(row(), work, NOW) == status


def test_nothing_is_lacking_once_there_is_anything() -> None:
    assert is_lacking(row())
    assert not any(map(is_lacking, (handed_in(), graded(), row(excused=True), row(score=0.0))))


def test_sealed_until_canvas_says_otherwise() -> None:
    """Moderated grades are hidden until they are published, so a grade shows that they are."""
    assert is_sealed(Assignment(id="7", anonymize_students=True), [graded()])
    moderated = Assignment(id="7", moderated_grading=True)
    assert is_sealed(moderated, [handed_in()])
    assert not is_sealed(moderated, [handed_in(), graded()])
    assert not is_sealed(Assignment(id="7"))


def test_each_active_student_counts_once() -> None:
    found = tally(
        [
            handed_in(user_id="1", late=True),
            handed_in(user_id="1", late=True),
            handed_in(user_id="2", submitted_at=AGO - timedelta(days=1)),
            graded(user_id="3", grade_matches_current_submission=False),
            row(user_id="4"),
            row(user_id="5", excused=True),
            handed_in(user_id="6", submitted_at=AGO - timedelta(days=9)),
        ],
        {"1", "2", "3", "4", "5"},
    )
    assert (found.needs_grading, found.late, found.graded, found.not_submitted) == (3, 1, 1, 1)
    assert found.oldest_submitted_at == AGO - timedelta(days=1)
