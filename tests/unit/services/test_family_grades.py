"""A course's grades for a parent: of one child, of several, and beside the parent's own."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from canvas_app.domain.what_if import WhatIf
from canvas_app.services.family_grades import all_in_one, everybodys_course, everybodys_grades
from canvas_app.services.grades import grades
from canvas_app.sources.sources import Sources

SourcesOf = Callable[..., Sources]


@pytest.mark.parametrize("who", ["dozen", "teacher"])
def test_who_observes_nobody_has_the_page_as_it_is(sources_of: SourcesOf, who: str) -> None:
    page = everybodys_grades(sources_of(who), "4101")

    assert page == replace(grades(sources_of(who), "4101"), now=page.now)
    assert all_in_one(page) is page


def test_each_child_has_a_page(sources_of: SourcesOf) -> None:
    page = everybodys_grades(sources_of("mother"), "8101")
    found = all_in_one(page)

    assert [(part.child.name, part.canvas.current) for part in page.childrens if part.child] == [
        ("Nadia Haddad", 91.0),
        ("Salma Haddad", 53.0),
        ("Yusuf Haddad", 72.0),
    ]
    assert not page.has_own
    assert page.rows == ()
    assert len(found.rows) == sum(len(part.rows) for part in page.childrens)
    assert found.canvas == page.childrens[0].canvas
    assert {part.check for part in page.childrens} == {"agrees"}
    names = [source.name for source in page.sources]
    assert len(names) == len(set(names))
    assert {"course", "profile", "child assignments"} <= set(names)


def test_no_score_of_a_child_is_tried(sources_of: SourcesOf) -> None:
    """Not even one in the address."""
    plain = everybodys_grades(sources_of("mother"), "8101", chosen="23")
    row = plain.childrens[0].rows[0].submission.assignment_id
    tried = everybodys_grades(
        sources_of("mother"), "8101", WhatIf(scores={row: "1"}, goal="50"), chosen="23"
    )

    assert tried.childrens[0].rows == plain.childrens[0].rows
    assert not tried.childrens[0].can_try
    assert tried.childrens[0].aim is None


def test_course_page_has_its_facts_beside_the_children(sources_of: SourcesOf) -> None:
    page = everybodys_course(sources_of("observer"), "4101", "1")

    assert page.syllabus
    assert page.teachers == ("Helen Okonkwo",)
    (part,) = page.childrens
    assert len(part.rows) > 20
    assert part.weighted_periods == grades(sources_of("dozen"), "4101").weighted_periods
