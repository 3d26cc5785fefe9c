"""Canvas's groups and periods as the calculation takes them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest

from canvas_app.canvas.models import (
    Assignment,
    Course,
    CourseEnrollment,
    DropRules,
    GradingPeriod,
)
from canvas_app.domain.grade_book import (
    book_of,
    counts,
    period_of,
    scale_of,
    scheme_of,
)
from canvas_app.domain.grade_calculator import Group, Period
from tests.unit.domain.given_grades import HALVES, NOW, assignment, group, student


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, True),
        ({"submission_types": ["online_upload"]}, True),
        ({"submission_types": ["none"]}, True),
        ({"submission_types": ["not_graded"]}, False),
        ({"submission_types": ["wiki_page"]}, False),
        ({"grading_type": "not_graded"}, True),  # the kind of grade is not asked (assignment.rb)
        ({"omit_from_final_grade": True}, False),
        ({"published": False}, False),
    ],
)
def test_what_counts(fields, expected):
    assert counts(Assignment(id="1", **fields)) is expected


def test_book_is_what_canvas_says():
    rules = DropRules(drop_lowest=1, drop_highest=-1, never_drop=[1, "2"])
    found = Course(
        id="7",
        enrollments=[student()],
        apply_assignment_group_weights=True,
        has_weighted_grading_periods=True,
    )

    book = book_of(
        found,
        [
            group(
                assignment("1", 0.1, submission={"grading_period_id": "901"}),
                Assignment(id="2"),
                group_weight=12.5,
                rules=rules,
            )
        ],
        HALVES,
    )

    first, second = book.work
    assert (first.score, first.posted, first.period_id, first.present) == (
        D("0.1"),
        True,
        "901",
        True,
    )
    assert (second.score, second.posted, second.present, second.points) == (None, False, False, 0)
    assert book.groups == (Group("5", D("12.5"), 1, 0, frozenset({"1", "2"})),)
    assert book.periods == (Period("901", D(0)), Period("902", D(60)))
    assert book.weighted
    assert not book.concluded


def test_periods_without_weights_do_not_weigh():
    book = book_of(Course(id="7"), [group(assignment("1", 5.0))], HALVES)

    assert book.periods == ()


def test_concluded_when_every_enrollment_is():
    """Of whatever type (grade_calculator.rb)."""
    ended = CourseEnrollment(type="student", enrollment_state="completed")
    watching = CourseEnrollment(type="observer", enrollment_state="active")

    assert book_of(Course(id="7", enrollments=[ended, ended]), [], []).concluded
    assert not book_of(Course(id="7", enrollments=[ended, watching]), [], []).concluded
    assert not book_of(Course(id="7", enrollments=[ended, student()]), [], []).concluded


@pytest.mark.parametrize(
    ("days", "expected"), [(-40, "901"), (-2, "902"), (5, None), (None, "902")]
)
def test_period_by_date_when_canvas_names_none(days, expected):
    due = None if days is None else NOW + timedelta(days)

    assert period_of(Assignment(id="1", due_at=due), HALVES) == expected


def test_bounds_of_a_period():
    """The start is not in it, the end is; both are cut to the minute (grading_period.rb)."""
    begin, end = datetime(2026, 9, 1, 6, tzinfo=UTC), datetime(2026, 10, 1, 6, 0, 30, tzinfo=UTC)
    periods = [
        GradingPeriod(id="1", start_date=begin, end_date=end),
        GradingPeriod(id="2", start_date=end, end_date=end + timedelta(days=30)),
    ]

    def found(moment):
        return period_of(Assignment(id="1", due_at=moment), periods)

    assert found(begin + timedelta(seconds=59)) is None
    assert found(begin + timedelta(minutes=1)) == "1"
    assert found(end + timedelta(seconds=29)) == "1"
    assert found(end + timedelta(seconds=30)) == "2"


def test_period_of_own_due_date_comes_first():
    own = assignment(due_at=NOW - timedelta(40), submission={"cached_due_date": NOW - timedelta(2)})

    assert period_of(own, HALVES) == "902"
    assert period_of(own, []) is None
    assert period_of(Assignment(id="1"), []) is None


def test_scheme_as_far_as_it_can_be_read():
    found = Course(id="7", grading_scheme=[["A", 0.9], ["B", 1], ["C"], None, [3, 0.1]])

    assert scheme_of(found) == [("A", D("0.9")), ("B", D(1))]
    assert scheme_of(Course(id="7")) == []
    assert scheme_of(Course(id="7", grading_scheme=[["A", 0.93999999]])) == [("A", D("0.94"))]


def test_only_a_scheme_based_on_points_has_a_scale():
    """A scheme by percentages comes with a factor of 1 (lib/api/v1/course.rb)."""
    by_points = Course(id="7", points_based_grading_scheme=True, scaling_factor=4.0)

    assert scale_of(by_points) == 4
    assert scale_of(Course(id="7", points_based_grading_scheme=False, scaling_factor=1.0)) is None
    assert scale_of(Course(id="7", points_based_grading_scheme=True)) is None
