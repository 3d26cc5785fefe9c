"""A course's gradebook: everybody's work in one table, with Canvas's own totals."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    ClassEnrollment,
    ClassSubmission,
    Course,
    GradingPeriod,
    GroupSet,
    RosterUser,
    StudentGroup,
)
from canvas_app.domain.class_roll import Student, students_of, taken_sections
from canvas_app.domain.class_work import is_sealed
from canvas_app.domain.courses import is_over
from canvas_app.domain.grade_book import EVERY_PERIOD
from canvas_app.domain.kept_class import Looked
from canvas_app.domain.matrix import (
    MATRIX_SORTS,
    Column,
    Footer,
    GradebookFilter,
    MatrixRow,
    by_missing,
    column,
    columns_of,
    footers,
    group_subtotal,
    matrix_row,
    sorted_students,
)
from canvas_app.domain.mended_courses import running
from canvas_app.domain.pieces import cut
from canvas_app.domain.sheet import Sheet, WantedSheet, sheet_of
from canvas_app.services.asks import AskedPage, read_profile
from canvas_app.services.class_looks import ClassWork
from canvas_app.services.classes import (
    AN_HOUR,
    RENEWED,
    StartedClass,
    all_here,
    published_works,
    section_names,
    start_class,
    start_students,
)
from canvas_app.services.pages import Page
from canvas_app.services.roll_call import call_roll, keep_roll
from canvas_app.sources.answer import complete
from canvas_app.sources.call import Terms
from canvas_app.sources.sources import ListSource, Sources

GroupChoice = tuple[str, tuple[tuple[str, str], ...]]
"""The name of a set, empty where it is unknown, and the id and name of each group in it."""

ShownStudents = Callable[[int], slice]
"""Tells which students are to be shown, by how many assignments the gradebook has."""


@dataclass(frozen=True)
class StartedGradebook:
    """A gradebook whose students are known, while their submissions are still being asked for.

    ``wanted`` has the grading period filled in. ``students`` are those that pass the filter,
    sorted; ``every`` is the whole class. ``columns`` are the assignments to show, ``works`` all
    published ones. ``sections`` are names by id.
    """

    begun: StartedClass
    wanted: GradebookFilter
    students: Sequence[Student]
    every: Sequence[Student]
    columns: Sequence[Assignment]
    works: Sequence[Assignment]
    groups: Sequence[AssignmentGroup]
    periods: Sequence[GradingPeriod]
    sections: Mapping[str, str]
    work: ClassWork
    student_groups: tuple[GroupChoice, ...] = ()

    @property
    def course(self) -> Course:
        return self.begun.course


@dataclass(frozen=True)
class AskedGradebook(AskedPage):
    """Canvas's answers.

    ``work`` holds each student's submissions by user id, None where some of them are missing. The
    other fields are those of :class:`StartedGradebook`.
    """

    course: Course = field(default_factory=lambda: Course(id=""))
    wanted: GradebookFilter = field(default_factory=GradebookFilter)
    students: Sequence[Student] = ()
    every: Sequence[Student] = ()
    columns: Sequence[Assignment] = ()
    works: Sequence[Assignment] = ()
    groups: Sequence[AssignmentGroup] = ()
    periods: Sequence[GradingPeriod] = ()
    sections: Mapping[str, str] = field(default_factory=dict)
    work: Mapping[str, Sequence[ClassSubmission] | None] = field(default_factory=dict)
    student_groups: tuple[GroupChoice, ...] = ()
    looked: Looked = field(default_factory=Looked)


@dataclass(frozen=True)
class GradebookPage(Page):
    """Gradebook page. ``rows`` are the students that pass the filter, of ``total`` in the class.

    ``footers`` are by assignment id; ``sections``, ``groups`` (of assignments) and ``periods`` are
    the choices of the filter, as (id, name). ``sheet`` is the part of rows and columns to show.
    """

    course_id: str = ""
    course_name: str = ""
    letters: bool = False  # the course shows letters instead of numbers
    rows: tuple[MatrixRow, ...] = ()
    columns: tuple[Column, ...] = ()
    footers: Mapping[str, Footer] = field(default_factory=dict)
    mean: float | None = None  # of the current scores
    total: int = 0
    wanted: GradebookFilter = field(default_factory=GradebookFilter)
    sections: tuple[tuple[str, str], ...] = ()
    student_groups: tuple[GroupChoice, ...] = ()
    looked: Looked = field(default_factory=Looked)
    groups: tuple[tuple[str, str], ...] = ()
    periods: tuple[tuple[str, str], ...] = ()
    sheet: Sheet = field(default_factory=Sheet)

    @property
    def shown_rows(self) -> tuple[MatrixRow, ...]:
        return cut([self.rows], self.sheet.students)[0]

    @property
    def shown_columns(self) -> tuple[Column, ...]:
        return cut([self.columns], self.sheet.assignments)[0]

    @property
    def period_title(self) -> str:
        """Return the title of the chosen grading period; empty for all of them."""
        return dict(self.periods).get(self.wanted.period, "")

    @property
    def group_ids(self) -> frozenset[str]:
        """Return the ids of the student groups that are offered."""
        return frozenset(id_ for _, groups in self.student_groups for id_, _ in groups)


@dataclass(frozen=True)
class GradebookStream:
    """A gradebook that is sent while it is made: ``head`` goes before the rows.

    ``rows`` yields a student as soon as their work is here; ``sources`` is complete only after the
    last row.
    """

    head: dict[str, Any]
    columns: tuple[Column, ...]
    rows: Iterator[MatrixRow]
    sources: Sources
    work: ClassWork


def gradebook(
    sources: Sources, course_id: str, wanted: GradebookFilter, sheet: WantedSheet | None = None
) -> GradebookPage:
    """Return the page. Raise the CanvasError of the course itself, or StaffOnly.

    If the filter names no grading period, the page shows the current one. The work of the students
    on ``sheet`` is asked for first.
    """
    sheet = sheet or WantedSheet()
    page = lay_out(ask(sources, course_id, wanted, sheet), sources.now())
    return replace(page, sheet=sheet_of(sheet, len(page.rows), len(page.columns)))


def ask(
    sources: Sources, course_id: str, wanted: GradebookFilter, sheet: WantedSheet
) -> AskedGradebook:
    """Ask for the class, then for everybody's work."""
    started = start_gradebook(sources, course_id, wanted, sheet.students_shown, current=True)
    work = {each.user_id: started.work.of(each.user_id) for each in started.students}
    started.work.finish(whole=all_here(started.begun.works))
    states = sources.states()
    early = any(source.status == "waiting" for source in states)
    return AskedGradebook(
        canvas_url=sources.api.canvas_url,
        course=started.course,
        wanted=started.wanted,
        students=[s for s in started.students if not early or work[s.user_id] is not None],
        every=started.every,
        columns=started.columns,
        works=started.works,
        groups=started.groups,
        periods=started.periods,
        sections=started.sections,
        work=work,
        student_groups=started.student_groups,
        looked=started.work.looked,
        sources=states,
        profile=read_profile(started.begun.profile),
    )


