"""One assignment: what it asks for, what was handed in, and what came back."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    AssignmentDetail,
    Course,
    Submission,
    SubmissionDetail,
    SubmissionSummary,
)
from canvas_app.domain.calendar import local
from canvas_app.domain.charts import Spread, spread
from canvas_app.domain.courses import TEACHING, roles_of, with_ended
from canvas_app.domain.letters import grade_shown, letters_only
from canvas_app.domain.planner_items import Look
from canvas_app.domain.rows import File, Rated, SubmissionRow
from canvas_app.domain.submissions import files_of, rated, recordings_of, submission_row
from canvas_app.services.asks import (
    COURSE_INCLUDE,
    read_colors,
    read_profile,
    start_colors,
    start_ended_in,
    start_profile,
)
from canvas_app.services.pages import Page
from canvas_app.services.without_includes import lost
from canvas_app.sources.answer import complete
from canvas_app.sources.sources import One, Sources

# Never read_status nor read_state: asking for either marks the submission read.
SUBMISSION_INCLUDE = (
    *("submission_history", "submission_comments", "submission_html_comments"),
    *("rubric_assessment", "user"),
)
ASSIGNMENT_INCLUDE = ("submission", "score_statistics", "can_submit")


@dataclass(frozen=True)
class Task:
    """What an assignment asks for. Dates are those that hold for the person."""

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
    """One hand-in. Its score and grade stay out until they are posted."""

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
class OwnWork(SubmissionRow):
    """A submission in full; ``student`` names whose it is, when it is not the person's own.

    ``attempts`` newest first; ``attempts_left`` None means any number.
    """

    student: str | None = None
    attempts: tuple[Attempt, ...] = ()
    attempts_left: int | None = None


@dataclass(frozen=True)
class Teaching:
    """What those who grade want to know; counts are None where Canvas did not say."""

    speed_grader: str
    needs_grading: int | None = None
    graded: int | None = None
    ungraded: int | None = None
    not_submitted: int | None = None
    published: bool = True
    has_overrides: bool = False  # other dates for some students


@dataclass(frozen=True)
class AssignmentPage(Page):
    """``rows``: the person's own submission, or those of the students she observes."""

    assignment: Task = field(default_factory=lambda: Task("", "", "", "", ""))
    rows: tuple[OwnWork, ...] = ()
    rubric: tuple[Rated, ...] = ()  # the criteria alone
    statistics: Spread | None = None
    teaching: Teaching | None = None

    @property
    def by_course_clock(self) -> "AssignmentPage | None":
        """The page in the course's time zone, when that tells another hour of the due date."""
        due, name = self.assignment.due_at, self.assignment.course_time_zone
        there = replace(self, profile=replace(self.profile, time_zone=name or "UTC"))
        if not due or not name or there.profile.zone is UTC:
            return None
        same = local(due, self.profile.zone).replace(tzinfo=None)
        return None if local(due, there.profile.zone).replace(tzinfo=None) == same else there


def assignment(sources: Sources, course_id: str, assignment_id: str) -> AssignmentPage:
    """Gather one assignment. Raise the CanvasError that Canvas gives for the assignment itself.

    Two round trips deep: the assignment beside its course, then the submission or its counts.
    Three for those who taught or observed in a course that is over for them.
    """
    now = sources.now()
    asked = sources.start_one(
        "assignment",
        partial(
            CanvasAPI.assignment,
            course_id=course_id,
            assignment_id=assignment_id,
            include=ASSIGNMENT_INCLUDE,
        ),
    )
    asked_course = sources.start_one(
        "course", partial(CanvasAPI.course, course_id=course_id, include=COURSE_INCLUDE)
    )
    profile, colors = start_profile(sources), start_colors(sources)
    found = asked.required()
    course = asked_course.value() or Course(id=course_id)
    ended = start_ended_in(sources, course)
    if ended and not found.own_submission:
        course = with_ended(course, ended.rows())
    handles = [
        sources.start_one(
            "submission",
            partial(
                CanvasAPI.submission,
                course_id=course_id,
                assignment_id=assignment_id,
                user_id=user_id,
                include=SUBMISSION_INCLUDE,
            ),
        )
        for user_id in whose(course, found)
    ]
    course = with_ended(course, ended.rows()) if ended else course
    roles = roles_of(course)
    staff = found.needs_grading_count is not None or not TEACHING.isdisjoint(roles)
    summary: One[SubmissionSummary] | None = None
    if staff:
        summary = sources.start_one(
            "grading",
            partial(CanvasAPI.submission_summary, course_id=course_id, assignment_id=assignment_id),
        )
    look = Look(sources.api.canvas_url, {course.id: course}, read_colors(colors), now)
    observed = bool(handles) and "student" not in roles
    rows = tuple(
        own_work(submission, found, course, look, observed)
        for handle in handles
        if (submission := handle.value() or found.own_submission)
    )
    letters = bool(found.restrict_quantitative_data)
    say_what_lacks(asked, asked_course, handles, letters=letters, observed=observed)
    states = sources.states()
    return AssignmentPage(
        sources=states,
        complete=complete(states),
        profile=read_profile(profile),
        now=now,
        assignment=task(found, course, look, rows),
        rows=rows,
        rubric=rated(found.rubric or (), None, hides_points(found, course)),
        statistics=None if observed else class_scores(found, rows),
        teaching=teaching(found, course, look, summary) if staff else None,
    )


