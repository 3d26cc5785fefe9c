"""The gradebook's cells, columns and rows below."""

from datetime import UTC, datetime, timedelta
from typing import Any

from werkzeug.datastructures import MultiDict

from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    ClassSubmission,
    Course,
    DropRules,
    GradingPeriod,
)
from canvas_app.domain.class_roll import Student
from canvas_app.domain.matrix import (
    SEALED,
    Column,
    GradebookFilter,
    by_missing,
    column,
    columns_of,
    footers,
    group_subtotal,
    matrix_cell,
    matrix_row,
    sorted_students,
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)
COURSE = Course(id="1")
GROUPS = [AssignmentGroup(id="g", position=2), AssignmentGroup(id="h", position=1)]
PERIOD = GradingPeriod(id="5", start_date=NOW - timedelta(days=9), end_date=NOW)


def work(id_: str, group: str = "g", **facts: Any) -> Assignment:
    return Assignment(id=id_, assignment_group_id=group, points_possible=10.0, **facts)


def row(work_id: str = "1", **facts: Any) -> ClassSubmission:
    return ClassSubmission(assignment_id=work_id, user_id="1", **facts)


def test_columns_by_group_and_period() -> None:
    works = [
        work("1", due_at=NOW - timedelta(days=1)),
        work("2", "h", due_at=NOW - timedelta(days=20)),
        work("3", "?"),
    ]

    def ids(**wanted: Any) -> list[str]:
        found = columns_of(works, GROUPS, [PERIOD], GradebookFilter(**wanted))
        return [each.id for each in found]

    assert ids() == ids(period="all") == ["2", "1", "3"]
    assert ids(group="g") == ["1"]
    assert ids(period="5") == ["1", "3"]  # without a date: in the last one
    assert columns_of(works, GROUPS, [], GradebookFilter(period="5"))
    shown = column(work("1", omit_from_final_grade=True), {"g": "Homework"})
    assert (shown.group, shown.counts) == ("Homework", False)


def test_cell_tells_nothing_of_anonymous_work() -> None:
    graded = row(score=7.0, grade="7", posted_at=NOW, late=True)
    cell = matrix_cell(graded, work("1"), COURSE, NOW)
    assert (cell.status, cell.score, cell.late, cell.posted) == ("graded", 7.0, True, True)
    assert matrix_cell(graded, work("1", anonymize_students=True), COURSE, NOW) is SEALED
    assert matrix_cell(row(), work("1", moderated_grading=True), COURSE, NOW) is SEALED


def test_row_without_its_work_is_lacking() -> None:
    student = Student("1", "Maya", "Maya", unposted_current_score=80.0)
    whole = matrix_row(student, [row(score=1.0)], {"1": work("1")}, COURSE, NOW)
    lost = matrix_row(student, None, {"1": work("1")}, COURSE, NOW, sealed=True)
    assert (list(whole.cells), whole.lacking, whole.unposted_current_score) == (["1"], False, 80.0)
    assert (lost.cells, lost.lacking, lost.unposted_current_score) == ({}, True, None)


def test_subtotal_drops_by_the_rules() -> None:
    works = [work("1"), work("2"), work("3", "h")]
    rows = [row(n, score=s, posted_at=NOW) for n, s in (("1", 10.0), ("2", 5.0), ("3", 0.0))]
    drop = AssignmentGroup(id="g", rules=DropRules(drop_lowest=1))
    assert group_subtotal(COURSE, GROUPS, works, rows, "g") == 75.0
    assert group_subtotal(COURSE, [drop], works, rows, "g") == 100.0
    assert group_subtotal(COURSE, GROUPS, works, [], "g") is None
    assert group_subtotal(COURSE, GROUPS, works, rows, "?") is None


def test_rows_below_count_everybody() -> None:
    works = {"1": work("1")}
    students = [Student(n, n, n) for n in "abc"]
    rows = [
        matrix_row(students[0], [row(score=8.0, posted_at=NOW)], works, COURSE, NOW),
        matrix_row(students[1], [row(missing=True, score=0.0)], works, COURSE, NOW),
        matrix_row(students[2], [row(workflow_state="submitted")], works, COURSE, NOW),
    ]
    found = footers([Column("1", "", None, None), Column("2", "", None, None)], rows)
    one, none = found["1"], found["2"]
    assert (one.graded, one.waiting, one.missing, one.mean) == (2, 1, 1, 4.0)
    assert (none.graded, none.mean) == (0, None)
    assert [each.user_id for each in by_missing(rows)] == ["b", "a", "c"]


def test_filter_and_order_of_students() -> None:
    def read(*pairs: tuple[str, str]) -> GradebookFilter:
        return GradebookFilter.from_query(MultiDict(pairs))

    odd = read(("section", "x"), ("period", "?"), ("sort", "odd"), ("view", "odd"), ("group", ""))
    assert odd == GradebookFilter()
    assert read(("period", "all"), ("view", "heat"), ("inactive", "1")) == GradebookFilter(
        period="all", view="heat", inactive=True
    )
    assert read(("student_group", "7"), ("section", "5")) == GradebookFilter(
        section="5", student_group="7"
    )
    low, high = Student("1", "b", "b", current_score=10.0), Student("2", "a", "a", final_score=1.0)
    assert sorted_students([low, high], "name") == [high, low]
    assert sorted_students([high, low], "current") == [low, high]
    assert sorted_students([low, high], "final") == [high, low]
