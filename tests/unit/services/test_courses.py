"""Courses: lists merged by enrollment, roles with their sections, order, grades between periods."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.datastructures import MultiDict

from canvas_app.canvas.models import Course, CourseEnrollment, CourseSection, Enrollment, Term
from canvas_app.domain.course_filter import CourseFilter
from canvas_app.domain.courses import (
    by_role_and_term,
    course_row,
    each_once,
    enrolled,
    grade_of,
    in_order,
    span_of,
    union,
    with_ended,
)
from canvas_app.domain.rows import CourseRow, Enrolled
from canvas_app.services.courses import AskedCourses, courses, lay_out
from canvas_app.sources.answer import Source

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
STUDIED = CourseEnrollment(type="student", role="StudentEnrollment", enrollment_state="completed")
ASSISTS = CourseEnrollment(type="ta", role="Grader", enrollment_state="active")


def section(name: str | None, role: str | None) -> CourseSection:
    return CourseSection(id="1", name=name, enrollment_role=role)


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
    """Who studied in a course and now assists there: the list has the new role alone."""
    course = Course(id="1", name="X", enrollments=[ASSISTS], sections=[section("B", "Grader")])
    ended = [
        Enrollment(id=7, course_id=1, type="StudentEnrollment", enrollment_state="completed"),
        Enrollment(id=8, course_id=2, type="TaEnrollment", enrollment_state="completed"),
    ]

    found = with_ended(course, ended)

    assert enrolled(found) == (Enrolled("ta", ("B",), True), Enrolled("student", (), False))
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

    assert enrolled(course) == (
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


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": ["  frog   pond "]}, CourseFilter(text="frog pond")),
        ({"role": ["king"], "term": ["Autumn"]}, CourseFilter(term="Autumn")),
        ({"role": ["ta", "student"]}, CourseFilter(role="ta")),
        ({"q": ["x" * 500]}, CourseFilter(text="x" * 200)),
        ({}, CourseFilter()),
    ],
)
def test_filters_are_read_kindly(query: dict[str, list[str]], expected: CourseFilter) -> None:
    assert CourseFilter.from_query(MultiDict(query)) == expected


def asked_of(*found: Course, **more: object) -> AskedCourses:
    return AskedCourses(
        canvas_url="https://canvas.example.edu",
        found=found,
        current=found,
        sources=(Source("courses", "fresh", NOW),),
        **more,
    )


def named(id_: str, name: str, role: str = "student", term: str = "Autumn") -> Course:
    mine = CourseEnrollment(type=role, enrollment_state="active")
    return Course(
        id=id_, name=name, enrollments=[mine], term=Term(name=term), workflow_state="available"
    )


def test_filter_leaves_rows_out_and_names_what_can_be_chosen() -> None:
    asked = asked_of(named("1", "Biology"), named("2", "Statistics", "ta", "Spring"))

    page = lay_out(asked, CourseFilter(text="bio"), NOW)

    assert [row.name for row in page.rows] == ["Biology"]
    assert (page.total, page.complete) == (2, True)
    assert (set(page.terms), page.roles) == ({"Autumn", "Spring"}, ("student", "ta"))
    assert [len(group.rows) for group in page.groups] == [1]


def test_list_a_course_stands_in_says_when_it_is() -> None:
    over, ahead = named("1", "Biology"), named("2", "Statistics")
    asked = asked_of(over, ahead, past=[over], invited=[ahead])

    page = lay_out(asked, CourseFilter(), NOW)

    assert {row.name: row.state for row in page.rows} == {
        "Biology": "past",
        "Statistics": "future",
    }
    unknown = lay_out(replace(asked, all_lists=False), CourseFilter(), NOW)
    assert {row.state for row in unknown.rows} == {"current"}, "one list did not come"


def test_places_on_canvas_dashboard_order_the_rows() -> None:
    asked = asked_of(named("1", "A"), named("2", "B"), places={"2": 0, "1": 1})

    page = lay_out(asked, CourseFilter(), NOW)

    assert [row.id for row in page.rows] == ["2", "1"]


def test_order_that_does_not_come_costs_only_the_order(sources_of, canvas) -> None:
    path = "/api/v1/users/self/dashboard_positions"
    canvas.control(faults=[{"method": "GET", "path": path, "kind": "html", "times": None}])

    page = courses(sources_of("dozen"))

    assert len(page.rows) == 12
    assert not page.complete
    assert page.source("dashboard order").status == "failed"


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
