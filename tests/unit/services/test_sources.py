"""Gathering: in parallel, under a deadline, with a state for each part."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import (
    AuthenticationError,
    AuthorizationError,
    InvalidRequest,
    MalformedAnswer,
    NotFound,
    Throttled,
    Unavailable,
)
from canvas_app.services.sources import complete, owner_key, plain

COURSES = partial(CanvasAPI.courses, include=("term",))


def calls(canvas, route="GET /api/v1/courses"):
    return sum(canvas.stats()["calls"].get(route, {}).values())


class Clock:
    """A wall clock the test moves."""

    def __init__(self):
        self.at = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def __call__(self):
        return self.at


def test_list_is_fresh(sources_of):
    sources = sources_of("many")

    handle = sources.start("courses", COURSES)

    assert len(handle.rows()) == 137
    state = handle.source()
    assert (state.name, state.status, state.refreshing) == ("courses", "fresh", False)
    assert state.fetched_at is not None
    assert complete(sources.states())


def test_second_view_asks_nothing(sources_of, canvas):
    first = sources_of("dozen").start("courses", COURSES).rows()
    before = calls(canvas)

    again = sources_of("dozen").start("courses", COURSES)

    assert [c.id for c in again.rows()] == [c.id for c in first]
    assert again.rows()[0].term == first[0].term
    assert calls(canvas) == before


def test_nobody_sees_anothers_answers(sources_of):
    sources_of("dozen").start("courses", COURSES).rows()

    theirs = sources_of("newcomer").start("courses", COURSES)

    assert theirs.rows() == []
    assert owner_key(("a", "1", "", 1)) != owner_key(("a", "1", "", 2))


def test_stale_is_shown_while_renewed(sources_of, canvas, pool):
    clock = Clock()
    sources_of("dozen", now=clock).start("courses", COURSES).rows()
    clock.at += timedelta(minutes=5)
    before = calls(canvas)

    handle = sources_of("dozen", now=clock).start("courses", COURSES)

    assert (handle.source().status, handle.source().refreshing) == ("stale", True)
    assert handle.source().fetched_at == clock.at - timedelta(minutes=5)
    assert complete([handle.source()])
    pool.shutdown(wait=True)
    assert calls(canvas) == before + 1


def test_zero_seconds_keep_nothing(sources_of, canvas):
    sources_of("dozen", cache_seconds=0).start("courses", COURSES).rows()
    before = calls(canvas)

    sources_of("dozen", cache_seconds=0).start("courses", COURSES).rows()

    assert calls(canvas) == before + 1


def test_other_version_counts_as_nothing(sources_of, cache):
    sources = sources_of("dozen")
    sources.keep("courses()[('include', ('term',))]", datetime.now(UTC), {"odd": 1})

    assert sources.start("courses", COURSES).source().status == "fresh"


def test_denied_is_told(sources_of):
    handle = sources_of("dozen").start(
        "theirs", partial(CanvasAPI.student_submissions, course_id="4301")
    )

    assert handle.rows() == []
    state = handle.source()
    assert state.status == "denied"
    assert state.fetched_at is None
    assert "does not show" in state.detail
    assert isinstance(handle.error, AuthorizationError)


def test_unavailable_is_failed(sources_of, canvas):
    fault = {"method": "GET", "path": "/api/v1/courses", "kind": "html", "times": None}
    canvas.control(faults=[fault])

    handle = sources_of("dozen").start("courses", COURSES)

    assert handle.source().status == "failed"
    assert handle.rows() == []


def test_lost_page_is_partial(sources_of, canvas):
    fault = {"method": "GET", "path": "/api/v1/courses", "query": {"page": "2"}}
    canvas.control(faults=[fault | {"kind": "html", "times": None}])

    sources = sources_of("many")
    handle = sources.start("courses", COURSES)

    assert len(handle.rows()) == 100
    assert handle.source().status == "partial"
    assert "1 of 2 pages" in handle.source().detail
    assert not complete(sources.states())


def test_one_lost_call_is_partial(sources_of):
    handle = sources_of("dozen").start(
        "both", COURSES, partial(CanvasAPI.assignments, course_id="99999999")
    )

    assert handle.rows()
    assert handle.source().status == "partial"
    assert "1 of 2 parts" in handle.source().detail


def test_deadline_leaves_the_page_standing(sources_of, canvas):
    canvas.control(latency={"default": 0, "GET /api/v1/courses": 3.0})

    sources = sources_of("dozen", seconds=1.0)
    late, quick = (
        sources.start("courses", COURSES),
        sources.start_one("colors", partial(CanvasAPI.colors)),
    )

    assert late.source().status == "failed"
    assert "time" in late.source().detail
    assert quick.value() is not None


def test_ended_grant_is_raised(sources_of, cache):
    sources_of("dozen").start("courses", COURSES).rows()
    dead = sources_of("dozen", token="no-such-token")

    handle = dead.start_one("profile", partial(CanvasAPI.profile))

    with pytest.raises(AuthenticationError):
        handle.value()
    assert cache.bytes == 0


def test_required_object_raises(sources_of):
    handle = sources_of("dozen").start_one(
        "course", partial(CanvasAPI.course, course_id="99999999")
    )

    with pytest.raises(NotFound):
        handle.required()
    assert handle.value() is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AuthorizationError("x"), "show"),
        (NotFound("x"), "does not have"),
        (Throttled("x"), "wait"),
        (MalformedAnswer("x"), "read"),
        (Unavailable("x"), "in time"),
        (Unavailable("x", status=503), "trouble"),
        (InvalidRequest("x"), "accept"),
    ],
)
def test_errors_in_plain_words(error, words):
    assert words in plain(error)
