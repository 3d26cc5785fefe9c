"""The filters of upcoming work."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from canvas_app.canvas.models import Course
from canvas_app.domain.planner_items import TYPES
from canvas_app.domain.rows import Item
from canvas_app.domain.status import STATUSES


@dataclass(frozen=True)
class Choice:
    """One value a filter can take, with how many rows have it."""

    value: str
    name: str
    count: int
    chosen: bool = False


SHOWS = ("missing", "due", "grades", "done")


@dataclass(frozen=True)
class Wish:
    """What somebody wants to see; the page's address holds all of it.

    ``week`` is "this", an ISO week or a date; ``show`` one of missing, due, grades, done;
    ``courses`` are the only ones, ``without`` those left out. Empty means no wish.
    """

    week: str = ""
    show: str = ""
    courses: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    favorites: bool = False
    done: bool = False


def read_wish(values: Callable[[str], Sequence[str]]) -> Wish:
    """A wish from an address's parameters; what it does not know it leaves out."""

    def last(name: str) -> str:
        return next(reversed([text.strip() for text in values(name)]), "")

    show = last("show")
    return Wish(
        week=last("week"),
        show=show if show in SHOWS else "",
        courses=frozenset(values("course")) - {""},
        without=frozenset(values("without")) - {""},
        types=frozenset(values("type")) & TYPES.keys(),
        statuses=frozenset(values("status")) & STATUSES,
        favorites=last("favorites") == "1",
        done=last("done") == "1",
    )


def choose(wish: Wish, courses: Mapping[str, Course]) -> Callable[[Item], bool]:
    """The filters of a wish as one question; a course nobody knows chooses nothing."""
    only = wish.courses & courses.keys()

    def passes(item: Item) -> bool:
        course = courses.get(item.course_id or "")
        return (
            (not only or item.course_id in only)
            and item.course_id not in wish.without
            and (not wish.types or item.type in wish.types)
            and (not wish.statuses or item.status in wish.statuses)
            and (not wish.favorites or bool(course and course.is_favorite))
        )

    return passes


def choices(
    counts: Mapping[str, int], chosen: Iterable[str], names: Mapping[str, str]
) -> tuple[Choice, ...]:
    """What a filter offers: all that occurs, and what is chosen though it does not."""
    values = [*counts, *(value for value in sorted(chosen) if value not in counts)]
    found = [
        Choice(value, names.get(value, ""), counts.get(value, 0), value in chosen)
        for value in values
    ]
    return tuple(sorted(found, key=lambda choice: (-choice.count, choice.value)))


def course_choices(
    items: Iterable[Item], courses: Mapping[str, Course], wish: Wish
) -> tuple[Choice, ...]:
    """The courses to filter by, in the order of their names."""
    counts = Counter(item.course_id for item in items if item.course_id in courses)
    names = {id_: course.name or f"Course {id_}" for id_, course in courses.items()}
    wanted = {id_: n for id_, n in counts.items() if id_}
    found = choices(wanted, wish.courses & courses.keys(), names)
    return tuple(sorted(found, key=lambda choice: choice.name.casefold()))
