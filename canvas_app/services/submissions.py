"""The person's submissions across their courses, and the assignments they have to grade."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import Assignment, Course, Submission
from canvas_app.domain.children import PERSON_ALONE, as_childs
from canvas_app.domain.courses import has_role, is_active_student, is_active_teacher, observed
from canvas_app.domain.ledger import (
    LedgerFilter,
    LedgerGroup,
    grouped,
    ledger_weight,
    sorted_rows,
)
from canvas_app.domain.pieces import PIECE, Place, cut, piece_at
from canvas_app.domain.planner_items import ItemBuilder, by_due
from canvas_app.domain.rows import SubmissionRow
from canvas_app.domain.submissions import grading_row, submission_row
from canvas_app.services.asks import (
    AskedPage,
    read_colors,
    read_profile,
    start_colors,
    start_courses,
    start_pending,
    start_profile,
)
from canvas_app.services.children_calls import current_students
from canvas_app.services.family import Family, start_family
from canvas_app.services.pages import OwnPage
from canvas_app.services.without_includes import mend_courses
from canvas_app.services.without_work_includes import mend_submissions
from canvas_app.sources.answer import complete
from canvas_app.sources.sources import ListSource, Sources

# Never include read_status or read_state: asking for either marks the submissions read.
LEDGER_INCLUDE = (
    *("assignment", "submission_comments", "submission_html_comments", "rubric_assessment"),
)


@dataclass(frozen=True)
class Submissions(OwnPage):
    """Submissions, newest activity first; ``grading``: assignments, most waiting first."""

    rows: tuple[SubmissionRow, ...] = ()
    grading: tuple[SubmissionRow, ...] = ()

    @property
    def all_rows(self) -> tuple[SubmissionRow, ...]:
        """Return the person's own submissions, then the assignments to grade."""
        return self.rows + self.grading


@dataclass(frozen=True, kw_only=True)
class LedgerPiece(Place):
    """The rows on one piece of the page, in the groups they belong to."""

    grading: tuple[SubmissionRow, ...]
    groups: tuple[tuple[LedgerGroup, tuple[SubmissionRow, ...]], ...]


@dataclass(frozen=True)
class Ledger(Submissions):
    """Ledger page. ``total`` counts rows before the ``wanted`` filter; ``courses`` are (id, name).

    ``not_begun`` are courses (id, name) that have not started, so Canvas does not show their
    submissions.
    """

    wanted: LedgerFilter = field(default_factory=LedgerFilter)
    total: int = 0
    courses: tuple[tuple[str, str], ...] = ()
    not_begun: tuple[tuple[str, str], ...] = ()
    shown: int = 0  # students whose submissions are here
    groups: tuple[LedgerGroup, ...] = ()
    piece: LedgerPiece | None = None


@dataclass(frozen=True)
class AskedLedger(AskedPage):
    """Canvas's answers.

    ``known`` are all courses by id; in ``studied`` and ``taught`` the person is an active student
    or teacher. ``own`` are submissions and ``to_grade`` assignments, each with their course.
    """

    known: Mapping[str, Course] = field(default_factory=dict)
    studied: Sequence[Course] = ()
    taught: Sequence[Course] = ()
    own: Sequence[tuple[Course, Sequence[Submission]]] = ()
    to_grade: Sequence[tuple[Course, Sequence[Assignment]]] = ()
    not_begun: Sequence[Course] = ()
    family: Family = field(default_factory=Family)
    watched: Sequence[Course] = ()
    childrens: Sequence[tuple[Course, Sequence[Submission]]] = ()


def submissions(
    sources: Sources, wanted: LedgerFilter | None = None, number: int = 1, chosen: str = ""
) -> Ledger:
    """Return the page with one piece of its list, the ``number``-th.

    It takes two rounds of calls while the courses fit on one page of Canvas's list and ten calls
    run in parallel; in general 1 + ceil(courses / 10), plus the further pages of lists longer than
    100. Courses that the filter leaves out are not asked for. If a course refuses, one more call
    finds out whether it has not started yet.
    """
    wanted = wanted or LedgerFilter()
    return lay_out(ask(sources, wanted, chosen), wanted, sources.now(), number)


def ask(sources: Sources, wanted: LedgerFilter, chosen: str = "") -> AskedLedger:
    """Ask for the courses, then for the work in every active one in parallel."""
    now = sources.now()
    courses = start_courses(sources)
    profile, colors = start_profile(sources), start_colors(sources)
    mend_courses(sources, courses, ())
    known = {course.id: course for course in courses.rows()}
    kin = start_family(sources, known.values(), chosen, totals=False)
    mine = known.values() if chosen in ("", PERSON_ALONE) else ()
    studied = [course for course in mine if is_active_student(course, now)]
    taught = [course for course in mine if is_active_teacher(course, now)]
    students = current_students(sources, kin)
    watched = [known[id_] for id_ in students]
    asked_for = wanted.courses & {course.id for course in (*studied, *taught, *watched)}

    def asked(found: Iterable[Course]) -> list[Course]:
        return [course for course in found if course.id in asked_for or not asked_for]

    own = [(course, start_own_work(sources, course)) for course in asked(studied)]
    to_grade = [(course, start_to_grade(sources, course)) for course in asked(taught)]
    childrens = [
        (course, start_own_work(sources, course, students[course.id])) for course in asked(watched)
    ]
    ahead = not_begun(sources, own)
    mend_submissions(sources, courses, [*own, *childrens])
    family = kin.answers(sources)
    return AskedLedger(
        canvas_url=sources.api.canvas_url,
        colors=read_colors(colors),
        known=known,
        studied=studied,
        taught=taught,
        own=[(course, handle.rows()) for course, handle in own],
        to_grade=[(course, handle.rows()) for course, handle in to_grade],
        not_begun=ahead,
        family=family,
        watched=watched,
        childrens=[(course, handle.rows()) for course, handle in childrens],
        sources=sources.states(),
        profile=read_profile(profile),
    )


