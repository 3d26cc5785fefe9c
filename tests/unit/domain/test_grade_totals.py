"""Canvas's totals, and whether ours agree."""

import pytest

from canvas_app.canvas.models import (
    Course,
)
from canvas_app.domain.grade_book import (
    EVERY_PERIOD,
)
from canvas_app.domain.grade_totals import (
    Shown,
    basis_of,
    canvas_totals,
    checked,
    chosen_period,
    reason,
)
from tests.unit.domain.given_grades import HALVES, student


def test_chosen_period():
    now = student(current_grading_period_id="902")

    assert chosen_period("", HALVES, now) == "902"
    assert chosen_period("901", HALVES, now) == "901"
    assert chosen_period("all", HALVES, now) == EVERY_PERIOD
    assert chosen_period("77", HALVES, now) == "902"
    assert chosen_period("", HALVES, None) == EVERY_PERIOD
    assert chosen_period("all", [], now) == EVERY_PERIOD


def test_basis_names_the_period():
    assert basis_of("902", HALVES) == "Last"
    assert basis_of(EVERY_PERIOD, HALVES) == "all grading periods"
    assert basis_of(EVERY_PERIOD, []) == ""


def test_totals_of_each_basis():
    mine = student(
        computed_current_score=80.0,
        computed_current_grade="B",
        computed_final_score=40.0,
        current_grading_period_id="902",
        current_period_computed_current_score=90.0,
        current_period_computed_final_score=30.0,
    )
    found = Course(id="7", enrollments=[mine])

    assert canvas_totals(found, mine, "all") == ("percentage", Shown(80.0, "B", 40.0, None))
    assert canvas_totals(found, mine, "902") == ("percentage", Shown(90.0, None, 30.0, None))
    assert canvas_totals(found, mine, "901") == ("other_period", Shown())
    assert canvas_totals(found, None, "all") == ("not_available", Shown())
    assert canvas_totals(found, student(), "all") == ("not_available", Shown())


@pytest.mark.parametrize(
    ("course_fields", "fields", "state"),
    [
        ({}, {"computed_current_score": None}, "none"),
        ({}, {"computed_current_score": None, "computed_current_grade": "B"}, "letter"),
        # A total whose letter did not come is no missing grade.
        ({"restrict_quantitative_data": True}, {"computed_current_score": 90.0}, "not_available"),
        ({"restrict_quantitative_data": True}, {"computed_current_score": None}, "none"),
        (
            {"restrict_quantitative_data": True, "grading_scheme": [["A", 0.9], ["B", 0]]},
            {"computed_current_score": 90.0, "computed_final_score": 20.0},
            "letter",
        ),
        ({"hide_final_grades": True}, {"computed_current_score": 90.0}, "hidden"),
    ],
)
def test_grade_states(course_fields, fields, state):
    found = Course(id="7", **course_fields)

    assert canvas_totals(found, student(**fields), "all")[0] == state
    assert canvas_totals(found, student(**fields), "all")[1].current is None


def test_why_nothing_is_worked_out():
    plain, mine = Course(id="7", has_grading_periods=True), student()
    by_period = student(totals_for_all_grading_periods_option=False)

    assert reason(plain, mine, "all", "percentage", True) == ""
    assert reason(plain, None, "all", "not_available", True) == "not_student"
    assert reason(plain, mine, "all", "hidden", True) == "hidden"
    assert reason(plain, mine, "all", "percentage", False) == "incomplete"
    assert reason(plain, by_period, "all", "percentage", True) == "periods_only"
    assert reason(plain, by_period, "902", "percentage", True) == ""
    letters = Course(id="7", restrict_quantitative_data=True)
    assert reason(letters, mine, "all", "letter", True) == "letters"


def test_check_allows_for_rounding_alone():
    assert checked(Shown(90.0, None, 40.0, None), Shown(90.01, None, 39.99, None)) == "agrees"
    assert checked(Shown(90.0), Shown(90.02)) == "differs"
    assert checked(Shown(90.0, None, 40.0, None), Shown(90.0, None, 41.0, None)) == "differs"
    assert checked(Shown(90.0), Shown()) == "differs"
    assert checked(Shown(), Shown(90.0)) == "differs"
    assert checked(Shown(), Shown()) == "unchecked"
