"""The ledger of the person's submissions across her courses, and what waits for her grading."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Assignment,
    Attachment,
    Course,
    MediaComment,
    RubricAssessment,
    RubricCriterion,
    Submission,
)
from canvas_app.domain.html_tokens import one_line
from canvas_app.domain.letters import grade_shown, letters_only
from canvas_app.domain.planner_items import Look, by_due
from canvas_app.domain.rich_text import LABELS, is_html, plain_text
from canvas_app.domain.status import STATUSES, custom_label, student_status
from canvas_app.services.courses import (
    has_role,
    is_active_student,
    is_active_teacher,
    observed,
    read_colors,
    read_profile,
    start_colors,
    start_courses,
    start_pending,
    start_profile,
)
from canvas_app.services.pages import Comment, File, Rated, Rating, SubmissionRow, Submissions
from canvas_app.services.without_includes import mend_courses, mend_submissions
from canvas_app.sources.sources import Rows, Sources, complete

# Never read_status nor read_state: asking for either marks the submissions read.
INCLUDE = (*("assignment", "submission_comments", "submission_html_comments", "rubric_assessment"),)
SORTS = ("activity", "due", "graded", "course", "score")
NEVER = datetime.min.replace(tzinfo=UTC)
TO_MEND = frozenset({"missing", "overdue", "redo_requested"})
FOLDED_FROM = 60  # rows; a shorter ledger is read faster than unfolded


@dataclass(frozen=True)
class Wanted:
    """Which rows of the ledger, in which order; what nobody knows is left out.

    Several courses or statuses mean any of them; the further conditions all hold at once.
    """

    courses: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    late: bool = False
    comments: bool = False
    text: str = ""
    sort: str = SORTS[0]

    @classmethod
    def of(cls, values: Callable[[str], Sequence[str]]) -> "Wanted":
        """From the values of a query's names: course, status, late, comments, q, sort."""
        sorts = [value for value in values("sort") if value in SORTS]
        return cls(
            courses=frozenset(value for value in values("course") if value.isdigit()),
            statuses=frozenset(values("status")) & STATUSES,
            late="1" in values("late"),
            comments="1" in values("comments"),
            text=" ".join(values("q")).strip()[:200],
            sort=sorts[0] if sorts else SORTS[0],
        )

    @property
    def everything(self) -> bool:
        """Whether no row is left out."""
        return replace(self, sort=SORTS[0]) == Wanted()

    def takes(self, row: SubmissionRow) -> bool:
        return (
            (not self.statuses or bool(self.statuses & statuses_of(row)))
            and (row.late or not self.late)
            and (bool(row.comments) or not self.comments)
            and (not self.text or self.text.casefold() in text_of(row).casefold())
        )


@dataclass(frozen=True)
class LedgerGroup:
    """Rows under one heading: mend, week, month, earlier, ahead, past, undated, graded,
    ungraded, scored, unscored, course (with its name), or all."""

    key: str
    rows: tuple[SubmissionRow, ...]
    name: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Ledger(Submissions):
    """``total`` counts the rows before ``wanted`` left some out; ``courses`` are (id, name).

    ``not_begun`` are those whose submissions Canvas does not show before they begin.
    """

    wanted: Wanted = field(default_factory=Wanted)
    total: int = 0
    courses: tuple[tuple[str, str], ...] = ()
    not_begun: tuple[tuple[str, str], ...] = ()
    groups: tuple[LedgerGroup, ...] = ()


