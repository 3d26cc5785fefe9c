"""Which items belong in which list: windows, days, missing, due and new work."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from canvas_app.domain.calendar import (
    DAY,
    WEEK,
    Person,
    all_day_date,
    week_start,
)
from canvas_app.domain.charts import Load, load
from canvas_app.domain.children import Child
from canvas_app.domain.planner_items import NOT_WORK, by_due
from canvas_app.domain.rows import Item, Section

NEW_GRADES = timedelta(days=14)
GRADED = frozenset({"graded", "resubmitted", "redo_requested"})  # once its grade is posted


def placed(item: Item, me: Person, worth: Mapping[str, float], child: Child | None = None) -> Item:
    """Return an item with its day, its weight if that is known, and the student whose it is."""
    day = None
    if item.due_at:
        day = all_day_date(item.due_at, me) if item.all_day else me.day(item.due_at)
    weight = worth.get(item.assignment_id or "")
    if child is None:
        return replace(item, day=day, weight=weight)
    return replace(item, day=day, weight=weight, child_id=child.id, child_name=child.name)


def in_window(item: Item, first: date, last: date, week: date | None) -> bool:
    """Return whether an item is due in the range, by the person's own days.

    Without a ``week`` undated work and missing work from before the range count too.
    """
    if item.day is None:
        return week is None
    if item.missing and week is None:
        return item.day <= last
    return first <= item.day <= last


def is_missing(item: Item) -> bool:
    return item.status == "missing" and not item.done


def settled(items: Iterable[Item]) -> int:
    """Return how many pieces of work Canvas calls missing though they are graded, mostly with 0."""
    return sum(item.missing and item.status == "graded" for item in items)


def is_overdue(item: Item) -> bool:
    """Return whether work is past due and not done, though Canvas does not call it missing."""
    return item.status == "overdue" and not item.done and item.type not in NOT_WORK


def is_due(item: Item, now: datetime) -> bool:
    """Return whether work is not done and still to come."""
    work = item.type not in NOT_WORK and not item.only_posted
    return bool(work and not item.done and item.due_at and item.due_at >= now)


def forecast(items: Iterable[Item], me: Person, now: datetime) -> Load | None:
    """Return how much work is still to come on each day of this and the coming weeks."""
    return load(
        (
            (item.day, None if item.letters_only else item.points_possible)
            for item in items
            if item.day and is_due(item, now)
        ),
        me.day(now),
        begins=me.week_begins,
    )


def new_grades(
    items: Iterable[Item], me: Person, now: datetime, week: date | None = None
) -> list[Item]:
    """Return grades and feedback of a week, or of the last two weeks; the newest first.

    Work that was sent back or submitted again since then still has its grade. A teacher may comment
    without grading; unless grades are posted by hand, that posts the submission.
    """
    found = [
        (by_due(item), item.news_at, item)
        for item in items
        if (item.has_feedback or is_graded(item))
        and item.news_at
        and (
            week <= me.day(item.news_at) < week + WEEK if week else item.news_at > now - NEW_GRADES
        )
    ]
    found.sort(key=lambda each: each[0])  # so that news of one moment has the same order everywhere
    return [item for *_, item in sorted(found, key=lambda each: each[1], reverse=True)]


def is_graded(item: Item) -> bool:
    """Return whether work has a posted grade."""
    return item.status in GRADED or item.score is not None or bool(item.grade)


def ungraded(items: Iterable[Item]) -> int:
    """Return how many of these have feedback alone."""
    return sum(not is_graded(item) for item in items)


def by_state(items: Iterable[Item], now: datetime) -> dict[str, tuple[Item, ...]]:
    """Return what is missing, due and done."""
    items = tuple(items)
    return {
        "missing": tuple(item for item in items if is_missing(item)),
        "due": tuple(item for item in items if is_due(item, now)),
        "done": tuple(item for item in items if item.done),
    }


def undone(item: Item) -> Item:
    """Return an item as it was before it was marked done."""
    return replace(item, done=False)


def finished(done: Iterable[Item], grades: Iterable[Item], show: str) -> tuple[Item, ...]:
    """Return what is done, without items that are already listed beside it as new grades."""
    if show:
        return tuple(done) if show == "done" else ()
    graded = {item.key for item in grades}
    return tuple(item for item in done if item.key not in graded)


def news(items: Iterable[Item]) -> tuple[Item, ...]:
    """Return announcements, newest first."""
    found = (item for item in items if item.type == "announcement")
    return tuple(sorted(found, key=lambda item: by_due(item)[1], reverse=True))


def sections(
    rows: Iterable[Item], me: Person, now: datetime, week: date | None = None
) -> tuple[Section, ...]:
    """Group what is not done: overdue, today, tomorrow, days, later, undated, earlier.

    Announcements are not work and are listed elsewhere.
    """
    today, begins = me.day(now), me.week_begins
    found: dict[tuple[str, date | None], list[Item]] = {}
    for item in rows:
        if not item.done and item.type != "announcement":
            found.setdefault(heading(item, today, week, begins), []).append(item)
    order = ("overdue", "today", "tomorrow", "day", "later", "undated", "earlier")
    keys = sorted(found, key=lambda k: (order.index(k[0]) if not week else 0, k[1] or date.min))
    return tuple(Section(key, tuple(found[key, day]), day) for key, day in keys)


def heading(
    item: Item, today: date, week: date | None = None, begins: int = 0
) -> tuple[str, date | None]:
    """Return the section an item belongs to, and its day when the section is one.

    In a week every day has its own heading, past days too. Without one, those of this week and the
    next have; ``begins`` is the weekday on which weeks begin (0 is Monday).
    """
    if item.status in ("missing", "overdue"):
        return "overdue", None
    if item.day is None:
        return "undated", None
    if item.day == today:
        return "today", item.day
    if item.day == today + DAY:
        return "tomorrow", item.day
    if week:
        return "day", item.day
    if item.day < today:
        return "earlier", None
    end = week_start(today, begins) + 2 * WEEK
    return ("day", item.day) if item.day < end else ("later", None)
