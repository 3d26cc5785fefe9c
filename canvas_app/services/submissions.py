"""The ledger of the person's submissions across her courses, and what waits for her grading."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Course,
    Submission,
)
from canvas_app.domain.courses import has_role, is_active_student, is_active_teacher, observed
from canvas_app.domain.planner_items import Look, by_due
from canvas_app.domain.rows import (
    SubmissionRow,
)
from canvas_app.domain.status import STATUSES
from canvas_app.domain.submissions import (
    NEVER,
    by_activity,
    grading_row,
    latest_activity,
    share,
    statuses_of,
    submission_row,
    text_of,
)
from canvas_app.services.asks import (
    read_colors,
    read_profile,
    start_colors,
    start_courses,
    start_pending,
    start_profile,
)
from canvas_app.services.pages import OwnPage
from canvas_app.services.without_includes import mend_courses, mend_submissions
from canvas_app.sources.answer import complete
from canvas_app.sources.sources import Rows, Sources


@dataclass(frozen=True)
class Submissions(OwnPage):
    """``rows`` newest activity first; ``grading`` the assignments that wait, most waiting first."""

    rows: tuple[SubmissionRow, ...] = ()
    grading: tuple[SubmissionRow, ...] = ()

    @property
    def all_rows(self) -> tuple[SubmissionRow, ...]:
        """The person's own submissions, then what waits for her grading."""
        return self.rows + self.grading


# Never read_status nor read_state: asking for either marks the submissions read.
INCLUDE = (*("assignment", "submission_comments", "submission_html_comments", "rubric_assessment"),)
SORTS = ("activity", "due", "graded", "course", "score")
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
    if asked.source().status == "waiting":
        for _, handle in refused:
            handle.hold()
    found = [(course, handle) for course, handle in refused if course.id in pending]
    for _, handle in found:
        handle.settle("The course has not begun.")
    return tuple(course for course, _ in found)


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
