"""Which students and assignments of a gradebook stand on one page."""

from dataclasses import dataclass, field

from canvas_app.domain.pieces import Place, piece_at, piece_number
from canvas_app.domain.queries import Query

MOST_COLUMNS = 40
"""Assignments of one page; more are split into pages of about the same width."""
MOST_ROWS = 50  # students of one page
TABLE = 1_240
"""Elements of the table of one page: with what stands around it, a page has at most 1,500."""


@dataclass(frozen=True)
class WantedSheet:
    """Which page of the students and which of the assignments, counted from 1."""

    students: int = 1
    assignments: int = 1

    @classmethod
    def from_query(cls, args: Query) -> "WantedSheet":
        """Read page (of the students) and columns (of the assignments)."""
        return cls(piece_number(args.getlist("page")), piece_number(args.getlist("columns")))

    def students_shown(self, assignments: int) -> slice:
        """Return which students are shown of a gradebook with so many assignments."""
        students = students_fitting(columns_of_page(assignments))
        return slice((self.students - 1) * students, self.students * students)


@dataclass(frozen=True)
class Sheet:
    """The places of the students and of the assignments that one page shows."""

    students: Place = field(default_factory=Place)
    assignments: Place = field(default_factory=Place)


def sheet_of(wanted: WantedSheet, students: int, assignments: int) -> Sheet:
    """Return the place of a page in its gradebook; of the last one if there are not so many."""
    columns = columns_of_page(assignments)
    return Sheet(
        piece_at([1] * students, wanted.students, students_fitting(columns)),
        piece_at([1] * assignments, wanted.assignments, columns),
    )


def columns_of_page(assignments: int) -> int:
    """Return how many of the assignments stand on each page; on the last there may be fewer."""
    pages = max(1, -(-assignments // MOST_COLUMNS))
    return max(1, -(-assignments // pages))


def students_fitting(columns: int) -> int:
    """Return how many students fit on a page with so many assignments.

    An assignment has a title with a link and four figures below; a student has a row with a name
    and two totals.
    """
    return min((TABLE - 20 - 6 * columns) // (columns + 7), MOST_ROWS)
