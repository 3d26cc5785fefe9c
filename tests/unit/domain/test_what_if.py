"""Scores tried out."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest
from werkzeug.datastructures import MultiDict

from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    Course,
    CourseEnrollment,
    Submission,
)
from canvas_app.domain.what_if import WhatIf, closed, typed
from canvas_app.services.grade_calls import AskedGrades
from canvas_app.services.grades import lay_out
from canvas_app.sources.answer import Source

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def assignment(id_="1", score=None, posted=True, points=10.0, **more):
    own = Submission(
        id=f"9{id_}",
        score=score,
        posted_at=NOW - timedelta(1) if posted else None,
        **more.pop("submission", {}),
    )
    return Assignment(id=id_, name=f"Work {id_}", points_possible=points, submission=own, **more)


def group(*assignments, **more):
    return AssignmentGroup(id="5", name="Work", assignments=list(assignments), **more)


def student(**more):
    return CourseEnrollment(type="student", enrollment_state="active", user_id="3", **more)


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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8.5", D("8.5")),
        ("8,5", D("8.5")),
        ("85 %", D(85)),
        ("\u22123", D(-3)),
        ("", None),
        ("ten", None),
        ("NaN", None),
        ("Infinity", None),
    ],
)
def test_numbers_as_people_type_them(text, value):
    assert typed(text) == value


def test_wanted_of_a_query():
    given = [("period", "902"), ("s5", " 8 "), ("s6", ""), ("goal", "90"), ("q", "x")]

    assert WhatIf.from_query(MultiDict(given)) == WhatIf("902", {"5": "8"}, "90")


@pytest.mark.parametrize(
    ("fields", "own", "expected"),
    [
        ({}, {}, False),
        ({"lock_at": NOW + timedelta(1)}, {}, False),
        ({"lock_at": NOW - timedelta(1)}, {}, True),
        ({"lock_at": NOW - timedelta(1)}, {"submitted_at": NOW - timedelta(2)}, False),
        ({"lock_at": NOW - timedelta(1)}, {"workflow_state": "graded"}, False),
    ],
)
def test_closed_work_cannot_help(fields, own, expected):
    assert closed(assignment(posted=False, submission=own, **fields), NOW) is expected


def test_nothing_is_worked_out_from_a_part():
    page = lay_out(asked_of(assignment("1", 8.0), whole=False), WhatIf(scores={"1": "9"}), NOW)

    assert (page.why_not, page.own, page.what_if, page.history) == ("incomplete", None, None, ())
    assert [row.submission.score for row in page.rows] == [8.0]
