"""Gathering: in parallel, under a deadline, with a state for each part."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from cryptography.fernet import Fernet

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.client import CanvasClient
from canvas_app.canvas.errors import (
    AuthenticationError,
    AuthorizationError,
    InvalidRequest,
    MalformedAnswer,
    NotFound,
    Throttled,
    Unavailable,
)
from canvas_app.sources.answer import Source, complete, freshness
from canvas_app.sources.cache_redis import RedisCache
from canvas_app.sources.call import UNDER_WAY, owner_key, request_key
from canvas_app.sources.wording import error_text
from canvas_app.storage.seal import AnswerSeal

COLORS = partial(CanvasAPI.colors)
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
    sources.reader.keep(
        "CanvasAPI.courses()[('include', ('term',))]", datetime.now(UTC), {"odd": 1}
    )

    assert sources.start("courses", COURSES).source().status == "fresh"


def test_denied_is_told(sources_of):
    handle = sources_of("dozen").start(
        "theirs", partial(CanvasAPI.student_submissions, course_id="4301")
    )

    assert handle.rows() == []
    state = handle.source()
    assert state.status == "denied"
    assert state.fetched_at is None
    assert "does not share" in state.detail
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
        (AuthorizationError("x"), "share"),
        (NotFound("x"), "does not have"),
        (Throttled("x"), "no more requests for you"),
        (MalformedAnswer("x"), "read"),
        (Unavailable("x"), "in time"),
        (Unavailable("x", status=503), "trouble"),
        (InvalidRequest("x"), "accept"),
    ],
)
def test_errors_in_plain_words(error, words):
    assert words in error_text(error)


LOST = {"method": "GET", "path": "/api/v1/courses", "kind": "html", "times": None}


def test_an_answer_from_the_future_is_not_fresh(sources_of, canvas):
    """It was kept before the clock was set back."""
    clock = Clock()
    sources_of("dozen", now=clock).start("courses", COURSES).rows()
    clock.at -= timedelta(hours=1)

    assert sources_of("dozen", now=clock).kept(request_key(COURSES), COURSES).stale


def kept_then(sources_of, clock):
    """A kept list of courses, five minutes old."""
    sources_of("dozen", now=clock).start("courses", COURSES).rows()
    clock.at += timedelta(minutes=5)
    return clock.at - timedelta(minutes=5)


def landed():
    """Wait until no call is under way."""
    end = time.monotonic() + 10
    while len(UNDER_WAY) and time.monotonic() < end:
        time.sleep(0.01)


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
    """The first tab's time runs out in the middle of a call that the second waits for."""
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
    assert "trouble of its own" in state.detail
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
    assert "trouble of its own" in state.detail


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


def test_early_view_stays_as_it_was_first_read(sources_of, canvas):
    """What comes while the view is made is not here: its rows were left out already."""
    canvas.control(latency=0.3)
    sources = sources_of("dozen")
    early = sources.early()
    seen = early.start("courses", COURSES)
    assert seen.rows() == []

    assert sources.start("courses", COURSES).rows()  # now it is here

    (state,) = early.states()
    assert (seen.rows(), state.status) == ([], "waiting")
    assert sources.early().start("courses", COURSES).rows()


def test_early_view_waits_for_nothing(sources_of, canvas):
    canvas.control(latency={"default": 0, "GET /api/v1/users/:id/colors": 0.5})
    sources = sources_of("dozen")
    early = sources.early()

    handle = early.start_one("colors", COLORS)

    assert handle.value() is None
    assert handle.source().status == "waiting"
    assert not complete(early.states())
    assert sources.start_one("colors", COLORS).value()  # the same call, waited for
    assert sum(calls(canvas, name) for name in canvas.stats()["calls"] if "colors" in name) == 1
    again = sources_of("dozen").early()
    assert again.start_one("colors", COLORS).value()


def test_list_cut_at_its_deadline_shows_what_came(sources_of, canvas):
    fault = LOST | {"kind": "slow", "seconds": 10, "query": {"page": "2"}}
    canvas.control(faults=[fault])

    handle = sources_of("many", seconds=1.5).start("courses", COURSES)

    assert len(handle.rows()) == 100
    assert handle.source().status == "partial"
    assert "1 of 2 pages came" in handle.source().detail


def test_source_names_its_course(sources_of):
    sources = sources_of("dozen")
    (biology,) = [c for c in sources.start("courses", COURSES).rows() if c.id == "4101"]

    handle = sources.start("work", partial(CanvasAPI.assignments, course_id="4101"), course=biology)

    assert (handle.source().course_id, handle.source().course_name) == ("4101", "Biology 101")


def test_freshness_counts_courses_or_parts():
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    parts = [Source("planner", "fresh", at), Source("missing", "failed")]
    courses = [
        Source("work: a", "fresh", at - timedelta(minutes=1), course_id="1"),
        Source("grades: a", "stale", at, course_id="1"),
        Source("work: b", "fresh", at, course_id="2"),
    ]

    counted = freshness(parts)
    assert (counted.up_to_date, counted.of, counted.unit) == (1, 2, "part")
    counted = freshness(parts + courses)
    assert (counted.up_to_date, counted.of, counted.unit) == (3, 5, "part")
    counted = freshness(parts[:1] + courses)
    assert (counted.up_to_date, counted.of, counted.unit) == (1, 2, "course")
    assert counted.as_of == at - timedelta(minutes=1)
    assert freshness([]).as_of is None


