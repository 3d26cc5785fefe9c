"""A course's grades: from Canvas's objects to the calculation, and to the page."""

from datetime import timedelta

import msgspec
import pytest

from canvas_app.canvas.models import (
    Course,
    Grades,
)
from canvas_app.domain.grade_book import (
    EVERY_PERIOD,
)
from canvas_app.domain.grade_rows import grade_row
from canvas_app.domain.grade_totals import (
    Shown,
    stated_grades,
)
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.what_if import WhatIf
from canvas_app.services.grade_calls import AskedGrades, read_period_totals
from canvas_app.services.grades import GradesPage, course, grades, lay_out, why_other
from canvas_app.sources.answer import Source
from tests.unit.domain.given_grades import HALVES, NOW, assignment, group, student

# Canvas's totals


@pytest.mark.parametrize(
    ("minutes", "canvas", "own", "why"),
    [
        (5, Shown(90.0, None, 40.0), Shown(80.0, None, 35.0), "fresh"),
        (90, Shown(90.0, None, 40.0), Shown(80.0, None, 35.0), ""),
        (90, Shown(90.0, None, 90.0), Shown(80.0, None, 35.0), "by_hand"),
        (90, Shown(90.0, None, 90.0), Shown(80.0, None, 80.0), ""),  # everything is graded
        (None, Shown(), Shown(80.0, None, 80.0), ""),
    ],
)
def test_why_a_difference_is_normal(minutes, canvas, own, why):
    at = NOW - timedelta(minutes=minutes) if minutes else None
    look = ItemBuilder("https://canvas.example.edu", {}, {}, NOW)
    work = assignment("1", 5.0, posted=False)
    work.submission.posted_at = at
    rows = (grade_row(work, Course(id="7"), look),)

    assert why_other(GradesPage(now=NOW, canvas=canvas, rows=rows), own) == why


# What is typed


# Laid out without a network, a thread or a clock


def asked_of(*assignments, course=None, **more):
    """What Canvas answered a student about a course with one group of work."""
    mine = student(computed_current_score=80.0, computed_final_score=40.0)
    found = course or Course(id="7", name="Biology", enrollments=[mine])
    return AskedGrades(
        canvas_url="https://canvas.example.edu",
        course=found,
        groups=[group(*assignments)],
        sources=(Source("course", "fresh", NOW), Source("assignments", "fresh", NOW)),
        **more,
    )


def test_page_works_out_what_canvas_says():
    page = lay_out(asked_of(assignment("1", 8.0), assignment("2", posted=False)), WhatIf(), NOW)

    assert (page.check, page.own) == ("agrees", Shown(80.0, None, 40.0))
    assert [(row.submission.title, row.part, row.share) for row in page.rows] == [
        ("Work 1", "counted", 50.0),
        ("Work 2", "ungraded", 50.0),
    ]
    assert page.history == ((NOW - timedelta(1), 80.0),)
    assert page.complete


def test_submission_that_names_another_assignment():
    """The row is that of the assignment in which the submission came."""
    odd = assignment("1", 8.0, submission={"assignment_id": "0"})

    (row,) = lay_out(asked_of(odd), WhatIf(), NOW).rows

    assert (row.submission.assignment_id, row.part) == ("1", "counted")


def test_tried_scores_change_the_total_and_no_grade():
    asked = asked_of(assignment("1", 8.0), assignment("2", posted=False))

    page = lay_out(asked, WhatIf(scores={"2": "10", "99": "1", "1": "x"}, goal="90"), NOW)

    assert page.what_if == Shown(90.0, None, 90.0)
    assert page.canvas == Shown(80.0, None, 40.0)
    assert [row.submission.assignment_id for row in page.tried] == ["2"]
    assert [problem.about for problem in page.problems] == ["Work 1"]
    assert (page.aim.state, page.aim.open_work) == ("certain", 0)


def test_other_period_has_its_own_total_and_work():
    mine = student(computed_current_score=80.0, current_grading_period_id="902")
    by_period = Course(id="7", enrollments=[mine], has_grading_periods=True)
    works = [assignment("1", 6.0, due_at=NOW - timedelta(40)), assignment("2", 9.0, due_at=NOW)]
    asked = asked_of(
        *works,
        course=by_period,
        periods=HALVES,
        named=HALVES,
        period_totals=Grades(current_score=60.0, final_score=60.0),
    )

    page = lay_out(asked, WhatIf(period="901"), NOW)

    assert (page.basis, page.canvas, page.check) == ("First", Shown(60.0, None, 60.0), "agrees")
    assert [row.submission.title for row in page.rows] == ["Work 1"]
    assert [(choice.current, choice.chosen) for choice in page.periods] == [
        (False, True),
        (True, False),
    ]


# Against the stand-in Canvas


@pytest.mark.parametrize(
    ("who", "id_"),
    [
        ("dozen", "4101"),
        ("teacher", "4101"),
        ("ta", "4101"),
        ("observer", "4101"),
        ("hostile", "6001"),
    ],
)
def test_everybody_has_pages(sources_of, who, id_):
    page = grades(sources_of(who), id_)

    assert page.complete
    assert msgspec.json.encode(page)


def test_course_page_has_all_periods_and_more(sources_of):
    page = course(sources_of("dozen"), "4101")

    assert page.period == EVERY_PERIOD
    assert {row.submission.assignment_id for row in page.rows} == {
        row.submission.assignment_id for part in page.groups for row in part.rows
    }
    assert page.teachers == ("Helen Okonkwo",)
    assert page.syllabus
    assert page.course.name == "Biology 101"


def test_totals_of_a_period_that_canvas_does_not_tell(sources_of):
    assert read_period_totals(sources_of("dozen"), "4103", "1", "1") is None
    assert stated_grades(Course(id="4103"), None) == ("not_available", Shown())


def test_round_trips(sources_of, canvas):
    """The course, then the rest at once; a past period's totals come third."""
    grades(sources_of("dozen"), "4101", WhatIf(period="901"))

    calls = canvas.stats()["calls"]
    asked = {route: sum(by.values()) for route, by in calls.items() if "courses" in route}
    assert asked == {
        "GET /api/v1/courses/:id": 1,
        "GET /api/v1/courses/:course_id/assignment_groups": 1,
        "GET /api/v1/courses/:course_id/grading_periods": 1,
        "GET /api/v1/courses/:course_id/enrollments": 1,
    }
