"""The five pages as the campus's people see them."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from canvas_app.canvas.errors import AuthorizationError, NotFound
from canvas_app.canvas.models import (
    Assignment,
    Course,
    CourseEnrollment,
    CourseSection,
    DiscussionTopic,
    Plannable,
    PlannerItem,
    PlannerOverride,
    PlannerSubmission,
    Submission,
    Term,
    TodoItem,
    TodoQuiz,
)
from canvas_app.domain.calendar import Person, monday, week_slices
from canvas_app.domain.courses import grade_of, grade_text, state_of, student_enrollment
from canvas_app.domain.planner_items import ItemBuilder, assignment_kind, is_done, planner_key
from canvas_app.domain.rows import Item
from canvas_app.domain.submissions import submission_row
from canvas_app.services.courses import courses
from canvas_app.services.dashboard import dashboard
from canvas_app.services.grades import course
from canvas_app.services.pages import FailedPage, Page
from canvas_app.services.submissions import submissions
from canvas_app.services.upcoming import upcoming
from canvas_app.sources.answer import Source

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
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
    assert {item.status for item in page.new_grades} == {"graded"}
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
    """A course page shows its teacher what waits, and an observer no chip of her own."""
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


def test_active_student_enrollment_counts():
    both = Course(
        id="1",
        name="x",
        enrollments=[
            CourseEnrollment(type="teacher", enrollment_state="active"),
            CourseEnrollment(
                type="student", enrollment_state="completed", computed_current_score=1.0
            ),
            CourseEnrollment(
                type="student", enrollment_state="active", computed_current_score=92.4
            ),
        ],
    )

    assert student_enrollment(both).computed_current_score == 92.4
    assert grade_of(both) == ("percentage", 92.4, None, "whole course")
    assert grade_of(Course(id="1"))[0] == "not_available"


@pytest.mark.parametrize(
    ("course_facts", "enrollment", "state"),
    [
        ({}, {"computed_current_score": None}, "none"),
        ({}, {"computed_current_score": None, "computed_current_grade": "B"}, "letter"),
        ({}, {}, "not_available"),
        ({"hide_final_grades": True}, {}, "hidden"),
        (
            {"restrict_quantitative_data": True},
            {"computed_current_score": 90.0, "computed_current_grade": "A"},
            "letter",
        ),
        # A total whose letter did not come is no missing grade.
        ({"restrict_quantitative_data": True}, {"computed_current_score": 90.0}, "not_available"),
        ({"restrict_quantitative_data": True}, {"computed_current_score": None}, "none"),
        (
            {"restrict_quantitative_data": True, "grading_scheme": [["A", 0.9], ["B", 0]]},
            {"current_grading_period_id": "2", "current_period_computed_current_score": 90.0},
            "letter",
        ),
        (
            {},
            {"current_grading_period_id": "2", "current_period_computed_current_score": 80.0},
            "percentage",
        ),
    ],
)
def test_grade_states(course_facts, enrollment, state):
    found = Course(
        id="1", enrollments=[CourseEnrollment(type="student", **enrollment)], **course_facts
    )

    assert grade_of(found)[0] == state
    if course_facts.get("restrict_quantitative_data"):
        assert grade_of(found)[1] is None


def test_grade_as_text():
    assert grade_text(92.4, "A-") == "92.4 % · A-"
    assert grade_text(None, "A-") == "A-"
    assert grade_text(0.0, None) == "0 %"
    assert grade_text(None, None) is None


BY_DATES = {"restrict_enrollments_to_course_dates": True}
LONGER = {"sections": [CourseSection(id="3", end_at=NOW + timedelta(days=9))]}


@pytest.mark.parametrize(
    ("facts", "states", "expected"),
    [
        ({"concluded": True}, ["active"], "past"),
        ({"workflow_state": "completed"}, ["active"], "past"),
        ({}, ["completed"], "past"),
        ({}, ["invited"], "invited"),
        ({"workflow_state": "unpublished"}, ["active"], "unpublished"),
        ({"start_at": NOW + timedelta(days=9), **BY_DATES}, ["active"], "future"),
        ({"end_at": NOW - timedelta(days=9), **BY_DATES}, ["active"], "past"),
        # A course's own dates change nothing unless it restricts enrollments to them.
        ({"start_at": NOW + timedelta(days=9)}, ["active"], "current"),
        ({"end_at": NOW - timedelta(days=9)}, ["active"], "current"),
        ({"term": Term(start_at=NOW + timedelta(days=9))}, ["active"], "future"),
        ({"term": Term(end_at=NOW - timedelta(days=9))}, ["active"], "past"),
        # Its own dates come before the term's.
        ({"term": Term(end_at=NOW - timedelta(days=9)), **BY_DATES}, ["active"], "current"),
        # The term's dates are those of the person's role; ``concluded`` knows none of these.
        ({"term": Term(end_at=NOW + timedelta(days=9)), "concluded": True}, ["active"], "current"),
        ({"term": Term(), "concluded": True}, ["active"], "current"),
        # Those of a section may make it longer.
        ({"term": Term(end_at=NOW - timedelta(days=9)), **LONGER}, ["active"], "current"),
        ({}, ["active"], "current"),
    ],
)
def test_course_states(facts, states, expected):
    enrollments = [CourseEnrollment(type="student", enrollment_state=state) for state in states]

    assert state_of(Course(id="1", enrollments=enrollments, **facts), NOW) == expected


def test_weeks_cover_the_range():
    slices = week_slices(date(2026, 11, 4), date(2026, 11, 17))

    assert [start.date() for start, _ in slices] == [
        date(2026, 11, 2),
        date(2026, 11, 9),
        date(2026, 11, 16),
    ]
    assert slices[0][1] + timedelta(seconds=1) == slices[1][0]
    assert monday(date(2026, 11, 22)) == date(2026, 11, 16)


@pytest.mark.parametrize("zone", ["Nowhere/None", "../etc/passwd", ""])
def test_unknown_zone_is_utc(zone):
    assert Person(time_zone=zone).zone is UTC


def test_day_is_the_persons_own():
    assert Person(time_zone="Pacific/Kiritimati").day(NOW) == date(2026, 11, 24)


def look():
    known = {"4": Course(id="4", name="Biology", restrict_quantitative_data=True)}
    return ItemBuilder("https://canvas.example.edu", known, {"4": "#123456"}, NOW)


def test_calendar_knows_more_than_the_planner():
    before = NOW - timedelta(days=1)
    plan = PlannerItem(
        plannable_id="5",
        plannable_type="assignment",
        plannable_date=before,
        submissions=PlannerSubmission(),
    )
    paper = Assignment(id="5", due_at=before, submission_types=["on_paper"])
    custom = Assignment(id="5", submission=Submission(custom_grade_status_id="2"))

    assert look().from_planner(plan).status == "overdue"
    assert look().from_planner(plan, paper).status == "on_paper"
    assert look().from_planner(plan, custom).status == "custom"
    assert look().from_planner(plan, custom).status_label == "Custom status"
    graded = Assignment(id="5", submission=Submission(score=1.0, posted_at=before, late=True))
    item = look().from_calendar(graded)
    assert (item.status, item.done, item.late, item.posted_at) == ("graded", True, True, before)


def test_own_mark_decides_done():
    handed_in = PlannerSubmission(submitted=True)
    plan = PlannerItem(plannable_id="1", plannable_type="assignment")
    unmarked = PlannerItem(
        plannable_id="1",
        plannable_type="assignment",
        planner_override=PlannerOverride(marked_complete=False),
    )

    assert is_done(plan, handed_in)
    assert not is_done(unmarked, handed_in)
    assert not is_done(plan, PlannerSubmission(submitted=True, redo_request=True))
    assert not is_done(plan, PlannerSubmission(graded=True))
    assert not is_done(plan, None)


def test_one_key_for_one_assignment():
    quiz = PlannerItem(
        plannable_id="9", plannable_type="quiz", plannable=Plannable(assignment_id="5")
    )
    review = PlannerItem(
        plannable_id="9",
        plannable_type="assessment_request",
        plannable=Plannable(assignment_id="5"),
    )

    assert planner_key(quiz) == ("assignment", "5")
    assert planner_key(review) == ("assessment_request", "9")
    assert assignment_kind(Assignment(id="5", quiz_id="9")) == ("quiz", "9")
    topic = Assignment(id="5", discussion_topic=DiscussionTopic(id="8"))
    assert assignment_kind(topic) == ("discussion_topic", "8")


def test_links_are_absolute_and_http():
    assert look().link("/courses/4") == "https://canvas.example.edu/courses/4"
    assert look().link("javascript:alert(1)") == ""
    assert look().link(None) == ""


def test_quiz_to_grade_has_a_row():
    item = TodoItem(
        type="grading",
        course_id="4",
        html_url="/courses/4/quizzes/2",
        needs_grading_count=3,
        quiz=TodoQuiz(id="2", title="Quiz"),
    )

    (row,) = look().grading([item, item, TodoItem(type="submitting")])

    assert (row.id, row.title, row.course_name) == ("2", "Quiz", "Biology")
    assert row.url == "https://canvas.example.edu/courses/4/quizzes/2"


def test_letters_only_hides_points():
    submission = Submission(assignment_id="5", score=3.0, grade="C", posted_at=NOW)
    course = look().courses["4"]

    row = submission_row(submission, None, course, look())

    assert (row.score, row.grade, row.title) == (None, "C", "Assignment 5")
    assert row.url == "https://canvas.example.edu/courses/4/assignments/5"


def test_item_is_plain_data():
    item = Item("1", "quiz", "t", None, "", None, "due", None, False, "")

    assert msgspec.to_builtins(item)["id"] == "1"
