"""Upcoming laid out from given answers: no network, no threads, no clock."""

from datetime import UTC, date, datetime, timedelta

import pytest

from canvas_app.canvas.models import (
    Assignment,
    Course,
    CourseEnrollment,
    Plannable,
    PlannerItem,
    PlannerOverride,
    PlannerSubmission,
    TodoItem,
)
from canvas_app.domain.calendar import Person
from canvas_app.services.own_work import WorkAnswers
from canvas_app.services.upcoming import UpcomingAnswers, lay_out
from canvas_app.services.upcoming_filters import WeekFilter
from canvas_app.sources.answer import Source

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)  # a Thursday
STUDENT = [CourseEnrollment(type="student", enrollment_state="active")]
COURSES = {
    "4": Course(id="4", name="Biology", enrollments=STUDENT, is_favorite=True),
    "5": Course(id="5", name="Art", enrollments=STUDENT),
}


def plan(id_, days, course_id="4", **more):
    facts = {"plannable": Plannable(title=f"Work {id_}"), "course_id": course_id} | more
    due = NOW + timedelta(days=days)
    return PlannerItem(
        plannable_id=id_, plannable_type="assignment", plannable_date=due, **facts
    )  # fmt: skip


def answers(*planner, **more):
    facts = {"canvas_url": "https://canvas.example.edu", "courses": COURSES, "planner": planner}
    return UpcomingAnswers(WorkAnswers(**(facts | more)))


def ids(rows):
    return [row.id for row in rows]


def test_work_stands_under_the_persons_days():
    """12:30 UTC tomorrow is the day after tomorrow in Auckland."""
    auckland = Person(time_zone="Pacific/Auckland")
    asked = answers(plan("1", 0.01), plan("2", 1.02), me=auckland)

    page = lay_out(asked, WeekFilter(), NOW)

    assert [(s.key, s.day) for s in page.sections] == [
        ("today", date(2026, 11, 27)),
        ("tomorrow", date(2026, 11, 28)),
    ]
    assert (page.first, page.last) == (date(2026, 10, 30), date(2026, 12, 11))
    assert page.profile is auckland


def test_a_week_has_its_days_and_neighbours_only():
    page = lay_out(
        answers(plan("1", -5), plan("2", -2), plan("3", 3), plan("4", 4)),
        WeekFilter(week="2026-W48"),
        NOW,
    )

    assert ids(page.rows) == ["2", "3"]
    assert (page.previous_week, page.this_week, page.next_week) == (
        *("2026-W47", "2026-W48", "2026-W49"),
    )
    assert page.missing_elsewhere == 0
    assert page.load is None


def test_a_week_is_that_of_the_locale():
    """From Sunday to Saturday in the United States; its name is that of the Monday in it."""
    saturday = NOW + timedelta(days=2)
    asked = [plan("1", -5), plan("2", -4), plan("3", -3), plan("4", 2), plan("5", 3)]

    def shown(locale, week, now=saturday):
        page = lay_out(answers(*asked, me=Person(locale=locale)), WeekFilter(week=week), now)
        return ids(page.rows), (page.first, page.last), page.week

    american = (["2", "3", "4"], (date(2026, 11, 22), date(2026, 11, 28)), "2026-W48")
    british = (["3", "4", "5"], (date(2026, 11, 23), date(2026, 11, 29)), "2026-W48")
    for week in ("2026-W48", "this", "2026-11-24"):
        assert shown("en-US", week) == american
        assert shown("en-GB", week) == shown("de", week) == british
    sunday = saturday + timedelta(days=1)
    assert shown("en-US", "this", sunday)[1:] == (
        (date(2026, 11, 29), date(2026, 12, 5)),
        "2026-W49",
    )
    assert shown("en-GB", "this", sunday) == british


def test_coming_weeks_begin_as_the_locale_has_them():
    """Next week, whose days have headings, begins on a Sunday a week from now, or tomorrow."""
    sunday = NOW + timedelta(days=3)
    asked = [plan("1", 3.1), plan("2", 16), plan("3", 17)]

    def page(locale):
        return lay_out(answers(*asked, me=Person(locale=locale)), WeekFilter(), sunday)

    american, german = page("en-US"), page("de")

    assert american.load.weeks[0].first == date(2026, 11, 29)
    assert german.load.weeks[0].first == date(2026, 11, 23)
    assert [week.count for week in american.load.weeks] == [1, 1, 1, 0]
    assert [week.count for week in german.load.weeks] == [1, 0, 2, 0]
    neighbours = ("2026-W48", "2026-W49", "2026-W50")
    assert (american.previous_week, american.this_week, american.next_week) == neighbours
    assert german.this_week == "2026-W48"
    assert [s.key for s in american.sections] == ["today", "day", "later"]
    assert [s.key for s in german.sections] == ["today", "later"]


