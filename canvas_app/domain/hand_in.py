"""Whether Canvas would accept a submission for a piece of work now, and until when.

Canvas itself says so only for one assignment requested alone (``include[]=can_submit``), so lists
follow its rules: a submission is refused while the work is locked or not yet open, after
``lock_at``, for an excused student, for anyone who takes no part in the course, and after the last
attempt.
"""

from datetime import datetime

from canvas_app.canvas.models import Assignment, PlannerItem, PlannerSubmission, Submission

NOWHERE = frozenset({"none", "not_graded", "on_paper", "wiki_page"})
"""Submission types for which nothing is handed in to Canvas."""
ELSEWHERE = frozenset({"external_tool", "online_quiz"})
"""Types whose attempts are counted by the tool or the quiz itself, and are not told."""


def takes_hand_in(
    assignment: Assignment, submission: Submission | None, now: datetime
) -> bool | None:
    """Return whether Canvas would accept a submission now; None when that is unknown.

    ``submission`` None means that nothing is known of it, so limited attempts may be used up.
    """
    types = frozenset(assignment.submission_types or ())
    if types and types <= NOWHERE:
        return False
    if is_closed(assignment.unlock_at, assignment.lock_at, now) or assignment.locked_for_user:
        return False
    if submission and submission.excused:
        return False
    if not types or types == {"external_tool"}:
        return None
    if types <= ELSEWHERE:
        return None if submission and submission.submitted_at else True
    allowed = assignment.allowed_attempts
    if allowed is None or allowed < 1:
        return True
    if submission is None:
        return None
    return (submission.attempt or 0) < allowed + (submission.extra_attempts or 0)


def planner_takes_hand_in(plan: PlannerItem, now: datetime) -> bool | None:
    """Return the same for a planner item whose assignment is unknown; usually None."""
    thing, state = plan.plannable, plan.submissions
    if not isinstance(state, PlannerSubmission):
        # A peer review is also done in Canvas, but it is not a submission of one's own.
        return None if plan.plannable_type == "assessment_request" else False
    if state.excused or (thing and is_closed(thing.unlock_at, thing.lock_at, now)):
        return False
    return None


def is_closed(unlock_at: datetime | None, lock_at: datetime | None, now: datetime) -> bool:
    """Return whether the moment is outside the dates between which Canvas accepts submissions."""
    return bool((unlock_at and unlock_at > now) or (lock_at and lock_at <= now))
