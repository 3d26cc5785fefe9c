"""The start page's parts: days, cards, and what is left in doubt."""

from datetime import UTC, date, datetime, timedelta

from canvas_app.domain.calendar import Person
from canvas_app.domain.home import (
    CourseWeek,
    agenda,
    behind,
    by_course,
    cards,
    coming,
    days_of,
    in_doubt,
    next_due,
    unreported,
    urgency,
)
from canvas_app.domain.rows import CourseRow, Item

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
TODAY = NOW.date()


def item(id_="1", due_at=None, status="due", **more):
    facts = {"type": "assignment", "title": "t", "course_id": "4", "course_name": "", "url": ""}
    facts |= {"points_possible": None, "done": False, "assignment_id": id_}
    return Item(id=id_, due_at=due_at, status=status, **(facts | more))


def test_seven_days_hold_their_items_without_announcements():
    rows = [item("1", day=TODAY), item("2", day=TODAY, type="announcement"), item("3")]

    days = days_of(rows, date(2026, 11, 23), TODAY)

    assert [day.date.day for day in days] == [23, 24, 25, 26, 27, 28, 29]
    assert [(day.date, len(day.rows)) for day in days if day.today] == [(TODAY, 1)]


def test_overdue_work_is_behind_for_a_while_and_missing_work_always():
    since = TODAY - timedelta(days=7)
    rows = [
        item("1", status="missing", day=date(2026, 1, 1)),
        item("2", status="overdue", day=since),
        item("3", status="overdue", day=since - timedelta(days=1)),
        item("4", status="overdue", day=TODAY, done=True),
    ]

    assert [row.id for row in behind(rows, since)] == ["1", "2"]


def test_cards_leave_out_what_is_not_current():
    rows = [
        CourseRow("1", "Past", state="past"),
        CourseRow("2", "Idle"),
        CourseRow("3", "Later"),
        CourseRow("4", "Busy"),
        CourseRow("5", "Starred", favorite=True),
        CourseRow("6", "Invited", state="invited"),
    ]
    counts = {"3": CourseWeek(next=item()), "4": CourseWeek(announcements=1)}

    shown = [row.name for row in cards(rows, counts)]

    assert shown == ["Starred", "Busy", "Later", "Idle", "Invited"]
    assert [urgency(week) for week in (CourseWeek(missing=1), CourseWeek(), None)] == [0, 1, 2]


def test_doubt_is_about_late_work_of_courses():
    late = NOW - timedelta(days=1)
    rows = [
        item("1", late, "overdue"),
        item("2", late, "overdue", course_id=None),
        item("3", late, "overdue", assignment_id=None),
        item("4", late, "graded", course_id="5"),
        item("5", NOW - timedelta(days=9), "overdue", course_id="6"),
    ]

    assert in_doubt(rows, Person(), TODAY - timedelta(days=7)) == ["4"]


def test_grades_the_stream_does_not_report():
    late, posted = NOW - timedelta(days=40), NOW - timedelta(days=2)
    rows = [
        item("1", late, "graded", posted_at=posted),
        item("2", late, "graded", posted_at=posted),
        item("3", late, "graded", posted_at=NOW - timedelta(days=15)),
        item("4", late, "submitted", posted_at=posted),
    ]

    assert unreported(rows, {"2"}, NOW) == [("4", late)]


def test_card_counts_and_what_comes_next():
    soon, later = item("1", NOW + timedelta(days=1)), item("2", NOW + timedelta(days=2))
    unread, read = item("3", new_activity=True, course_id="5"), item("4", course_id="6")

    counts = by_course(
        [soon, later], NOW, missing=[later], due=[soon, later], grades=[], recent=[unread, read]
    )

    assert counts == {
        "4": CourseWeek(missing=1, due=2, next=soon),
        "5": CourseWeek(announcements=1),
    }


def test_next_is_the_soonest_then_the_first_by_title():
    soon = NOW + timedelta(hours=3)
    rows = [
        item("1", NOW + timedelta(hours=4), title="A"),
        item("2", soon, title="C"),
        item("3", soon, title="B", type="planner_note"),
        item("4", NOW),
        item("5", NOW + timedelta(days=14), title="D", status="redo_requested"),
        item("6", NOW + timedelta(days=14, seconds=1)),
        item("7"),
    ]

    assert [row.id for row in coming(rows, NOW)] == ["3", "2", "1", "5"]
    assert next_due(rows, NOW) is rows[2]
    assert next_due([], NOW) is None


def test_what_asks_nothing_is_never_next():
    soon = NOW + timedelta(hours=3)
    rows = [
        item("1", soon, done=True),
        item("2", soon, "locked"),
        item("3", soon, "excused"),
        item("4", soon, "nothing_to_hand_in"),
        *(item(kind, soon, type=kind) for kind in ("announcement", "calendar_event", "wiki_page")),
        item("8", soon, type="discussion_topic", only_posted=True),
    ]

    assert next_due(rows, NOW) is None


def day(distance):
    return {"due_at": NOW + timedelta(days=distance), "day": TODAY + timedelta(days=distance)}


def test_each_open_piece_of_work_stands_in_one_list():
    back = item("1", **day(-9), status="redo_requested")
    missing = item("2", **day(-30), status="missing", can_submit=True)
    unsure = item("3", **day(-20), status="missing")
    closed = item("4", **day(-20), status="missing", can_submit=False)
    note = item("5", **day(-1), status="overdue", type="planner_note", can_submit=False)
    paper = item("6", **day(-2), status="on_paper")
    done = item("7", **day(1), status="submitted", done=True)
    event = item("8", **day(1), status="nothing_to_hand_in", type="calendar_event")
    first, second, third = (item(str(n), **day(n - 9)) for n in (10, 12, 13))
    far = item("14", **day(8))
    rows = [missing, closed, unsure, back, paper, note, first, done, event, second, third, far]

    found = agenda(rows, [missing, closed, unsure, note], TODAY, NOW)

    assert found.next is first
    assert found.then is not None
    assert (found.then.date, found.then.rows) == (TODAY + timedelta(days=3), (second,))
    assert found.needs == (back, missing, unsure, note)
    assert found.closed == (closed,)
    assert found.to_do == (first, second, third)
    assert [each.rows for each in found.days if each.rows] == [(first, event), (second,), (third,)]
    assert found.over == (done, paper)


def test_what_is_late_today_needs_the_person():
    late = item("1", NOW - timedelta(hours=1), "overdue", day=TODAY)

    found = agenda([late], [late], TODAY, NOW)

    assert found.needs == (late,)
    assert not any(each.rows for each in found.days)
