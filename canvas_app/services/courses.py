"""All the person's courses, by role and term, with the grade Canvas shows and its basis."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import Course, Enrollment
from canvas_app.domain.children import Child, childs_row, is_observed
from canvas_app.domain.course_filter import CourseFilter
from canvas_app.domain.courses import (
    ROLES,
    by_role_and_term,
    course_row,
    each_once,
    in_order,
    phases_of,
    with_ended,
)
from canvas_app.domain.pieces import PIECE, Place, cut, piece_at
from canvas_app.domain.rows import CourseGroup, CourseRow
from canvas_app.services.asks import (
    COURSE_INCLUDE,
    AskedPage,
    read_colors,
    read_positions,
    read_profile,
    start_colors,
    start_courses,
    start_ended,
    start_pending,
    start_positions,
    start_profile,
)
from canvas_app.services.family import Family, start_family
from canvas_app.services.pages import Page
from canvas_app.services.without_includes import mend_every_course
from canvas_app.sources.answer import complete
from canvas_app.sources.sources import ListSource, Sources

ARRANGED = 30
"""Courses of one piece while they are arranged: each then has two forms."""


@dataclass(frozen=True, kw_only=True)
class CoursesPiece(Place):
    """The courses on one piece of the page, in the groups they belong to; past ones come last."""

    groups: tuple[tuple[CourseGroup, tuple[CourseRow, ...]], ...]


@dataclass(frozen=True)
class Courses(Page):
    """Course list. ``rows`` are those that pass the filter, of ``total`` courses.

    ``terms`` and ``roles`` are the choices of the filter.
    """

    rows: tuple[CourseRow, ...] = ()
    groups: tuple[CourseGroup, ...] = ()
    total: int = 0
    terms: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    has_own: bool = False  # courses in which the person does not only observe
    piece: CoursesPiece | None = None


NICKNAME_LENGTH = 59  # Canvas: "shorter than 60 characters" (course nicknames API)


@dataclass(frozen=True)
class AskedCourses(AskedPage):
    """Canvas's answers. ``found`` has every course once.

    ``current``, ``invited`` and ``past`` are Canvas's three lists of courses; ``all_lists`` says
    whether all three arrived. ``places`` are the positions of the cards on Canvas's dashboard, by
    course id. ``childrens`` are the courses, by id, of each student of the ``family`` on the page.
    """

    found: Sequence[Course] = ()
    current: Sequence[Course] = ()
    invited: Sequence[Course] = ()
    past: Sequence[Course] = ()
    all_lists: bool = True
    places: Mapping[str, int] = field(default_factory=dict)
    family: Family = field(default_factory=Family)
    childrens: Sequence[tuple[Child, Mapping[str, Course]]] = ()


@dataclass(frozen=True)
class WantedPiece:
    """Which piece of the list to show: that of the course ``at``, or else the ``number``-th."""

    number: int = 1
    at: str = ""
    most: int = PIECE  # courses


def courses(
    sources: Sources,
    wanted: CourseFilter | None = None,
    piece: WantedPiece | None = None,
    chosen: str = "",
) -> Courses:
    """Return the person's courses that pass the filter: current, future and past ones.

    It takes one round of calls, plus the further pages of the lists. A second round asks for
    courses in which the person's enrollment has ended though the course goes on, which are on no
    list.
    """
    page = lay_out(ask(sources, chosen), wanted or CourseFilter(), sources.now())
    return replace(page, piece=courses_piece(page.groups, piece or WantedPiece()))


def ask(sources: Sources, chosen: str = "") -> AskedCourses:
    """Ask for all lists of courses in parallel, then for those that only ended enrollments name."""
    profile, colors = start_profile(sources), start_colors(sources)
    places = start_positions(sources)
    current = start_courses(sources)
    past = sources.start(
        "past courses",
        partial(CanvasAPI.courses, include=COURSE_INCLUDE, enrollment_state="completed"),
    )
    invited = start_pending(sources)
    ended = start_ended(sources)
    shades, cards = read_colors(colors), read_positions(places)
    mend_every_course(sources, current, past, invited)
    listed = each_once([*current.rows(), *invited.rows(), *past.rows()])
    kin = start_family(sources, current.rows(), chosen)
    found = with_ended_ones(sources, listed, ended, current, past)
    family = kin.answers(sources)
    childrens = [(child, kin.courses(child.id)) for child in family.shown]
    return AskedCourses(
        canvas_url=sources.api.canvas_url,
        colors=shades,
        places=cards,
        found=found,
        current=current.rows(),
        invited=invited.rows(),
        past=past.rows(),
        family=family,
        childrens=childrens,
        all_lists=not (current.error or invited.error or past.error),
        sources=sources.states(),
        profile=read_profile(profile),
    )


def lay_out(asked: AskedCourses, wanted: CourseFilter, now: datetime) -> Courses:
    """Build the page from Canvas's answers."""
    phases = phases_of(asked.current, asked.invited, asked.past) if asked.all_lists else {}

    def row(course: Course) -> CourseRow:
        phase = phases.get(course.id, "")
        return course_row(course, asked.canvas_url, asked.colors, now, asked.places, phase)

    every = in_order(
        (
            *(row(each) for each in asked.found if asked.family.own and not is_observed(each)),
            *(
                childs_row(row(each), child)
                for child, theirs in asked.childrens
                for each in theirs.values()
            ),
        )
    )
    rows = tuple(row for row in every if wanted.takes(row))
    return Courses(
        sources=asked.sources,
        complete=complete(asked.sources),
        profile=asked.profile,
        now=now,
        children=asked.family.children,
        chosen=asked.family.chosen,
        unpaired=asked.family.unpaired,
        has_own=any(not is_observed(course) for course in asked.found),
        rows=rows,
        groups=by_role_and_term(rows),
        total=len(every),
        terms=tuple(dict.fromkeys(row.term for row in every if row.term)),
        roles=tuple(role for role in ROLES if any(role in row.roles for row in every)),
    )


def courses_piece(groups: Sequence[CourseGroup], wanted: WantedPiece) -> CoursesPiece:
    """Return one piece of the courses, in the order in which they are shown."""
    ordered = sorted(groups, key=lambda group: group.state == "past")
    ids = [row.id for group in ordered for row in group.rows]
    number = ids.index(wanted.at) // wanted.most + 1 if wanted.at in ids else wanted.number
    place = piece_at([1] * len(ids), number, wanted.most)
    parts = cut((group.rows for group in ordered), place)
    shown = ((group, part) for group, part in zip(ordered, parts, strict=True) if part)
    return CoursesPiece(**vars(place), groups=tuple(shown))


def with_ended_ones(
    sources: Sources,
    listed: Iterable[Course],
    ended: ListSource[Enrollment],
    *lists: ListSource[Course],
) -> list[Course]:
    """Return the listed courses, and those that only ended enrollments name.

    The latter are asked for one by one. Nothing is asked while a list is missing, because it may
    name them.
    """
    known = {course.id: course for course in listed}
    rows = ended.rows()
    unlisted = dict.fromkeys(r.course_id for r in rows if r.course_id and r.course_id not in known)
    if unlisted and not any(each.error for each in lists):
        asked = sources.start_many(
            "ended courses",
            *(
                partial(CanvasAPI.course_or_stub, course_id=course_id, include=COURSE_INCLUDE)
                for course_id in unlisted
            ),
        )
        known |= {course.id: course for course in asked.values()}
    return [with_ended(course, rows) for course in known.values()]
