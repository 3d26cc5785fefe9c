"""One call: kept, shared, repeated, or replaced by a kept answer when it fails."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from cryptography.fernet import Fernet

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import MissingScope
from canvas_app.canvas.models import Course
from canvas_app.canvas.paging import Pages
from canvas_app.redis_client import open_redis
from canvas_app.sources.answer import complete
from canvas_app.sources.cache_redis import RedisCache
from canvas_app.sources.call import UNDER_WAY, request_key
from canvas_app.storage.seal import AnswerSeal

COURSES = partial(CanvasAPI.courses, include=("term",))
CIPHER = AnswerSeal([Fernet.generate_key().decode()])


def calls(canvas, route="GET /api/v1/courses"):
    return sum(canvas.stats()["calls"].get(route, {}).values())


class Clock:
    """A wall clock the test moves."""

    def __init__(self):
        self.at = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def __call__(self):
        return self.at


LOST = {"method": "GET", "path": "/api/v1/courses", "kind": "html", "times": None}


def kept_then(sources_of, clock):
    """Return a kept list of courses, five minutes old."""
    sources_of("dozen", now=clock).start("courses", COURSES).rows()
    clock.at += timedelta(minutes=5)
    return clock.at - timedelta(minutes=5)


def landed():
    """Wait until no call is under way."""
    end = time.monotonic() + 10
    while len(UNDER_WAY) and time.monotonic() < end:
        time.sleep(0.01)


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
    sources.reader.keep(
        "CanvasAPI.courses()[('include', ('term',))]", datetime.now(UTC), {"odd": 1}
    )

    assert sources.start("courses", COURSES).source().status == "fresh"


def test_an_answer_from_the_future_is_not_fresh(sources_of, canvas):
    """It was kept before the clock was set back."""
    clock = Clock()
    sources_of("dozen", now=clock).start("courses", COURSES).rows()
    clock.at -= timedelta(hours=1)

    assert sources_of("dozen", now=clock).kept(request_key(COURSES), COURSES).stale


@pytest.mark.parametrize("seconds", [60, 0])
def test_two_pages_ask_once(sources_of, canvas, seconds):
    """Two tabs opened at once wait for the same call, even when nothing is kept."""
    canvas.control(latency={"default": 0, "GET /api/v1/courses": 0.3})
    one = sources_of("dozen", cache_seconds=seconds).start("courses", COURSES)
    other = sources_of("dozen", cache_seconds=seconds).start("courses", COURSES)

    assert [c.id for c in one.rows()] == [c.id for c in other.rows()]
    assert (one.source().status, other.source().status) == ("fresh", "fresh")
    assert calls(canvas) == 1


def test_after_a_write_the_call_under_way_counts_no_more(sources_of, canvas, cache):
    canvas.control(latency={"default": 0, "GET /api/v1/courses": 0.3})
    before = sources_of("dozen")
    handle = before.start("courses", COURSES)
    cache.drop(before.reader.owner)

    after = sources_of("dozen").start("courses", COURSES)

    assert after.rows()
    assert handle.rows()
    assert calls(canvas) == 2


def test_who_has_more_time_asks_again(sources_of, canvas):
    """The first tab's time runs out during a call that the second one waits for too."""
    fault = LOST | {"kind": "slow", "seconds": 3, "times": 1}
    canvas.control(faults=[fault])
    hasty = sources_of("dozen", seconds=0.8).start("courses", COURSES)
    patient = sources_of("dozen").start("courses", COURSES)

    assert hasty.source().status == "failed"
    assert patient.source().status == "fresh"


def test_same_call_of_two_sources_is_one(sources_of, canvas):
    sources = sources_of("dozen", cache_seconds=0)

    assert sources.start("courses", COURSES).rows() == sources.start("others", COURSES).rows()
    assert calls(canvas) == 1


def test_stale_says_why_it_was_not_renewed(sources_of, canvas):
    clock = Clock()
    at = kept_then(sources_of, clock)
    canvas.control(faults=[LOST])
    assert sources_of("dozen", now=clock).start("courses", COURSES).source().detail == ""
    landed()

    handle = sources_of("dozen", now=clock).start("courses", COURSES)

    state = handle.source()
    assert (state.status, state.fetched_at, state.refreshing) == ("stale", at, True)
    assert "having problems" in state.detail
    assert handle.rows()
    canvas.control(faults=[])
    landed()
    sources_of("dozen", now=clock).start("courses", COURSES).rows()
    landed()
    renewed = sources_of("dozen", now=clock).start("courses", COURSES).source()
    assert (renewed.status, renewed.detail) == ("fresh", "")


