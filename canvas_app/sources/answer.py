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

    ``detail`` says in plain words what happened. ``refreshing``: a newer answer is on its way.
    ``course_id`` and ``course_name`` are set if it is about one course, ``about`` is the name of
    the student whom it is about, if that is not the person. ``note`` says what Canvas withholds
    from the person although the rest is here. ``unread``: all that is missing came, but
    could not be understood, so asking again does not help. ``for_admin`` is for the people who run
    Easel, when their set-up is the reason. In early views the status can also be ``waiting``: not
    here yet.
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
    about: str = ""

    @property
    def here(self) -> bool:
        """Whether nothing is missing from it."""
        return self.status in ("fresh", "stale")


@dataclass(frozen=True)
class Freshness:
    """How much of a page is up to date: ``up_to_date`` of ``of`` courses, or of parts.

    ``as_of`` is the time of the oldest answer on the page.
    """

    up_to_date: int
    of: int
    unit: str  # "course" or "part"
    as_of: datetime | None


@dataclass(frozen=True)
class Outcome:
    """Outcome of one call: its value or its error, and when it came.

    ``at`` is aware, in UTC.
    """

    value: Any = None
    at: datetime | None = None
    why: str = ""  # why the value is incomplete; empty if it is not
    error: CanvasError | None = None
    stale: bool = False
    refreshing: bool = False
    trouble: str = ""  # why the newest attempt to renew a stale answer failed
    left_out: tuple[str, ...] = ()  # the contexts Canvas refuses
    unread: bool = False  # nothing else is missing than what could not be understood


class NotYet(Unavailable):
    """Placeholder for an answer that had not come when an early view was made."""


def complete(sources: Iterable[Source]) -> bool:
    """Return whether nothing is missing: every source is fresh or stale."""
    return all(source.here for source in sources)


def freshness(sources: Iterable[Source]) -> Freshness:
    """Count what is up to date: courses, if everything missing concerns courses; else sources."""
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
