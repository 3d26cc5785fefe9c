"""Courses: lists merged by enrollment, roles with their sections, order, grades between periods."""

from dataclasses import replace
from datetime import UTC, datetime

from canvas_app.canvas.models import Course, CourseEnrollment, Term
from canvas_app.domain.course_filter import CourseFilter
from canvas_app.services.courses import AskedCourses, courses, lay_out
from canvas_app.sources.answer import Source

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


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
