"""Courses as rows: states, roles, grades, order."""

from datetime import UTC, datetime, timedelta

import pytest

from canvas_app.canvas.models import (
    Course,
    CourseEnrollment,
    CourseSection,
    Enrollment,
    Term,
)
from canvas_app.domain.courses import (
    by_role_and_term,
    course_row,
    each_once,
    enrolled,
    grade_of,
    grade_text,
    in_order,
    roles_of,
    span_of,
    state_of,
    student_enrollment,
    union,
    with_ended,
)
from canvas_app.domain.rows import CourseRow, Enrolled

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BY_DATES = {"restrict_enrollments_to_course_dates": True}
LONGER = {"sections": [CourseSection(id="3", end_at=NOW + timedelta(days=9))]}
STUDIED = CourseEnrollment(type="student", role="StudentEnrollment", enrollment_state="completed")
ASSISTS = CourseEnrollment(type="ta", role="Grader", enrollment_state="active")


def section(name: str | None, role: str | None) -> CourseSection:
    return CourseSection(id="1", name=name, enrollment_role=role)


def test_active_student_enrollment_counts():
    both = Course(
        id="1",
        name="x",
        enrollments=[
            CourseEnrollment(type="teacher", enrollment_state="active"),
            CourseEnrollment(
                type="student", enrollment_state="completed", computed_current_score=1.0
            ),
            CourseEnrollment(
                type="student", enrollment_state="active", computed_current_score=92.4
            ),
        ],
    )

    assert student_enrollment(both).computed_current_score == 92.4
    assert grade_of(both) == ("percentage", 92.4, None, "whole course")
    assert grade_of(Course(id="1"))[0] == "not_available"


@pytest.mark.parametrize(
    ("course_facts", "enrollment", "state"),
    [
        ({}, {"computed_current_score": None}, "none"),
        ({}, {"computed_current_score": None, "computed_current_grade": "B"}, "letter"),
        ({}, {}, "not_available"),
        ({"hide_final_grades": True}, {}, "hidden"),
        (
            {"restrict_quantitative_data": True},
            {"computed_current_score": 90.0, "computed_current_grade": "A"},
            "letter",
        ),
        # A total whose letter did not come is no missing grade.
        ({"restrict_quantitative_data": True}, {"computed_current_score": 90.0}, "not_available"),
        ({"restrict_quantitative_data": True}, {"computed_current_score": None}, "none"),
        (
            {"restrict_quantitative_data": True, "grading_scheme": [["A", 0.9], ["B", 0]]},
            {"current_grading_period_id": "2", "current_period_computed_current_score": 90.0},
            "letter",
        ),
        (
            {},
            {"current_grading_period_id": "2", "current_period_computed_current_score": 80.0},
            "percentage",
        ),
    ],
)
def test_grade_states(course_facts, enrollment, state):
    found = Course(
        id="1", enrollments=[CourseEnrollment(type="student", **enrollment)], **course_facts
    )

    assert grade_of(found)[0] == state
    if course_facts.get("restrict_quantitative_data"):
        assert grade_of(found)[1] is None


def test_grade_as_text():
    assert grade_text(92.4, "A-") == "92.4 % · A-"
    assert grade_text(None, "A-") == "A-"
    assert grade_text(0.0, None) == "0 %"
    assert grade_text(None, None) is None


@pytest.mark.parametrize(
    ("facts", "states", "expected"),
    [
        ({"concluded": True}, ["active"], "past"),
        ({"workflow_state": "completed"}, ["active"], "past"),
        ({}, ["completed"], "past"),
        ({}, ["invited"], "invited"),
        ({"workflow_state": "unpublished"}, ["active"], "unpublished"),
        ({"start_at": NOW + timedelta(days=9), **BY_DATES}, ["active"], "future"),
        ({"end_at": NOW - timedelta(days=9), **BY_DATES}, ["active"], "past"),
        # A course's own dates change nothing unless it restricts enrollments to them.
        ({"start_at": NOW + timedelta(days=9)}, ["active"], "current"),
        ({"end_at": NOW - timedelta(days=9)}, ["active"], "current"),
        ({"term": Term(start_at=NOW + timedelta(days=9))}, ["active"], "future"),
        ({"term": Term(end_at=NOW - timedelta(days=9))}, ["active"], "past"),
        # Its own dates come before the term's.
        ({"term": Term(end_at=NOW - timedelta(days=9)), **BY_DATES}, ["active"], "current"),
        # The term's dates are those of the person's role; ``concluded`` knows none of these.
        ({"term": Term(end_at=NOW + timedelta(days=9)), "concluded": True}, ["active"], "current"),
        ({"term": Term(), "concluded": True}, ["active"], "current"),
        # Those of a section may make it longer.
        ({"term": Term(end_at=NOW - timedelta(days=9)), **LONGER}, ["active"], "current"),
        ({}, ["active"], "current"),
    ],
)
def test_course_states(facts, states, expected):
    enrollments = [CourseEnrollment(type="student", enrollment_state=state) for state in states]

    assert state_of(Course(id="1", enrollments=enrollments, **facts), NOW) == expected


