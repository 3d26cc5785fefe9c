"""The first calls of most pages, and how odd or missing answers are read."""

from typing import Any

import pytest

from canvas_app.canvas.models import Colors, Course, CourseEnrollment, Positions, Profile
from canvas_app.domain.calendar import Person
from canvas_app.services.asks import (
    known_to_teach,
    read_colors,
    read_positions,
    read_profile,
    start_courses,
    start_ended_in,
)


class Came:
    """A source whose answer is here: an object, or None if Canvas gave none."""

    def __init__(self, found: Any) -> None:
        self.found = found

    def value(self) -> Any:
        return self.found


def test_a_profile_that_did_not_come_means_utc_and_english() -> None:
    assert read_profile(Came(None)) == Person()


@pytest.mark.parametrize(
    ("facts", "name", "zone", "locale"),
    [
        ({"name": "Ada Okafor", "short_name": "Ada"}, "Ada Okafor", "UTC", "en"),
        ({"short_name": "Ada"}, "Ada", "UTC", "en"),
        ({"time_zone": "America/Denver", "locale": "de"}, "", "America/Denver", "de"),
        ({"effective_locale": "fr", "locale": "de"}, "", "UTC", "fr"),
    ],
)
def test_person_of_a_profile(facts: dict[str, str], name: str, zone: str, locale: str) -> None:
    """The locale in which Canvas shows its own pages comes before the chosen one."""
    person = read_profile(Came(Profile(id="7", **facts)))

    assert (person.id, person.name, person.time_zone, person.locale) == ("7", name, zone, locale)


def test_places_of_cards() -> None:
    """Groups have cards too, and invalid places are ignored."""
    found = {"course_4": 2, "course_5": "1", "group_9": 3, "course_6": "first", "course_7": -1}

    assert read_positions(Came(Positions(dashboard_positions=found))) == {"4": 2, "5": 1}
    assert read_positions(Came(Positions(dashboard_positions=None))) == {}
    assert read_positions(Came(None)) == {}


def test_colours_of_courses_alone() -> None:
    colors = {"course_4": "#00ff00", "user_7": "#ff0000", "course_5": ""}

    assert read_colors(Came(Colors(custom_colors=colors))) == {"4": "#00ff00"}
    assert read_colors(Came(None)) == {}


def test_ended_enrollments_are_asked_for_where_a_course_shows_none(sources_of, canvas) -> None:
    shown = Course(id="4101", enrollments=[CourseEnrollment(type="student")])
    sources = sources_of("dozen")

    assert start_ended_in(sources, shown) is None
    assert start_ended_in(sources, Course(id="4101")) is None, "its enrollments were not asked for"
    assert start_ended_in(sources, Course(id="4101", enrollments=[])) is not None
    assert [source.name for source in sources.states()] == ["ended enrollments"]


@pytest.mark.parametrize(("who", "teaches"), [("dozen", False), ("teacher", True)])
def test_who_teaches_is_read_from_what_is_kept(sources_of, canvas, who, teaches) -> None:
    """The navigation asks on every page, so it costs no call."""
    assert known_to_teach(sources_of(who)) is False, "nothing is kept yet"
    start_courses(sources_of(who)).rows()
    before = canvas.stats()["calls"]

    assert known_to_teach(sources_of(who)) is teaches
    assert canvas.stats()["calls"] == before


def test_every_page_asks_for_the_same_list_of_courses(sources_of, canvas) -> None:
    """One request key, so the cache answers the second page."""
    sources = sources_of("dozen")

    first, second = start_courses(sources), start_courses(sources)

    assert [c.id for c in first.rows()] == [c.id for c in second.rows()]
    assert sum(canvas.stats()["calls"]["GET /api/v1/courses"].values()) == 1
