"""The start page laid out from given answers: no network, no threads, no clock."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from canvas_app.canvas.models import (
    Assignment,
    CalendarEvent,
    Course,
    CourseEnrollment,
    Enrollment,
    Plannable,
    PlannerItem,
    PlannerSubmission,
    StreamItem,
)
from canvas_app.domain.calendar import Person
from canvas_app.services.dashboard import DashboardAnswers, further_calls, lay_out
from canvas_app.services.own_work import WorkAnswers
from canvas_app.sources.answer import Source

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)  # a Thursday
STUDENT = [CourseEnrollment(type="student", enrollment_state="active")]
COURSES = {
    id_: Course(id=id_, name=name, enrollments=STUDENT, workflow_state="available", **more)
    for id_, name, more in (
        ("4", "Biology", {}),
        ("5", "Art", {}),
        ("6", "Zoology", {"is_favorite": True}),
    )
}


def plan(id_, days, course_id="4", **more):
    facts = {"plannable": Plannable(title=f"Work {id_}"), "course_id": course_id} | more
    due = NOW + timedelta(days=days)
    return PlannerItem(
        plannable_id=id_, plannable_type="assignment", plannable_date=due, **facts
    )  # fmt: skip


def work(*planner, **more):
    facts = {"canvas_url": "https://canvas.example.edu", "courses": COURSES, "planner": planner}
    return WorkAnswers(**(facts | more))


def further(*planner, **more):
    found = work(*planner, **more)
    return further_calls(found, found.by_key(NOW).values(), NOW)


def ids(rows):
    return [row.id for row in rows]


def test_week_is_the_persons_own():
    """Sunday evening in UTC is Monday in Auckland: another week."""
    sunday = datetime(2026, 11, 29, 20, tzinfo=UTC)
    auckland = Person(time_zone="Pacific/Auckland")

    page = lay_out(DashboardAnswers(work(me=auckland)), sunday)

    assert page.week == "2026-W49"
    assert [day.date for day in page.days if day.today] == [date(2026, 11, 30)]
    assert lay_out(DashboardAnswers(work()), sunday).week == "2026-W48"


@pytest.mark.parametrize(
    ("locale", "week", "first"),
    [
        ("en-US", "2026-W49", date(2026, 11, 29)),
        ("en-GB", "2026-W48", date(2026, 11, 23)),
        ("de", "2026-W48", date(2026, 11, 23)),
    ],
)
def test_week_is_that_of_the_locale(locale, week, first):
    """A Sunday begins the week or ends it."""
    sunday = datetime(2026, 11, 29, 12, tzinfo=UTC)

    page = lay_out(DashboardAnswers(work(me=Person(locale=locale))), sunday)

    assert page.week == week
    assert page.days[0].date == first


def test_lists_of_the_tiles():
    lacking = Assignment(id="3", course_id="4", name="Essay", due_at=NOW - timedelta(days=60))
    graded = PlannerSubmission(graded=True, posted_at=NOW - timedelta(days=1))
    page = lay_out(
        DashboardAnswers(
            work(
                plan("1", 1),
                plan("2", 5),  # next week
                plan("4", -1),  # overdue, but not missing in Canvas
                plan("5", -30, submissions=graded),
                missing=(lacking,),
            )
        ),
        NOW,
    )

    assert (ids(page.missing), ids(page.due), ids(page.new_grades)) == (["3"], ["1"], ["5"])
    assert ids(page.behind) == ["3", "4"]
    counts = page.by_course["4"]
    assert (counts.missing, counts.due, counts.new_grades) == (1, 1, 1)
    assert counts.next is not None
    assert counts.next.id == "1"


def test_cards_go_by_star_then_by_what_there_is_to_do():
    page = lay_out(DashboardAnswers(work(plan("1", 1, course_id="5"))), NOW)

    assert [row.name for row in page.rows] == ["Zoology", "Art", "Biology"]


def test_ended_enrollments_count_as_other_courses():
    ended = (Enrollment(id="1", course_id="4"), Enrollment(id="2", course_id="99"))

    assert lay_out(DashboardAnswers(work(), ended), NOW).other_courses == 1


def test_calendar_is_asked_where_the_planner_leaves_doubt():
    """Overdue work since last week, and a grade that the stream does not report."""
    graded = PlannerSubmission(graded=True, posted_at=NOW - timedelta(days=1))
    late, old = plan("1", -2), plan("2", -27, course_id="5", submissions=graded)

    (call,) = further(late, old)

    assert call.keywords["course_ids"] == ("4", "5")
    assert call.keywords["start_date"].date() == date(2026, 10, 26)
    assert further(plan("1", 15), plan("2", -20)) == []
    reported = StreamItem(type="Submission", assignment_id="2", posted_at=NOW)
    (call,) = further(late, old, stream=(reported,))
    assert call.keywords["course_ids"] == ("4",)


def test_calendar_is_asked_for_what_comes_next():
    """For ten courses at most, in one call."""
    plans = [plan(str(n), n / 2, course_id=str(100 + n)) for n in range(1, 20)]

    (call,) = further(*plans)

    assert call.keywords["course_ids"] == tuple(str(100 + n) for n in range(1, 11))
    assert call.keywords["start_date"].date() == date(2026, 11, 23)
    assert call.keywords["end_date"].date() == date(2026, 12, 13)


def test_next_is_what_asks_something_first():
    nothing = Assignment(id="1", course_id="4", name="Talk", submission_types=["none"])
    calendar = (CalendarEvent(id="1", assignment=nothing),)
    plans = (
        plan("1", 0.5),
        plan("2", 0.6, submissions=PlannerSubmission(submitted=True)),
        plan("3", 1),
    )

    page = lay_out(DashboardAnswers(work(*plans, calendar=calendar)), NOW)

    assert page.next is not None
    assert page.next.id == "3"
    assert lay_out(DashboardAnswers(work(plan("1", 15))), NOW).next is None


def test_what_has_come_so_far_is_laid_out_too():
    """An early view: the courses are here, the work is not."""
    sources = (Source("courses", "fresh", NOW), Source("planner", "waiting"))

    page = lay_out(DashboardAnswers(work(sources=sources)), NOW)

    assert page.early
    assert not page.complete
    assert len(page.rows) == 3
    assert page.by_course == {}


@pytest.mark.parametrize(
    ("source", "quiet"),
    [
        (Source("courses", "fresh", NOW - timedelta(minutes=9)), True),
        (Source("courses", "stale", NOW - timedelta(minutes=9)), True),
        (Source("courses", "stale", NOW - timedelta(minutes=11)), False),
        (Source("courses", "stale", NOW, "Canvas did not answer."), False),
        (Source("courses", "partial", NOW), False),
        (Source("courses", "fresh", NOW, note="Canvas keeps one from you."), False),
        (Source("courses", "waiting"), False),
    ],
)
def test_under_ten_minutes_nothing_is_said_but_the_time(source, quiet):
    assert lay_out(DashboardAnswers(work(sources=(source,))), NOW).quiet is quiet


def test_regraded_work_is_a_new_grade():
    """Sent back or handed in again since: the score was posted all the same."""
    posted = NOW - timedelta(days=3)
    again = PlannerSubmission(submitted=True, needs_grading=True, posted_at=posted)
    back = PlannerSubmission(submitted=True, redo_request=True, graded=True, posted_at=posted)
    excused = PlannerSubmission(excused=True, posted_at=posted)
    plans = (plan("1", -9, submissions=again), plan("2", -8, submissions=back))

    page = lay_out(DashboardAnswers(work(*plans, plan("3", -8, submissions=excused))), NOW)

    assert {item.id: item.status for item in page.new_grades} == {
        "1": "resubmitted",
        "2": "redo_requested",
    }


def test_courses_without_colours_are_told_apart():
    """A course's rows have the colour of its card; the person's own comes first."""
    asked = work(plan("1", 1), plan("2", 2, course_id="5"), plan("3", 2, course_id="6"))

    page = lay_out(DashboardAnswers(asked), NOW)

    cards = {row.id: row.color for row in page.rows}
    items = {row.course_id: row.color for day in page.agenda.days for row in day.rows}
    assert cards == {id_: items[id_] for id_ in cards}
    assert len(set(cards.values())) == len(cards) > 1
    own = replace(asked, colors={"5": "#123456"})
    assert {row.color for row in lay_out(DashboardAnswers(own), NOW).rows if row.id == "5"} == {
        "#123456"
    }