def start_gradebook(
    sources: Sources,
    course_id: str,
    wanted: GradebookFilter,
    shown: ShownStudents,
    *,
    current: bool,
    with_work: bool = True,
) -> StartedGradebook:
    """Ask for the class, and start the calls for its submissions if ``with_work`` is set.

    ``current`` decides what a filter without a grading period means: the current one, or all. The
    work of the students ``shown`` is asked for first.
    """
    lists = start_lists(sources, course_id)
    groups, listed = lists.groups, lists.periods
    members = start_members(sources, wanted.student_group)
    begun = start_class(sources, course_id)
    wanted = period_meant(wanted, listed, sources.now()) if current else wanted
    works = published_works(begun.works.rows())
    names = section_names(begun.sections.rows())
    place = shown(len(columns_of(works, (), listed.rows(), wanted)))
    in_order = wanted.sort == MATRIX_SORTS[0] and not place.start  # the order of Canvas's list
    work = ClassWork(sources, begun.course, (), works if with_work else (), at_once=in_order)
    if begun.works.waiting or (current and listed.waiting):
        every = []  # an early view: what to ask for is not known yet
    else:
        every = everybody(sources, begun.course, wanted, work, names, in_order)
    inside = None if members is None else frozenset(row.id for row in members.rows())
    chosen = sorted_students(filter(partial(is_chosen, wanted, inside), every), wanted.sort)
    first = [student.user_id for student in chosen[place]]
    work.last(first, every, "" if wanted.period == EVERY_PERIOD else wanted.period)
    return StartedGradebook(
        begun=begun,
        wanted=wanted,
        students=chosen,
        every=every,
        columns=columns_of(works, groups.rows(), listed.rows(), wanted),
        works=works,
        groups=groups.rows(),
        periods=listed.rows(),
        sections=names,
        work=work,
        student_groups=groups_by_set(lists.student_groups, lists.sets),
    )


