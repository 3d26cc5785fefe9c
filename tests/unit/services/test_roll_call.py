"""Whether the list of a class that is kept still holds, asked for in one call."""

from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

import pytest

from canvas_app.canvas.errors import Unavailable
from canvas_app.canvas.models import Course, CourseEnrollment, SectionClass
from canvas_app.domain.roll_digest import RollMark, roll_digest
from canvas_app.services.classes import RENEWED
from canvas_app.services.roll_call import RollCall, call_roll, keep_roll
from canvas_app.sources.answer import Outcome
from canvas_app.sources.sources import Sources
from tests.unit.domain.test_roll_digest import CLASS, section

NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
COURSE = Course(id="1", name="Biology", total_students=640)
MARK = RollMark(NOW.timestamp() - 60, 640, roll_digest(CLASS))
SECTIONS = [section("7", CLASS[0], CLASS[2]), section("8", CLASS[1])]


class Class:
    """Sources and their one answer: the sections, or an error; ``kept`` is what is remembered."""

    def __init__(self, kept: RollMark | None = MARK, **outcome: Any) -> None:
        self.kept = kept
        self.outcome = Outcome(**({"value": SECTIONS} | outcome))
        self.asked: list[str] = []
        self.settled = ""
        self.waiting = False
        self.waits = True

    def now(self) -> datetime:
        return NOW

    def recall(self, name: str, type: Any) -> RollMark | None:
        return self.kept

    def remember(self, name: str, value: RollMark) -> None:
        self.kept = value

    def start(self, name: str, call: "partial[Any]", **more: Any) -> "Class":
        self.asked.append(call.func.__name__)
        return self

    def answers(self) -> list[Outcome]:
        return [self.outcome]

    def rows(self) -> list[SectionClass]:
        return cast(list[SectionClass], self.outcome.value)

    def settle(self, detail: str) -> None:
        self.settled = detail


def called(sources: Class, course: Course = COURSE, **more: Any) -> RollCall | None:
    given: dict[str, Any] = {"period_id": "", "changes": True} | more
    return call_roll(cast(Sources, sources), course, **given)


def test_same_class_needs_no_new_list() -> None:
    """What was asked for since it has been so is good; an older list is not."""
    found = called(Class())
    assert found is not None
    assert (found.terms.renew, found.terms.lasts, found.digest) == (True, 61, MARK.digest)


@pytest.mark.parametrize(
    ("sources", "more"),
    [
        (Class(None), {}),
        (Class(RollMark(MARK.since, 100, MARK.digest)), {}),
        (Class(), {"changes": False}),
        (Class(None), {"period_id": "4", "changes": False}),
        (Class(None), {"period_id": "4", "course": Course(id="1", total_students=100)}),
    ],
    ids=["never seen", "small", "all is asked for", "first look", "small, never seen"],
)
def test_one_call_more_would_save_none(sources: Class, more: dict[str, Any]) -> None:
    assert called(sources, **more) == RollCall(NOW.timestamp())
    assert sources.asked == []


def test_who_sees_some_sections_reads_the_list() -> None:
    limited = CourseEnrollment(type="ta", limit_privileges_to_course_section=True)
    sources = Class()
    assert called(sources, Course(id="1", enrollments=[limited])) == RollCall(NOW.timestamp())
    assert sources.asked == []


@pytest.mark.parametrize(
    "mark",
    [
        RollMark(MARK.since, 640, "another"),
        RollMark(NOW.timestamp() - 3600, 640, MARK.digest),
        None,
    ],
    ids=["changed", "an hour old", "of a period, never seen"],
)
def test_new_list_where_the_old_may_not_hold(mark: RollMark | None) -> None:
    sources = Class(mark)
    found = called(sources, period_id="4")
    assert found == RollCall(NOW.timestamp(), RENEWED, MARK.digest)
    keep_roll(cast(Sources, sources), COURSE, found, CLASS, "4")
    assert sources.kept == RollMark(NOW.timestamp(), len(CLASS), MARK.digest)


def test_failure_leaves_the_list_to_be_read() -> None:
    sources = Class(value=[], error=Unavailable("no"))
    assert called(sources) == RollCall(NOW.timestamp())
    assert sources.settled


def test_early_view_knows_nothing_yet() -> None:
    sources = Class()
    sources.waiting = True
    assert called(sources) is None


def test_what_is_kept_of_the_class() -> None:
    """Its own totals make the digest where no call did; those of a period do not."""
    plain = RollCall(NOW.timestamp())
    sources = Class(None)
    keep_roll(cast(Sources, sources), COURSE, plain, CLASS, "4")
    assert sources.kept is None
    sources.waits = False
    keep_roll(cast(Sources, sources), COURSE, plain, CLASS, "")
    assert sources.kept is None
    sources.waits = True
    keep_roll(cast(Sources, sources), COURSE, plain, CLASS, "")
    assert sources.kept == RollMark(NOW.timestamp(), 3, MARK.digest)
    sources.kept = MARK
    keep_roll(cast(Sources, sources), COURSE, plain, CLASS, "")
    assert sources.kept == MARK, "it has been so since then"
