"""Home of a family: how many round trips it takes, and that nobody's rows mix."""

import heapq
from collections.abc import Callable
from typing import Any

import pytest

from canvas_app.canvas.transport import Transport
from canvas_app.services.dashboard import dashboard
from canvas_app.services.family_home import together
from canvas_app.sources.call import Call, Reader
from canvas_app.sources.sources import Sources

AT_ONCE = 10  # calls in flight for one person (``MAX_PARALLEL``)
UNLIMITED = 1000


class RoundTrips:
    """Counts round trips in a time of its own, in which each call to Canvas takes one.

    A piece of work begins when it is submitted, or when one of those under way has ended, if as
    many are as may be ``at_once``; whoever reads its answer goes on from its end. Work runs at
    once, in the thread that submits it.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
        self.now, self.sent = 0, 0
        self.free = [0] * at_once
        self.ends: dict[int, int] = {}
        self.kept: list[Any] = []
        send, answer, submit = Transport.send, Call.answer, Reader.submit

        def counted(*given: Any, **named: Any) -> Any:
            self.sent += 1
            return send(*given, **named)

        def submitted(reader: Reader, work: Callable[[], Any]) -> Any:
            begins, before = max(self.now, heapq.heappop(self.free)), self.sent
            future = submit(reader, work)
            future.result()
            self.kept.append(future)
            self.ends[id(future)] = begins + self.sent - before
            heapq.heappush(self.free, self.ends[id(future)])
            return future

        def answered(call: Call, **named: Any) -> Any:
            self.now = max(self.now, self.ends.get(id(call._future), 0))
            return answer(call, **named)

        monkeypatch.setattr(Transport, "send", counted)
        monkeypatch.setattr(Reader, "submit", submitted)
        monkeypatch.setattr(Call, "answer", answered)


@pytest.mark.parametrize(
    ("who", "at_once", "most"),
    [
        ("mother", UNLIMITED, 4),
        ("father", UNLIMITED, 4),
        ("mother", AT_ONCE, 5),  # a call for the grades of each of 22 courses
        ("father", AT_ONCE, 5),
        ("dozen", AT_ONCE, 3),
    ],
)
def test_round_trips(
    sources_of: Callable[..., Sources],
    monkeypatch: pytest.MonkeyPatch,
    who: str,
    at_once: int,
    most: int,
) -> None:
    """Courses, then each child's planner, missing work and grades, then kinds of work."""
    trips = RoundTrips(monkeypatch, at_once)

    page = dashboard(sources_of(who, seconds=200.0))

    assert page.complete
    assert 1 < trips.now <= most


def test_lists_of_everybody(sources_of: Callable[..., Sources]) -> None:
    page = dashboard(sources_of("father"))
    found = together(page)

    for name in ("rows", "missing", "behind", "due", "new_grades", "announcements"):
        parts = [getattr(page, name), *(getattr(part, name) for part in page.family)]
        assert getattr(found, name) == tuple(row for part in parts for row in part)
    assert found.next in [page.next, *(part.next for part in page.family)]
    assert found.by_course == page.by_course
    assert set(page.by_child) == {child.id for child in page.children}
    alone = together(dashboard(sources_of("father"), chosen="23"))
    assert alone.by_course == alone.by_child["23"]
    rows = [row for day in found.days for row in day.rows]
    assert {row.child_id for row in rows} == {None, "23", "24"}
