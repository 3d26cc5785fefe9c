"""Submissions as rows, with their comments, files and rubric."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from canvas_app.canvas.models import (
    Assignment,
    Attachment,
    Course,
    MediaComment,
    RubricAssessment,
    RubricCriterion,
    Submission,
)
from canvas_app.domain.course_colors import color_of
from canvas_app.domain.html_tokens import one_line
from canvas_app.domain.letters import grade_shown, letters_only
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.rich_text import LABELS, is_html, plain_text
from canvas_app.domain.rows import Comment, File, Rated, Rating, SubmissionRow
from canvas_app.domain.status import custom_label, student_status

NEVER = datetime.min.replace(tzinfo=UTC)


TO_MEND = frozenset({"missing", "overdue", "redo_requested"})


def submission_row(
    submission: Submission | None,
    assignment: Assignment | None,
    course: Course,
    builder: ItemBuilder,
) -> SubmissionRow:
    """Return one submission of the person as a row, without a grade that is not posted."""
    s = submission or Submission()
    status = student_status(submission, assignment, builder.now)
    assignment_id = assignment.id if assignment else s.assignment_id or ""
    letters = letters_only(course, assignment)
    possible = assignment.points_possible if assignment else None
    shown = s.posted_at is not None
    numbers = shown and not letters
    attempts = assignment.allowed_attempts if assignment else None
    return SubmissionRow(
        assignment_id=assignment_id,
        course_id=course.id,
        title=(assignment.name if assignment else None) or f"Assignment {assignment_id}",
        status=status,
        late=bool(s.late),
        points_deducted=s.points_deducted if numbers else None,
        score=s.score if numbers else None,
        grade=grade_shown(s.grade, letters, course, s.score, possible) if shown else None,
        points_possible=None if letters else possible,
        due_at=s.cached_due_date or (assignment.due_at if assignment else None),
        submitted_at=s.submitted_at,
        graded_at=s.graded_at if shown else None,
        url=builder.link(
            (assignment.html_url if assignment else None)
            or f"/courses/{course.id}/assignments/{assignment_id}"
        ),
        id=s.id or "",
        course_name=course.name or "",
        status_label=custom_label(s) if status == "custom" else None,
        missing=bool(s.missing),
        excused=bool(s.excused),
        seconds_late=int(s.seconds_late or 0) if s.late else 0,
        entered_score=s.entered_score if numbers else None,
        entered_grade=(
            grade_shown(s.entered_grade, letters, course, s.entered_score, possible)
            if shown
            else None
        ),
        posted_at=s.posted_at,
        attempt=s.attempt,
        allowed_attempts=attempts if attempts and attempts > 0 else None,
        extra_attempts=s.extra_attempts,
        grading_type=(assignment.grading_type if assignment else None) or "",
        letters_only=letters,
        comments=comments_of(s, builder),
        color=color_of(course.id, builder.colors, course),
        rubric=(
            rated(assignment.rubric or (), s.rubric_assessment, letters)
            if shown and assignment and s.rubric_assessment
            else ()
        ),
        accepts_until=assignment.lock_at if assignment else None,
        can_submit=builder.takes_hand_in(assignment, s) if assignment else None,
    )


def comments_of(submission: Submission, builder: ItemBuilder) -> tuple[Comment, ...]:
    """Return comments, newest first; Canvas strips their tags unless asked not to.

    Pictures and equations are only in the form with tags (``submission_html_comments``).
    """
    rich = {c.id: c.comment for c in submission.submission_html_comments or () if c.comment}
    found = []
    for c in submission.submission_comments or ():
        html = next((text for text in (rich.get(c.id), c.comment) if text and is_html(text)), None)
        recording = c.media_comment
        found.append(
            Comment(
                author=c.author_name or "",
                text=plain_text(html) if html else c.comment or "",
                created_at=c.created_at,
                attempt=c.attempt,
                files=(*files_of(c.attachments or (), builder), *recordings_of(recording, builder)),
                media=recording is not None,
                html=html,
            )
        )
    return tuple(sorted(found, key=lambda comment: comment.created_at or NEVER, reverse=True))


def recordings_of(recording: MediaComment | None, builder: ItemBuilder) -> tuple[File, ...]:
    """Return a recording as a file that can be opened, if Canvas gives its address."""
    to = builder.link(recording.url) if recording else ""
    if recording is None or not to:
        return ()
    kind = LABELS["audio" if (recording.media_type or "").startswith("audio") else "video"]
    name = one_line(recording.display_name or "")
    return (File(f"{kind}: {name}" if name else kind, to),)


def files_of(attachments: Iterable[Attachment], builder: ItemBuilder) -> tuple[File, ...]:
    return tuple(
        File(a.display_name or a.filename or "", builder.link(a.url), a.size) for a in attachments
    )


def rated(
    rubric: Iterable[RubricCriterion],
    assessment: "dict[str, RubricAssessment] | None",
    letters: bool,
) -> tuple[Rated, ...]:
    """Return a rubric's criteria with their ratings; without points where only letters count."""
    found = assessment or {}
    return tuple(
        one_rated(row, found.get(row.id or "", RubricAssessment()), letters) for row in rubric
    )


