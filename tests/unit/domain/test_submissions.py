"""A submission as a row, without anything hidden."""

from datetime import UTC, datetime, timedelta

import msgspec

from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    Attachment,
    Course,
    MediaComment,
    RubricAssessment,
    RubricCriterion,
    RubricRating,
    Submission,
    SubmissionComment,
)
from canvas_app.domain.calendar import Person
from canvas_app.domain.grade_book import (
    book_of,
)
from canvas_app.domain.grade_calculator import current
from canvas_app.domain.grade_rows import history
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.rows import Comment, File, SubmissionRow
from canvas_app.domain.submissions import latest_activity, submission_row

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def look():
    known = {"4": Course(id="4", name="Biology", restrict_quantitative_data=True)}
    return ItemBuilder("https://canvas.example.edu", known, {"4": "#123456"}, NOW)


def assignment(id_="1", score=None, posted=True, points=10.0, **more):
    own = Submission(
        id=f"9{id_}",
        score=score,
        posted_at=NOW - timedelta(1) if posted else None,
        **more.pop("submission", {}),
    )
    return Assignment(id=id_, name=f"Work {id_}", points_possible=points, submission=own, **more)


def group(*assignments, **more):
    return AssignmentGroup(id="5", name="Work", assignments=list(assignments), **more)


DAY = timedelta(days=1)
COURSE = Course(id="4", name="Biology")
LETTERS = Course(id="5", name="Chemistry", restrict_quantitative_data=True)
LOOK = ItemBuilder("https://canvas.example.edu", {"4": COURSE, "5": LETTERS}, {}, NOW)


def row(title="Essay", **facts):
    values = {
        **dict.fromkeys(("points_deducted", "score", "grade", "points_possible", "due_at"), None),
        **dict.fromkeys(("submitted_at", "graded_at"), None),
        "assignment_id": title,
        "course_id": "4",
        "course_name": "Biology",
        "url": "",
        "status": "due",
        "late": False,
        "title": title,
    }
    return SubmissionRow(**(values | facts))


def graded(assignment=None, course=COURSE, **facts):
    given = {"posted_at": NOW - DAY, "graded_at": NOW - DAY, "submitted_at": NOW - 3 * DAY}
    work = assignment or Assignment(id="7", name="Essay", points_possible=40, grading_type="points")
    return submission_row(Submission(assignment_id="7", **(given | facts)), work, course, LOOK)


def test_letters_only_hides_points():
    submission = Submission(assignment_id="5", score=3.0, grade="C", posted_at=NOW)
    course = look().courses["4"]

    row = submission_row(submission, None, course, look())

    assert (row.score, row.grade, row.title) == (None, "C", "Assignment 5")
    assert row.url == "https://canvas.example.edu/courses/4/assignments/5"


def test_history_has_one_point_a_day():
    works = {}
    for id_, score, hours in (("1", 5.0, 50), ("2", 10.0, 49), ("3", 9.0, 1)):
        works[id_] = assignment(id_, score)
        works[id_].submission.posted_at = NOW - timedelta(hours=hours)
    works["4"] = assignment("4", 1.0, posted=False)
    book = book_of(Course(id="7"), [group(*works.values())], [])

    look = ItemBuilder("https://canvas.example.edu", {}, {}, NOW)
    rows = [submission_row(a.submission, a, Course(id="7"), look) for a in works.values()]

    found = history(book, None, rows, Person(time_zone="America/Denver"))

    assert found == ((NOW - timedelta(hours=49), 75.0), (NOW - timedelta(hours=1), 80.0))
    assert found[-1][1] == float(current(book).percent)


def test_late_work_costs():
    late = graded(
        late=True, seconds_late=183_600.0, score=32.0, entered_score=36.0, points_deducted=4.0
    )

    assert (late.late, late.seconds_late, late.points_deducted) == (True, 183_600, 4.0)
    assert (late.score, late.entered_score, late.status) == (32.0, 36.0, "graded")


def test_seconds_late_of_work_that_is_not_late_are_no_lateness():
    assert graded(late=False, seconds_late=9000.0).seconds_late == 0


def test_nothing_of_a_hidden_grade_is_in_the_row():
    hidden = graded(
        posted_at=None,
        score=44.0,
        grade="44",
        entered_score=44.0,
        entered_grade="44",
        points_deducted=1.0,
        rubric_assessment={"a": RubricAssessment(points=44)},
    )

    assert hidden.status == "submitted"
    assert "44" not in msgspec.json.encode(hidden).decode()
    assert (hidden.graded_at, hidden.points_deducted, hidden.rubric) == (None, None, ())