def test_what_is_denied_now_is_kept_no_more(sources_of, canvas):
    clock = Clock()
    kept_then(sources_of, clock)
    canvas.control(faults=[LOST | {"kind": "status", "status": 403}])
    assert sources_of("dozen", now=clock).start("courses", COURSES).source().status == "stale"
    landed()

    assert sources_of("dozen", now=clock).start("courses", COURSES).source().status == "denied"


def test_refusal_is_asked_for_again_only_when_it_is_old(sources_of, canvas):
    """A course that has not begun refuses; once each view of /submissions asked it again."""
    clock = Clock()
    canvas.control(faults=[LOST | {"kind": "status", "status": 403}])
    first = sources_of("dozen", now=clock).start("courses", COURSES)
    said = first.source()
    assert first.denied

    second = sources_of("dozen", now=clock).start("courses", COURSES)

    assert second.denied
    assert second.source().detail == said.detail
    assert second.error.request_id == first.error.request_id
    assert calls(canvas) == 1
    canvas.control(faults=[])
    assert sources_of("dozen", now=clock, again=["courses"]).start("courses", COURSES).rows()


def test_old_refusal_is_asked_about_again(sources_of, canvas):
    clock = Clock()
    canvas.control(faults=[LOST | {"kind": "status", "status": 403}])
    assert sources_of("dozen", now=clock).start("courses", COURSES).denied
    canvas.control(faults=[])

    clock.at += timedelta(minutes=5)

    assert sources_of("dozen", now=clock).start("courses", COURSES).rows()
    clock.at += timedelta(seconds=1)
    assert not sources_of("dozen", now=clock).start("courses", COURSES).denied


def test_missing_scope_is_no_refusal_to_keep(sources_of):
    """After a new sign-in the person may have it."""
    asked = []

    def lacking(api: CanvasAPI) -> Pages[Course]:
        asked.append(api)
        raise MissingScope("The scope is missing.")

    for _ in range(2):
        assert isinstance(
            sources_of("dozen").start("courses", partial(lacking)).error, MissingScope
        )

    assert len(asked) == 2


def test_retry_asks_whatever_is_kept(sources_of, canvas):
    sources_of("dozen").start("courses", COURSES).rows()

    sources = sources_of("dozen", again=["courses"])
    handle = sources.start("courses", COURSES)
    sources.start_one("colors", partial(CanvasAPI.colors))

    assert handle.source().status == "fresh"
    assert calls(canvas) == 2


def test_everything_is_asked_again(sources_of, canvas):
    sources_of("dozen").start("courses", COURSES).rows()

    assert sources_of("dozen", again=["all"]).start("courses", COURSES).rows()

    assert calls(canvas) == 2


def test_failed_retry_leaves_what_was_kept(sources_of, canvas):
    clock = Clock()
    at = kept_then(sources_of, clock)
    canvas.control(faults=[LOST])

    handle = sources_of("dozen", now=clock, again=["courses"]).start("courses", COURSES)

    state = handle.source()
    assert handle.rows()
    assert (state.status, state.fetched_at, state.refreshing) == ("stale", at, False)
    assert "having problems" in state.detail


def test_denied_retry_shows_nothing_kept(sources_of, canvas):
    sources_of("dozen").start("courses", COURSES).rows()
    canvas.control(faults=[LOST | {"kind": "status", "status": 403}])

    handle = sources_of("dozen", again=["courses"]).start("courses", COURSES)

    assert handle.rows() == []
    assert handle.source().status == "denied"


def test_renewal_that_breaks_off_keeps_the_whole_list(sources_of, canvas):
    clock = Clock()
    sources_of("many", now=clock).start("courses", COURSES).rows()
    clock.at += timedelta(minutes=5)
    canvas.control(faults=[LOST | {"query": {"page": "2"}}])
    sources_of("many", now=clock).start("courses", COURSES).rows()
    landed()

    handle = sources_of("many", now=clock, again=["courses"]).start("courses", COURSES)

    assert len(handle.rows()) == 137
    assert handle.source().status == "stale"
    assert "1 of 2 pages came" in handle.source().detail


def test_time_that_is_over_sends_nothing(sources_of, canvas):
    handle = sources_of("dozen", seconds=-1.0).start("courses", COURSES)

    assert handle.source().status == "failed"
    landed()
    assert calls(canvas) == 0


def test_pages_share_what_redis_keeps(sources_of, canvas, cache, valkey_url):
    """For a page both caches behave the same."""
    shared = RedisCache(open_redis(valkey_url), CIPHER)
    sources = sources_of("dozen", cache=shared)
    sources.start("courses", COURSES).rows()

    again = sources_of("dozen", cache=shared).start("courses", COURSES)

    assert again.source().status == "fresh"
    assert calls(canvas) == 1
    shared.drop(sources.reader.owner)
    assert sources_of("dozen", cache=shared).start("courses", COURSES).rows()
    assert calls(canvas) == 2
    shared.drop(sources.reader.owner)
    shared._redis.close()