def one_rated(criterion: RubricCriterion, given: RubricAssessment, letters: bool) -> Rated:
    ratings = tuple(
        Rating(
            name=rating.description or "",
            text=rating.long_description or "",
            points=None if letters else rating.points,
            reached=given.rating_id is not None and rating.id == given.rating_id,
        )
        for rating in criterion.ratings or ()
    )
    return Rated(
        name=criterion.description or "",
        text=criterion.long_description or "",
        rating=next((rating.name for rating in ratings if rating.reached), None),
        points=None if letters else given.points,
        points_possible=None if letters else criterion.points,
        comments=given.comments or "",
        counts=not criterion.ignore_for_scoring,
        ratings=ratings,
    )


def grading_row(assignment: Assignment, course: Course, builder: ItemBuilder) -> SubmissionRow:
    """Return one assignment to grade, with how many submissions wait and its SpeedGrader link."""
    return SubmissionRow(
        assignment_id=assignment.id,
        course_id=course.id,
        title=assignment.name or "",
        status="needs_grading",
        late=False,
        points_deducted=None,
        score=None,
        grade=None,
        points_possible=assignment.points_possible,
        due_at=assignment.due_at,
        submitted_at=None,
        graded_at=None,
        url=builder.speed_grader(course.id, assignment),
        kind="grading",
        course_name=course.name or "",
        needs_grading=assignment.needs_grading_count,
        color=color_of(course.id, builder.colors, course),
        can_submit=False,
    )


def statuses_of(row: SubmissionRow) -> frozenset[str]:
    """Return the statuses that a row matches: missing may stand beside a grade."""
    return frozenset({row.status, "missing"} if row.missing else {row.status})


def text_of(row: SubmissionRow) -> str:
    """Return the text that a row is searched by."""
    whose = (row.child_name,) if row.child_name else ()
    return "\n".join(
        (row.title, row.course_name, *whose, *(comment.text for comment in row.comments))
    )


def latest_activity(row: SubmissionRow) -> datetime:
    """Return the latest time of submitting, grading, posting or commenting."""
    commented = row.comments[0].created_at if row.comments else None
    touched = (row.submitted_at, row.graded_at, row.posted_at, commented)
    return max((at for at in touched if at), default=NEVER)


def score_share(row: SubmissionRow) -> float | None:
    """Return the score as a share of what was possible; None if there is no number to compare."""
    if row.score is None or not row.points_possible:
        return None
    return row.score / row.points_possible


def by_activity(row: SubmissionRow, now: datetime) -> str:
    """Return the heading of a row in the order of activity."""
    if row.status in TO_MEND:
        return "mend"
    at = latest_activity(row)
    if at == NEVER:
        return "untouched"
    if at > now - timedelta(days=7):
        return "week"
    return "month" if at > now - timedelta(days=28) else "earlier"