def test_time_that_is_over_sends_nothing(sources_of, canvas):
    handle = sources_of("dozen", seconds=-1.0).start("courses", COURSES)

    assert handle.source().status == "failed"
    landed()
    assert calls(canvas) == 0


def test_pages_share_what_redis_keeps(sources_of, canvas, cache, valkey_url):
    """Both caches behave the same to a page."""
    shared = RedisCache(valkey_url, CIPHER)
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


GROUPS = partial(
    CanvasAPI.assignment_groups, course_id="4101", include=("assignments", "submission")
)
BARE = partial(GROUPS, include=())


@pytest.fixture
def dropping(monkeypatch):
    """Canvas behind a key that allows no includes: it answers as if none were asked for."""
    ask = CanvasClient.paginate
    monkeypatch.setattr(
        CanvasClient,
        "paginate",
        lambda self, path, params=None, **more: ask(
            self, path, {k: v for k, v in (params or {}).items() if k != "include"}, **more
        ),
    )


def test_dropped_includes_are_a_gap(sources_of, dropping):
    told = []
    sources = sources_of("dozen", on_includes=lambda includes, read: told.append((includes, read)))

    handle = sources.start("assignments", GROUPS)

    assert handle.dropped() == ("assignments", "submission")
    state = handle.source()
    assert (state.status, state.here) == ("partial", False)
    assert state.detail == (
        "Your school's set-up of Easel hides this: assignments and what you handed in and your "
        "grades."
    )
    assert "Allow Include Parameters" in state.for_admin
    assert told == [(("assignments", "submission"), False)]


def test_page_names_what_it_needs(sources_of, dropping):
    handle = sources_of("dozen").start("assignments", GROUPS)

    handle.needs("assignments")
    assert handle.source().detail.endswith("hides this: assignments.")
    handle.needs()
    assert (handle.source().status, handle.source().for_admin) == ("fresh", "")


def test_kept_answer_still_tells(sources_of, dropping):
    told = []
    sources_of("dozen").start("assignments", GROUPS).rows()

    again = sources_of("dozen", on_includes=lambda *each: told.append(each)).start(
        "assignments", GROUPS
    )

    assert again.source().status == "partial"
    assert told == [], "only what Canvas says now concerns the operator"


def test_own_work_without_submissions_is_believed_alone(sources_of, dropping):
    """Where nothing surer is on the page; a moment after publishing, work has no submission."""
    own = partial(CanvasAPI.calendar_assignments, course_ids=("4101",), include=("submission",))
    sources = sources_of("dozen")

    handle = sources.start("calendar", own)
    assert handle.source().status == "partial"

    sources.reader.includes_read = True
    assert handle.source().status == "fresh"


def test_call_without_includes_is_never_blamed(sources_of, dropping):
    assert sources_of("dozen").start("assignments", BARE).source().status == "fresh"


ODD_COURSE = {"kind": "rewrite", "path": "/api/v1/courses*", "times": None}


def test_what_could_not_be_understood_is_told_and_kept(sources_of, canvas):
    """Canvas would give the same again, so it is not asked on each page."""
    clock = Clock()
    sources_of("dozen", now=clock).start("courses", COURSES).rows()
    clock.at += timedelta(minutes=5)
    canvas.control(faults=[ODD_COURSE | {"rewrite": [['"id":"4101"', '"id":{}']]}])
    first = sources_of("dozen", now=clock, again=["courses"]).start("courses", COURSES)
    assert first.source().status == "partial"
    before = calls(canvas)

    handle = sources_of("dozen", now=clock).start("courses", COURSES)

    assert "4101" not in {course.id for course in handle.rows()}
    state = handle.source()
    assert (state.status, state.unread) == ("partial", True)
    assert state.detail == "1 rows could not be understood and are left out."
    assert calls(canvas) == before


def test_one_object_tells_what_could_not_be_understood(sources_of, canvas):
    canvas.control(faults=[ODD_COURSE | {"rewrite": [['"name":"', '"name":[],"was":"']]}])

    handle = sources_of("dozen").start_one("course", partial(CanvasAPI.course, course_id="4101"))

    assert handle.required().id == "4101"
    state = handle.source()
    assert (state.status, state.unread) == ("partial", True)
    assert "could not be understood" in state.detail


def test_a_list_that_also_broke_off_is_worth_another_try(sources_of, canvas):
    odd = ODD_COURSE | {"rewrite": [['"id":"[0-9]*"', '"id":{}']], "times": 1}
    lost = {"path": "/api/v1/courses", "query": {"page": "2"}, "kind": "html", "times": None}
    canvas.control(faults=[lost, odd])

    state = sources_of("many").start("courses", COURSES).source()

    assert state.status in ("partial", "failed")
    assert not state.unread
