"""The places of the charts' marks, and when there is nothing to draw."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canvas_app.domain import charts

MONDAY = date(2026, 11, 23)


@dataclass
class Scores:
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    lower_q: float | None = None
    median: float | None = None
    upper_q: float | None = None


FULL = Scores(2, 10, 6.5, 5, 7, 8)


def test_spread_places_each_value_on_the_scale():
    made = charts.spread(FULL, 9, 20)

    assert (made.bottom, made.top) == (0, 20)
    assert {mark.name: mark.x for mark in made.marks} == {
        "lowest": 10,
        "lower quarter": 25,
        "mean": 32.5,
        "median": 35,
        "upper quarter": 40,
        "yours": 45,
        "highest": 50,
    }
    assert [mark.value for mark in made.marks] == [2, 5, 6.5, 7, 8, 9, 10]


def test_spread_reaches_beyond_points_and_below_zero():
    made = charts.spread(Scores(-5, 20, 10), 25, 20)

    assert (made.bottom, made.top) == (-5, 25)
    assert made.mark("lowest").x == 0
    assert made.mark("yours").x == 100


@pytest.mark.parametrize(
    ("own", "anchor"), [(None, "middle"), (1, "start"), (10, "middle"), (19, "end")]
)
def test_label_of_ones_own_score_stays_in_the_picture(own, anchor):
    assert charts.spread(FULL, own, 20).anchor == anchor


@pytest.mark.parametrize("statistics", [None, Scores(), Scores(min=1), Scores(max=1)])
def test_without_statistics_there_is_no_spread(statistics):
    assert charts.spread(statistics, 5, 10) is None


def test_scores_of_nothing_make_no_scale():
    assert charts.spread(Scores(0, 0, 0), 0, 0) is None
    assert charts.spread(Scores(0, 0, 0), None, None) is None


def test_load_counts_from_the_monday_of_this_week():
    thursday = MONDAY + timedelta(days=3)
    due = [
        (MONDAY - timedelta(days=1), 99.0),  # last week
        (MONDAY, 10.0),
        (thursday, 5.0),
        (thursday, None),
        (MONDAY + timedelta(days=27), 1.0),
        (MONDAY + timedelta(days=28), 99.0),  # the fifth week
    ]

    made = charts.load(due, thursday)

    assert (made.count, made.points) == (4, 16)
    assert [(week.first, week.count, week.points) for week in made.weeks] == [
        (MONDAY, 3, 15),
        (MONDAY + timedelta(days=7), 0, None),
        (MONDAY + timedelta(days=14), 0, None),
        (MONDAY + timedelta(days=21), 1, 1),
    ]
    assert made.weeks[0].last == MONDAY + timedelta(days=6)
    assert [day.height for day in made.days[:4]] == [50, 0, 0, 100]
    assert made.days[3].y == 0
    assert made.days[-1].x + made.width <= 100
    assert made.crowded == made.full == ()


def test_load_names_full_weeks_and_crowded_days():
    due = [(MONDAY, 1.0)] * 3 + [(MONDAY + timedelta(days=1), 1.0)] * 2
    due += [(MONDAY + timedelta(days=9), 1.0)] * 2

    made = charts.load(due, MONDAY)

    assert [day.date for day in made.crowded] == [MONDAY]
    assert [week.first for week in made.full] == [MONDAY]


def test_even_weeks_are_not_called_full():
    due = [(MONDAY + timedelta(days=n), None) for n in range(28)]

    made = charts.load(due, MONDAY)

    assert made.full == ()
    assert made.points is None


def test_nothing_due_makes_no_load():
    assert charts.load([], MONDAY) is None
    assert charts.load([(MONDAY - timedelta(days=1), 1.0)], MONDAY) is None


@given(st.lists(st.tuples(st.integers(-40, 80), st.none() | st.floats(0, 100)), max_size=60))
def test_load_loses_and_invents_nothing(found):
    due = [(MONDAY + timedelta(days=n), points) for n, points in found]
    inside = [points for n, points in found if 0 <= n < 28]

    made = charts.load(due, MONDAY)

    assert (made.count if made else 0) == len(inside)
    for day in made.days if made else ():
        assert 0 <= day.x <= 100
        assert day.y + day.height == pytest.approx(100)


def test_line_runs_between_whole_tens():
    start = datetime(2026, 9, 1, tzinfo=UTC)
    values = [
        (start + timedelta(days=10), 84.0),
        (start, 92.0),
        (start + timedelta(days=5), 90.0),
    ]

    made = charts.line(values)

    assert (made.bottom, made.top) == (80, 100)
    assert made.path == "0,40 50,50 100,80"
    assert [dot.value for dot in made.dots] == [92, 90, 84]


def test_line_of_one_value_has_room():
    start = datetime(2026, 9, 1, tzinfo=UTC)

    made = charts.line([(start, 100.0), (start + timedelta(days=1), 100.0)])

    assert (made.bottom, made.top) == (90, 100)


def test_one_moment_makes_no_line():
    start = datetime(2026, 9, 1, tzinfo=UTC)

    assert charts.line([]) is None
    assert charts.line([(start, 90.0), (start, 80.0)]) is None


@pytest.mark.parametrize(
    ("done", "whole", "filled"), [(0, 4, 0), (1, 4, 25), (4, 4, 100), (9, 4, 100), (1, 0, 0)]
)
def test_ring_is_never_more_than_full(done, whole, filled):
    assert charts.ring(done, whole) == filled
