"""A submission as one line of a file."""

from canvas_app.domain.class_roll import Student
from canvas_app.domain.class_student import StudentWork
from canvas_app.services.exports import ExportLine


def test_line_says_whose_and_what() -> None:
    student = Student("7", "Maya", "Lindqvist, Maya", ("Monday",), login="maya", sis_id="S7")
    work = StudentWork("1", "2", "Essay", "Homework", "graded", None, 10.0, score=8.0)

    found = ExportLine(student, work).flat()

    assert (found["user_id"], found["sortable_name"]) == ("7", "Lindqvist, Maya")
    assert (found["assignment_id"], found["title"], found["score"]) == ("1", "Essay", 8.0)
    assert "login" not in found