@dataclass(frozen=True)
class StartedLists:
    """The lists that the filters of a course's gradebook are made of."""

    groups: ListSource[AssignmentGroup]
    periods: ListSource[GradingPeriod]
    student_groups: ListSource[StudentGroup]
    sets: ListSource[GroupSet]


def start_lists(sources: Sources, course_id: str) -> StartedLists:
    """Start the lists that the filters are made of."""
    return StartedLists(
        sources.start(
            "assignment groups",
            partial(CanvasAPI.assignment_groups, course_id=course_id),
            terms=AN_HOUR,
        ),
        sources.start(
            "grading periods",
            partial(CanvasAPI.grading_periods, course_id=course_id),
            terms=AN_HOUR,
        ),
        sources.start(
            "student groups", partial(CanvasAPI.student_groups, course_id=course_id), terms=AN_HOUR
        ),
        sources.start(
            "sets of groups", partial(CanvasAPI.group_sets, course_id=course_id), terms=AN_HOUR
        ),
    )


def start_members(sources: Sources, group_id: str) -> ListSource[RosterUser] | None:
    """Start the list of the members of the chosen student group; None if none is chosen."""
    if not group_id:
        return None
    return sources.start("group members", partial(CanvasAPI.group_members, group_id=group_id))


def is_chosen(wanted: GradebookFilter, inside: Collection[str | None] | None, one: Student) -> bool:
    """Return whether a student is in the chosen section and among ``inside``, the group's members.

    An empty section and ``inside=None`` mean that none is chosen.
    """
    here = not wanted.section or wanted.section in one.section_ids
    return here and (inside is None or one.user_id in inside)


def groups_by_set(
    listed: ListSource[StudentGroup], sets: ListSource[GroupSet]
) -> tuple[GroupChoice, ...]:
    """Return the student groups of each set, in Canvas's order.

    To people who may not see the groups or their sets none are offered, and nothing counts as
    missing.
    """
    for handle in (listed, sets):
        if handle.denied:
            handle.settle("Canvas does not show you groups of students here.")
    names = {row.id: row.name or "" for row in sets.rows()}
    found: dict[str, list[tuple[str, str]]] = {}
    for row in listed.rows():
        if row.id:
            name = names.get(row.group_category_id, "")
            found.setdefault(name, []).append((row.id, row.name or ""))
    return tuple((name, tuple(groups)) for name, groups in found.items())


def everybody(
    sources: Sources,
    course: Course,
    wanted: GradebookFilter,
    work: ClassWork,
    sections: Mapping[str, str],
    in_order: bool,
) -> list[Student]:
    """Return the chosen students, each once, and ask for their work as they come.

    Nobody in an early view that does not yet know whether the list that is kept holds.
    """
    period_id = "" if wanted.period in ("", EVERY_PERIOD) else wanted.period
    called = call_roll(sources, course, period_id, changes=work.asks_for_changes)
    if called is None:
        return []
    active, *others = start_everybody(sources, course, wanted, period_id, called.terms)
    found = students_named([active, *others], work, sections, in_order)
    if all_here(active):
        keep_roll(sources, course, called, active.rows(), period_id)
    return found


def start_everybody(
    sources: Sources, course: Course, wanted: GradebookFilter, period_id: str, terms: Terms
) -> list[ListSource[ClassEnrollment]]:
    """Start a list of students for each state of enrollment that the filter includes.

    The order is active, on these ``terms``, then concluded, then inactive. In a course that is over
    the concluded are always included, because all enrollments ended with it.
    """
    over = course.workflow_state == "completed" or is_over(course, sources.now())
    states = [
        *((("completed",),) if wanted.concluded or over else ()),
        *((("inactive",),) if wanted.inactive else ()),
    ]
    return [
        start_students(sources, course, ("active",), period_id, terms=terms),
        *(start_students(sources, course, state, period_id, terms=RENEWED) for state in states),
    ]