def test_enrollments_of_both_lists_are_counted() -> None:
    now = Course(id="1", name="X", enrollments=[ASSISTS], sections=[section("B", "Grader")])
    then = Course(id="1", name="X", enrollments=[STUDIED], sections=[section("A", None)])

    (course,) = each_once([now, then])

    assert course.enrollments == [ASSISTS, STUDIED]
    assert [each.name for each in course.sections or ()] == ["B", "A"]
    assert now.enrollments == [ASSISTS], "what a cache may hold is left as it is"


def test_stub_gives_way_to_the_course() -> None:
    stub = Course(id="1", access_restricted_by_date=True)
    whole = Course(id="1", name="X")

    assert each_once([stub, whole]) == [whole]
    assert each_once([whole, stub]) == [whole]


def test_equal_enrollments_are_not_lost() -> None:
    assert union([1, 1], [1]) == [1, 1]
    assert union([1], [1, 1, 2]) == [1, 1, 2]
    assert union(None, None) == []


def test_ended_role_stands_beside_the_one_that_goes_on() -> None:
    """A former student who now assists there is listed only with the new role."""
    course = Course(id="1", name="X", enrollments=[ASSISTS], sections=[section("B", "Grader")])
    ended = [
        Enrollment(id=7, course_id=1, type="StudentEnrollment", enrollment_state="completed"),
        Enrollment(id=8, course_id=2, type="TaEnrollment", enrollment_state="completed"),
    ]

    found = with_ended(course, ended)

    assert enrolled(found, roles_of(found)) == (
        Enrolled("ta", ("B",), True),
        Enrolled("student", (), False),
    )
    assert with_ended(found, ended) == found, "what is shown already is not added again"


def test_closed_course_stays_a_stub() -> None:
    stub = Course(id="1", access_restricted_by_date=True)
    ended = [Enrollment(id=7, course_id=1, type="StudentEnrollment", enrollment_state="completed")]

    assert with_ended(stub, ended) == stub


def test_roles_with_their_sections_active_ones_first() -> None:
    course = Course(
        id="1",
        name="X",
        enrollments=[STUDIED, ASSISTS],
        sections=[
            section("A", "StudentEnrollment"),
            section("B", "Grader"),
            section("C", "Grader"),
            section(None, "Grader"),
            section("D", "StudentEnrollment"),
            section("A", "StudentEnrollment"),
        ],
    )

    assert enrolled(course, roles_of(course)) == (
        Enrolled("ta", ("B", "C"), True),
        Enrolled("student", ("A", "D"), False),
    )
    (group,) = by_role_and_term([course_row(course, "https://c", {}, NOW)])
    assert group.role == "ta"


def test_order_is_the_persons_own() -> None:
    rows = [
        CourseRow("a", "A", state="past", favorite=True, position=0),
        CourseRow("b", "B"),
        CourseRow("c", "C", position=1),
        CourseRow("d", "D", favorite=True, position=5),
        CourseRow("e", "E", favorite=True, position=2),
        CourseRow("f", "F"),
    ]

    assert [row.id for row in in_order(rows)] == ["e", "d", "c", "b", "f", "a"]


def test_past_favourite_stays_with_the_past() -> None:
    groups = by_role_and_term(
        [CourseRow("a", "A", state="past", favorite=True), CourseRow("b", "B", favorite=True)]
    )

    assert [(group.state, len(group.rows)) for group in groups] == [("favorite", 1), ("past", 1)]


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (False, ("not_available", None, None, "no grading period runs now")),
        (True, ("percentage", 91.5, None, "whole course")),
        (None, ("percentage", 91.5, None, "whole course")),
    ],
)
def test_between_grading_periods(option: bool | None, expected: tuple[object, ...]) -> None:
    """Canvas shows no total then, unless the school lets it show one for all periods."""
    enrollment = CourseEnrollment(
        type="student",
        enrollment_state="active",
        computed_current_score=91.5,
        has_grading_periods=True,
        totals_for_all_grading_periods_option=option,
    )

    assert grade_of(Course(id="1", name="X", enrollments=[enrollment])) == expected


def test_staff_take_the_wider_of_course_and_term() -> None:
    """And have no start, whatever the course says (enrollment_date_builder.rb)."""
    own = {"start_at": NOW + timedelta(days=1), "end_at": NOW + timedelta(days=2)}
    term = Term(start_at=NOW - timedelta(days=9), end_at=NOW + timedelta(days=9))
    fields = {"restrict_enrollments_to_course_dates": True, "term": term, **own}
    mine = {role: [CourseEnrollment(type=role)] for role in ("student", "ta")}

    assert span_of(Course(id="1", enrollments=mine["student"], **fields)) == (
        own["start_at"],
        own["end_at"],
    )
    term.start_at = None  # Canvas sends staff none
    assert span_of(Course(id="1", enrollments=mine["ta"], **fields)) == (None, term.end_at)


def test_letters_are_shown_where_they_are_in_use() -> None:
    """``computed_current_letter_grade`` is a letter also where no scheme is enabled."""
    fields = {"computed_current_score": 91.5, "computed_current_letter_grade": "A-"}
    mine = CourseEnrollment(type="student", enrollment_state="active", **fields)

    plain = Course(id="1", name="X", enrollments=[mine])
    letters = Course(id="1", name="X", restrict_quantitative_data=True, enrollments=[mine])

    assert grade_of(plain)[:3] == ("percentage", 91.5, None)
    assert grade_of(letters)[:3] == ("letter", None, "A-")
