"""A class's tables for files, made student by student so that any class fits into memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from canvas_app.canvas.models import ClassSubmission
from canvas_app.domain.class_roll import Student
from canvas_app.domain.class_student import Desk, StudentWork, student_works
from canvas_app.domain.class_work import is_sealed
from canvas_app.domain.grade_book import EVERY_PERIOD
from canvas_app.domain.matrix import Column, GradebookFilter, MatrixRow, column, matrix_row
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.roster import open_works
from canvas_app.services.class_gradebook import StartedGradebook, start_gradebook, subtotal_of
from canvas_app.services.long_work import LongWork
from canvas_app.sources.answer import Source
from canvas_app.sources.sources import Sources

EXPORT_TABLES = ("gradebook", "submissions")


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
    rows: Iterator[Sequence[MatrixRow | ExportLine]]
    work: LongWork
    sources: tuple[Source, ...]

    def lost(self) -> list[Source]:
        """Return the sources of which something is missing."""
        return [source for source in self.sources if not source.here] + self.work.lost


def begin_table(
    sources: Sources,
    new_sources: Callable[[], Sources],
    course_id: str,
    wanted: GradebookFilter,
    table: str,
) -> LongTable:
    """Ask for the class, and return its gradebook or all its submissions (``table``).

    Raise the CanvasError of the course itself, or StaffOnly. ``new_sources`` makes the sources for
    the work of a few students; each has a deadline of its own.
    """
    started = start_gradebook(
        sources, course_id, wanted, lambda _: slice(0), current=False, with_work=False
    )
    work = LongWork(new_sources, started.course, started.students, started.works)
    builder = ItemBuilder(
        sources.api.canvas_url, {started.course.id: started.course}, {}, sources.now()
    )
    names = {group.id: group.name or "" for group in started.groups}
    rows: Iterator[Sequence[MatrixRow | ExportLine]]
    if table == "gradebook":
        rows = matrix_rows(started, work, builder)
    else:
        rows = submission_lines(started, work, builder, names)
    columns = tuple(column(each, names) for each in started.columns)
    return LongTable(
        name=table,
        head={
            "course_id": started.course.id,
            "period": wanted.period or EVERY_PERIOD,
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
) -> Iterator[Sequence[MatrixRow | ExportLine]]:
    """Yield each student's row of the gradebook."""
    works = {each.id: each for each in started.columns}
    sealed = any(map(is_sealed, started.works))
    for student, found in work.each():
        subtotal = subtotal_of(started, found)
        row = matrix_row(
            student, found, works, started.course, builder.now, subtotal, sealed=sealed
        )
        yield (row,)


def submission_lines(
    started: StartedGradebook, work: LongWork, builder: ItemBuilder, groups: Mapping[str, str]
) -> Iterator[Sequence[MatrixRow | ExportLine]]:
    """Yield each student's submissions to the chosen assignments."""
    for student, found in work.each():
        rows: Sequence[ClassSubmission] = found or ()
        named = open_works(started.columns, [rows])
        desk = Desk(started.course, named, groups, builder, builder.now)
        yield [ExportLine(student, each) for each in student_works(started.columns, rows, desk)]
