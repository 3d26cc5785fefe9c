"""The base classes of all pages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from canvas_app.domain.calendar import Person
from canvas_app.domain.children import PERSON_ALONE, Child
from canvas_app.sources.answer import Freshness, Source, freshness


@dataclass(frozen=True)
class Page:
    """What every page carries in addition to its own content.

    ``children`` are the students whom the person observes. ``chosen`` is the one whom the page
    shows alone (an id), ``self`` for the person's own work alone, or empty for everybody.
    ``unpaired``: the person is an observer, but of nobody.
    """

    sources: tuple[Source, ...] = ()
    complete: bool = False
    profile: Person = field(default_factory=Person)
    now: datetime | None = None  # aware, UTC: the moment that decides what "today" is
    children: tuple[Child, ...] = ()
    chosen: str = ""
    unpaired: bool = False
    failure: ClassVar[Exception | None] = None

    def source(self, name: str) -> Source | None:
        """Return the source of this name, if the page asked for it."""
        return next((source for source in self.sources if source.name == name), None)

    def lost(self, *kinds: str) -> tuple[Source, ...]:
        """Return the failed and denied sources of these kinds.

        A kind stands before the colon of a name: "submissions" of "submissions: Biology".
        """
        return tuple(
            source
            for source in self.sources
            if source.status in ("failed", "denied") and source.name.partition(":")[0] in kinds
        )

    def reliable(self, *names: str) -> bool:
        """Return whether totals from these kinds of sources are exact; otherwise say "at least"."""
        return all(s.here for s in self.sources if s.name.partition(":")[0] in names)

    def doubt(self, lists: Sequence[str], judges: Sequence[str] = ()) -> str:
        """Return how to state a count: exactly (empty), "least", or "about".

        ``lists`` are the kinds of sources that bring the rows: where one is incomplete, rows are
        missing. ``judges`` bring what decides which rows count (a grade, the person's day): where
        one is incomplete, the count may also be too high.
        """
        if not self.reliable(*judges):
            return "about"
        return "" if self.reliable(*lists) else "least"

    @property
    def sees_own(self) -> bool:
        """Return whether the page shows the person's own work."""
        return self.chosen in ("", PERSON_ALONE)

    @property
    def freshness(self) -> Freshness:
        """Return how much of the page is up to date."""
        return freshness(self.sources)

    @property
    def early(self) -> bool:
        """Return whether this is an early view, made before all answers came."""
        return any(source.status == "waiting" for source in self.sources)


@dataclass(frozen=True)
class OwnPage(Page):
    """Page of the person's own lists; ``observes`` counts the courses where they observe others.

    ``in_courses`` is whether they are in any course now, in any role.
    """

    in_courses: bool = False
    is_student: bool = False
    is_teacher: bool = False
    observes: int = 0

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the person's roles in their courses, as far as these are known."""
        has = {"student": self.is_student, "teacher": self.is_teacher, "observer": self.observes}
        return tuple(role for role, held in has.items() if held)

    @property
    def learns(self) -> bool:
        """Return whether the page counts own work: yes for students.

        Also while the courses are unknown, because the person may be a student in one of them.
        """
        elsewhere = self.is_teacher or self.observes
        return self.is_student or not (elsewhere or self.reliable("courses"))


@dataclass(frozen=True)
class FailedPage(Page):
    """Page shown in place of one that Canvas refused as a whole."""

    failure: Exception | None = None  # type: ignore[misc]
    rows: tuple[()] = ()


def failed_twin(said: str, status: int) -> dict[str, Any]:
    """Return the content of a JSON twin whose page failed as a whole with this HTTP status."""
    source = {
        "name": "page",
        "status": "denied" if status in (401, 403) else "failed",
        "fetched_at": None,
        "detail": said,
    }
    return {"data": [], "complete": False, "sources": [source], "error": said}
