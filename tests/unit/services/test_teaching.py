"""The grading queue's page, laid out from what came."""

from datetime import UTC, datetime, timedelta

from canvas_app.canvas.models import Assignment, ClassSubmission, Course
from canvas_app.domain.grading_queue import QueueFilter
from canvas_app.services.teaching import AskedQueue, TaughtCourse, lay_out, waiting_works

NOW = datetime(2026, 11, 23, tzinfo=UTC)
AGO = NOW - timedelta(days=15)
COURSE = Course(id="1", name="Biology")
WORK = Assignment(id="7", name="Essay", needs_grading_count=9)


def asked(students: frozenset[str] | None) -> AskedQueue:
    row = ClassSubmission(user_id="1", workflow_state="submitted", submitted_at=AGO)
    taught = TaughtCourse(COURSE, [WORK], {"7": [row]}, students)
    return AskedQueue(canvas_url="https://canvas.test", known={"1": COURSE}, taught=[taught])


def test_counts_need_the_students() -> None:
    page = lay_out(asked(frozenset({"1"})), QueueFilter(), NOW)
    assert (page.waiting, page.exact, page.oldest) == (1, True, AGO)
    assert page.longest_wait == timedelta(days=15)
    bare = lay_out(asked(None), QueueFilter(), NOW)
    assert (bare.waiting, bare.exact, bare.oldest, bare.longest_wait) == (9, False, None, None)
    assert lay_out(asked(frozenset()), QueueFilter(), NOW).rows == ()


def test_what_is_looked_into() -> None:
    works = [
        WORK,
        WORK,
        Assignment(id="1", needs_grading_count=0),
        Assignment(id="2", needs_grading_count=3, published=False),
        Assignment(id="3", needs_grading_count=0, moderated_grading=True),
    ]
    assert [work.id for work in waiting_works(works)] == ["7", "3"]
