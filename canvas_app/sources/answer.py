"""The state of each part of a page, and the outcome of one call."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from canvas_app.canvas.errors import (
    CanvasError,
    Unavailable,
)


@dataclass(frozen=True)
class Source:
    """State of one part of a page: fresh, stale, partial, denied or failed.

    ``detail`` says in plain words what happened; ``refreshing`` that a newer answer is on its way.
    What concerns one course names it. ``note`` says what Canvas withholds from the person although
    the rest is here; ``unread`` that only what could not be understood is missing, so that asking
    again does not help. ``waiting`` is a status of early views only: not yet here. ``for_admin`` is
    for the people who run Easel, when the set-up is why something is missing.
    """

    name: str
    status: str
    fetched_at: datetime | None = None
    detail: str = ""
    refreshing: bool = False
    course_id: str | None = None
    course_name: str | None = None
    note: str = ""
    for_admin: str = ""
    unread: bool = False

    @property
    def here(self) -> bool:
        """Whether nothing of it is missing."""
        return self.status in ("fresh", "stale")


@dataclass(frozen=True)
class Freshness:
    """How much of a page is up to date: ``up_to_date`` of ``of`` courses, or else of parts.

    ``as_of`` is the age of the oldest answer on the page.
    """

    up_to_date: int
    of: int
    unit: str  # course or part
    as_of: datetime | None


@dataclass(frozen=True)
class Outcome:
    """Outcome of one call: its value or its error, and when it came."""

    value: Any = None
    at: datetime | None = None
    why: str = ""  # why a list is partial
    error: CanvasError | None = None
    stale: bool = False
    refreshing: bool = False
    trouble: str = ""  # why the newest attempt to renew a stale answer failed
    left_out: tuple[str, ...] = ()  # the contexts Canvas refuses
    unread: bool = False  # all came, but what ``why`` names could not be understood


class NotYet(Unavailable):
    """Placeholder for an answer that an early view of a page does not wait for."""


def complete(sources: Iterable[Source]) -> bool:
    """Return whether nothing is missing: every source is fresh or stale."""
    return all(source.here for source in sources)


def freshness(sources: Iterable[Source]) -> Freshness:
    """Count what is up to date: courses if all that is missing concerns courses, else sources."""
    sources = tuple(sources)
    as_of = min((s.fetched_at for s in sources if s.fetched_at), default=None)
    courses: dict[str, bool] = {}
    for source in sources:
        if source.course_id is not None:
            good = source.status == "fresh"
            courses[source.course_id] = courses.get(source.course_id, True) and good
    if courses and all(source.here for source in sources if source.course_id is None):
        return Freshness(sum(courses.values()), len(courses), "course", as_of)
    fresh = sum(source.status == "fresh" for source in sources)
    return Freshness(fresh, len(sources), "part", as_of)
