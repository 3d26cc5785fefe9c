"""Which status chip a submission has, by the precedence of Canvas's own planner and apps.

A grade that is not posted is never shown as graded to a student. ``missing`` is set by Canvas only
and is never derived. A submission newer than its grade takes precedence over the grade.
"""

from collections.abc import Sequence
from datetime import datetime

from canvas_app.canvas.models import (
    Assignment,
    AssignmentDetail,
    PlannerItem,
    PlannerSubmission,
    Submission,
)

NOTHING_TO_HAND_IN = frozenset({"none", "not_graded", "wiki_page"})
STATUSES = frozenset(
    {
        *("graded", "submitted", "resubmitted", "needs_grading", "redo_requested", "excused"),
        *("missing", "overdue", "due", "locked", "not_yet_open", "on_paper"),
        *("nothing_to_hand_in", "custom"),
    }
)
WORK = frozenset(
    {
        *("assignment", "quiz", "discussion_topic", "sub_assignment"),
        *("peer_review_sub_assignment", "assessment_request", "planner_note"),
    }
)


def student_status(
    submission: Submission | None, assignment: Assignment | None, now: datetime
) -> str:
    """Return the status chip a student sees, in snake case."""
    found = _decided(submission)
    if found == "resubmitted" and submission and submission.posted_at is None:
        found = None  # because it would reveal that the earlier attempt has a grade
    if found:
        return found
    if submission:
        if _graded(submission) and submission.posted_at:
            return "graded"
        if submission.workflow_state == "pending_review" or submission.submitted_at:
            return "submitted"
        if submission.missing:
            return "missing"
    return _unsubmitted(submission, assignment, now)


def staff_status(assignment: Assignment) -> str:
    """Return the status chip for teachers and observers; usually empty."""
    if assignment.published is False:
        return "unpublished"
    return "needs_grading" if assignment.needs_grading_count else ""


def planner_status(item: PlannerItem, now: datetime) -> str:
    """Return the chip of a planner item, from the few facts the planner gives."""
    state = item.submissions
    if isinstance(state, PlannerSubmission):
        found = _planner_decided(state)
        if found:
            return found
    if item.reviewed:
        return "submitted"
    if item.plannable_type not in WORK or item.only_posted:
        return "nothing_to_hand_in"
    thing = item.plannable
    unlock_at, lock_at = (thing.unlock_at, thing.lock_at) if thing else (None, None)
    found = by_date(item.plannable_date, unlock_at, lock_at, now)
    return "nothing_to_hand_in" if found == "overdue" and item.ungraded else found


def by_date(
    due_at: datetime | None, unlock_at: datetime | None, lock_at: datetime | None, now: datetime
) -> str:
    """Return the chip of work that was not submitted and still could be."""
    if unlock_at and unlock_at > now:
        return "not_yet_open"
    if lock_at and lock_at <= now:
        return "locked"
    return "overdue" if due_at and due_at < now else "due"


def custom_label(submission: Submission) -> str:
    """Return the name of a custom grade status; Canvas may give students only its id."""
    return submission.custom_grade_status_name or "Custom status"


def _decided(submission: Submission | None) -> str | None:
    """Return a status that takes precedence over any grade."""
    if submission is None:
        return None
    if submission.custom_grade_status_id:
        return "custom"
    if submission.excused:
        return "excused"
    if submission.redo_request:
        return "redo_requested"
    if submission.submitted_at and submission.grade_matches_current_submission is False:
        return "resubmitted"
    return None


def _planner_decided(state: PlannerSubmission) -> str | None:
    if state.excused:
        return "excused"
    if state.redo_request:
        return "redo_requested"
    if state.submitted and state.needs_grading and state.posted_at:
        return "resubmitted"
    if state.graded and state.posted_at:
        return "graded"
    if state.submitted:
        return "submitted"
    return "missing" if state.missing else None


def _graded(submission: Submission) -> bool:
    return submission.score is not None or submission.grade is not None


def _unsubmitted(
    submission: Submission | None, assignment: Assignment | None, now: datetime
) -> str:
    if assignment is None:
        return by_date(submission.cached_due_date if submission else None, None, None, now)
    on_paper = paper_status(assignment.submission_types)
    if on_paper:
        return on_paper
    due_at = (submission.cached_due_date if submission else None) or assignment.due_at
    if assignment.unlock_at and assignment.unlock_at > now:
        return "not_yet_open"
    if assignment.locked_for_user:
        return "locked"
    return by_date(due_at, None, assignment.lock_at, now)


def can_hand_in(assignment: AssignmentDetail) -> bool | None:
    """Return whether the person can submit now; None when it is unknown.

    Canvas writes ``can_submit`` for everything but quizzes (``lib/api/v1/assignment.rb``), which
    can be taken while they are open and attempts are left.
    """
    if isinstance(assignment.can_submit, bool):
        return assignment.can_submit
    if "online_quiz" not in (assignment.submission_types or ()):
        return None
    own, allowed = assignment.own_submission, assignment.allowed_attempts
    if own is None:
        return None  # there is no submission that could take it
    used = (own.attempt or 0) - (own.extra_attempts or 0)
    left = allowed is None or allowed < 0 or used < allowed
    return left and not assignment.locked_for_user


def paper_status(types: Sequence[str] | None) -> str | None:
    """Return the chip of work not submitted through Canvas; None for all other work."""
    if not types:
        return None
    if set(types) <= NOTHING_TO_HAND_IN:
        return "nothing_to_hand_in"
    return "on_paper" if set(types) == {"on_paper"} else None