def test_filters_hide_rows_and_keep_their_choices():
    asked = answers(plan("1", 1), plan("2", 2, course_id="5"))

    page = lay_out(asked, WeekFilter(courses=frozenset({"5", "99"})), NOW)

    assert ids(page.rows) == ["2"]
    assert [(c.value, c.count, c.chosen) for c in page.courses] == [
        ("5", 1, True),
        ("4", 1, False),
    ]
    assert ids(lay_out(asked, WeekFilter(without=frozenset({"5"})), NOW).rows) == ["1"]
    assert ids(lay_out(asked, WeekFilter(favorites=True), NOW).rows) == ["1"]
    assert page.filtered


def test_tabs_count_all_and_show_one():
    done = plan("2", 2, submissions=PlannerSubmission(submitted=True))
    lacking = Assignment(id="3", course_id="4", name="Essay", due_at=NOW - timedelta(days=60))
    asked = answers(plan("1", 1), done, missing=(lacking,))

    page = lay_out(asked, WeekFilter(show="missing"), NOW)

    assert [(tab.value, tab.count, tab.chosen) for tab in page.tabs] == [
        ("missing", 1, True),
        ("due", 1, False),
        ("grades", 0, False),
        ("done", 1, False),
    ]
    assert ids(page.rows) == ["3"]
    assert page.done == ()
    assert ids(lay_out(asked, WeekFilter(), NOW).done) == ["2"]
    assert lay_out(asked, WeekFilter(show="done"), NOW).sections == ()


def test_waiting_work_makes_a_teacher():
    todo = TodoItem(
        type="grading",
        course_id="4",
        needs_grading_count=3,
        assignment=Assignment(id="9", course_id="4", name="Quiz"),
    )

    page = lay_out(answers(todo=(todo,)), WeekFilter(), NOW)

    assert page.is_teacher
    assert ids(page.grading) == ids(page.rows) == ["9"]
    assert lay_out(answers(todo=(todo,)), WeekFilter(week="this"), NOW).grading == ()


def test_what_has_come_so_far_is_laid_out_too():
    """An early view without any answer says nothing about it."""
    waiting = (Source("courses", "waiting"), Source("planner", "waiting"))

    page = lay_out(
        UpcomingAnswers(WorkAnswers(sources=waiting), unweighed=2), WeekFilter(), NOW
    )  # fmt: skip

    assert page.early
    assert not page.complete
    assert (page.rows, page.sections, page.note_courses) == ((), (), ())
    assert page.unweighed == 2


def test_long_lists_come_in_pieces():
    """The twin has all rows; a piece beyond the last is the last."""
    asked = answers(*(plan(str(n), n / 100) for n in range(1, 101)))

    first = lay_out(asked, WeekFilter(), NOW)
    last = lay_out(asked, WeekFilter(page=99), NOW)

    assert first.piece is not None
    assert last.piece is not None
    assert (first.piece.number, first.piece.of, first.piece.rows) == (1, 3, 100)
    assert (last.piece.number, last.piece.first, last.piece.last) == (3, 91, 100)
    assert len(first.rows) == len(last.rows) == 100
    assert sum(len(section.rows) for section in last.piece.sections) == 10
    assert [section.total for section in first.piece.sections] == [
        len(section.rows) for section in first.sections if section.key == "today"
    ]


@pytest.mark.parametrize(("id_", "number"), [("1", 1), ("92", 3), ("7", 3), ("unlisted", 2)])
def test_a_row_is_led_back_to_on_the_piece_that_has_it_now(id_, number):
    """Work that was marked done stands after the open work; a row that is gone keeps the piece."""
    marked = PlannerOverride(id="9", marked_complete=True)
    done = {"7": {"planner_override": marked}}
    asked = answers(*(plan(str(n), n / 100, **done.get(str(n), {})) for n in range(1, 101)))

    page = lay_out(asked, WeekFilter(page=2, at=f"row-assignment-{id_}"), NOW)

    assert page.piece is not None
    assert page.piece.number == number
    assert page.piece.leads_to(page.rows) is (id_ != "unlisted")
    assert page.piece.leads_to(page.done) is (id_ == "7")