def submissions(sources: Sources, wanted: Wanted | None = None) -> Ledger:
    """Gather the courses, then every active one's submissions side by side.

    Two round trips deep while the courses fit one page of Canvas's list and ten calls go at once;
    in general 1 + ceil(courses / 10), plus the further pages of lists longer than 100. A course
    that is not wanted is not asked. One call more where a course refuses: it may not have begun.
    """
    wanted = wanted or Wanted()
    now = sources.now()
    courses = start_courses(sources)
    profile, colors = start_profile(sources), start_colors(sources)
    mend_courses(sources, courses, ())
    known = {course.id: course for course in courses.rows()}
    studied = [course for course in known.values() if is_active_student(course, now)]
    taught = [course for course in known.values() if is_active_teacher(course, now)]
    chosen = wanted.courses & {course.id for course in (*studied, *taught)}
    wanted = replace(wanted, courses=chosen)
    own = [
        (
            course,
            sources.start(
                f"submissions: {course.name or course.id}",
                partial(CanvasAPI.student_submissions, course_id=course.id, include=INCLUDE),
                course=course,
            ),
        )
        for course in studied
        if course.id in chosen or not chosen
    ]
    waiting = [
        (
            course,
            sources.start(
                f"grading: {course.name or course.id}",
                partial(CanvasAPI.assignments, course_id=course.id),
                course=course,
            ),
        )
        for course in taught
        if course.id in chosen or not chosen
    ]
    ahead = not_begun(sources, own)
    mend_submissions(sources, courses, own)
    look = Look(sources.api.canvas_url, known, read_colors(colors), now)
    every = [
        submission_row(submission, submission.assignment or None, course, look)
        for course, handle in own
        for submission in {s.id or f"{s.assignment_id}": s for s in handle.rows()}.values()
    ]
    grading = [
        row
        for course, handle in waiting
        for assignment in {a.id: a for a in handle.rows()}.values()
        if assignment.needs_grading_count
        and wanted.takes(row := grading_row(assignment, course, look))
    ]
    grading.sort(key=by_due)
    rows = in_order((row for row in every if wanted.takes(row)), wanted.sort, now)
    states = sources.states()
    return Ledger(
        sources=states,
        complete=complete(states),
        profile=read_profile(profile),
        now=now,
        rows=rows,
        grading=tuple(grading),
        is_student=has_role(known.values(), "student"),
        in_courses=bool(known),
        observes=observed(known.values()),
        is_teacher=has_role(known.values(), "teacher", "ta"),
        wanted=wanted,
        total=len(every),
        courses=tuple(
            sorted(
                {c.id: c.name or f"Course {c.id}" for c in (*studied, *taught)}.items(),
                key=lambda pair: pair[1].casefold(),
            )
        ),
        groups=grouped(rows, wanted, now),
        not_begun=tuple((c.id, c.name or f"Course {c.id}") for c in ahead),
    )


def not_begun(
    sources: Sources, own: Sequence[tuple[Course, Rows[Submission]]]
) -> tuple[Course, ...]:
    """Of the courses that refuse the person's submissions, those that have not begun for them.

    Canvas answers 403 there (canvas-lms ``course.rb``, ``read_grades``). Which dates count, the
    course's, a section's, the term's or an enrollment's own, it alone knows: so it is asked.
    """
    refused = [(course, handle) for course, handle in own if handle.denied]
    if not refused:
        return ()
    asked = start_pending(sources)
    asked.needs()  # nothing but who they are
    pending = {course.id for course in asked.rows()}
    found = [(course, handle) for course, handle in refused if course.id in pending]
    for _, handle in found:
        handle.settle("The course has not begun.")
    return tuple(course for course, _ in found)


def submission_row(
    submission: Submission | None, assignment: Assignment | None, course: Course, look: Look
) -> SubmissionRow:
    """One submission of the person; a grade that is not posted stays out."""
    s = submission or Submission()
    status = student_status(submission, assignment, look.now)
    assignment_id = s.assignment_id or (assignment.id if assignment else "")
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
        url=look.link(
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
        comments=comments_of(s, look),
        color=look.colors.get(course.id),
        rubric=(
            rated(assignment.rubric or (), s.rubric_assessment, letters)
            if shown and assignment and s.rubric_assessment
            else ()
        ),
    )


def comments_of(submission: Submission, look: Look) -> tuple[Comment, ...]:
    """Comments on a submission, newest first; Canvas strips tags from them but where asked not to.

    Pictures and equations stand in the form with tags alone (``submission_html_comments``).
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
                files=(*files_of(c.attachments or (), look), *recordings_of(recording, look)),
                media=recording is not None,
                html=html,
            )
        )
    return tuple(sorted(found, key=lambda comment: comment.created_at or NEVER, reverse=True))


def recordings_of(recording: MediaComment | None, look: Look) -> tuple[File, ...]:
    """A recording as a file that can be opened, when Canvas says where it is."""
    to = look.link(recording.url) if recording else ""
    if recording is None or not to:
        return ()
    kind = LABELS["audio" if (recording.media_type or "").startswith("audio") else "video"]
    name = one_line(recording.display_name or "")
    return (File(f"{kind}: {name}" if name else kind, to),)


def files_of(attachments: Iterable[Attachment], look: Look) -> tuple[File, ...]:
    return tuple(
        File(a.display_name or a.filename or "", look.link(a.url), a.size) for a in attachments
    )


def rated(
    rubric: Iterable[RubricCriterion],
    assessment: "dict[str, RubricAssessment] | None",
    letters: bool,
) -> tuple[Rated, ...]:
    """A rubric's criteria with what each was rated; without points where letters alone count."""
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


