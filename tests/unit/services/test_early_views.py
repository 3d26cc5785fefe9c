"""A page while it is made: early views if it would wait, none otherwise."""

from functools import partial

import pytest

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import NotFound
from canvas_app.domain.rows import CourseRow
from canvas_app.services.courses import Courses
from canvas_app.services.early_views import PageLoader
from canvas_app.services.pages import FailedPage, Page
from canvas_app.sources.answer import complete

COURSES = partial(CanvasAPI.courses, include=("term",))
TO_DO = partial(CanvasAPI.todo)


def gather(sources):
    """A page of two lists; the second is asked for only when the first is here."""
    courses = sources.start("courses", COURSES)
    rows = courses.rows()
    if rows:
        sources.start("todo", TO_DO)
    states = sources.states()
    return Courses(
        sources=states,
        complete=complete(states),
        rows=tuple(CourseRow(id=row.id, name=row.name or "") for row in rows),
    )


def warm(sources_of, *calls):
    sources = sources_of("dozen")
    for call in calls:
        sources.start("any", call).rows()


def test_page_in_the_cache_has_no_early_view(sources_of, canvas):
    warm(sources_of, COURSES, TO_DO)
    before = canvas.stats()["calls"]

    loader = PageLoader(sources_of("dozen"), gather)

    assert list(loader.early_views()) == []
    assert loader.whole().complete
    assert canvas.stats()["calls"] == before


@pytest.mark.parametrize(("kept", "complete"), [((COURSES, TO_DO), True), ((COURSES,), False)])
def test_page_of_what_is_kept_alone(sources_of, canvas, kept, complete):
    """Known without waiting, for a page that has no time for Canvas."""
    warm(sources_of, *kept)
    canvas.control(latency=0.5)

    assert PageLoader(sources_of("dozen"), gather).complete_now() is complete


def test_what_is_kept_is_shown_at_once(sources_of, canvas):
    warm(sources_of, COURSES)
    canvas.control(latency={"default": 0, "GET /api/v1/users/self/todo": 0.5})
    loader = PageLoader(sources_of("dozen"), gather)

    (view,) = loader.early_views()

    assert [source.status for source in view.sources] == ["fresh", "waiting"]
    assert view.early
    assert not view.complete
    page = loader.whole()
    assert page.complete
    assert not page.early
    assert sum(canvas.stats()["calls"]["GET /api/v1/users/self/todo"].values()) == 1


def test_what_came_in_a_while_is_shown_then(sources_of, canvas):
    canvas.control(latency={"default": 0, "GET /api/v1/users/self/todo": 2.0})
    loader = PageLoader(sources_of("dozen"), gather, 0.7)

    *_, view = loader.early_views()  # one, or two if the courses came before the first was made

    assert [source.status for source in view.sources] == ["fresh", "waiting"]
    assert loader.whole().complete


def test_nothing_here_is_no_view(sources_of, canvas):
    canvas.control(latency=0.5)

    assert list(PageLoader(sources_of("dozen"), gather, 0.1).early_views()) == []


def test_page_may_be_loaded_without_early_views(sources_of):
    assert PageLoader(sources_of("dozen"), gather).whole().complete


@pytest.mark.parametrize("early", [True, False])
def test_refused_page_says_so(sources_of, early):
    def refuse(sources):
        raise NotFound("no such thing")

    loader = PageLoader(sources_of("dozen"), refuse, 5)
    if early:
        assert list(loader.early_views()) == []

    page = loader.whole()

    assert isinstance(page, FailedPage)
    assert isinstance(page.failure, NotFound)


@pytest.mark.parametrize("early", [True, False])
def test_page_without_any_part_failed(sources_of, canvas, early):
    canvas.control(faults=[{"path": "/api/*", "kind": "status", "status": 503, "times": None}])
    loader = PageLoader(sources_of("dozen"), gather)
    if early:
        assert list(loader.early_views()) == []

    page = loader.whole()

    assert isinstance(page, FailedPage)
    assert not page.complete
    assert [source.detail for source in page.sources] == [
        "Canvas is having problems at the moment."
    ]


def test_mistake_is_raised_where_the_page_is_read(sources_of, canvas):
    canvas.control(latency=0.2)  # so that the first view waits for something
    made = []

    def mistaken(sources):
        made.append(sources)
        if len(made) > 1:
            raise ValueError("a mistake")
        sources.start("todo", TO_DO)
        return Page(sources=sources.states())

    loader = PageLoader(sources_of("dozen"), mistaken)
    list(loader.early_views())

    with pytest.raises(ValueError, match="mistake"):
        loader.whole()
