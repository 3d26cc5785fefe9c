"""What a class's submissions mean to graders: whether they wait or are missing, and the chip."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from canvas_app.canvas.models import Assignment, ClassSubmission
from canvas_app.domain.status import by_date, paper_status

ANONYMOUS = "anonymous"


def waits(row: ClassSubmission) -> bool:
    """Return whether it waits for a grade: submitted and not graded, or submitted again since."""
    if row.excused:
        return False
    again = row.grade_matches_current_submission is False
    return again or row.workflow_state in ("submitted", "pending_review")


def has_grade(row: ClassSubmission) -> bool:
    return row.score is not None or row.grade is not None


def is_handed_in(row: ClassSubmission) -> bool:
    return row.submitted_at is not None or row.workflow_state in ("submitted", "pending_review")


def is_lacking(row: ClassSubmission) -> bool:
    """Return whether there is neither a submission, nor a grade, nor an excuse."""
    return not (is_handed_in(row) or has_grade(row) or row.excused)


def is_sealed(work: Assignment, rows: Iterable[ClassSubmission] = ()) -> bool:
    """Return whether graders may not learn who submitted what.

    This holds for anonymous work until its grades are posted, as Canvas says, and for moderated
    work until its grades are published. Before that Canvas shows no grades of moderated work, so
    the first grade among ``rows`` shows that they are published.
    """
    if work.anonymize_students:
        return True
    return bool(work.moderated_grading) and not any(has_grade(row) for row in rows)


def teacher_status(row: ClassSubmission, work: Assignment | None, now: datetime) -> str:
    """Return the status chip of a submission for a grader, in snake case."""
    found = _decided(row)
    if found:
        return found
    if has_grade(row):
        return "graded" if row.posted_at else "hidden"
    if row.workflow_state == "pending_review":
        return "needs_review"
    if is_handed_in(row):
        return "needs_grading"
    if row.missing:
        return "missing"
    if work is None:
        return by_date(row.cached_due_date, None, None, now)
    on_paper = paper_status(work.submission_types)
    if on_paper:
        return on_paper
    return by_date(row.cached_due_date or work.due_at, work.unlock_at, work.lock_at, now)


def _decided(row: ClassSubmission) -> str:
    """Return a status that takes precedence over any grade."""
    if row.custom_grade_status_id:
        return "custom"
    if row.excused:
        return "excused"
    if row.redo_request:
        return "redo_requested"
    again = row.submitted_at and row.grade_matches_current_submission is False
    return "needs_grading" if again else ""


@dataclass(frozen=True)
class Tally:
    """Counts of an assignment's submissions, one of each active student."""

    needs_grading: int = 0
    oldest_submitted_at: datetime | None = None
    late: int = 0  # of the submissions that wait
    graded: int = 0
    not_submitted: int = 0


def tally(rows: Iterable[ClassSubmission], active: Collection[str]) -> Tally:
    """Count these students' submissions to an assignment."""
    mine = {row.user_id: row for row in rows if row.user_id in active}.values()
    waiting = [row for row in mine if waits(row)]
    return Tally(
        needs_grading=len(waiting),
        oldest_submitted_at=min((r.submitted_at for r in waiting if r.submitted_at), default=None),
        late=sum(bool(row.late) for row in waiting),
        graded=sum(has_grade(row) for row in mine),
        not_submitted=sum(is_lacking(row) for row in mine),
    )