def start_own_work(
    sources: Sources, course: Course, student_ids: Sequence[str] = ()
) -> ListSource[Submission]:
    """Start the person's submissions in a course, or those of the students they observe."""
    call = partial(CanvasAPI.student_submissions, course_id=course.id, include=LEDGER_INCLUDE)
    if student_ids:
        call = partial(call, student_ids=tuple(student_ids))
    return sources.start(f"submissions: {course.name or course.id}", call, course=course)


def start_to_grade(sources: Sources, course: Course) -> ListSource[Assignment]:
    call = partial(CanvasAPI.assignments, course_id=course.id)
    return sources.start(f"grading: {course.name or course.id}", call, course=course)


def not_begun(
    sources: Sources, own: Sequence[tuple[Course, ListSource[Submission]]]
) -> tuple[Course, ...]:
    """Return the courses that refuse because they have not started for the person.

    Canvas answers 403 for them (canvas-lms ``course.rb``, ``read_grades``). Easel asks Canvas
    which they are, because only Canvas knows which dates count: those of the course, a section,
    the term or an enrollment.
    """
    refused = [(course, handle) for course, handle in own if handle.denied]
    if not refused:
        return ()
    asked = start_pending(sources)
    asked.needs()  # only ids and names, for which no include is needed
    pending = {course.id for course in asked.rows()}
    if asked.source().status == "waiting":
        for _, handle in refused:
            handle.hold()
    found = [(course, handle) for course, handle in refused if course.id in pending]
    for _, handle in found:
        handle.settle("The course has not begun.")
    return tuple(course for course, _ in found)


def lay_out(asked: AskedLedger, wanted: LedgerFilter, now: datetime, number: int = 1) -> Ledger:
    """Build the page; courses in ``wanted`` in which the person has no work are ignored."""
    active = [*asked.studied, *asked.taught, *asked.watched]
    wanted = replace(wanted, courses=wanted.courses & {course.id for course in active})
    builder = ItemBuilder(asked.canvas_url, asked.known, asked.colors, now)
    every = [
        submission_row(submission, submission.assignment or None, course, builder)
        for course, found in asked.own
        for submission in {s.id or f"{s.assignment_id}": s for s in found}.values()
    ] + list(childrens_rows(asked, now))
    grading = [
        grading_row(assignment, course, builder)
        for course, found in asked.to_grade
        for assignment in {a.id: a for a in found}.values()
        if assignment.needs_grading_count
    ]
    rows = sorted_rows(filter(wanted.takes, every), wanted.sort, now)
    waiting = tuple(sorted(filter(wanted.takes, grading), key=by_due))
    groups = apart(rows, wanted, now)
    return Ledger(
        sources=asked.sources,
        complete=complete(asked.sources),
        profile=asked.profile,
        now=now,
        rows=rows,
        grading=waiting,
        is_student=has_role(asked.known.values(), "student"),
        in_courses=bool(asked.known),
        observes=observed(asked.known.values()),
        is_teacher=has_role(asked.known.values(), "teacher", "ta"),
        wanted=wanted,
        children=asked.family.children,
        chosen=asked.family.chosen,
        unpaired=asked.family.unpaired,
        shown=len(asked.family.shown),
        total=len(every),
        courses=by_name(active),
        groups=groups,
        piece=ledger_piece(waiting, groups, number),
        not_begun=tuple((c.id, c.name or f"Course {c.id}") for c in asked.not_begun),
    )


def childrens_rows(asked: AskedLedger, now: datetime) -> Iterator[SubmissionRow]:
    """Yield the rows of the students whom the person observes, each with the student's name.

    Where the person observes several in a course, its closing date may be another student's.
    """
    for child in asked.family.shown:
        theirs = {course.id: as_childs(course, child.id) for course in asked.watched}
        builder = ItemBuilder(asked.canvas_url, theirs, asked.colors, now)
        for course, found in asked.childrens:
            several = len(course.watched) > 1
            for s in {s.id: s for s in found if s.user_id == child.id}.values():
                row = submission_row(s, s.assignment or None, theirs[course.id], builder)
                until = None if several else row.accepts_until
                yield replace(row, accepts_until=until, child_id=child.id, child_name=child.name)


def apart(
    rows: Sequence[SubmissionRow], wanted: LedgerFilter, now: datetime
) -> tuple[LedgerGroup, ...]:
    """Group the person's own rows, then apart from them those of the students they observe."""
    own = tuple(row for row in rows if not row.child_id)
    theirs = tuple(row for row in rows if row.child_id)
    return (
        *grouped(own, wanted, now),
        *(replace(group, childrens=True) for group in grouped(theirs, wanted, now)),
    )


def ledger_piece(
    grading: tuple[SubmissionRow, ...], groups: Sequence[LedgerGroup], number: int
) -> LedgerPiece:
    """Return one piece of the page's rows, in the order in which they are shown."""
    lists = (grading, *(group.rows for group in groups))
    weights = (ledger_weight(row) for rows in lists for row in rows)
    place = piece_at(weights, number, 20 * PIECE)
    waiting, *parts = cut(lists, place)
    shown = ((group, part) for group, part in zip(groups, parts, strict=True) if part)
    return LedgerPiece(**vars(place), grading=waiting, groups=tuple(shown))


def by_name(courses: Sequence[Course]) -> tuple[tuple[str, str], ...]:
    """Return ids and names, each course once, sorted by name."""
    names = {course.id: course.name or f"Course {course.id}" for course in courses}
    return tuple(sorted(names.items(), key=lambda pair: pair[1].casefold()))
