"""The gradebook's page, laid out from what came."""

from datetime import UTC, datetime
from typing import Any

from canvas_app.canvas.models import Assignment, AssignmentGroup, ClassSubmission, Course
from canvas_app.domain.class_roll import Student
from canvas_app.domain.matrix import GradebookFilter
from canvas_app.services.class_gradebook import AskedGradebook, lay_out

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def asked(**more: Any) -> AskedGradebook:
    students = [
        Student("1", "Maya", "Maya", ("Morning",), frozenset({"7"}), current_score=80.0),
        Student("2", "Jonas", "Jonas", current_score=90.0, unposted_current_score=91.0),
    ]
    works = [Assignment(id="5", name="Essay", assignment_group_id="3", points_possible=10.0)]
    missed = ClassSubmission(user_id="2", assignment_id="5", missing=True)
    given: dict[str, Any] = {
        "canvas_url": "https://canvas.test",
        "course": Course(id="1", name="Biology", restrict_quantitative_data=True),
        "students": students,
        "every": students,
        "columns": works,
        "works": works,
        "groups": [AssignmentGroup(id="3", name="Essays")],
        "sections": {"7": "Morning", "8": "Nobody's"},
        "work": {"1": [], "2": [missed]},
    }
    return AskedGradebook(**(given | more))


def test_page_has_what_can_be_chosen() -> None:
    page = lay_out(asked(), NOW)
    assert (page.course_name, page.letters, page.total, page.mean) == ("Biology", True, 2, 85.0)
    assert page.sections == (("7", "Morning"),)
    assert page.groups == (("3", "Essays"),)
    assert page.footers["5"].missing == 1
    assert page.rows[1].unposted_current_score == 91.0


def test_most_missing_first() -> None:
    page = lay_out(asked(wanted=GradebookFilter(sort="missing")), NOW)
    assert [row.name for row in page.rows] == ["Jonas", "Maya"]


def test_totals_with_anonymous_grades_are_not_told() -> None:
    sealed = [Assignment(id="9", anonymize_students=True)]
    page = lay_out(asked(works=sealed, work={"1": None, "2": []}), NOW)
    assert [row.unposted_current_score for row in page.rows] == [None, None]
    assert [row.lacking for row in page.rows] == [True, False]