def say_what_lacks(
    asked: One[AssignmentDetail],
    course: One[Course],
    handles: Iterable[One[SubmissionDetail]],
    *,
    letters: bool,
    observed: bool,
) -> None:
    """Where Canvas drops includes, name those that no other call of the page brings.

    The course is asked for its name and roles, which come without any, and for the names of
    letters where these alone count.
    """
    course.needs(*(("grading_scheme",) if letters else ()))
    asked.needs(*lost(asked, "submission"))
    for handle in handles:
        handle.needs(*lost(handle, *(() if observed else ("user",))))


def whose(course: Course, found: AssignmentDetail) -> list[str]:
    """Whose submissions to ask for: one's own as a student, else those of observed students."""
    enrollments = course.enrollments or ()
    if any(e.type == "student" for e in enrollments) or (not enrollments and found.own_submission):
        return ["self"]
    watched = (e.associated_user_id for e in enrollments if e.type == "observer")
    return list(dict.fromkeys(user_id for user_id in watched if user_id))


def task(found: AssignmentDetail, course: Course, look: Look, rows: Iterable[OwnWork]) -> Task:
    """The assignment itself; one's own due date before the one that holds for everybody."""
    letters = letters_only(course, found)
    own_dates = [row.due_at for row in rows if row.due_at]
    attempts = found.allowed_attempts
    return Task(
        id=found.id,
        name=found.name or "",
        course_id=course.id,
        course_name=course.name or "",
        url=look.link(found.html_url or f"/courses/{course.id}/assignments/{found.id}"),
        due_at=own_dates[0] if len(own_dates) == 1 else found.due_at,
        unlock_at=found.unlock_at,
        lock_at=found.lock_at,
        course_time_zone=course.time_zone,
        description=found.description,
        points_possible=None if letters else found.points_possible,
        grading_type=found.grading_type or "",
        letters_only=letters,
        submission_types=tuple(found.submission_types or ()),
        allowed_extensions=tuple(found.allowed_extensions or ()),
        allowed_attempts=attempts if attempts and attempts > 0 else None,
        can_submit=bool(found.can_submit),
        locked=bool(found.locked_for_user),
        lock_explanation=found.lock_explanation,
        group_work=found.group_category_id is not None,
        graded_individually=bool(found.grade_group_students_individually),
        peer_reviews=bool(found.peer_reviews),
        anonymous_peer_reviews=bool(found.anonymous_peer_reviews),
        anonymous_grading=bool(found.anonymous_grading),
        counts=not found.omit_from_final_grade,
        closed_period=bool(found.in_closed_grading_period),
        color=look.colors.get(course.id) or course.course_color,
    )


def own_work(
    submission: Submission, found: AssignmentDetail, course: Course, look: Look, observed: bool
) -> OwnWork:
    """A submission with its attempts; nothing of a grade that is not posted."""
    row = submission_row(submission, found, course, look)
    values = {one.name: getattr(row, one.name) for one in fields(row)}
    posted = row.posted_at is not None
    detail = submission if isinstance(submission, SubmissionDetail) else None
    values["rubric"] = rated(
        found.rubric or (),
        submission.rubric_assessment if posted else None,
        hides_points(found, course),
    )
    left = None
    if row.allowed_attempts is not None:
        left = max(0, row.allowed_attempts + (row.extra_attempts or 0) - (row.attempt or 0))
    return OwnWork(
        **values,
        student=(detail.user.name if detail and detail.user and observed else None),
        attempts=attempts_of(detail, row, look, found.points_possible) if detail else (),
        attempts_left=left,
    )


def attempts_of(
    detail: SubmissionDetail, row: SubmissionRow, look: Look, points: float | None
) -> tuple[Attempt, ...]:
    """What was handed in, newest first; a grade stands with the attempt it was given for."""
    course = look.courses.get(row.course_id)
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
                link=look.link(version.url) or None,
                files=(
                    *files_of(version.attachments or (), look),
                    *recordings_of(version.media_comment, look),
                ),
            )
        )
    return tuple(found)


def hides_points(found: AssignmentDetail, course: Course) -> bool:
    """Whether a rubric shows ratings without their points."""
    hidden = found.rubric_settings and found.rubric_settings.hide_points
    return bool(hidden or letters_only(course, found))


def class_scores(found: AssignmentDetail, rows: tuple[OwnWork, ...]) -> Spread | None:
    """How the class did, when Canvas says so and one's own score is posted as a number."""
    if not rows or rows[0].score is None:
        return None
    return spread(found.score_statistics, rows[0].score, found.points_possible)


def teaching(
    found: AssignmentDetail, course: Course, look: Look, summary: One[SubmissionSummary] | None
) -> Teaching:
    """Counts and ways for those who grade."""
    counts = (summary.value() if summary else None) or SubmissionSummary()
    return Teaching(
        speed_grader=look.speed_grader(course.id, found),
        needs_grading=found.needs_grading_count,
        graded=counts.graded,
        ungraded=counts.ungraded,
        not_submitted=counts.not_submitted,
        published=found.published is not False,
        has_overrides=bool(found.has_overrides),
    )
