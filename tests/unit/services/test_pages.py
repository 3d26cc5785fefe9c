"""The five pages as the people of the campus see them."""

from datetime import timedelta

import msgspec
import pytest

from canvas_app.canvas.errors import AuthorizationError, NotFound
from canvas_app.services.courses import courses
from canvas_app.services.dashboard import dashboard
from canvas_app.services.grades import course
from canvas_app.services.pages import FailedPage, Page
from canvas_app.services.submissions import submissions
from canvas_app.services.upcoming import upcoming
from canvas_app.sources.answer import Source

PEOPLE = ["dozen", "many", "newcomer", "hostile", "teacher", "ta", "observer", "admin"]


@pytest.mark.parametrize("who", PEOPLE)
def test_everybody_sees_complete_pages(sources_of, who):
    for gather in (dashboard, courses, upcoming, submissions):
        page = gather(sources_of(who))

        assert page.complete, page.sources
        assert page.profile.name
        assert msgspec.json.encode(page)


def test_newcomer_has_nothing(sources_of):
    assert courses(sources_of("newcomer")).rows == ()
    page = dashboard(sources_of("newcomer"))
    assert (page.rows, page.missing, page.is_student) == ((), (), False)


def test_courses_of_every_state(sources_of):
    page = courses(sources_of("dozen"))

    rows = {row.id: row for row in page.rows}
    assert len(rows) == len(page.rows)
    assert {"current", "past", "restricted", "future"} <= {row.state for row in page.rows}
    assert rows["9070000000000417"].name == "Linear Algebra"
    assert any(row.grade_state == "hidden" and row.grade is None for row in page.rows)
    letters = [row for row in page.rows if row.letters_only]
    assert letters
    assert all(row.grade_score is None for row in letters)
    assert any(row.original_name for row in page.rows)
    assert sum(len(group.rows) for group in page.groups) == len(page.rows)


def test_many_courses_all_come(sources_of):
    assert len(courses(sources_of("many")).rows) == 137


def test_dashboard_asks_nothing_per_course(sources_of, canvas):
    page = dashboard(sources_of("many"))

    routes = canvas.stats()["calls"]
    assert not [route for route in routes if "/courses/" in route]
    assert sum(sum(by_status.values()) for by_status in routes.values()) <= 20
    assert len(page.days) == 7
    assert [day.today for day in page.days].count(True) == 1
    assert page.is_student


def test_dashboard_tiles(sources_of):
    page = dashboard(sources_of("dozen"))

    assert page.missing
    assert page.new_grades
    # Work that was sent back or handed in again since has a new grade too.
    assert {i.status for i in page.new_grades} == {"graded", "resubmitted", "redo_requested"}
    assert not any(item.done for item in (*page.missing, *page.due))
    assert page.other_courses > 0
    assert page.source("planner").status == "fresh"
    assert page.source("nonsense") is None
    assert page.reliable("planner", "missing")


def test_dashboard_names_what_is_overdue_though_not_called_missing(sources_of):
    page = dashboard(sources_of("dozen"))

    assert set(page.missing) < set(page.behind)
    late = [item for item in page.behind if item not in page.missing]
    assert {item.status for item in late} == {"overdue"}
    assert "Reading response 5" in {item.title for item in late}


def test_counts_say_how_they_are_doubtful():
    page = Page(sources=(Source("courses", "fresh"), Source("planner", "partial")))

    assert page.doubt(("courses",)) == ""
    assert page.doubt(("courses", "planner")) == "least"
    assert page.doubt(("courses",), ("planner",)) == "about"


def test_nobody_expects_staff_to_hand_anything_in(sources_of):
    """A course page shows teachers what waits, and observers no chip of their own."""
    taught = [row.submission for row in course(sources_of("teacher"), "4101").rows]
    watched = [row.submission for row in course(sources_of("observer"), "4101").rows]

    assert {row.status for row in taught} == {"", "needs_grading", "unpublished"}
    assert all(bool(row.needs_grading) == (row.status == "needs_grading") for row in taught)
    assert watched
    assert {row.status for row in watched} == {""}


