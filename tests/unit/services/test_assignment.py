"""One assignment as its student, its teacher and an observer see it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from canvas_app.canvas.errors import AuthorizationError, NotFound
from canvas_app.canvas.models import (
    AssignmentDetail,
    Course,
    CourseEnrollment,
    RubricCriterion,
    ScoreStatistics,
    SubmissionDetail,
    SubmissionSummary,
    SubmissionUser,
)
from canvas_app.domain.assignments import Task
from canvas_app.domain.calendar import Person
from canvas_app.services.assignment import (
    ASSIGNMENT_INCLUDE,
    SUBMISSION_INCLUDE,
    AskedAssignment,
    AssignmentPage,
    assignment,
    lay_out,
)
from canvas_app.sources.answer import Source

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WORK = AssignmentDetail(
    id="7",
    name="Essay",
    points_possible=25,
    due_at=NOW + DAY,
    allowed_attempts=3,
    rubric=[RubricCriterion(id="a", description="Argument", points=10)],
)
POSTED = {"posted_at": NOW - DAY, "submitted_at": NOW - 3 * DAY, "attempt": 1}


@pytest.fixture
def named(canvas, sources_of):
    """Return the id of an assignment of Biology 101, by its name."""

    def find(name):
        rows = sources_of("teacher").api.assignments("4101")
        return next(row.id for row in rows if row.name == name)

    return find


# Against the stand-in Canvas


def test_student_sees_everything_of_her_own(sources_of, named, canvas):
    page = assignment(sources_of("dozen"), "4101", named("Essay: why we age"))

    assert page.complete, page.sources
    (work,) = page.rows
    assert (work.submission.status, work.submission.score, work.submission.grade, work.student) == (
        "graded",
        21,
        "21",
        None,
    )
    assert (work.submission.allowed_attempts, work.attempts_left) == (3, 2)
    assert [one.number for one in work.attempts] == [1]
    assert work.attempts[0].score == 21
    assert "My answer" in work.attempts[0].text
    assert [said.author for said in work.submission.comments] == ["Helen Okonkwo", "Anonymous User"]
    assert work.submission.comments[0].files[0].name == "essay-notes.pdf"
    assert [one.rating for one in work.submission.rubric] == ["Excellent", "Good", "Developing"]
    assert work.submission.rubric[1].comments
    assert page.statistics.mark("yours").value == 21
    assert page.statistics.mark("median")
    assert page.assignment.description.startswith("<p>Instructions")
    assert page.teaching is None
    calls = canvas.stats()["calls"]
    assert sum(sum(by.values()) for by in calls.values()) <= 6  # the list by name among them


def test_hidden_grade_stays_hidden(sources_of, named):
    page = assignment(sources_of("dozen"), "4101", named("Mid-term exam essay"))

    (work,) = page.rows
    assert (work.submission.status, work.submission.score, work.submission.grade) == (
        "submitted",
        None,
        None,
    )
    assert (work.attempts[0].score, work.attempts[0].grade) == (None, None)
    assert page.statistics is None


def test_each_attempt_has_its_own_grade(sources_of, named):
    (work,) = assignment(sources_of("dozen"), "4101", named("Punnett squares")).rows

    assert work.submission.status == "resubmitted"
    assert [(one.number, one.score) for one in work.attempts] == [(2, None), (1, 5)]


def test_own_due_date_holds(sources_of, named):
    number = named("Heredity problem set")

    student = assignment(sources_of("dozen"), "4101", number)
    teacher = assignment(sources_of("teacher"), "4101", number)

    assert student.assignment.due_at > teacher.assignment.due_at
    assert student.assignment.can_submit
    assert student.rows[0].attempts == ()
    assert teacher.teaching.has_overrides


def test_work_not_yet_open(sources_of, named):
    page = assignment(sources_of("dozen"), "4101", named("Evolution laboratory"))

    assert page.assignment.locked
    assert page.assignment.description is None
    assert page.assignment.lock_explanation
    assert page.assignment.unlock_at > page.now
    assert page.rows[0].submission.status == "not_yet_open"
    assert not page.assignment.can_submit


def test_teacher_sees_counts_and_no_work_of_her_own(sources_of, named):
    page = assignment(sources_of("teacher"), "4101", named("Photosynthesis worksheet"))

    assert page.complete
    assert page.rows == ()
    staff = page.teaching
    assert staff.needs_grading == staff.ungraded > 0
    assert staff.graded + staff.ungraded + staff.not_submitted == 64
    assert "speed_grader" in staff.speed_grader
    assert staff.published
    assert page.statistics is None


def test_unpublished_work_says_so(sources_of, named):
    page = assignment(sources_of("teacher"), "4101", named("Surprise question"))

    assert not page.teaching.published


def test_limited_assistant_sees_her_section(sources_of, named):
    number = named("Photosynthesis worksheet")

    limited = assignment(sources_of("ta"), "4101", number).teaching
    every = assignment(sources_of("teacher"), "4101", number).teaching

    assert 0 < limited.ungraded < every.ungraded


def test_observer_sees_the_observed_student(sources_of, named):
    page = assignment(sources_of("observer"), "4101", named("Essay: why we age"))

    (work,) = page.rows
    assert (work.student, work.submission.score) == ("Maya Lindqvist", 21)
    assert page.statistics is None
    assert page.teaching is None


@pytest.mark.parametrize(
    ("who", "course", "name", "error"),
    [
        ("dozen", "4101", "Surprise question", AuthorizationError),
        ("dozen", "4101", "Make-up laboratory", AuthorizationError),
        ("newcomer", "4101", "Essay: why we age", AuthorizationError),
        ("dozen", "4102", "Essay: why we age", NotFound),
        ("dozen", "99999999", "Essay: why we age", NotFound),
    ],
)
def test_true_errors(sources_of, named, who, course, name, error):
    with pytest.raises(error):
        assignment(sources_of(who), course, named(name))


@pytest.mark.parametrize("part", ["submissions/self", "", "submission_summary"])
def test_what_fails_leaves_the_rest(sources_of, named, canvas, part):
    number = named("Essay: why we age")
    path = f"/api/v1/courses/4101/assignments/{number}/{part}" if part else "/api/v1/courses/4101"
    canvas.control(faults=[{"method": "GET", "path": path, "kind": "html", "times": None}])

    page = assignment(sources_of("teacher" if "summary" in part else "dozen"), "4101", number)

    assert not page.complete
    assert page.assignment.name == "Essay: why we age"
    if "summary" in part:
        assert page.teaching.graded is None
        assert page.teaching.needs_grading is not None
    else:
        assert page.rows[0].submission.score == 21  # the assignment came with its submission


def test_never_asks_what_marks_read():
    assert not {"read_status", "read_state"} & {*ASSIGNMENT_INCLUDE, *SUBMISSION_INCLUDE}


# Laid out without a network, a thread or a clock


def asked_of(found=WORK, enrollments=("student",), **more):
    course = Course(
        id="4", name="Biology", enrollments=[CourseEnrollment(type=kind) for kind in enrollments]
    )
    return AskedAssignment(
        canvas_url="https://canvas.example.edu",
        found=found,
        course=course,
        sources=(Source("assignment", "fresh", NOW),),
        **more,
    )


def test_page_of_a_student():
    own = SubmissionDetail(id="9", assignment_id="7", score=20.0, grade="20", **POSTED)

    page = lay_out(asked_of(submissions=[own]), NOW)

    (work,) = page.rows
    assert (work.submission.title, work.submission.score) == ("Essay", 20.0)
    assert (page.assignment.name, page.assignment.course_name) == ("Essay", "Biology")
    assert [criterion.name for criterion in page.rubric] == ["Argument"]
    assert page.complete
    assert page.teaching is None


def test_page_of_a_teacher_whose_counts_did_not_come():
    """Their place is there nevertheless, with the link into SpeedGrader."""
    failed = (Source("grading", "failed", None, "Canvas did not answer."),)

    page = lay_out(
        replace(asked_of(enrollments=["teacher"], counts=SubmissionSummary()), sources=failed), NOW
    )

    assert not page.complete
    assert page.rows == ()
    assert page.teaching.graded is None
    assert page.teaching.speed_grader


def test_page_of_an_observer_compares_nobody():
    scores = AssignmentDetail(
        id="7", points_possible=25, score_statistics=ScoreStatistics(min=5, max=24, mean=18.3)
    )
    child = SubmissionDetail(user=SubmissionUser(name="Maya"), score=20.0, **POSTED)

    page = lay_out(asked_of(scores, ["observer"], submissions=[child], observed=True), NOW)

    assert (page.rows[0].student, page.statistics) == ("Maya", None)
    own = lay_out(asked_of(scores, submissions=[child]), NOW)
    assert own.statistics.mark("yours").value == 20


# Cases that the campus does not have


@pytest.mark.parametrize(
    ("own", "there", "differs"),
    [
        ("Europe/Berlin", "America/Denver", True),
        ("America/Denver", "US/Mountain", False),
        ("America/Denver", None, False),
        ("America/Denver", "Nowhere/None", False),
    ],
)
def test_other_clock_only_where_it_tells_another_hour(own, there, differs):
    page = AssignmentPage(
        profile=Person(time_zone=own),
        assignment=Task("7", "", "4", "", "", due_at=NOW, course_time_zone=there),
    )

    assert (page.by_course_clock is not None) is differs
