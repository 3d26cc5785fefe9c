"""The class's gradebook: students by assignments, and the content of each cell."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from msgspec import Struct

from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    ClassSubmission,
    Course,
    GradingPeriod,
)
from canvas_app.domain import grade_calculator
from canvas_app.domain.class_roll import Student
from canvas_app.domain.class_work import ANONYMOUS, is_sealed, teacher_status, waits
from canvas_app.domain.grade_book import EVERY_PERIOD, counts, float_of, period_of
from canvas_app.domain.letters import grade_shown
from canvas_app.domain.queries import Query
from canvas_app.domain.roster import student_book

MATRIX_SORTS = ("name", "current", "final", "missing")
MATRIX_VIEWS = ("scores", "heat")


class MatrixCell(Struct, frozen=True, gc=False):
    """One student's submission to one assignment, as a grader sees it.

    ``status`` is a teacher's chip, or "anonymous", and then nothing else is shown. ``waits``: for a
    grade.
    """

    status: str
    score: float | None
    grade: str | None
    late: bool
    missing: bool
    excused: bool
    posted: bool
    waits: bool = False


SEALED = MatrixCell(ANONYMOUS, None, None, False, False, False, False)


class MatrixRow(Struct, frozen=True, gc=False):
    """One student: ``cells`` by assignment id, without work that is not assigned to them.

    ``lacking``: not all of their submissions came, so there are no cells. The totals are Canvas's,
    of the chosen grading period; ``subtotal`` is Easel's, of the chosen group.
    """

    user_id: str
    name: str
    sortable_name: str
    sections: tuple[str, ...]
    current_score: float | None
    final_score: float | None
    cells: dict[str, MatrixCell]
    current_grade: str | None = None
    override_score: float | None = None
    unposted_current_score: float | None = None
    unposted_final_score: float | None = None
    subtotal: float | None = None
    state: str = "active"
    lacking: bool = False


@dataclass(frozen=True)
class Column:
    """An assignment; ``counts`` for the final grade. ``hidden``: grades are posted by hand."""

    id: str
    title: str
    due_at: datetime | None
    points_possible: float | None
    group: str = ""
    counts: bool = True
    anonymous: bool = False


@dataclass(frozen=True)
class Footer:
    """A column summed up over all chosen students; ``mean`` of the scores, None without any."""

    graded: int
    waiting: int
    missing: int
    mean: float | None


@dataclass(frozen=True)
class GradebookFilter:
    """Filters for the gradebook. Unknown values are ignored.

    ``period`` is a grading period's id, "all", or empty for the page's default.
    """

    section: str = ""
    student_group: str = ""
    period: str = ""
    group: str = ""
    concluded: bool = False
    inactive: bool = False
    sort: str = MATRIX_SORTS[0]
    view: str = MATRIX_VIEWS[0]

    @property
    def filtered(self) -> bool:
        """Return whether anything but the grading period is chosen."""
        return replace(self, period="") != GradebookFilter()

    @classmethod
    def from_query(cls, args: Query) -> "GradebookFilter":
        """Read section, student_group, period, group, concluded, inactive, sort and view."""

        def one(name: str, known: Collection[str] = ()) -> str:
            found = [v for v in args.getlist(name) if (v in known if known else is_id(v))]
            return found[0] if found else ""

        periods = [v for v in args.getlist("period") if v == EVERY_PERIOD or is_id(v)]
        return cls(
            section=one("section"),
            student_group=one("student_group"),
            period=periods[0] if periods else "",
            group=one("group"),
            concluded="1" in args.getlist("concluded"),
            inactive="1" in args.getlist("inactive"),
            sort=one("sort", MATRIX_SORTS) or MATRIX_SORTS[0],
            view=one("view", MATRIX_VIEWS) or MATRIX_VIEWS[0],
        )


def is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 25


def columns_of(
    works: Iterable[Assignment],
    groups: Sequence[AssignmentGroup],
    periods: Sequence[GradingPeriod],
    wanted: GradebookFilter,
) -> list[Assignment]:
    """Return the chosen assignments in the order of their groups; periods go by the base date."""
    places = {group.id: (group.position or 0, place) for place, group in enumerate(groups)}
    last = (len(places) + 10**6, 0)

    def taken(work: Assignment) -> bool:
        in_group = not wanted.group or work.assignment_group_id == wanted.group
        whole = wanted.period in ("", EVERY_PERIOD) or not periods
        return in_group and (whole or period_of(work, periods) == wanted.period)

    return sorted(
        (work for work in works if taken(work)),
        key=lambda work: (places.get(work.assignment_group_id or "", last), work.position or 0),
    )


def column(work: Assignment, groups: Mapping[str, str]) -> Column:
    return Column(
        id=work.id,
        title=work.name or "",
        due_at=work.due_at,
        points_possible=work.points_possible,
        group=groups.get(work.assignment_group_id or "", ""),
        counts=counts(work),
        anonymous=is_sealed(work),
    )


def matrix_cell(
    row: ClassSubmission, work: Assignment, course: Course, now: datetime
) -> MatrixCell:
    """Return one cell; for anonymous work, only the fact that it is anonymous."""
    if is_sealed(work, (row,)):
        return SEALED
    letters = bool(course.restrict_quantitative_data)
    return MatrixCell(
        status=teacher_status(row, work, now),
        score=row.score,
        grade=grade_shown(row.grade, letters, course, row.score, work.points_possible),
        late=bool(row.late),
        missing=bool(row.missing),
        excused=bool(row.excused),
        posted=row.posted_at is not None,
        waits=waits(row),
    )


def matrix_row(
    student: Student,
    rows: Sequence[ClassSubmission] | None,
    works: Mapping[str, Assignment],
    course: Course,
    now: datetime,
    subtotal: float | None = None,
    *,
    sealed: bool = False,
) -> MatrixRow:
    """Return one student's row; ``works`` are the columns by id.

    ``sealed``: some work is anonymous, so neither its grades nor totals that contain them may stand
    beside a name.
    """
    return MatrixRow(
        user_id=student.user_id,
        name=student.name,
        sortable_name=student.sortable_name,
        sections=student.sections,
        current_score=student.current_score,
        final_score=student.final_score,
        cells={
            row.assignment_id: matrix_cell(row, works[row.assignment_id], course, now)
            for row in rows or ()
            if row.assignment_id and row.assignment_id in works
        },
        current_grade=student.current_grade,
        override_score=student.override_score,
        unposted_current_score=None if sealed else student.unposted_current_score,
        unposted_final_score=None if sealed else student.unposted_final_score,
        subtotal=subtotal,
        state=student.state,
        lacking=rows is None,
    )


def group_subtotal(
    course: Course,
    groups: Sequence[AssignmentGroup],
    works: Collection[Assignment],
    rows: Sequence[ClassSubmission],
    group_id: str,
) -> float | None:
    """Return a student's percentage of a group, from posted grades, by the group's own rules."""
    open_ones = [work for work in works if not is_sealed(work)]
    book = student_book(course, groups, open_ones, rows)
    total = grade_calculator.current(book)
    found = next((group for group in total.groups if group.id == group_id), None)
    percent = float_of(found.percent) if found else None
    return None if percent is None else round(percent, 2)


def footers(columns: Iterable[Column], rows: Sequence[MatrixRow]) -> dict[str, Footer]:
    """Return each column's footer over these rows; anonymous cells add nothing."""
    found = {}
    for each in columns:
        cells = [row.cells[each.id] for row in rows if each.id in row.cells]
        scores = [one.score for one in cells if one.score is not None and not one.excused]
        found[each.id] = Footer(
            graded=sum(one.score is not None or one.grade is not None for one in cells),
            waiting=sum(one.waits for one in cells),
            missing=sum(one.missing for one in cells),
            mean=round(sum(scores) / len(scores), 2) if scores else None,
        )
    return found


def sorted_students(students: Iterable[Student], sort: str) -> list[Student]:
    """Sort by name, or by a total with the lowest first; ties are sorted by name."""

    def key(student: Student) -> tuple[object, ...]:
        name = (student.sortable_name.casefold(), student.user_id)
        if sort not in ("current", "final"):
            return name
        score = student.current_score if sort == "current" else student.final_score
        return score is None, score or 0.0, *name

    return sorted(students, key=key)


def by_missing(rows: Iterable[MatrixRow]) -> list[MatrixRow]:
    """Sort the rows with most missing work first; otherwise keep their order."""
    return sorted(rows, key=lambda row: -sum(one.missing for one in row.cells.values()))
