"""Lists with one refused context: the rest comes, and the refused one is not asked again."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import (
    AuthenticationError,
    AuthorizationError,
    CanvasError,
    MissingScope,
    Unavailable,
)
from canvas_app.canvas.models import Course, CourseEnrollment
from canvas_app.domain.courses import shares_calendar
from canvas_app.sources.refusals import HOPELESS, REFUSAL_LIVES, left_out_note, read_readable

CODES = tuple("abcdefghij")
ROUTE = "GET /api/v1/calendar_events"


class Asked:
    """A Canvas that refuses some codes, and the memory of refused ones."""

    def __init__(self, *refused, error=None):
        self.bad = set(refused)
        self.error = error or AuthorizationError("no")
        self.calls = []
        self.known = set()

    def __call__(self, codes):
        self.calls.append(codes)
        if self.bad.intersection(codes):
            raise self.error
        return list(codes), ""

    def refused(self, code):
        return code in self.known

    def remember(self, code):
        self.known.add(code)

    def read(self, codes=CODES):
        return read_readable(self, codes, self, lambda error: error.message)


def test_nothing_refused_costs_one_call():
    canvas = Asked()

    found = canvas.read()

    assert (found.rows, found.left_out, canvas.calls) == (list(CODES), [], [CODES])


@pytest.mark.parametrize("bad", [*CODES, "ab", "aj", "ej", "cde", "abcde"])
def test_rest_comes(bad):
    canvas = Asked(*bad)

    found = canvas.read()

    assert sorted(found.rows) == sorted(set(CODES) - set(bad))
    assert sorted(found.left_out) == sorted(bad)
    assert len(canvas.calls) <= 1 + 8 * len(bad)
    canvas.calls.clear()
    again = canvas.read()
    assert sorted(again.rows) == sorted(found.rows)
    assert sorted(again.left_out) == sorted(bad)
    assert len(canvas.calls) == 1


@pytest.mark.parametrize("codes", [CODES[:1], CODES[:2], CODES[:3]])
def test_few_codes_all_refused(codes):
    canvas = Asked(*codes)

    assert (canvas.read(codes).rows, sorted(canvas.read(codes).left_out)) == ([], list(codes))


def test_refused_altogether():
    """Canvas refuses this list to everybody: few calls at first, then one a view."""
    canvas = Asked(*CODES)

    with pytest.raises(AuthorizationError):
        canvas.read()

    assert len(canvas.calls) == HOPELESS
    with pytest.raises(AuthorizationError):
        canvas.read()
    assert len(canvas.calls) == HOPELESS + 1
    canvas.bad.clear()
    assert canvas.read().rows == list(CODES)


@pytest.mark.parametrize("error", [MissingScope("scope"), AuthenticationError("token")])
def test_other_refusals_are_no_reason_to_split(error):
    canvas = Asked("a", error=error)

    with pytest.raises(type(error)):
        canvas.read()

    assert canvas.calls == [CODES]


def test_trouble_on_the_way_is_told():
    """What came before stays; if nothing came, it is an error."""

    class Broken(Asked):
        def __call__(self, codes):
            if codes == ("b",):
                raise Unavailable("Canvas is away.")
            return super().__call__(codes)

    found = Broken("a").read()

    assert sorted(found.rows) == sorted(set(CODES) - {"a", "b"})
    assert (found.left_out, found.why) == (["a"], "Canvas is away.")
    with pytest.raises(CanvasError):
        Broken().read(("b",))


def test_note_names_courses():
    names = {"1": "Biology", "2": "Art"}

    assert left_out_note([], names) == ""
    assert left_out_note(["1"], names) == (
        "Canvas does not share the calendar of Biology with you; the rest is here."
    )
    said = left_out_note(["course_1", "1", "course_2", "course_3", "user_9"], names)
    assert "of Biology, Art, course 3 and your own with you" in said


def calendar(*ids):
    days = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    return partial(
        CanvasAPI.calendar_assignments, course_ids=ids, start_date=days[0], end_date=days[1]
    )


def calls(canvas):
    return sum(canvas.stats()["calls"].get(ROUTE, {}).values())


@pytest.mark.parametrize("status", [403, 401])
@pytest.mark.parametrize("seconds", [60, 0])
def test_source_is_whole_with_a_note(sources_of, canvas, status, seconds):
    """The same from the cache, and where none is; today's Canvas and an older one."""
    canvas.control(settings={"permission_status": status})
    kept = calendar("4101", "4102", "4301")
    known = {"4301": Course(id="4301", name="Psychology")}

    def read():
        sources = sources_of("dozen", cache_seconds=seconds)
        return sources.start("calendar", kept, courses=known)

    first, again = read(), read()

    assert {event.context_code for event in first.rows()} == {"course_4101", "course_4102"}
    assert len(again.rows()) == len(first.rows())
    for handle in (first, again):
        state = handle.source()
        assert (state.status, state.detail) == ("fresh", "")
        assert "the calendar of Psychology with you" in state.note
    before = calls(canvas)
    read().rows()
    assert calls(canvas) - before == (0 if seconds else 1)


def test_a_refusal_is_asked_again_in_time(sources_of, canvas):
    """After a while, and at once if the person asks again."""
    canvas.control(settings={"permission_status": 403})
    at = [datetime(2026, 11, 23, 12, tzinfo=UTC)]

    def cost(**options):
        sources = sources_of("dozen", cache_seconds=0, now=lambda: at[0], **options)
        before = calls(canvas)
        handle = sources.start("calendar", calendar("4101", "4301"))
        assert handle.source().note
        return calls(canvas) - before

    assert cost() == 3
    assert cost() == 1
    assert cost(again=("calendar",)) == 3
    at[0] += timedelta(seconds=REFUSAL_LIVES + 1)
    assert cost() == 3


def test_unreadable_memory_is_none(sources_of, cache):
    sources = sources_of("dozen")
    cache.put(sources.reader.namespace, "refused 4101", b"\xc1odd")

    assert sources.start("calendar", calendar("4101")).rows()


@pytest.mark.parametrize(
    ("course", "shared"),
    [
        ({}, True),
        ({"access_restricted_by_date": True}, False),
        ({"workflow_state": "completed"}, True),
        ({"workflow_state": "deleted"}, False),
        ({"workflow_state": "unpublished"}, False),
        ({"workflow_state": "unpublished", "role": "student"}, False),
        ({"workflow_state": "unpublished", "role": "teacher"}, True),
        ({"workflow_state": "unpublished", "role": "designer"}, True),
        ({"workflow_state": "unpublished", "role": "ta", "state": "invited"}, False),
        ({"role": "student", "state": "invited"}, True),
    ],
)
def test_which_calendars_are_asked_for(course, shared):
    """Those Canvas surely lets the person read (Canvas: Calendar Events)."""
    role, state = course.pop("role", None), course.pop("state", "active")
    enrolled = [CourseEnrollment(type=role, enrollment_state=state)] if role else None

    assert shares_calendar(Course(id="1", name="x", enrollments=enrolled, **course)) is shared
