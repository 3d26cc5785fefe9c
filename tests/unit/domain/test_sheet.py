"""A gradebook in pages: of students, and of assignments where there are many."""

from itertools import pairwise

import pytest
from werkzeug.datastructures import MultiDict

from canvas_app.domain.sheet import (
    MOST_COLUMNS,
    WantedSheet,
    columns_of_page,
    sheet_of,
    students_fitting,
)


@pytest.mark.parametrize(
    ("assignments", "columns"), [(0, 1), (1, 1), (40, 40), (41, 21), (100, 34), (120, 40)]
)
def test_assignments_are_split_evenly(assignments: int, columns: int) -> None:
    assert columns_of_page(assignments) == columns


@pytest.mark.parametrize("columns", range(1, MOST_COLUMNS + 1))
def test_table_keeps_within_its_elements(columns: int) -> None:
    """Head, four rows below, and for each student a name, two totals and a cell a column."""
    students = students_fitting(columns)
    head, foot = 5 + 2 * columns, 4 * (4 + columns)
    assert 15 <= students <= 50
    assert head + foot + students * (5 + columns) <= 1_250


def test_each_student_and_assignment_is_on_one_page() -> None:
    first, *others = (sheet_of(WantedSheet(n, n), 64, 100) for n in range(1, 6))
    places = [(p.students.first, p.students.last) for p in (first, *others)]
    assert places[0][0] == 1
    assert all(before[1] + 1 == after[0] for before, after in pairwise(places) if before != after)
    assert others[-1].students.last == 64
    assert [p.assignments.last for p in (first, *others)] == [34, 68, 100, 100, 100]


def test_students_shown_are_those_of_the_sheet() -> None:
    wanted = WantedSheet.from_query(MultiDict([("page", "2"), ("columns", "x")]))
    place = sheet_of(wanted, 640, 40).students
    assert wanted == WantedSheet(2, 1)
    assert wanted.students_shown(40) == slice(place.first - 1, place.last)
