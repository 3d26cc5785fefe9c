"""One assignment: what it requires, the work submitted for it, and the counts for teachers."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from canvas_app.canvas.models import (
    AssignmentDetail,
    Course,
    Submission,
    SubmissionDetail,
    SubmissionSummary,
)
from canvas_app.domain.charts import Spread, spread
from canvas_app.domain.children import PERSON_ALONE, unnamed
from canvas_app.domain.course_colors import color_of
from canvas_app.domain.letters import grade_shown, letters_only
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.rows import File, SubmissionRow
from canvas_app.domain.status import can_hand_in
from canvas_app.domain.submissions import files_of, rated, recordings_of, submission_row


@dataclass(frozen=True)
class Task:
    """What an assignment requires. Dates are those that apply to the person."""

    id: str
    name: str
    course_id: str
    course_name: str
    url: str
    due_at: datetime | None = None
    unlock_at: datetime | None = None
    lock_at: datetime | None = None
    course_time_zone: str | None = None
    description: str | None = None  # Canvas's HTML, not sanitised; None while it is locked
    points_possible: float | None = None
    grading_type: str = ""
    letters_only: bool = False
    submission_types: tuple[str, ...] = ()
    allowed_extensions: tuple[str, ...] = ()
    allowed_attempts: int | None = None  # None: unlimited
    can_submit: bool = False
    locked: bool = False
    lock_explanation: str | None = None  # may be HTML
    group_work: bool = False
    graded_individually: bool = False  # in group work
    peer_reviews: bool = False
    anonymous_peer_reviews: bool = False
    anonymous_grading: bool = False
    counts: bool = True  # for the final grade
    closed_period: bool = False
    color: str | None = None


@dataclass(frozen=True)
class Attempt:
    """One attempt. Its score and grade are left out until they are posted."""

    number: int | None
    submitted_at: datetime | None
    late: bool = False
    score: float | None = None
    grade: str | None = None
    type: str = ""  # Canvas's submission_type
    text: str | None = None  # HTML, not sanitised
    link: str | None = None
    files: tuple[File, ...] = ()


@dataclass(frozen=True)
class OwnWork:
    """A submission in full; ``student`` names its owner when it is not the person's own.

    ``attempts`` newest first; ``attempts_left`` None means any number.
    """

    submission: SubmissionRow
    student: str | None = None
    attempts: tuple[Attempt, ...] = ()
    attempts_left: int | None = None


@dataclass(frozen=True)
class GradingCounts:
    """An assignment's counts for teachers; None where Canvas sent no count."""

    speed_grader: str
    needs_grading: int | None = None
    graded: int | None = None
    ungraded: int | None = None
    not_submitted: int | None = None
    published: bool = True
    has_overrides: bool = False  # other dates for some students


def submitters(course: Course, found: AssignmentDetail, chosen: str = "") -> list[str]:
    """Return whose submissions to request: a student's own, and those of observed students (ids).

    ``chosen`` is one of these students, or ``self``; empty means everybody.
    """
    enrollments = course.enrollments or ()
    own = any(e.type == "student" for e in enrollments)
    own = own or (not enrollments and found.own_submission is not None)
    watched = (e.associated_user_id for e in enrollments if e.type == "observer")
    everybody = [PERSON_ALONE] if own else []
    everybody += dict.fromkeys(user_id for user_id in watched if user_id)
    return [user_id for user_id in everybody if chosen in ("", user_id)]


