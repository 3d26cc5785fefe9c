"""A class's tables for files, made student by student so that any class fits into memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import Assignment, ClassSubmission
from canvas_app.domain.attention import AttentionRules
from canvas_app.domain.class_roll import Student
from canvas_app.domain.class_student import Desk, StudentWork, student_works
from canvas_app.domain.class_work import is_sealed
from canvas_app.domain.grade_book import EVERY_PERIOD
from canvas_app.domain.matrix import Column, GradebookFilter, MatrixRow, column, matrix_row
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.roster import RosterRow, open_works, points_fallen, roster_row
from canvas_app.services.class_gradebook import StartedGradebook, start_gradebook, subtotal_of
from canvas_app.services.classes import all_here
from canvas_app.services.long_work import LongWork
from canvas_app.sources.answer import Source
from canvas_app.sources.sources import Sources

EXPORT_TABLES = ("gradebook", "submissions", "roster")


@dataclass(frozen=True)
class WantedTable:
    """A table of a class: its name, the choice of students and work, and the roster's rules."""

    name: str
    choice: GradebookFilter = field(default_factory=GradebookFilter)
    rules: AttentionRules = field(default_factory=AttentionRules)


@dataclass(frozen=True)
class ExportLine:
    """One submission of one student."""

    student: Student
    work: StudentWork

    def flat(self) -> dict[str, Any]:
        """Return the line as one flat JSON object."""
        student = self.student
        whose = {"user_id": student.user_id, "name": student.name, "sections": student.sections}
        return whose | {"sortable_name": student.sortable_name} | vars(self.work)


ExportRow = MatrixRow | RosterRow | ExportLine


@dataclass(frozen=True)
class LongTable:
    """A table that is made while it is read.

    ``rows`` yields the rows of one student at a time; it raises the CanvasError that ends the table
    early. ``lost`` is known only after the last row.
    """

    name: str
    head: dict[str, Any]
    columns: tuple[Column, ...]
    total: int  # students
    rows: Iterator[Sequence[ExportRow]]
    work: LongWork
    sources: tuple[Source, ...]

    def lost(self) -> list[Source]:
        """Return the sources of which something is missing."""
        return [source for source in self.sources if not source.here] + self.work.lost


def begin_table(
    sources: Sources,
    new_sources: Callable[[], Sources],
    course_id: str,
    wanted: WantedTable,
) -> LongTable:
    """Ask for the class, and return its gradebook, its roster or all its submissions.

    Raise the CanvasError of the course itself, or StaffOnly. ``new_sources`` makes the sources for
    the work of a few students; each has a deadline of its own.
    """
    choice = wanted.choice
    if wanted.name == "roster":  # is of the whole course
        choice = replace(choice, period="", group="")
    started = start_gradebook(
        sources, course_id, choice, lambda _: slice(0), current=False, with_work=False
    )
    work = LongWork(new_sources, started.course, started.students, started.works)
    builder = ItemBuilder(
        sources.api.canvas_url, {started.course.id: started.course}, {}, sources.now()
    )
    names = {group.id: group.name or "" for group in started.groups}
    if wanted.name == "gradebook":
        rows = matrix_rows(started, work, builder)
    elif wanted.name == "roster":
        works = open_to_graders(sources, started)
        rows = roster_rows(started, work, wanted.rules, builder.now, works)
    else:
        rows = submission_lines(started, work, builder, names)
    columns = tuple(column(each, names) for each in started.columns)
    return LongTable(
        name=wanted.name,
        head={
            "course_id": started.course.id,
            "period": choice.period or EVERY_PERIOD,
            "total": len(started.students),
            "assignments": columns,
        },
        columns=columns,
        total=len(started.students),
        rows=rows,
        work=work,
        sources=sources.states(),
    )


def matrix_rows(
    started: StartedGradebook, work: LongWork, builder: ItemBuilder
) -> Iterator[Sequence[ExportRow]]:
    """Yield each student's row of the gradebook."""
    works = {each.id: each for each in started.columns}
    sealed = any(map(is_sealed, started.works))
    for student, found in work.each():
        subtotal = subtotal_of(started, found)
        row = matrix_row(
            student, found, works, started.course, builder.now, subtotal, sealed=sealed
        )
        yield (row,)


def open_to_graders(sources: Sources, started: StartedGradebook) -> dict[str, Assignment]:
    """Return the works that count by name; whether moderated grades are published is asked for."""
    moderated = [each.id for each in started.works if each.moderated_grading]
    if not moderated:
        return open_works(started.works, ())
    call = partial(CanvasAPI.class_submissions, course_id=started.course.id)
    asked = sources.start("moderated work", partial(call, assignment_ids=tuple(moderated)))
    return open_works(started.works, [asked.rows()])


def roster_rows(
    started: StartedGradebook,
    work: LongWork,
    rules: AttentionRules,
    now: datetime,
    works: Mapping[str, Assignment],
) -> Iterator[Sequence[ExportRow]]:
    """Yield each student's row of the roster."""
    known = any(student.last_activity_at for student in started.students)
    here = all_here(started.begun.works)
    for student, rows in work.each():
        found = rows if here else None
        mine = [row for row in found or () if row.assignment_id in works]
        fell = None
        if found is not None and started.groups:
            fell = points_fallen(
                started.course, started.groups, works.values(), mine, now, started.periods
            )
        yield (roster_row(student, found, works, rules, fell=fell, activity_known=known, now=now),)


def submission_lines(
    started: StartedGradebook, work: LongWork, builder: ItemBuilder, groups: Mapping[str, str]
) -> Iterator[Sequence[ExportRow]]:
    """Yield each student's submissions to the chosen assignments."""
    for student, found in work.each():
        rows: Sequence[ClassSubmission] = found or ()
        named = open_works(started.columns, [rows])
        desk = Desk(started.course, named, groups, builder, builder.now)
        yield [ExportLine(student, each) for each in student_works(started.columns, rows, desk)]
