"""One assignment: its task, the person's work, the class's scores."""

from datetime import UTC, datetime, timedelta

import msgspec

from canvas_app.canvas.models import (
    AssignmentDetail,
    Attachment,
    Course,
    CourseEnrollment,
    RubricAssessment,
    RubricCriterion,
    RubricSettings,
    ScoreStatistics,
    Submission,
    SubmissionDetail,
    SubmissionUser,
)
from canvas_app.domain.assignments import class_scores, own_work, submitters, task
from canvas_app.domain.planner_items import ItemBuilder

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
COURSE = Course(id="4", name="Biology", time_zone="America/Denver")
LETTERS = Course(id="4", name="Chemistry", restrict_quantitative_data=True)
LOOK = ItemBuilder("https://canvas.example.edu", {"4": COURSE}, {}, NOW)
WORK = AssignmentDetail(
    id="7",
    name="Essay",
    points_possible=25,
    due_at=NOW + DAY,
    allowed_attempts=3,
    rubric=[RubricCriterion(id="a", description="Argument", points=10)],
)
POSTED = {"posted_at": NOW - DAY, "submitted_at": NOW - 3 * DAY, "attempt": 1}


def mine(work=WORK, course=COURSE, **facts):
    return own_work(SubmissionDetail(**facts), work, course, LOOK, observed=False)


def test_letters_alone():
    given = {"score": 21.0, "grade": "B", "entered_score": 22.0} | POSTED
    work = mine(course=LETTERS, rubric_assessment={"a": RubricAssessment(points=8)}, **given)

    assert work.submission.grade == "B"
    assert work.attempts[0].grade == "B"
    text = msgspec.json.encode(work).decode()
    assert "21" not in text.replace("2026-11-21", "")
    assert work.submission.rubric[0].points is None
    found = AssignmentDetail(id="7", points_possible=25, score_statistics=ScoreStatistics(min=1))
    assert task(found, LETTERS, LOOK, [work]).points_possible is None
    assert class_scores(found, (work,)) is None


def test_rubric_without_points():
    work = AssignmentDetail(
        id="7",
        rubric=[RubricCriterion(id="a", points=10)],
        rubric_settings=RubricSettings(hide_points=True),
    )
    (criterion,) = mine(
        work, rubric_assessment={"a": RubricAssessment(points=8)}, **POSTED
    ).submission.rubric

    assert (criterion.points, criterion.points_possible) == (None, None)


def test_rubric_stands_before_anything_is_rated():
    (criterion,) = mine().submission.rubric

    assert (criterion.name, criterion.points, criterion.rating) == ("Argument", None, None)
    hidden = mine(rubric_assessment={"a": RubricAssessment(points=8)}, submitted_at=NOW)
    assert hidden.submission.rubric == mine().submission.rubric


def test_attempts_left_never_below_none():
    assert mine(attempt=5, submitted_at=NOW).attempts_left == 0
    assert mine(attempt=3, extra_attempts=1, submitted_at=NOW).attempts_left == 1
    assert mine(AssignmentDetail(id="7", allowed_attempts=-1)).attempts_left is None


def test_hand_ins_of_every_kind():
    work = mine(
        submission_type="online_url",
        url="https://example.edu/x",
        attachments=[Attachment(display_name="a", url="https://canvas.example.edu/files/1")],
        late=True,
        submitted_at=NOW,
    )
    (one,) = work.attempts

    assert (one.link, one.files[0].name, one.late) == ("https://example.edu/x", "a", True)
    assert mine(url="javascript:alert(1)", submitted_at=NOW).attempts[0].link is None
    assert mine().attempts == ()


def test_grades_of_earlier_attempts_wait_for_posting():
    old = SubmissionDetail(score=5.0, grade="5", **(POSTED | {"posted_at": None}))
    again = mine(submission_history=[old], attempt=1, submitted_at=NOW)

    assert again.attempts[0].score is None


def test_bare_submission_of_the_assignment_is_enough():
    work = own_work(Submission(score=3.0, **POSTED), WORK, COURSE, LOOK, observed=False)

    assert (work.submission.score, work.attempts) == (3.0, ())


def test_group_and_peer_work():
    found = AssignmentDetail(
        id="7",
        group_category_id="9",
        grade_group_students_individually=True,
        peer_reviews=True,
        anonymous_peer_reviews=True,
        anonymous_grading=True,
        omit_from_final_grade=True,
        in_closed_grading_period=True,
        allowed_extensions=["pdf"],
    )
    shown = task(found, COURSE, LOOK, [])

    assert shown.group_work
    assert shown.graded_individually
    assert (shown.peer_reviews, shown.anonymous_peer_reviews) == (True, True)
    assert (shown.anonymous_grading, shown.counts, shown.closed_period) == (True, False, True)
    assert shown.url == "https://canvas.example.edu/courses/4/assignments/7"


def test_own_date_before_everybodys():
    one = mine(cached_due_date=NOW + 5 * DAY)
    other = mine(cached_due_date=NOW + 9 * DAY)

    assert task(WORK, COURSE, LOOK, [one]).due_at == NOW + 5 * DAY
    assert task(WORK, COURSE, LOOK, [one, other]).due_at == WORK.due_at  # of two children
    assert task(WORK, COURSE, LOOK, []).due_at == WORK.due_at


def test_whose_submissions():
    def enrolled(*kinds):
        return [CourseEnrollment(type=kind, associated_user_id=who) for kind, who in kinds]

    student, parent = ("student", None), ("observer", "3")
    both = Course(id="4", enrollments=enrolled(student, parent))
    assert submitters(both, WORK) == ["self", "3"]
    assert submitters(both, WORK, "self") == ["self"]
    assert submitters(both, WORK, "3") == ["3"]
    assert submitters(both, WORK, "9") == []
    children = enrolled(parent, ("observer", "4"), parent, ("observer", None))
    assert submitters(Course(id="4", enrollments=children), WORK) == ["3", "4"]
    assert submitters(Course(id="4", enrollments=enrolled(("teacher", None))), WORK) == []
    assert submitters(Course(id="4"), WORK) == []
    answered = AssignmentDetail(id="7", submission=Submission())
    assert submitters(Course(id="4"), answered) == ["self"]


def test_student_is_named_to_observers_alone():
    detail = SubmissionDetail(user=SubmissionUser(name="Maya"))

    assert own_work(detail, WORK, COURSE, LOOK, observed=True).student == "Maya"
    assert own_work(detail, WORK, COURSE, LOOK, observed=False).student is None


def test_class_scores_need_ones_own():
    found = AssignmentDetail(
        id="7", points_possible=25, score_statistics=ScoreStatistics(min=5, max=24, mean=18.3)
    )

    assert class_scores(found, ()) is None
    assert class_scores(found, (mine(submitted_at=NOW),)) is None
    picture = class_scores(found, (mine(score=20.0, **POSTED),))
    assert [mark.name for mark in picture.marks] == ["lowest", "mean", "yours", "highest"]
    assert (picture.bottom, picture.top) == (0, 25)
