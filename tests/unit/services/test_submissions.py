"""The ledger: its rows, filters, order and headings."""

import threading
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from threading import Event

import pytest
from msgspec.structs import replace as replace_struct

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import Unavailable
from canvas_app.canvas.models import (
    Assignment,
    Course,
    CourseEnrollment,
    Submission,
)
from canvas_app.canvas.paging import Pages
from canvas_app.domain.ledger import SORTS, LedgerFilter
from canvas_app.domain.rows import SubmissionRow
from canvas_app.services.submissions import LEDGER_INCLUDE, AskedLedger, lay_out, submissions
from canvas_app.sources.answer import Source

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
COURSE = Course(id="4", name="Biology")


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


# What a row shows


# Laid out without a network, a thread or a clock


def asked_of(*own, taught=(), **more):
    """What Canvas answered a student of Biology."""
    active = [CourseEnrollment(type="student", enrollment_state="active")]
    course = replace_struct(COURSE, enrollments=active)
    return AskedLedger(
        canvas_url="https://canvas.example.edu",
        known={course.id: course},
        studied=[course],
        own=[(course, own)],
        to_grade=taught,
        sources=(Source("courses", "fresh", NOW),),
        **more,
    )


def test_one_submission_makes_one_row():
    """A list that changed while it was read may contain one twice."""
    one = Submission(id="9", assignment_id="7", assignment=Assignment(id="7", name="Essay"))

    page = lay_out(asked_of(one, one), LedgerFilter(), NOW)

    assert [found.title for found in page.rows] == ["Essay"]
    assert (page.total, page.complete, page.is_student, page.in_courses) == (1, True, True, True)
    assert page.courses == (("4", "Biology"),)
    assert [group.key for group in page.groups] == ["untouched"]


def test_filter_leaves_rows_out_and_counts_all():
    works = [
        Submission(id=str(n), assignment_id=str(n), assignment=Assignment(id=str(n), name=name))
        for n, name in enumerate(("Essay", "Quiz"))
    ]

    page = lay_out(asked_of(*works), LedgerFilter(text="quiz"), NOW)

    assert ([found.title for found in page.rows], page.total) == (["Quiz"], 2)


def test_courses_of_others_are_no_filter():
    page = lay_out(asked_of(), LedgerFilter(courses=frozenset({"4", "99"})), NOW)

    assert page.wanted.courses == {"4"}
    assert page.rows == ()


def test_only_what_waits_is_to_grade():
    works = [
        Assignment(id="1", name="Waits", needs_grading_count=2),
        Assignment(id="2", name="Does not", needs_grading_count=0),
        Assignment(id="3", name="Not said"),
    ]

    page = lay_out(asked_of(taught=[(COURSE, works)]), LedgerFilter(), NOW)

    assert [(found.title, found.needs_grading) for found in page.grading] == [("Waits", 2)]


def test_missing_source_is_no_complete_page():
    failed = (Source("submissions: Biology", "failed", None, "Canvas did not answer."),)

    page = lay_out(replace(asked_of(), sources=failed), LedgerFilter(), NOW)

    assert not page.complete
    assert page.source("submissions: Biology").status == "failed"


# Against the stand-in Canvas


def test_never_asks_what_marks_read():
    assert not {"read_status", "read_state"} & set(LEDGER_INCLUDE)


@pytest.mark.parametrize("sort", SORTS)
def test_every_order_has_every_row(sources_of, sort):
    page = submissions(sources_of("dozen"), LedgerFilter(sort=sort))

    assert page.complete
    assert page.total == len(page.rows) == sum(len(group.rows) for group in page.groups)
    assert {one.assignment_id for group in page.groups for one in group.rows} == {
        one.assignment_id for one in page.rows
    }


def test_one_course_asks_one_course(sources_of, canvas):
    page = submissions(sources_of("dozen"), LedgerFilter(courses=frozenset({"4101", "99"})))

    assert {one.course_id for one in page.rows} == {"4101"}
    assert page.wanted.courses == {"4101"}
    assert len(page.courses) > 5
    calls = canvas.stats()["calls"]["GET /api/v1/courses/:course_id/students/submissions"]
    assert calls == {"200": 1}


def test_unknown_course_means_all(sources_of):
    page = submissions(sources_of("dozen"), LedgerFilter(courses=frozenset({"99"})))

    assert len({one.course_id for one in page.rows}) > 5
    assert page.wanted.everything


def test_teacher_filters_what_waits(sources_of):
    every = submissions(sources_of("teacher"))
    some = submissions(sources_of("teacher"), LedgerFilter(text="quiz"))
    waiting = LedgerFilter(statuses=frozenset({"needs_grading"}))

    assert 0 < len(some.grading) < len(every.grading)
    assert submissions(sources_of("teacher"), LedgerFilter(late=True)).grading == ()
    assert submissions(sources_of("teacher"), waiting).grading == every.grading


def test_ledger_asks_each_course_once(sources_of, canvas):
    sources = sources_of("many")
    most, flying, lock = 0, 0, threading.Lock()
    transport = sources.api.client.transport
    send = transport.send

    def counted(*what, **how):
        # Counted here and not at Canvas, where a call ends after its answer was read.
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
    """Canvas refuses its submissions, and an early view does not wait for the reason."""
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
    """Canvas refuses submissions before a course begins; nothing is missing then."""
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
    """If a running course refuses, or the list of pending ones fails, the page is incomplete."""
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