def students_named(
    handles: Sequence[ListSource[ClassEnrollment]],
    work: ClassWork,
    sections: Mapping[str, str],
    in_order: bool,
) -> list[Student]:
    """Return the students of these lists, each once, and ask for their work as they come.

    While a list is still being read, an early view has the students that have come, or none at all
    unless ``in_order``: sorted otherwise, its rows would change places.
    """
    lists = []
    for handle in handles:
        came = []
        for row in handle.arriving():
            if row.user_id:
                work.name(row.user_id)
            came.append(row)
        lists.append(came if handle.waiting else handle.rows())
    found: dict[str, Student] = {}
    for rows in lists:
        for student in students_of(rows, sections):
            found.setdefault(student.user_id, student)
    partly = any(handle.waiting for handle in handles)
    return [] if partly and not in_order else list(found.values())


def period_meant(
    wanted: GradebookFilter, listed: ListSource[GradingPeriod], now: datetime
) -> GradebookFilter:
    """Return the filter with its grading period filled in.

    That is the current one if none is chosen. It is all of them if no period is current, or the
    course does not have the chosen one.
    """
    known = {period.id for period in listed.rows()}
    if wanted.period == EVERY_PERIOD or wanted.period in known:
        return wanted
    runs = None if wanted.period else running(listed.rows(), now)
    return replace(wanted, period=runs.id if runs else EVERY_PERIOD)


def lay_out(asked: AskedGradebook, now: datetime) -> GradebookPage:
    """Build the page from Canvas's answers."""
    works = {work.id: work for work in asked.columns}
    names = {group.id: group.name or "" for group in asked.groups}
    columns = tuple(column(work, names) for work in asked.columns)
    sealed = any(map(is_sealed, asked.works))
    rows = [
        matrix_row(
            student,
            asked.work[student.user_id],
            works,
            asked.course,
            now,
            subtotal_of(asked, asked.work[student.user_id]),
            sealed=sealed,
        )
        for student in asked.students
    ]
    if asked.wanted.sort == "missing":
        rows = by_missing(rows)
    scores = [row.current_score for row in rows if row.current_score is not None]
    return GradebookPage(
        sources=asked.sources,
        complete=complete(asked.sources),
        profile=asked.profile,
        now=now,
        course_id=asked.course.id,
        course_name=asked.course.name or "",
        letters=bool(asked.course.restrict_quantitative_data),
        rows=tuple(rows),
        columns=columns,
        footers=footers(columns, rows),
        mean=round(sum(scores) / len(scores), 2) if scores else None,
        total=len(asked.every),
        wanted=asked.wanted,
        sections=taken_sections(asked.every, asked.sections),
        student_groups=asked.student_groups,
        looked=asked.looked,
        groups=tuple(names.items()),
        periods=tuple((period.id, period.title or "") for period in asked.periods),
    )


def subtotal_of(
    asked: "AskedGradebook | StartedGradebook", rows: Sequence[ClassSubmission] | None
) -> float | None:
    """Return a student's percentage in the chosen assignment group.

    None if no group is chosen or the student's submissions are not all here.
    """
    if not asked.wanted.group or rows is None:
        return None
    return group_subtotal(asked.course, asked.groups, asked.columns, rows, asked.wanted.group)


def stream(
    sources: Sources, course_id: str, wanted: GradebookFilter, part: slice
) -> GradebookStream:
    """Start a gradebook whose rows can be sent while it is made.

    It covers the whole course unless a grading period is chosen. Raise the CanvasError of the
    course itself, or StaffOnly, before anything is sent.
    """
    started = start_gradebook(sources, course_id, wanted, lambda _: part, current=False)
    works = {work.id: work for work in started.columns}
    names = {group.id: group.name or "" for group in started.groups}
    columns = tuple(column(work, names) for work in started.columns)
    sealed = any(map(is_sealed, started.works))
    now = sources.now()

    def rows() -> Iterator[MatrixRow]:
        every = wanted.sort == "missing"
        for student in started.students if every else started.students[part]:
            found = started.work.of(student.user_id)
            subtotal = subtotal_of(started, found)
            yield matrix_row(student, found, works, started.course, now, subtotal, sealed=sealed)
        started.work.finish(whole=all_here(started.begun.works))

    ordered = iter(by_missing(rows())[part]) if wanted.sort == "missing" else rows()
    head = {
        "course_id": started.course.id,
        "period": wanted.period or EVERY_PERIOD,
        "total": len(started.students),
        "assignments": columns,
    }
    return GradebookStream(head, columns, ordered, sources, started.work)