def test_the_oldest_work_to_grade_comes_first(sources_of):
    for rows in (
        dashboard(sources_of("bigteacher")).grading,
        submissions(sources_of("bigteacher")).grading,
    ):
        dates = [row.due_at for row in rows]
        assert len(dates) > 5
        assert dates == sorted(dates)


def test_upcoming_has_each_thing_once(sources_of):
    page = upcoming(sources_of("dozen"))

    named = [(row.type, row.id) for row in page.rows]
    assert len(named) == len(set(named))
    work = [row.assignment_id for row in page.rows if row.assignment_id]
    assert len(work) == len(set(work))
    assert any(row.due_at is None for row in page.rows)
    assert any(row.done for row in page.rows)
    old = [row for row in page.rows if row.due_at and row.due_at < page.now - timedelta(days=29)]
    assert old
    assert all(row.missing for row in old)
    assert page.sections[0].key == "overdue"
    open_rows = [row for row in page.rows if not row.done]
    apart = [row for row in page.announcements if not row.done]
    assert sum(len(section.rows) for section in page.sections) + len(apart) == len(open_rows)
    assert all(row.url.startswith("http") for row in page.rows if row.type != "planner_note")


def test_teacher_sees_what_waits(sources_of):
    page = upcoming(sources_of("teacher"))

    assert page.is_teacher
    assert page.grading
    assert {item.status for item in page.grading} == {"needs_grading"}
    assert all(item.needs_grading > 0 and "speed_grader" in item.url for item in page.grading)
    ledger = submissions(sources_of("teacher"))
    assert ledger.grading
    assert {row.kind for row in ledger.all_rows} == {"grading"}
    assert all("speed_grader" in row.url for row in ledger.grading)


def test_both_roles_see_both(sources_of):
    page = submissions(sources_of("ta"))

    assert page.rows
    assert page.grading
    assert page.is_student
    assert page.is_teacher


def test_ledger_has_every_submission(sources_of):
    page = submissions(sources_of("dozen"))

    ids = [row.id for row in page.rows]
    assert len(ids) == len(set(ids)) > 50
    found = {row.status for row in page.rows}
    wanted = {"graded", "submitted", "resubmitted", "excused", "redo_requested", "custom"}
    assert wanted | {"missing", "on_paper", "due"} <= found
    hidden = [row for row in page.rows if row.posted_at is None]
    assert all(row.score is None and row.grade is None for row in hidden)
    assert any(row.points_deducted for row in page.rows if row.late)


def test_course_page_groups_its_work(sources_of):
    page = course(sources_of("dozen"), "4101")

    assert page.complete
    assert page.course.name == "Biology 101"
    assert page.groups
    assert len(page.rows) == sum(len(group.rows) for group in page.groups) > 10


def test_course_page_raises_true_errors(sources_of):
    with pytest.raises(NotFound):
        course(sources_of("dozen"), "99999999")
    with pytest.raises((AuthorizationError, NotFound)):
        course(sources_of("newcomer"), "4101")


def test_failed_part_leaves_the_rest(sources_of, canvas):
    fault = {"method": "GET", "path": "/api/v1/planner/items", "kind": "html", "times": None}
    canvas.control(faults=[fault])

    page = dashboard(sources_of("dozen"))

    assert not page.complete
    assert page.source("planner").status == "failed"
    assert page.rows
    assert page.missing  # from the other source
    assert not page.reliable("planner")


def test_failed_profile_means_utc(sources_of, canvas):
    fault = {"method": "GET", "path": "/api/v1/users/self/profile", "kind": "html"}
    canvas.control(faults=[fault | {"times": None}])

    page = courses(sources_of("dozen"))

    assert page.profile.time_zone == "UTC"
    assert page.rows


def test_failed_page_is_incomplete():
    page = FailedPage(failure=NotFound("x"))

    assert not page.complete
    assert page.rows == ()
