"""The person's courses: every one, by role and term, with the grade Canvas shows and its basis."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Course,
    Enrollment,
)
from canvas_app.domain.courses import (
    ROLES,
    by_role_and_term,
    course_row,
    each_once,
    in_order,
    with_ended,
)
from canvas_app.domain.rows import CourseGroup, CourseRow
from canvas_app.services.asks import (
    COURSE_INCLUDE,
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
from canvas_app.services.pages import Page
from canvas_app.services.without_includes import mend_every_course
from canvas_app.sources.answer import complete
from canvas_app.sources.sources import ListSource, Sources


@dataclass(frozen=True)
class Courses(Page):
    """``rows`` are those the filters leave, of ``total``; ``terms`` and ``roles`` can be chosen."""

    rows: tuple[CourseRow, ...] = ()
    groups: tuple[CourseGroup, ...] = ()
    total: int = 0
    terms: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


NICKNAME_LENGTH = 59  # Canvas: "shorter than 60 characters" (course nicknames API)


@dataclass(frozen=True)
class Wanted:
    """Which courses: those that pass every filter set. What cannot be meant sets none."""

    text: str = ""
    term: str = ""
    role: str = ""

    @classmethod
    def of(cls, values: Callable[[str], Sequence[str]]) -> "Wanted":
        """From the values of a query's names: q, term, role."""
        role = "".join(values("role")[:1])
        return cls(
            text=" ".join("".join(values("q")[:1]).split())[:200],
            term="".join(values("term")[:1])[:200],
            role=role if role in ROLES else "",
        )

    def takes(self, row: CourseRow) -> bool:
        text = " ".join(
            filter(None, (row.name, row.original_name, row.code, row.term, *row.sections))
        )
        return (
            self.text.casefold() in text.casefold()
            and self.term in ("", row.term)
            and (not self.role or self.role in row.roles)
        )


def courses(sources: Sources, wanted: Wanted | None = None) -> Courses:
    """Gather every course of the person: current, future, invited and past ones.

    One round trip deep, with the further pages of its lists: everything is asked at once. A second
    one for courses that go on without the person, which no list of courses has.
    """
    wanted = wanted or Wanted()
    now = sources.now()
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
    phases = phases_of(current, invited, past)
    every = in_order(
        course_row(course, sources.api.canvas_url, shades, now, cards, phases.get(course.id, ""))
        for course in with_ended_ones(sources, listed, ended, current, past)
    )
    rows = tuple(row for row in every if wanted.takes(row))
    states = sources.states()
    return Courses(
        sources=states,
        complete=complete(states),
        profile=read_profile(profile),
        now=now,
        rows=rows,
        groups=by_role_and_term(rows),
        total=len(every),
        terms=tuple(dict.fromkeys(row.term for row in every if row.term)),
        roles=tuple(role for role in ROLES if any(role in row.roles for row in every)),
    )


def with_ended_ones(
    sources: Sources,
    listed: Iterable[Course],
    ended: ListSource[Enrollment],
    *lists: ListSource[Course],
) -> list[Course]:
    """The listed courses, and those that only ended enrollments tell of, which are asked for.

    While one of the lists is not here it is not known which these are, and nothing is asked.
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


def phases_of(
    current: ListSource[Course], pending: ListSource[Course], past: ListSource[Course]
) -> dict[str, str]:
    """What the dates that count make of each course: past, future or current, in Canvas's words.

    Canvas alone knows them all: those of enrollments, sections and roles as well. A course is past
    or still to come when all its enrollments are. Empty while one of the lists is not here.
    """
    if current.error or pending.error or past.error:
        return {}
    lists = {"past": past.rows(), "future": pending.rows()}
    sizes = {course.id: len(course.enrollments or ()) for course in current.rows()}
    found = dict.fromkeys(sizes, "current")
    for phase, rows in lists.items():
        found |= {
            course.id: phase
            for course in rows
            if len(course.enrollments or ()) >= sizes.get(course.id, 0)
        }
    return found
