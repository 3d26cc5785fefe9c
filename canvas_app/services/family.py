"""Whom the person observes: the calls that tell it, and the choice of whom a page shows.

The courses that every page asks for say whom; so people who observe nobody pay nothing. Linked
students' names come beside the page's further calls. A student without a link is named by the
enrollments of one of their courses, in one more call.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import MissingScope
from canvas_app.canvas.models import ClassEnrollment, Course, Observee
from canvas_app.domain.children import (
    PERSON_ALONE,
    Child,
    as_childs,
    courses_by_child,
    in_family,
    observes_nobody,
)
from canvas_app.domain.courses import state_of
from canvas_app.services.asks import start_courses
from canvas_app.sources.sources import ListSource, Sources

TOTALS_INCLUDE = ("term", "total_scores", "current_grading_period_scores", "observed_users")
UNLISTED = (
    "Easel's developer key does not let it read the list of linked students, so students in no "
    "current course of yours are not here."
)


@dataclass(frozen=True)
class Family:
    """Whom the person observes, and which of them (``shown``) the page shows.

    ``chosen``: a child's id, ``self`` for the person's own work alone, or empty for everybody.
    ``unpaired``: they are an observer, but of nobody.
    """

    children: tuple[Child, ...] = ()
    shown: tuple[Child, ...] = ()
    chosen: str = ""
    unpaired: bool = False

    @property
    def own(self) -> bool:
        """Return whether the page shows the person's own work."""
        return self.chosen in ("", PERSON_ALONE)


@dataclass(frozen=True)
class FamilyCalls:
    """Calls about whom the person observes; ``watched`` are the courses by the student's id."""

    chosen: str = ""
    unpaired: bool = False
    watched: Mapping[str, list[Course]] = field(default_factory=dict)
    observees: ListSource[Observee] | None = None
    totals: ListSource[Course] | None = None

    @property
    def shown(self) -> tuple[str, ...]:
        """Return the ids of the students in courses whom the page shows."""
        if self.chosen == PERSON_ALONE:
            return ()
        return tuple(id_ for id_ in self.watched if self.chosen in ("", id_))

    @property
    def handles(self) -> "tuple[ListSource[Any], ...]":
        """Return the sources on which the page of every student depends."""
        return tuple(filter(None, (self.observees, self.totals)))

    def courses(self, child_id: str) -> dict[str, Course]:
        """Return the student's courses by id as the student has them; wait for their totals."""
        seen = {course.id: course for course in self.totals.rows()} if self.totals else {}
        return {
            course.id: as_childs(course, child_id, seen.get(course.id))
            for course in self.watched[child_id]
        }

    def answers(self, sources: Sources) -> Family:
        """Return who it is; nobody in an early view that does not know the names."""
        linked = self.observees.rows() if self.observees else []
        if self.observees is None or self.observees.waiting:
            return Family(chosen=self.chosen, unpaired=self.unpaired)
        if isinstance(self.observees.error, MissingScope):
            self.observees.settle(UNLISTED)
        listed = {row.id for row in linked}
        names = read_names(sources, {i: c for i, c in self.watched.items() if i not in listed})
        children = in_family(self.watched, linked, names)
        return Family(
            children=children,
            shown=tuple(child for child in children if child.id in self.shown),
            chosen=self.chosen,
            unpaired=self.unpaired,
        )


def start_family(
    sources: Sources, courses: Iterable[Course], chosen: str = "", *, totals: bool = True
) -> FamilyCalls:
    """Start the calls about whom the person observes in these courses, if there is anybody.

    ``totals``: the page shows the totals of the students' courses.
    """
    courses = list(courses)
    watched = courses_by_child(courses)
    calls = FamilyCalls(chosen, observes_nobody(courses), watched)
    if not watched:
        return calls
    asked = sources.start("children", partial(CanvasAPI.observees))
    if not totals or not calls.shown:
        return FamilyCalls(chosen, calls.unpaired, watched, asked)
    listed = sources.start("children's totals", partial(CanvasAPI.courses, include=TOTALS_INCLUDE))
    listed.needs("observed_users")
    return FamilyCalls(chosen, calls.unpaired, watched, asked, listed)


def read_names(sources: Sources, unlinked: Mapping[str, list[Course]]) -> dict[str, str]:
    """Return the names of students without a link, from one course of each."""
    asked: dict[str, ListSource[ClassEnrollment]] = {
        id_: sources.start(
            "children's names",
            partial(CanvasAPI.class_enrollments, course_id=courses[0].id, user_id=id_),
        )
        for id_, courses in unlinked.items()
    }
    return {
        id_: row.user.name
        for id_, handle in asked.items()
        for row in handle.rows()
        if row.user_id == id_ and row.user and row.user.name
    }


def whom_they_observe(sources: Sources) -> tuple[str, ...]:
    """Return the ids of the students whom the person observes, linked or in their courses.

    Raises the CanvasError that came in place of their courses.
    """
    listed = start_courses(sources)
    if listed.error:
        raise listed.error
    watched = courses_by_child(listed.rows())
    linked = sources.start("children", partial(CanvasAPI.observees))
    return (*watched, *(row.id for row in linked.rows()))


def current_ones(courses: Iterable[Course], sources: Sources) -> list[Course]:
    """Return the courses that go on now: of others Canvas may refuse what is asked."""
    now = sources.now()
    return [course for course in courses if state_of(course, now) == "current"]
