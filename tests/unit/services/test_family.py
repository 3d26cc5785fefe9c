"""Whom the person observes: what tells it, and what the page says where something does not."""

from collections.abc import Callable

import pytest

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import NotFound
from canvas_app.domain.children import Child
from canvas_app.services.asks import start_courses
from canvas_app.services.family import (
    Family,
    FamilyCalls,
    start_family,
    whom_they_observe,
)
from canvas_app.sources.sources import Sources

CHILDREN = (Child("23", "Nadia Haddad"), Child("25", "Salma Haddad"), Child("24", "Yusuf Haddad"))
SourcesOf = Callable[..., Sources]


def family_of(sources: Sources, chosen: str = "") -> tuple[Sources, FamilyCalls]:
    return sources, start_family(sources, start_courses(sources).rows(), chosen)


@pytest.mark.parametrize(
    ("who", "children"),
    [
        ("mother", CHILDREN),
        ("father", CHILDREN[::2]),
        ("observer", (Child("1", "Maya Lindqvist"),)),
        *((who, ()) for who in ("unpaired", "guardian", "dozen", "newcomer", "teacher")),
    ],
)
def test_whom_they_observe(sources_of: SourcesOf, who: str, children: tuple[Child, ...]) -> None:
    sources, calls = family_of(sources_of(who))
    found = calls.answers(sources)

    assert found == Family(children, children, unpaired=who == "unpaired")
    assert found.own
    assert set(whom_they_observe(sources_of(who))) == {child.id for child in children}


def test_one_child_or_the_person_alone(sources_of: SourcesOf) -> None:
    for chosen, shown in (("25", (CHILDREN[1],)), ("self", ()), ("99", ())):
        sources, calls = family_of(sources_of("mother"), chosen)
        found = calls.answers(sources)
        assert (found.children, found.shown) == (CHILDREN, shown)
        assert found.own is (chosen == "self")


def test_names_of_courses_that_cannot_be_read(
    sources_of: SourcesOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise NotFound("gone", status=404)

    gone.__qualname__ = "gone"
    sources = sources_of("observer")
    courses = start_courses(sources).rows()
    monkeypatch.setattr(CanvasAPI, "class_enrollments", gone)

    found = start_family(sources, courses).answers(sources)

    assert found.children == (Child("1", "Student 1"),)
