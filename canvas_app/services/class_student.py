"""One student in a course, for the people who grade there: their work and total over time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import NotFound
from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    ClassSubmission,
    Course,
    GradingPeriod,
)
from canvas_app.domain import charts
from canvas_app.domain.attention import AttentionRules
from canvas_app.domain.class_roll import Student, students_of
from canvas_app.domain.class_student import (
    Desk,
    StudentWork,
    is_shown,
    student_works,
    work_weight,
)
from canvas_app.domain.courses import TEACHING
from canvas_app.domain.grade_rows import history
from canvas_app.domain.pieces import Place, cut, piece_at
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.roster import (
    RosterRow,
    open_works,
    points_fallen,
    roster_row,
    student_book,
)
from canvas_app.services.asks import AskedPage, read_profile
from canvas_app.services.classes import (
    all_here,
    published_works,
    section_names,
    start_class,
    start_weighted_periods,
)
from canvas_app.services.pages import Page
from canvas_app.sources.answer import complete
from canvas_app.sources.sources import Sources

EVERY_STATE = ("active", "completed", "inactive")
MOST_WORK, LEAST_WORK = 1_050, 400
"""Elements of the rows of one piece, less four for each day in the picture and in its table."""


class NotTheirStudent(Exception):
    """Canvas lists no such student for this person.

    ``limited`` is True if they see only their own sections; the student may be in another one.
    """

    def __init__(self, limited: bool) -> None:
        super().__init__("no such student among those the person sees")
        self.limited = limited


@dataclass(frozen=True)
class AskedStudent(AskedPage):
    """Canvas's answers; ``work`` is None where some submissions or assignments are missing."""

    course: Course
    student: Student
    works: Sequence[Assignment] = ()
    groups: Sequence[AssignmentGroup] = ()
    periods: Sequence[GradingPeriod] = ()
    work: Sequence[ClassSubmission] | None = None


@dataclass(frozen=True)
class StudentPage(Page):
    """Page of a student in a course. ``rows`` are the work to show, of ``total`` assignments.

    ``student`` is their row of the roster, which counts all of the work. ``after_posting`` is the
    current score with hidden grades included; it is None while some work is anonymous, because the
    score would give its grades away. ``history`` is Easel's own current total in percent, after
    each day on which a grade was posted. ``waiting`` counts the submissions to be graded.
    """

    course_id: str = ""
    course_name: str = ""
    student: RosterRow | None = None
    state: str = "active"  # as stored
    after_posting: float | None = None
    waiting: int | None = None
    rows: tuple[StudentWork, ...] = ()
    total: int = 0
    sealed: bool = False  # some of the work is anonymous
    history: tuple[tuple[datetime, float], ...] = ()
    show: str = ""
    piece: Place = field(default_factory=Place)

    @property
    def shown(self) -> tuple[StudentWork, ...]:
        """Return the rows of this piece of the page."""
        return cut([self.rows], self.piece)[0]

    @property
    def picture(self) -> charts.LineChart | None:
        """Return the chart of the total over time."""
        return charts.line(self.history)


def class_student(
    sources: Sources,
    course_id: str,
    user_id: str,
    show: str = "",
    rules: AttentionRules | None = None,
    number: int = 1,
) -> StudentPage:
    """Return the page of a student, after two rounds of calls.

    It shows one piece of their work, by its ``number``.

    First the course, its assignments and sections are asked for, then the student and their work.
    Raise the CanvasError of the course or of the list of students, StaffOnly, or NotTheirStudent.
    """
    asked = ask(sources, course_id, user_id)
    page = lay_out(asked, show, rules or AttentionRules(), sources.now())
    most = max(MOST_WORK - 4 * len(page.history), LEAST_WORK)
    return replace(page, piece=piece_at(map(work_weight, page.rows), number, most))


