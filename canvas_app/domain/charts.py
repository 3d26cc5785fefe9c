"""The geometry of the pictures: where a value stands, as a percentage of the picture's size.

Nothing here draws or speaks; ``templates/fragments/pictures.html`` turns these shapes into SVG, a
sentence, and a table with the same numbers. A picture that would show nothing is None.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from canvas_app.domain.calendar import week_start

WEEKS = 4
CROWDED_DAY = 3  # pieces of work due on one day
FULL_WEEK = 5  # pieces of work due in one week, if also half again as many as the average week


class Statistics(Protocol):
    """A class's scores, as Canvas's ``score_statistics`` gives them."""

    min: float | None
    max: float | None
    mean: float | None
    lower_q: float | None
    median: float | None
    upper_q: float | None


@dataclass(frozen=True)
class SpreadMark:
    """A named value and its place from the left, 0 to 100."""

    name: str  # lowest, lower quarter, median, mean, upper quarter, highest, yours
    value: float
    x: float


@dataclass(frozen=True)
class Spread:
    """The spread of a class's scores between ``bottom`` and ``top``, with one's own score.

    ``marks`` are in the order of their values, equal ones in the order of the names above.
    """

    bottom: float
    top: float
    marks: tuple[SpreadMark, ...]

    def mark(self, name: str) -> SpreadMark | None:
        return next((mark for mark in self.marks if mark.name == name), None)

    @property
    def anchor(self) -> str:
        """Return which end of the own score's label is at its mark, so that the label fits."""
        own = self.mark("yours")
        if own is None or 25 <= own.x <= 75:
            return "middle"
        return "start" if own.x < 25 else "end"


def spread(statistics: Statistics | None, own: float | None, points: float | None) -> Spread | None:
    """Return the spread of scores from 0 to ``points``, or to scores beyond either.

    None without statistics: Canvas gives them for five grades or more, if the teacher allows it.
    Never call it for a course that shows only letters.
    """
    if statistics is None or statistics.min is None or statistics.max is None:
        return None
    named = [
        ("lowest", statistics.min),
        ("lower quarter", statistics.lower_q),
        ("median", statistics.median),
        ("mean", statistics.mean),
        ("upper quarter", statistics.upper_q),
        ("highest", statistics.max),
        ("yours", own),
    ]
    known = [(name, value) for name, value in named if value is not None]
    bottom = min(0.0, *(value for _, value in known))
    top = max(points or 0.0, *(value for _, value in known))
    if top <= bottom:
        return None
    marks = [
        SpreadMark(name, value, percent(value - bottom, top - bottom)) for name, value in known
    ]
    return Spread(bottom, top, tuple(sorted(marks, key=lambda mark: mark.value)))


@dataclass(frozen=True)
class LoadDay:
    """What is due on one day: a column from ``y`` down, ``height`` of 100 high."""

    date: date
    count: int
    points: float | None
    x: float
    y: float
    height: float
    crowded: bool


@dataclass(frozen=True)
class LoadWeek:
    """Seven days; ``points`` sums the work whose points are known, None when none is."""

    first: date
    last: date
    count: int
    points: float | None
    full: bool


@dataclass(frozen=True)
class Load:
    """What is due in the coming weeks, day by day and week by week."""

    days: tuple[LoadDay, ...]
    weeks: tuple[LoadWeek, ...]
    width: float  # of a column

    @property
    def count(self) -> int:
        return sum(week.count for week in self.weeks)

    @property
    def points(self) -> float | None:
        return total(week.points for week in self.weeks)

    @property
    def crowded(self) -> tuple[LoadDay, ...]:
        return tuple(day for day in self.days if day.crowded)

    @property
    def full(self) -> tuple[LoadWeek, ...]:
        return tuple(week for week in self.weeks if week.full)


def load(
    due: Iterable[tuple[date, float | None]], today: date, weeks: int = WEEKS, begins: int = 0
) -> Load | None:
    """Return days and points of open work, from this week's first day on; None if nothing is due.

    ``begins`` is the weekday on which weeks begin (0 is Monday).
    """
    first = week_start(today, begins)
    found: dict[date, list[float | None]] = {}
    for day, points in due:
        if first <= day < first + timedelta(weeks=weeks):
            found.setdefault(day, []).append(points)
    if not found:
        return None
    slot = 100 / (7 * weeks)
    days = load_days(found, first, 7 * weeks)
    return Load(tuple(days), load_weeks(days), round(slot * 0.8, 2))


def load_days(
    found: Mapping[date, Sequence[float | None]], first: date, count: int
) -> list[LoadDay]:
    """Return this many days with their bars; the highest bar fills the picture."""
    most = max(len(things) for things in found.values())
    slot = 100 / count
    days = []
    for n in range(count):
        day = first + timedelta(days=n)
        things = found.get(day, [])
        height = percent(len(things), most)
        days.append(
            LoadDay(
                day,
                len(things),
                total(things),
                round(slot * (n + 0.1), 2),
                round(100 - height, 2),
                height,
                len(things) >= CROWDED_DAY,
            )
        )
    return days


def load_weeks(days: Sequence[LoadDay]) -> tuple[LoadWeek, ...]:
    """Return these days' weeks; a full week has much due, and half again the average."""
    weeks = [days[n : n + 7] for n in range(0, len(days), 7)]
    counts = [sum(day.count for day in week) for week in weeks]
    average = sum(counts) / len(weeks)
    return tuple(
        LoadWeek(
            week[0].date,
            week[-1].date,
            count,
            total(day.points for day in week),
            count >= FULL_WEEK and count >= 1.5 * average,
        )
        for week, count in zip(weeks, counts, strict=True)
    )


@dataclass(frozen=True)
class Dot:
    at: datetime
    value: float  # percent
    x: float
    y: float


@dataclass(frozen=True)
class LineChart:
    """A value over time between ``bottom`` and ``top`` percent."""

    dots: tuple[Dot, ...]
    bottom: float
    top: float

    @property
    def path(self) -> str:
        """Return the points of an SVG polyline in a box of 100 by 100."""
        return " ".join(f"{dot.x:g},{dot.y:g}" for dot in self.dots)


def line(values: Sequence[tuple[datetime, float]]) -> LineChart | None:
    """Return percentages over time, oldest first; None for fewer than two moments."""
    known = sorted(values)
    if len({at for at, _ in known}) < 2:
        return None
    start, end = known[0][0], known[-1][0]
    # Whole tens around the values, because a small change must not look like a steep fall.
    bottom = min(10.0 * (min(value for _, value in known) // 10), 90.0)
    top = max(10.0 * -(-max(value for _, value in known) // 10), bottom + 10.0)
    dots = (
        Dot(
            at,
            value,
            percent((at - start).total_seconds(), (end - start).total_seconds()),
            round(100 - percent(value - bottom, top - bottom), 2),
        )
        for at, value in known
    )
    return LineChart(tuple(dots), bottom, top)


def ring(done: int, whole: int) -> float:
    """Return how much of a ring is filled, 0 to 100."""
    return percent(min(max(done, 0), whole), whole) if whole > 0 else 0.0


def percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 2)


def total(values: Iterable[float | None]) -> float | None:
    """Return the sum of the known values; None when none is known."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None
