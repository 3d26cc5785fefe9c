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
from canvas_app.domain.grade_calculator import Book, Work
from canvas_app.domain.what_if import WhatIf, closed, readings, tried_scores, typed
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


# What may be meant otherwise


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("8.5", ["8.5"]),
        ("8,5", ["8.5"]),
        ("85 %", ["85"]),
        ("1,000", ["1", "1000"]),
        ("1.000", ["1", "1000"]),
        ("12,500", ["12.5", "12500"]),
        ("0,125", ["0.125"]),
        ("0.125", ["0.125"]),
        ("1000", ["1000"]),
        ("1,0000", ["1"]),
        ("1,234.5", ["1234.5"]),
        ("1.234,5", ["1234.5"]),
        ("1,000,000", ["1000000"]),
        ("1,00,000", []),
        ("1,2,3", []),
        ("1.2.3,4", []),
        ("-1,000", ["-1000", "-1"]),
        ("\u22123", ["-3"]),
        ("ten", []),
        ("", []),
        ("--3", []),
        ("NaN", []),
        ("Infinity", []),
    ],
)
def test_what_a_number_may_mean(text: str, values: list[str]) -> None:
    assert readings(text) == tuple(D(value) for value in values)


def tried(text: str, meant: str = "") -> tuple[dict[str, D], list[tuple[str, tuple[str, ...]]]]:
    book = Book((Work("1", "5", D(10), None),), ())
    wanted = WhatIf(scores={"1": text}, meant={"1": meant} if meant else {})
    found, problems = tried_scores(wanted, {"1": Assignment(id="1", name="Essay")}, book)
    return found, [(problem.question, problem.answers) for problem in problems]


@pytest.mark.parametrize(
    ("text", "meant", "score", "asked"),
    [
        ("10", "", D(10), []),
        ("10.5", "", None, [("above", ("10.5",))]),
        ("10.5", "10.5", D("10.5"), []),
        ("11", "10.5", None, [("above", ("11",))]),
        ("1,000", "", None, [("thousand", ("1", "1000"))]),
        ("1,000", "1,000", None, [("thousand", ("1", "1000"))]),
        ("lots", "", None, [("", ())]),
    ],
)
def test_nothing_is_tried_that_may_be_meant_otherwise(
    text: str, meant: str, score: D | None, asked: list[tuple[str, tuple[str, ...]]]
) -> None:
    found, problems = tried(text, meant)

    assert found.get("1") == score
    assert problems == asked


def test_query_says_what_is_meant() -> None:
    found = WhatIf.from_query(MultiDict([("s5", "12"), ("o5", " 12 "), ("ox", "1"), ("o", "2")]))

    assert (found.scores, found.meant) == ({"5": "12"}, {"5": "12"})
