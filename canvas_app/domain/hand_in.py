"""Whether Canvas would take a hand-in for a piece of work now, and until when.

Canvas says so itself only for one assignment asked for alone (``include[]=can_submit``), so lists
go by its rules: a hand-in is refused while the work is locked or not yet open, after ``lock_at``,
for an excused student, to whoever takes no part in the course, and after the last attempt.
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
    """Return whether Canvas would take one now; None when that is not known.

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
    """Return the same for a planner item whose assignment is not known; seldom more than None."""
    thing, state = plan.plannable, plan.submissions
    if not isinstance(state, PlannerSubmission):
        # A peer review is done in Canvas too, but it is not a hand-in of one's own.
        return None if plan.plannable_type == "assessment_request" else False
    if state.excused or (thing and is_closed(thing.unlock_at, thing.lock_at, now)):
        return False
    return None


def is_closed(unlock_at: datetime | None, lock_at: datetime | None, now: datetime) -> bool:
    """Return whether the moment is outside the dates between which Canvas takes hand-ins."""
    return bool((unlock_at and unlock_at > now) or (lock_at and lock_at <= now))