def test_letters_alone_where_numbers_are_restricted():
    work = Assignment(id="7", points_possible=20, rubric=[RubricCriterion(id="a", points=20)])
    assessed = {"a": RubricAssessment(points=16.5)}
    letter = graded(
        work,
        LETTERS,
        score=16.5,
        grade="B",
        points_deducted=2.0,
        entered_grade="A",
        rubric_assessment=assessed,
    )

    assert (letter.grade, letter.entered_grade, letter.letters_only) == ("B", "A", True)
    assert (letter.score, letter.points_possible, letter.points_deducted) == (None, None, None)
    assert letter.rubric[0].points is None
    assert letter.rubric[0].points_possible is None
    for number in ("16.5", "82%", "82.5 %", "-1", " 7 "):
        assert graded(work, LETTERS, grade=number).grade is None


def test_restricted_by_the_assignment_alone():
    work = Assignment(id="7", points_possible=20, restrict_quantitative_data=True)

    assert graded(work, score=16.0, grade="B").score is None


def test_comments_newest_first_with_their_files():
    said = [
        SubmissionComment(author_name="Helen", comment="first", created_at=NOW - 2 * DAY),
        SubmissionComment(
            author_name="Anonymous User",
            comment="second",
            created_at=NOW - DAY,
            attempt=2,
            attachments=[
                Attachment(filename="a.pdf", url="https://canvas.example.edu/files/1", size=9),
                Attachment(display_name="b", url="javascript:alert(1)"),
            ],
            media_comment=MediaComment(media_type="audio"),
        ),
        SubmissionComment(comment="undated"),
    ]
    comments = graded(submission_comments=said).comments

    assert [c.text for c in comments] == ["second", "first", "undated"]
    assert (comments[0].attempt, comments[0].media) == (2, True)
    assert [(f.name, f.url) for f in comments[0].files] == [
        ("a.pdf", "https://canvas.example.edu/files/1"),
        ("b", ""),
    ]


def test_comments_keep_what_tags_say():
    """Equations and pictures are only in the form with tags; a recording has its address."""
    equation = '<p>See <img class="equation_image" alt="LaTeX: x^2"></p>'
    said = [
        SubmissionComment(id="1", comment="See "),
        SubmissionComment(id="2", comment="if a <b> c"),
        SubmissionComment(id="3", comment="<p>older Canvas</p>"),
        SubmissionComment(
            id="4",
            media_comment=MediaComment(
                media_type="audio/mp4", display_name="Reply", url="https://canvas.example.edu/m/1"
            ),
        ),
    ]
    rich = [
        SubmissionComment(id="1", comment=equation),
        SubmissionComment(id="2", comment="if a <b> c"),
        SubmissionComment(id="4"),
    ]

    comments = graded(submission_comments=said, submission_html_comments=rich).comments

    assert [(c.text, c.html) for c in comments] == [
        ("See x^2", equation),
        ("if a <b> c", None),
        ("older Canvas", "<p>older Canvas</p>"),
        ("", None),
    ]
    assert comments[3].media
    assert comments[3].files == (File("Audio: Reply", "https://canvas.example.edu/m/1"),)


def test_rubric_names_the_rating_given():
    rubric = [
        RubricCriterion(
            id="a",
            description="Argument",
            points=10,
            ratings=[RubricRating(id="a1", description="Good", points=7.5), RubricRating(id="a2")],
        ),
        RubricCriterion(id="b", description="Style", ignore_for_scoring=True),
    ]
    work = Assignment(id="7", rubric=rubric)
    assessed = {"a": RubricAssessment(rating_id="a1", points=7.5, comments="Weigh it.")}
    first, second = graded(work, score=7.5, rubric_assessment=assessed).rubric

    assert (first.name, first.rating, first.points, first.comments) == (
        "Argument",
        "Good",
        7.5,
        "Weigh it.",
    )
    assert [rating.reached for rating in first.ratings] == [True, False]
    assert (second.rating, second.points, second.counts) == (None, None, False)
    assert graded(work, score=7.5).rubric == ()


def test_unlimited_attempts_are_no_number():
    assert graded(Assignment(id="7", allowed_attempts=-1)).allowed_attempts is None
    assert graded(Assignment(id="7", allowed_attempts=3), extra_attempts=1).allowed_attempts == 3


def test_activity_counts_comments():
    said = row(submitted_at=NOW - 9 * DAY, comments=(Comment("Helen", "Well done", NOW - DAY),))

    assert latest_activity(said) == NOW - DAY
    assert latest_activity(row()) < NOW - 1000 * DAY
