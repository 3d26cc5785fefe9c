"""The precedence of status chips, row by row."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from canvas_app.canvas.models import (
    Assignment,
    AssignmentDetail,
    Plannable,
    PlannerItem,
    PlannerSubmission,
    Submission,
    SubmissionComment,
)
from canvas_app.domain.status import (
    STATUSES,
    can_hand_in,
    custom_label,
    planner_status,
    student_status,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(days=1), NOW + timedelta(days=1)
HANDED_IN = {"submitted_at": BEFORE}
POSTED = {"score": 3.0, "posted_at": BEFORE}
ONLINE = Assignment(id="1", submission_types=["online_upload"], due_at=AFTER)


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"custom_grade_status_id": "4", "excused": True}, "custom"),
        ({"excused": True} | POSTED, "excused"),
        ({"redo_request": True} | HANDED_IN | POSTED, "redo_requested"),
        (
            {"grade_matches_current_submission": False} | HANDED_IN | POSTED,
            "resubmitted",
        ),
        (POSTED, "graded"),
        ({"grade": "A"} | HANDED_IN, "submitted"),
        ({"score": 1.0}, "due"),
        ({"workflow_state": "pending_review"} | HANDED_IN, "submitted"),
        (HANDED_IN, "submitted"),
        ({"missing": True}, "missing"),
        ({"missing": True} | POSTED, "graded"),
        ({}, "due"),
    ],
)
def test_precedence(facts, status):
    submission = Submission(**facts)

    assert student_status(submission, ONLINE, NOW) == status


@pytest.mark.parametrize(
    ("submission", "types", "status"),
    [
        # Paper and nothing to hand in are never called missing for their date alone ...
        ({}, ["on_paper"], "on_paper"),
        ({}, ["none"], "nothing_to_hand_in"),
        ({}, ["not_graded"], "nothing_to_hand_in"),
        ({"seconds_late": 9e5}, ["on_paper"], "on_paper"),
        # ... but Canvas's word counts, there too.
        ({"missing": True}, ["on_paper"], "missing"),
        ({"missing": True}, ["online_upload"], "missing"),
        ({"missing": False}, ["online_upload"], "overdue"),
        # A label none hides both: what was not handed in is overdue, not missing.
        ({"late_policy_status": "none"}, ["online_upload"], "overdue"),
        # Graded with 0 by the missing policy: graded, and also missing.
        ({"missing": True, "score": 0.0, "posted_at": BEFORE}, ["online_upload"], "graded"),
        # Submitted work is submitted, whatever else Canvas says.
        ({"missing": True} | HANDED_IN, ["online_upload"], "submitted"),
        # Excused is neither graded nor waiting.
        ({"excused": True} | HANDED_IN, ["online_upload"], "excused"),
        ({"excused": True, "missing": True}, ["online_upload"], "excused"),
        ({"custom_grade_status_id": "2"} | HANDED_IN, ["online_upload"], "custom"),
    ],
)
def test_wrong_statuses_of_other_clients(submission, types, status):
    assignment = Assignment(id="1", due_at=BEFORE, submission_types=types)

    found = msgspec.convert(submission, Submission)  # as Canvas sends it, with more than is read
    assert student_status(found, assignment, NOW) == status


@pytest.mark.parametrize("state", ["graded", "submitted", "unsubmitted"])
def test_unposted_is_never_graded(state):
    """No key and no other field of the row reveals a hidden grade."""
    for known in ({}, {"score": 3.0, "grade": "3", "graded_at": BEFORE}):
        handed_in = Submission(workflow_state=state, **HANDED_IN, **known)
        assert student_status(handed_in, ONLINE, NOW) == "submitted"
        untouched = Submission(workflow_state=state, **known)
        assert student_status(untouched, ONLINE, NOW) == "due"
        again = Submission(
            workflow_state=state, grade_matches_current_submission=False, **HANDED_IN, **known
        )
        assert student_status(again, ONLINE, NOW) == "submitted"


def test_a_comment_is_no_grade():
    said = Submission(
        posted_at=BEFORE,
        submission_comments=[SubmissionComment(comment="Well done", created_at=BEFORE)],
        **HANDED_IN,
    )

    assert student_status(said, ONLINE, NOW) == "submitted"


def test_every_status_is_known():
    names = {custom_label(Submission()), custom_label(Submission(custom_grade_status_name="AWOL"))}

    assert names == {"Custom status", "AWOL"}
    assert {"graded", "resubmitted", "custom", "on_paper"} <= STATUSES


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"submission_types": ["on_paper"], "due_at": BEFORE}, "on_paper"),
        ({"submission_types": ["on_paper", "none"], "due_at": BEFORE}, "overdue"),
        ({"submission_types": ["on_paper", "online_upload"]}, "due"),
        ({"submission_types": ["none"]}, "nothing_to_hand_in"),
        ({"unlock_at": AFTER, "locked_for_user": True}, "not_yet_open"),
        ({"locked_for_user": True}, "locked"),
        ({"lock_at": BEFORE}, "locked"),
        ({"due_at": BEFORE}, "overdue"),
        ({}, "due"),
    ],
)
def test_not_handed_in(facts, status):
    assignment = Assignment(id="1", **facts)

    assert student_status(None, assignment, NOW) == status


def test_own_due_date_decides():
    submission = Submission(cached_due_date=AFTER)

    assert student_status(submission, Assignment(id="1", due_at=BEFORE), NOW) == "due"
    assert student_status(Submission(cached_due_date=BEFORE), None, NOW) == "overdue"
    assert student_status(None, None, NOW) == "due"


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"excused": True, "graded": True, "posted_at": BEFORE}, "excused"),
        ({"redo_request": True, "submitted": True}, "redo_requested"),
        ({"submitted": True, "needs_grading": True, "posted_at": BEFORE}, "resubmitted"),
        ({"graded": True, "posted_at": BEFORE}, "graded"),
        ({"graded": True, "submitted": True}, "submitted"),
        ({"missing": True}, "missing"),
        ({}, "due"),
    ],
)
def test_planner_precedence(facts, status):
    item = PlannerItem(
        plannable_id="1",
        plannable_type="assignment",
        plannable_date=AFTER,
        submissions=PlannerSubmission(**facts),
    )

    assert planner_status(item, NOW) == status


@pytest.mark.parametrize(
    ("kind", "facts", "date", "status"),
    [
        ("announcement", {}, BEFORE, "nothing_to_hand_in"),
        ("planner_note", {}, BEFORE, "overdue"),
        ("wiki_page", {}, BEFORE, "nothing_to_hand_in"),
        ("discussion_topic", {}, BEFORE, "nothing_to_hand_in"),
        ("discussion_topic", {}, AFTER, "nothing_to_hand_in"),
        ("discussion_topic", {"todo_date": BEFORE}, BEFORE, "nothing_to_hand_in"),
        ("discussion_topic", {"todo_date": AFTER}, AFTER, "due"),
        ("quiz", {}, BEFORE, "nothing_to_hand_in"),
        ("quiz", {}, AFTER, "due"),
        ("quiz", {"lock_at": BEFORE}, BEFORE, "locked"),
        ("assessment_request", {"workflow_state": "completed"}, BEFORE, "submitted"),
        ("assessment_request", {"workflow_state": "assigned"}, BEFORE, "overdue"),
        ("assessment_request", {"workflow_state": "assigned"}, AFTER, "due"),
        ("assignment", {"lock_at": BEFORE}, BEFORE, "locked"),
        ("assignment", {"unlock_at": AFTER}, AFTER, "not_yet_open"),
    ],
)
def test_planner_without_submission(kind, facts, date, status):
    item = PlannerItem(
        plannable_id="1",
        plannable_type=kind,
        plannable_date=date,
        submissions=False,
        plannable=Plannable(**facts),
    )

    assert planner_status(item, NOW) == status


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"can_submit": False, "submission": Submission()}, False),
        ({"submission": Submission()}, True),
        ({"submission": Submission(), "locked_for_user": True}, False),
        ({"submission": Submission(attempt=1), "allowed_attempts": 1}, False),
        ({"submission": Submission(attempt=1, extra_attempts=1), "allowed_attempts": 1}, True),
        ({"submission": Submission(attempt=9), "allowed_attempts": -1}, True),
        ({}, None),
        ({"submission": Submission(), "submission_types": ["online_upload"]}, None),
    ],
)
def test_quiz_that_can_be_taken(facts, found):
    """Canvas writes ``can_submit`` for no quiz (lib/api/v1/assignment.rb)."""
    quiz = {"id": "1", "submission_types": ["online_quiz"]} | facts

    assert can_hand_in(AssignmentDetail(**quiz)) is found