def ask(sources: Sources, course_id: str, user_id: str) -> AskedStudent:
    """Ask for the course, then for the student and their submissions."""
    groups = sources.start(
        "assignment groups", partial(CanvasAPI.assignment_groups, course_id=course_id)
    )
    begun = start_class(sources, course_id)
    course = begun.course
    listed = sources.start(
        "students",
        partial(
            CanvasAPI.class_enrollments, course_id=course_id, states=EVERY_STATE, user_id=user_id
        ),
    )
    work = sources.start(
        "class work",
        partial(CanvasAPI.class_submissions, course_id=course_id, student_ids=(user_id,)),
    )
    periods = start_weighted_periods(sources, course)
    if listed.error and not isinstance(listed.error, NotFound):
        raise listed.error
    found = students_of(listed.rows(), section_names(begun.sections.rows()))
    if not found:
        raise NotTheirStudent(sees_own_sections(course))
    return AskedStudent(
        canvas_url=sources.api.canvas_url,
        course=course,
        student=found[0],
        works=published_works(begun.works.rows()),
        groups=groups.rows(),
        periods=periods.rows() if periods else (),
        work=work.rows() if all_here(work) and all_here(begun.works) else None,
        sources=sources.states(),
        profile=read_profile(begun.profile),
    )


def sees_own_sections(course: Course) -> bool:
    """Return whether the person teaches here but sees only the students of their own sections."""
    mine = [each for each in course.enrollments or () if each.type in TEACHING]
    return bool(mine) and all(each.limit_privileges_to_course_section for each in mine)


def lay_out(asked: AskedStudent, show: str, rules: AttentionRules, now: datetime) -> StudentPage:
    """Build the page from Canvas's answers."""
    course, student = asked.course, asked.student
    work = asked.work or ()
    named = open_works(asked.works, [work])
    groups = {group.id: group.name or "" for group in asked.groups}
    builder = ItemBuilder(asked.canvas_url, {course.id: course}, asked.colors, now)
    rows = student_works(asked.works, work, Desk(course, named, groups, builder, now))
    sealed = len(named) < len(asked.works)
    shown = tuple(each for each in rows if is_shown(each, show))
    return StudentPage(
        sources=asked.sources,
        complete=complete(asked.sources),
        profile=asked.profile,
        now=now,
        course_id=course.id,
        course_name=course.name or "",
        student=standing(asked, named, rules, now),
        state=student.state,
        after_posting=None if sealed else student.unposted_current_score,
        waiting=None if asked.work is None else sum(bool(each.waits) for each in rows),
        rows=shown,
        total=len(rows),
        sealed=sealed,
        history=total_over_time(asked, named),
        show=show,
    )


def standing(
    asked: AskedStudent, named: Mapping[str, Assignment], rules: AttentionRules, now: datetime
) -> RosterRow:
    """Return the student's row of the roster; without attention if they have left the course."""
    student, work = asked.student, asked.work
    found = roster_row(
        student,
        work,
        named,
        rules,
        fell=fallen(asked, named, now),
        activity_known=student.last_activity_at is not None,
        now=now,
    )
    return found if student.state == "active" else replace(found, attention=())


def fallen(asked: AskedStudent, named: Mapping[str, Assignment], now: datetime) -> float | None:
    """Return by how many percentage points the student's score fell.

    None without assignment groups, because their rules are needed.
    """
    if not asked.groups:
        return None
    work = of_works(asked.work, named)
    return points_fallen(asked.course, asked.groups, named.values(), work, now, asked.periods)


def total_over_time(
    asked: AskedStudent, named: Mapping[str, Assignment]
) -> tuple[tuple[datetime, float], ...]:
    """Return the total over time from posted grades of work that is not anonymous.

    Empty if assignments, groups, periods or submissions are missing, because the totals would be
    wrong.
    """
    names = ("assignments", "assignment groups", "grading periods")
    if asked.work is None or not all(s.here for s in asked.sources if s.name in names):
        return ()
    work = of_works(asked.work, named)
    book = student_book(asked.course, asked.groups, named.values(), work, asked.periods)
    return history(book, None, work, asked.profile)


def of_works(
    rows: Iterable[ClassSubmission] | None, works: Mapping[str, Assignment]
) -> list[ClassSubmission]:
    """Return the submissions to these assignments."""
    return [row for row in rows or () if row.assignment_id in works]