def task(
    found: AssignmentDetail, course: Course, builder: ItemBuilder, rows: Iterable[OwnWork]
) -> Task:
    """Return the assignment itself, with the person's own due date where they have one."""
    letters = letters_only(course, found)
    rows = tuple(rows)
    own_dates = {row.submission.due_at for row in rows if row.submission.due_at}
    several = len({row.submission.child_id for row in rows}) > 1
    attempts = found.allowed_attempts
    return Task(
        id=found.id,
        name=found.name or "",
        course_id=course.id,
        course_name=course.name or "",
        url=builder.link(found.html_url or f"/courses/{course.id}/assignments/{found.id}"),
        due_at=own_dates.pop() if len(own_dates) == 1 else None if several else found.due_at,
        unlock_at=None if several else found.unlock_at,
        lock_at=None if several else found.lock_at,
        course_time_zone=course.time_zone,
        description=found.description,
        points_possible=None if letters else found.points_possible,
        grading_type=found.grading_type or "",
        letters_only=letters,
        submission_types=tuple(found.submission_types or ()),
        allowed_extensions=tuple(found.allowed_extensions or ()),
        allowed_attempts=attempts if attempts and attempts > 0 else None,
        can_submit=bool(can_hand_in(found)),
        locked=bool(found.locked_for_user),
        lock_explanation=found.lock_explanation,
        group_work=found.group_category_id is not None,
        graded_individually=bool(found.grade_group_students_individually),
        peer_reviews=bool(found.peer_reviews),
        anonymous_peer_reviews=bool(found.anonymous_peer_reviews),
        anonymous_grading=bool(found.anonymous_grading),
        counts=not found.omit_from_final_grade,
        closed_period=bool(found.in_closed_grading_period),
        color=color_of(course.id, builder.colors, course),
    )


def own_work(
    submission: Submission,
    found: AssignmentDetail,
    course: Course,
    builder: ItemBuilder,
    observed: bool,
) -> OwnWork:
    """Return a submission with its attempts, without any grade that is not posted."""
    row = submission_row(submission, found, course, builder)
    detail = submission if isinstance(submission, SubmissionDetail) else None
    assessment = submission.rubric_assessment if row.posted_at else None
    left = None
    if row.allowed_attempts is not None:
        left = max(0, row.allowed_attempts + (row.extra_attempts or 0) - (row.attempt or 0))
    user = detail.user if detail else None
    name = (user and user.name) or unnamed(submission.user_id or "") if observed else None
    return OwnWork(
        replace(
            row,
            rubric=rated(found.rubric or (), assessment, hides_points(found, course)),
            child_id=submission.user_id if observed else None,
            child_name=name,
        ),
        student=name,
        attempts=attempts_of(detail, row, builder, found.points_possible) if detail else (),
        attempts_left=left,
    )


def attempts_of(
    detail: SubmissionDetail, row: SubmissionRow, builder: ItemBuilder, points: float | None
) -> tuple[Attempt, ...]:
    """Return the attempts, newest first, each with the grade given for it."""
    course = builder.courses.get(row.course_id)
    versions = detail.submission_history or [detail]
    unique = {version.attempt: version for version in versions if version.submitted_at}
    found = []
    for number, version in sorted(unique.items(), key=lambda pair: pair[0] or 0, reverse=True):
        graded = row.posted_at is not None and version.grade_matches_current_submission is not False
        found.append(
            Attempt(
                number=number,
                submitted_at=version.submitted_at,
                late=bool(version.late),
                score=version.score if graded and not row.letters_only else None,
                grade=(
                    grade_shown(version.grade, row.letters_only, course, version.score, points)
                    if graded
                    else None
                ),
                type=version.submission_type or "",
                text=version.body,
                link=builder.link(version.url) or None,
                files=(
                    *files_of(version.attachments or (), builder),
                    *recordings_of(version.media_comment, builder),
                ),
            )
        )
    return tuple(found)


def hides_points(found: AssignmentDetail, course: Course) -> bool:
    """Return whether a rubric shows ratings without their points."""
    hidden = found.rubric_settings and found.rubric_settings.hide_points
    return bool(hidden or letters_only(course, found))


def class_scores(found: AssignmentDetail, rows: tuple[OwnWork, ...]) -> Spread | None:
    """Return how the class did, if Canvas says so and the person's score is posted as a number."""
    own = rows[0].submission.score if rows else None
    return None if own is None else spread(found.score_statistics, own, found.points_possible)


def grading_counts(
    found: AssignmentDetail, course: Course, builder: ItemBuilder, counts: SubmissionSummary
) -> GradingCounts:
    return GradingCounts(
        speed_grader=builder.speed_grader(course.id, found),
        needs_grading=found.needs_grading_count,
        graded=counts.graded,
        ungraded=counts.ungraded,
        not_submitted=counts.not_submitted,
        published=found.published is not False,
        has_overrides=bool(found.has_overrides),
    )
