"""A course and its grades for somebody who observes students in it: a page of each of them."""

from collections.abc import Sequence
from dataclasses import replace

from canvas_app.domain.children import Child, childs_row, is_observed
from canvas_app.domain.features import ALL_FEATURES, Features
from canvas_app.domain.grade_book import EVERY_PERIOD
from canvas_app.domain.grade_rows import GradeRow
from canvas_app.domain.what_if import WhatIf
from canvas_app.services.asks import read_colors, read_profile, start_profile
from canvas_app.services.childrens_grades import FamilyGradeCalls, start_family_grades
from canvas_app.services.grade_calls import AskedGrades, ask, start_course
from canvas_app.services.grades import (
    COURSE_PAGE,
    GradesPage,
    course,
    course_piece,
    grades,
    lay_out,
    with_groups,
)
from canvas_app.sources.sources import Sources


def everybodys_grades(
    sources: Sources,
    course_id: str,
    wanted: WhatIf | None = None,
    features: Features = ALL_FEATURES,
    chosen: str = "",
) -> GradesPage:
    """Return the page of a course's grades, with one of each student whom the person observes.

    ``chosen`` is whom the page shows (see ``Page``). Raises the CanvasError that Canvas gives for
    the course itself.
    """
    wanted = wanted or WhatIf()
    calls = start_family_grades(sources, course_id, chosen)
    if calls is None:
        return grades(sources, course_id, wanted, features)
    return with_childrens(sources, calls, wanted, features)


def everybodys_course(
    sources: Sources, course_id: str, chosen: str = "", number: int = 1
) -> GradesPage:
    """Return the page of a course in the same way, over all grading periods.

    ``number`` is the piece of the person's own list; the students' are whole.
    """
    calls = start_family_grades(sources, course_id, chosen, COURSE_PAGE)
    if calls is None:
        return course(sources, course_id, number)
    wanted = WhatIf(period=EVERY_PERIOD)
    page = with_childrens(sources, calls, wanted, ALL_FEATURES, COURSE_PAGE)
    return replace(page, piece=course_piece(page.groups, number))


def with_childrens(
    sources: Sources,
    calls: FamilyGradeCalls,
    wanted: WhatIf,
    features: Features,
    include: Sequence[str] = (),
) -> GradesPage:
    """Return the page with one of each student whom the person observes in the course.

    Nobody else's scores can be tried out, so theirs have no what-if.
    """
    now, id_ = sources.now(), calls.course.id
    own = not is_observed(calls.course) and calls.family.chosen == ""
    asked_own = ask(sources, id_, wanted.period, include) if own else None
    asked = calls.answers(sources, wanted.period)
    plain = WhatIf(period=wanted.period, offered=False)
    childrens = tuple(
        childs_page(lay_out(each, plain, now, features), child) for child, each in asked.grades
    )
    if asked_own is None:
        start_course(sources, id_, include)  # so that the page tells their state
        start_profile(sources)
        asked_own = AskedGrades(
            canvas_url=sources.api.canvas_url,
            course=calls.course,
            profile=read_profile(calls.profile),
            colors=read_colors(calls.colors),
        )
    page = lay_out(replace(asked_own, sources=sources.states()), wanted, now, features)
    return replace(
        page,
        childrens=childrens,
        here=asked.here,
        children=asked.family.children,
        chosen=asked.family.chosen,
        has_own=own,
    )


def childs_page(page: GradesPage, child: Child) -> GradesPage:
    """Return the page with the student's name in each row."""

    def named(row: GradeRow) -> GradeRow:
        theirs = replace(row.submission, child_id=child.id, child_name=child.name)
        return replace(row, submission=theirs)

    groups = tuple(replace(group, rows=tuple(map(named, group.rows))) for group in page.groups)
    return replace(with_groups(page, groups), child=child, course=childs_row(page.course, child))


def all_in_one(page: GradesPage) -> GradesPage:
    """Return the page with everybody's rows, as its twin has them.

    Its totals are the person's own or, where they only observe, those of the first student.
    """
    if not page.childrens:
        return page
    first = page if page.has_own else page.childrens[0]
    own = page.rows if page.has_own else ()
    return replace(
        first,
        sources=page.sources,
        complete=page.complete,
        rows=(*own, *(row for each in page.childrens for row in each.rows)),
        childrens=page.childrens,
        children=page.children,
    )
