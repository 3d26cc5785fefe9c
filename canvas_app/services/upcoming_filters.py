"""The filters of upcoming work."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from canvas_app.canvas.models import Course
from canvas_app.domain.courses import keeps_notes
from canvas_app.domain.pieces import piece_number
from canvas_app.domain.planner_items import TYPES
from canvas_app.domain.rows import Item
from canvas_app.domain.status import STATUSES


@dataclass(frozen=True)
class Choice:
    """A value that a filter can take, with the number of rows that have it."""

    value: str
    name: str
    count: int
    chosen: bool = False


SHOWS = ("missing", "due", "grades", "done")


@dataclass(frozen=True)
class WeekFilter:
    """Filters for work; the page's address holds all of them. Empty ones filter nothing.

    ``week`` is "this", an ISO week or a date; ``show`` is missing, due, grades or done. If
    ``courses`` has ids, only those courses are shown; those in ``without`` are never shown.
    """

    week: str = ""
    show: str = ""
    courses: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    favorites: bool = False
    done: bool = False
    page: int = 1  # which piece of the list
    at: str = ""  # a row's element_id: its piece is shown, instead of one by its number
    ticked: bool = False  # that row was marked, done or not done, a moment ago

    @classmethod
    def from_query(cls, values: Callable[[str], Sequence[str]]) -> "WeekFilter":
        """Parse the filters from a query; ``values`` gives those of a name. Ignore others."""

        def last(name: str) -> str:
            return next(reversed([text.strip() for text in values(name)]), "")

        show = last("show")
        return cls(
            week=last("week"),
            show=show if show in SHOWS else "",
            courses=frozenset(values("course")) - {""},
            without=frozenset(values("without")) - {""},
            types=frozenset(values("type")) & TYPES.keys(),
            statuses=frozenset(values("status")) & STATUSES,
            favorites=last("favorites") == "1",
            done=last("done") == "1",
            page=piece_number(values("page")),
        )

    def ticks(self, item: Item) -> bool:
        """Return whether an item was marked done a moment ago, and stays where it stood."""
        return self.ticked and item.done and item.element_id == self.at

    def among(self, courses: Mapping[str, Course]) -> Callable[[Item], bool]:
        """Return the test for items; chosen courses that the person does not have are ignored."""
        only = self.courses & courses.keys()

        def passes(item: Item) -> bool:
            course = courses.get(item.course_id or "")
            return (
                (not only or item.course_id in only)
                and item.course_id not in self.without
                and (not self.types or item.type in self.types)
                and (not self.statuses or item.status in self.statuses)
                and (not self.favorites or bool(course and course.is_favorite))
            )

        return passes


def choices(
    counts: Mapping[str, int], chosen: Iterable[str], names: Mapping[str, str]
) -> tuple[Choice, ...]:
    """Return a filter's choices: every value that occurs, and those chosen although they do not."""
    values = [*counts, *(value for value in sorted(chosen) if value not in counts)]
    found = [
        Choice(value, names.get(value, ""), counts.get(value, 0), value in chosen)
        for value in values
    ]
    return tuple(sorted(found, key=lambda choice: (-choice.count, choice.value)))


def note_choices(courses: Iterable[Course], now: datetime) -> tuple[Choice, ...]:
    """Return the courses with which Canvas lists the person's notes, in Canvas's order."""
    return tuple(
        Choice(course.id, course.name or f"Course {course.id}", 0)
        for course in courses
        if keeps_notes(course, now)
    )


def course_choices(
    items: Iterable[Item], courses: Mapping[str, Course], chosen: Iterable[str]
) -> tuple[Choice, ...]:
    """Return the courses to filter by, sorted by name; ``chosen`` are ids."""
    counts = Counter(item.course_id for item in items if item.course_id in courses)
    names = {id_: course.name or f"Course {id_}" for id_, course in courses.items()}
    wanted = {id_: n for id_, n in counts.items() if id_}
    found = choices(wanted, courses.keys() & chosen, names)
    return tuple(sorted(found, key=lambda choice: choice.name.casefold()))
