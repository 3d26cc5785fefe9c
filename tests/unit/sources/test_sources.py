"""Sources: in parallel, under a deadline, with a state for each part."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import (
    AuthenticationError,
    AuthorizationError,
    NotFound,
)
from canvas_app.sources.answer import complete
from canvas_app.sources.call import owner_key

COLORS = partial(CanvasAPI.colors)
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


LOST = {"method": "GET", "path": "/api/v1/courses", "kind": "html", "times": None}


def test_early_view_stays_as_it_was_first_read(sources_of, canvas):
    """Answers that come while the view is made count as missing, as their rows are left out."""
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


GROUPS = partial(
    CanvasAPI.assignment_groups, course_id="4101", include=("assignments", "submission")
)
BARE = partial(GROUPS, include=())


def test_dropped_includes_are_a_gap(sources_of, dropping):
    told = []
    sources = sources_of("dozen", on_includes=lambda includes, read: told.append((includes, read)))

    handle = sources.start("assignments", GROUPS)

    assert handle.dropped() == ("assignments", "submission")
    state = handle.source()
    assert (state.status, state.here) == ("partial", False)
    assert state.detail == (
        "Your school's set-up of Easel hides this: assignments and your submissions and grades."
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
    """Only if nothing on the page is surer: just after publishing, work has no submission."""
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
    """Canvas would send the same again, so it is not asked on each page."""
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
    assert state.detail == "1 row could not be understood and is left out."
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
