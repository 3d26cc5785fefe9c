"""Where only letters may be shown, for whom, and which letter a score has."""

import pytest

from canvas_app.canvas.models import Assignment, Course, CourseEnrollment
from canvas_app.domain.letters import grade_shown, letters_only, total_letter

SCHEME = [["A", 0.9], ["B", 0.8], ["F", 0.0]]


@pytest.mark.parametrize(
    ("roles", "own", "expected"),
    [
        (["student"], None, True),
        (["observer"], None, True),
        (["teacher"], False, False),
        (["ta"], False, False),
        (["designer"], False, False),
        (["ta", "student"], False, True),
        ([], None, True),
    ],
)
def test_letters_bind_those_who_do_not_teach(roles, own, expected):
    """The course's flag is true for its teachers too (course.rb)."""
    enrollments = [CourseEnrollment(type=role) for role in roles]
    course = Course(id="1", restrict_quantitative_data=True, enrollments=enrollments)

    assert letters_only(course, Assignment(id="2", restrict_quantitative_data=own)) is expected


def test_works_own_flag_is_enough():
    work = Assignment(id="2", restrict_quantitative_data=True)

    assert letters_only(None, work)
    assert letters_only(Course(id="1"), work)
    assert not letters_only(Course(id="1"))


@pytest.mark.parametrize(
    ("grade", "score", "points", "expected"),
    [
        ("18", 18, 20, "A"),
        ("17.99", 17.99, 20, "B"),
        ("85 %", 17, 20, "B"),
        (None, 18, 20, "A"),
        ("B+", 18, 20, "B+"),
        ("complete", 1, 1, "complete"),
        ("-1", -1, 20, "F"),
        ("18", 18, 0, None),
        ("18", None, 20, None),
        (None, None, 20, None),
    ],
)
def test_number_becomes_its_letter(grade, score, points, expected):
    course = Course(id="1", grading_scheme=SCHEME)

    assert grade_shown(grade, True, course, score, points) == expected
    assert grade_shown(grade, False, course, score, points) == grade


def test_no_scheme_no_letter():
    assert grade_shown("18", True, None, 18, 20) is None
    assert grade_shown("18", True, Course(id="1"), 18, 20) is None
    assert total_letter(Course(id="1", grading_scheme=SCHEME), None) is None


@pytest.mark.parametrize("grade", ["1" + " " * 100_000 + "x", " " * 100_000, "1" * 100_000 + "x"])
def test_endless_text_is_no_number(grade):
    """It is shown unchanged, and recognised in one pass."""
    assert grade_shown(grade, True) == grade


def test_endless_blanks_are_a_number_still():
    grade = " 85" + " " * 100_000 + "%"

    assert grade_shown(grade, True) is None