def grading_row(assignment: Assignment, course: Course, look: Look) -> SubmissionRow:
    """One assignment that waits for grading, with how many wait and its way into SpeedGrader."""
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
        url=look.speed_grader(course.id, assignment),
        kind="grading",
        course_name=course.name or "",
        needs_grading=assignment.needs_grading_count,
        color=look.colors.get(course.id),
    )


def statuses_of(row: SubmissionRow) -> frozenset[str]:
    """The chips a row answers to: missing may stand beside a grade."""
    return frozenset({row.status, "missing"} if row.missing else {row.status})


def text_of(row: SubmissionRow) -> str:
    """What a row is searched by."""
    return "\n".join((row.title, row.course_name, *(comment.text for comment in row.comments)))


def latest_activity(row: SubmissionRow) -> datetime:
    """When something last happened to a submission: handed in, graded, posted, commented on."""
    commented = row.comments[0].created_at if row.comments else None
    touched = (row.submitted_at, row.graded_at, row.posted_at, commented)
    return max((at for at in touched if at), default=NEVER)


def share(row: SubmissionRow) -> float | None:
    """The score as a share of what was possible; None where there is no number to compare."""
    if row.score is None or not row.points_possible:
        return None
    return row.score / row.points_possible


def in_order(rows: Iterable[SubmissionRow], sort: str, now: datetime) -> tuple[SubmissionRow, ...]:
    """The rows in one of the orders of ``SORTS``; the due date, then the title decide ties."""

    def by_due(row: SubmissionRow) -> tuple[object, ...]:
        """What comes next first, then the newest of what is past, then what has no date."""
        if row.due_at is None:
            return 2, 0.0, row.title.casefold()
        ahead = row.due_at >= now
        at = row.due_at.timestamp()
        return (0 if ahead else 1), (at if ahead else -at), row.title.casefold()

    def key(row: SubmissionRow) -> tuple[object, ...]:
        match sort:
            case "due":
                return by_due(row)
            case "graded":
                return -(row.posted_at or NEVER).timestamp(), *by_due(row)
            case "course":
                at = row.due_at.timestamp() if row.due_at else float("inf")
                return row.course_name.casefold(), row.course_id, at, row.title.casefold()
            case "score":
                found = share(row)
                return found is None, -(found or 0.0), *by_due(row)
            case _:
                return -latest_activity(row).timestamp(), *by_due(row)

    return tuple(sorted(rows, key=key))


def grouped(
    rows: Sequence[SubmissionRow], wanted: Wanted, now: datetime
) -> tuple[LedgerGroup, ...]:
    """The rows under headings that fit their order.

    By activity, what can still be mended comes first, then the last seven days, four weeks, what
    is older, and what nothing happened to yet; of a long ledger the last two are folded, unless
    somebody asked for a part of it: then all of that is open.
    """
    fold = wanted.everything and len(rows) > FOLDED_FROM

    def heading(row: SubmissionRow) -> tuple[str, str]:
        match wanted.sort:
            case "due":
                past = row.due_at is not None and row.due_at < now
                return ("past" if past else "ahead" if row.due_at else "undated"), ""
            case "graded":
                return ("graded" if row.posted_at else "ungraded"), ""
            case "course":
                return f"course {row.course_id}", row.course_name
            case "score":
                return ("unscored" if share(row) is None else "scored"), ""
            case _:
                return by_activity(row, now), ""

    found: dict[tuple[str, str], list[SubmissionRow]] = {}
    for row in rows:
        found.setdefault(heading(row), []).append(row)
    if wanted.sort == "activity":
        order = ("mend", "week", "month", "earlier", "untouched")
        found = {(key, ""): found[key, ""] for key in order if (key, "") in found}
    late = ("earlier", "untouched", "ungraded", "unscored")
    return tuple(
        LedgerGroup("course" if name else key, tuple(members), name, folded=fold and key in late)
        for (key, name), members in found.items()
    )


def by_activity(row: SubmissionRow, now: datetime) -> str:
    """The heading of a row in the order of activity."""
    if row.status in TO_MEND:
        return "mend"
    at = latest_activity(row)
    if at == NEVER:
        return "untouched"
    if at > now - timedelta(days=7):
        return "week"
    return "month" if at > now - timedelta(days=28) else "earlier"
