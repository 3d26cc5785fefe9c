"""The ledger: its rows, what a query leaves of them, their order and headings."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event

import msgspec
import pytest

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import Unavailable
from canvas_app.canvas.models import (
    Assignment,
    Attachment,
    Course,
    MediaComment,
    RubricAssessment,
    RubricCriterion,
    RubricRating,
    Submission,
    SubmissionComment,
)
from canvas_app.canvas.paging import Pages
from canvas_app.domain.planner_items import Look
from canvas_app.domain.rows import Comment, File, SubmissionRow
from canvas_app.domain.submissions import latest_activity, submission_row
from canvas_app.services.submissions import INCLUDE, SORTS, Wanted, grouped, in_order, submissions

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
COURSE = Course(id="4", name="Biology")
LETTERS = Course(id="5", name="Chemistry", restrict_quantitative_data=True)
LOOK = Look("https://canvas.example.edu", {"4": COURSE, "5": LETTERS}, {}, NOW)


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


# What a row shows


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
    """Equations and pictures stand in the form with tags alone; a recording has its address."""
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


# What a query leaves


def asked(**values):
    return Wanted.of(lambda name: values.get(name, []))


def test_what_nobody_knows_is_left_out():
    odd = asked(
        course=["4", "x", "-1", "4101; DROP"],
        status=["missing", "<script>"],
        late=["maybe"],
        comments=["on"],
        sort=["nonsense"],
        q=["  " + "x" * 500],
    )

    assert odd.courses == {"4"}
    assert odd.statuses == {"missing"}
    assert (odd.late, odd.comments, odd.sort) == (False, False, "activity")
    assert len(odd.text) == 200
    assert asked().everything
    assert asked(sort=["due"]).everything
    assert not asked(late=["1"]).everything
    assert asked(sort=["nonsense", "score"]).sort == "score"


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({}, {"Essay", "Zero", "Late", "Said"}),
        ({"status": ["graded"]}, {"Zero", "Late"}),
        ({"status": ["missing"]}, {"Zero"}),
        ({"status": ["missing", "due"]}, {"Zero", "Essay"}),
        ({"late": ["1"]}, {"Late"}),
        ({"comments": ["1"]}, {"Said"}),
        ({"q": ["ESS"]}, {"Essay"}),
        ({"q": ["golgi"]}, {"Said"}),
        ({"q": ["biology"], "status": ["submitted"]}, {"Said"}),
        ({"q": ["nowhere"]}, set()),
        ({"late": ["1"], "comments": ["1"]}, set()),
    ],
)
def test_all_conditions_hold(query, titles):
    rows = [
        row("Essay"),
        row("Zero", status="graded", missing=True),
        row("Late", status="graded", late=True),
        row("Said", status="submitted", comments=(Comment("Helen", "Label the Golgi", NOW),)),
    ]
    wanted = asked(**query)

    assert {one.title for one in rows if wanted.takes(one)} == titles


# Order and headings

ROWS = [
    row("next", due_at=NOW + DAY),
    row("later", due_at=NOW + 9 * DAY, course_id="3", course_name="Art"),
    row("undated"),
    row("missing", status="missing", due_at=NOW - 2 * DAY),
    row("half", status="graded", score=5.0, points_possible=10, posted_at=NOW - 2 * DAY,
        due_at=NOW - 20 * DAY),
    row("full", status="graded", score=4.0, points_possible=4, posted_at=NOW - 40 * DAY,
        due_at=NOW - 50 * DAY),
    row("letter", status="graded", grade="A", letters_only=True, posted_at=NOW - 10 * DAY,
        due_at=NOW - 11 * DAY),
    row("bonus", status="graded", score=1.0, points_possible=0, posted_at=NOW - 10 * DAY,
        due_at=NOW - 12 * DAY),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sort", "titles"),
    [
        ("activity", "half letter bonus full next later missing undated"),
        ("due", "next later missing letter bonus half full undated"),
        ("graded", "half letter bonus full next later missing undated"),
        ("course", "later full half bonus letter missing next undated"),
        ("score", "full half next later missing letter bonus undated"),
    ],
)
def test_orders(sort, titles):
    ordered = in_order(reversed(ROWS), sort, NOW)

    assert " ".join(one.title for one in ordered) == titles


def test_headings_by_activity_put_what_can_be_mended_first():
    groups = grouped(in_order(ROWS, "activity", NOW), Wanted(), NOW)

    assert [(group.key, len(group.rows)) for group in groups] == [
        ("mend", 1),
        ("week", 1),
        ("month", 2),
        ("earlier", 1),
        ("untouched", 3),
    ]
    assert not any(group.folded for group in groups)


@pytest.mark.parametrize(
    ("sort", "keys"),
    [
        ("due", ["ahead", "past", "undated"]),
        ("graded", ["graded", "ungraded"]),
        ("course", ["course", "course"]),
        ("score", ["scored", "unscored"]),
    ],
)
def test_headings_of_other_orders(sort, keys):
    groups = grouped(in_order(ROWS, sort, NOW), Wanted(sort=sort), NOW)

    assert [group.key for group in groups] == keys
    assert sum(len(group.rows) for group in groups) == len(ROWS)


def test_only_a_long_ledger_nobody_chose_from_is_folded():
    many = [replace(one, title=f"{one.title} {n}") for one in ROWS for n in range(10)]

    def folded(wanted):
        groups = grouped(in_order(many, "activity", NOW), wanted, NOW)
        assert sum(len(group.rows) for group in groups) == len(many)
        return {group.key for group in groups if group.folded}

    assert folded(Wanted()) == {"earlier", "untouched"}
    assert folded(Wanted(text="n")) == set()


# Against the stand-in Canvas


def test_never_asks_what_marks_read():
    assert not {"read_status", "read_state"} & set(INCLUDE)


@pytest.mark.parametrize("sort", SORTS)
def test_every_order_has_every_row(sources_of, sort):
    page = submissions(sources_of("dozen"), Wanted(sort=sort))

    assert page.complete
    assert page.total == len(page.rows) == sum(len(group.rows) for group in page.groups)
    assert {one.assignment_id for group in page.groups for one in group.rows} == {
        one.assignment_id for one in page.rows
    }


def test_one_course_asks_one_course(sources_of, canvas):
    page = submissions(sources_of("dozen"), Wanted(courses=frozenset({"4101", "99"})))

    assert {one.course_id for one in page.rows} == {"4101"}
    assert page.wanted.courses == {"4101"}
    assert len(page.courses) > 5
    calls = canvas.stats()["calls"]["GET /api/v1/courses/:course_id/students/submissions"]
    assert calls == {"200": 1}


def test_unknown_course_means_all(sources_of):
    page = submissions(sources_of("dozen"), Wanted(courses=frozenset({"99"})))

    assert len({one.course_id for one in page.rows}) > 5
    assert page.wanted.everything


def test_teacher_filters_what_waits(sources_of):
    every = submissions(sources_of("teacher"))
    some = submissions(sources_of("teacher"), Wanted(text="quiz"))

    assert 0 < len(some.grading) < len(every.grading)
    assert submissions(sources_of("teacher"), Wanted(late=True)).grading == ()
    assert (
        submissions(sources_of("teacher"), Wanted(statuses=frozenset({"needs_grading"}))).grading
        == every.grading
    )


def test_ledger_asks_each_course_once(sources_of, canvas):
    sources = sources_of("many")
    most, flying, lock = 0, 0, threading.Lock()
    transport = sources.api.client.transport
    send = transport.send

    def counted(*what, **how):
        # Here and not at Canvas, which has not done with a call when its answer is read.
        nonlocal most, flying
        with lock:
            flying += 1
            most = max(most, flying)
        try:
            return send(*what, **how)
        finally:
            with lock:
                flying -= 1

    transport.send = counted
    page = submissions(sources)

    assert page.complete
    calls = canvas.stats()["calls"]
    assert calls["GET /api/v1/courses/:course_id/students/submissions"] == {"200": 137}
    assert sum(sum(by.values()) for by in calls.values()) <= 137 + 6
    assert 1 < most <= 10


def test_a_course_that_fails_leaves_the_others(sources_of, canvas):
    fault = {"method": "GET", "path": "/api/v1/courses/4102/students/submissions", "kind": "html"}
    canvas.control(faults=[fault | {"times": None}])

    page = submissions(sources_of("dozen"))

    assert not page.complete
    assert len({one.course_id for one in page.rows}) > 5
    assert [s.status for s in page.sources if "Statistics" in s.name] == ["failed"]


ART = "submissions: Art History"


def test_no_course_is_called_denied_before_it_is_known_whether_it_has_begun(
    sources_of, monkeypatch
):
    """Canvas refuses its submissions, and an early view does not wait to hear what lies ahead."""
    hang = Event()

    def never(_: CanvasAPI) -> Pages[Course]:
        hang.wait(30)
        raise Unavailable("never")

    early = sources_of("dozen", cache_seconds=0.0).early()
    monkeypatch.setattr(
        "canvas_app.services.submissions.start_pending",
        lambda _: early.start("invitations", partial(never)),
    )

    page = submissions(sources_of("dozen"))
    hang.set()

    assert [source.status for source in page.sources if source.name == ART] == ["waiting"]


def test_a_course_that_has_not_begun_leaves_nothing_out(sources_of, canvas):
    """Canvas refuses submissions before a course begins; that is no gap, and no cry."""
    page = submissions(sources_of("dozen"))

    assert page.complete
    assert page.not_begun == (("4111", "Art History"),)
    art = page.source(ART)
    assert (art.status, art.detail) == ("fresh", "The course has not begun.")
    canvas.control(clock={"advance": 50 * 86_400})
    begun = submissions(sources_of("dozen", cache_seconds=0))
    assert (begun.complete, begun.not_begun) == (True, ())
    assert "Museum visit" in {row.title for row in begun.rows}


@pytest.mark.parametrize("path", ["/api/v1/courses/4102/students/submissions", "/api/v1/courses"])
def test_a_refusal_for_another_reason_is_told(sources_of, canvas, path):
    """A running course that refuses, or a list of pending courses that fails: not complete."""
    pending = {"query": {"enrollment_state": "invited_or_pending"}}
    states = pending if path == "/api/v1/courses" else {}
    fault = {"path": path, "kind": "status", "status": 403, "times": None, **states}
    canvas.control(faults=[fault])

    page = submissions(sources_of("dozen"))

    assert not page.complete
    denied = {source.name for source in page.sources if source.status == "denied"}
    if states:
        assert denied == {ART, "invitations"}
        assert page.not_begun == ()
    else:
        assert denied == {"submissions: Statistics"}
        assert page.not_begun == (("4111", "Art History"),)
