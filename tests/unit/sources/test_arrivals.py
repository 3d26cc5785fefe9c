"""Rows of a list while it is read."""

from functools import partial
from threading import Thread

from canvas_app.canvas.api import CanvasAPI
from canvas_app.sources.arrivals import Arrivals

ROSTER = partial(CanvasAPI.class_enrollments, course_id="4301")


def test_rows_beyond_those_that_are_known():
    arrivals: Arrivals[int] = Arrivals()
    arrivals.add(1)
    arrivals.add(2)
    assert arrivals.after(0, 0) == [1, 2]
    assert arrivals.after(1, 0) == [2]
    assert arrivals.after(2, 0) == []


def test_who_waits_gets_the_next_row_or_the_end():
    arrivals: Arrivals[int] = Arrivals()
    arrivals.expect()
    found = []

    def read():
        while part := arrivals.after(len(found), 30):
            found.extend(part)

    reader = Thread(target=read)
    reader.start()
    arrivals.add(1)
    arrivals.add(2)
    arrivals.end()
    reader.join(30)
    assert found == [1, 2]


def test_pages_of_a_list_come_one_by_one(sources_of, canvas):
    """What is here can be used while the rest of the list is on its way."""
    canvas.control(latency={"default": 0, "GET /api/v1/courses/:course_id/enrollments": 0.2})
    sources = sources_of("bigteacher")
    handle = sources.start("students", ROSTER)
    early = sources.early()
    coming = handle.arriving()

    first = next(coming)
    here = list(early.start("students", ROSTER).arriving())

    assert 1 <= len(here) < 640
    assert here[0] is first
    assert early.start("students", ROSTER).waiting
    rows = [first, *coming]
    assert rows == handle.rows()
    assert len(rows) == 640
    assert list(handle.arriving()) == rows
    kept = sources_of("bigteacher").start("students", ROSTER)
    assert len(list(kept.arriving())) == 640


def test_what_breaks_off_comes_as_far_as_it_is_here(sources_of, canvas):
    canvas.control(
        faults=[{"path": "*/enrollments", "kind": "status", "status": 503, "after": 2, "times": 9}]
    )
    handle = sources_of("bigteacher").start("students", ROSTER)

    assert len(list(handle.arriving())) == 200
    assert handle.source().status == "partial"


def test_list_that_is_refused_has_no_rows(sources_of, canvas):
    canvas.control(faults=[{"path": "*/enrollments", "kind": "status", "status": 403}])
    handle = sources_of("bigteacher").start("students", ROSTER)

    assert list(handle.arriving()) == []
    assert handle.denied
