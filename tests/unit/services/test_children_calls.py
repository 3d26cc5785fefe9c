"""The calls about children: one for each course and all children in it, for courses that go on."""

from collections.abc import Callable

from canvas_app.services.asks import start_courses
from canvas_app.services.children_calls import (
    current_students,
    start_children,
    students_by_course,
)
from canvas_app.services.family import start_family
from canvas_app.sources.sources import Sources

SHARED = "8101"


def test_children_of_a_course_are_asked_about_together(sources_of: Callable[..., Sources]) -> None:
    sources = sources_of("mother")
    family = start_family(sources, start_courses(sources).rows())
    calls = start_children(sources, family, [], lately=True)

    current = current_students(sources, family)
    assert len(current) == 22
    assert sorted(current[SHARED]) == ["23", "24", "25"]
    assert {course for course, ids in current.items() if len(ids) > 1} == {SHARED}
    assert set(calls.grades) == set(current)
    assert {row.user_id for row in calls.grades[SHARED].rows()} == {"23", "24", "25"}


def test_siblings_count_though_one_alone_is_shown(sources_of: Callable[..., Sources]) -> None:
    """Whose date an assignment has is told by who is in the course, not by whom the page shows."""
    sources = sources_of("mother")
    family = start_family(sources, start_courses(sources).rows(), "24")

    assert set(current_students(sources, family)[SHARED]) == {"24"}
    assert len(students_by_course(family)[SHARED]) == 3
