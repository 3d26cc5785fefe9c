"""A course's roster: each student's standing, and who needs attention."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    ClassSubmission,
    Course,
    GradingPeriod,
)
from canvas_app.domain.attention import AttentionRules
from canvas_app.domain.class_roll import Student, students_of, taken_sections
from canvas_app.domain.kept_class import Looked
from canvas_app.domain.pieces import Place, cut, piece_at
from canvas_app.domain.roster import (
    RosterFilter,
    RosterRow,
    open_works,
    points_fallen,
    roster_row,
    roster_weight,
    sorted_roster,
)
from canvas_app.services.asks import AskedPage, read_profile
from canvas_app.services.class_looks import ClassWork
from canvas_app.services.classes import (
    all_here,
    published_works,
    section_names,
    start_class,
    start_students,
    start_weighted_periods,
)
from canvas_app.services.pages import Page
from canvas_app.sources.answer import complete
from canvas_app.sources.sources import Sources

ROSTER_WEIGHT = 1_150
"""Elements of the rows on one page."""


@dataclass(frozen=True)
class AskedRoster(AskedPage):
    """Canvas's answers.

    ``work`` holds each student's submissions, None where some of them or of the works are missing.
    """

    course: Course = field(default_factory=lambda: Course(id=""))
    students: Sequence[Student] = ()
    works: Sequence[Assignment] = ()
    groups: Sequence[AssignmentGroup] = ()
    periods: Sequence[GradingPeriod] = ()
    work: Mapping[str, Sequence[ClassSubmission] | None] = field(default_factory=dict)
    sections: Mapping[str, str] = field(default_factory=dict)
    looked: Looked = field(default_factory=Looked)


@dataclass(frozen=True)
class RosterPage(Page):
    """Roster page. ``total`` counts the students before the filter; ``sections`` are (id, name).

    ``need_attention`` counts the students that need attention, among those of the chosen section.
    """

    course_id: str = ""
    course_name: str = ""
    rows: tuple[RosterRow, ...] = ()
    total: int = 0
    sections: tuple[tuple[str, str], ...] = ()
    wanted: RosterFilter = field(default_factory=RosterFilter)
    rules: AttentionRules = field(default_factory=AttentionRules)
    need_attention: int = 0
    looked: Looked = field(default_factory=Looked)
    piece: Place = field(default_factory=Place)

    @property
    def shown(self) -> tuple[RosterRow, ...]:
        """Return the rows of this piece of the page."""
        return cut([self.rows], self.piece)[0]


def roster(
    sources: Sources,
    course_id: str,
    wanted: RosterFilter | None = None,
    rules: AttentionRules | None = None,
    number: int = 1,
) -> RosterPage:
    """Return the page, with one piece of its rows to show, by its ``number``.

    Raise the CanvasError of the course itself, or StaffOnly.

    It takes two rounds of calls, plus the further pages of students and of their work.
    """
    asked = ask(sources, course_id)
    page = lay_out(asked, wanted or RosterFilter(), rules or AttentionRules(), sources.now())
    return replace(page, piece=piece_at(map(roster_weight, page.rows), number, ROSTER_WEIGHT))


def ask(sources: Sources, course_id: str) -> AskedRoster:
    """Ask for the class, then for everybody's work."""
    groups = sources.start(
        "assignment groups", partial(CanvasAPI.assignment_groups, course_id=course_id)
    )
    begun = start_class(sources, course_id)
    listed = start_students(sources, begun.course)
    periods = start_weighted_periods(sources, begun.course)
    names = section_names(begun.sections.rows())
    students = students_of(listed.rows(), names)
    works = published_works(begun.works.rows())
    work, whole = ClassWork(sources, begun.course, students, works), all_here(begun.works)
    work.finish(whole=whole)
    return AskedRoster(
        canvas_url=sources.api.canvas_url,
        course=begun.course,
        students=students,
        works=works,
        groups=groups.rows(),
        periods=periods.rows() if periods else (),
        work={s.user_id: work.of(s.user_id) if whole else None for s in students},
        sections=names,
        looked=work.looked,
        sources=sources.states(),
        profile=read_profile(begun.profile),
    )


def lay_out(
    asked: AskedRoster, wanted: RosterFilter, rules: AttentionRules, now: datetime
) -> RosterPage:
    """Build the page from Canvas's answers."""
    works = open_works(asked.works, [rows or () for rows in asked.work.values()])
    known = any(student.last_activity_at for student in asked.students)
    every = [
        roster_row(
            student,
            asked.work[student.user_id],
            works,
            rules,
            fell=fell_of(asked, works, student, now),
            activity_known=known,
            now=now,
        )
        for student in asked.students
        if wanted.takes(student)
    ]
    rows = [row for row in every if row.attention or not wanted.attention]
    return RosterPage(
        sources=asked.sources,
        complete=complete(asked.sources),
        profile=asked.profile,
        now=now,
        course_id=asked.course.id,
        course_name=asked.course.name or "",
        rows=sorted_roster(rows, wanted.sort),
        total=len(asked.students),
        sections=taken_sections(asked.students, asked.sections),
        wanted=wanted,
        rules=rules,
        need_attention=sum(bool(row.attention) for row in every),
        looked=asked.looked,
    )


def fell_of(
    asked: AskedRoster, works: Mapping[str, Assignment], student: Student, now: datetime
) -> float | None:
    """Return by how many percentage points a student's score fell.

    None if some of their work or the assignment groups are missing.
    """
    rows = asked.work[student.user_id]
    if rows is None or not asked.groups:
        return None
    mine = [row for row in rows if row.assignment_id in works]
    return points_fallen(asked.course, asked.groups, works.values(), mine, now, asked.periods)
