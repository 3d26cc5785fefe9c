"""The start page's content: days, and what each course's card counts."""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from canvas_app.domain.agenda import NEW_GRADES, is_due, is_graded, is_missing, is_overdue
from canvas_app.domain.calendar import DAY, WEEK, Person
from canvas_app.domain.rows import CourseRow, Item

ASKING = frozenset(
    {
        *("assignment", "quiz", "discussion_topic", "sub_assignment"),
        *("assessment_request", "planner_note"),
    }
)
"""Types of items that ask something of the person."""
NEXT_WITHIN = timedelta(days=14)


@dataclass(frozen=True)
class Day:
    date: date
    rows: tuple[Item, ...]
    today: bool = False


@dataclass(frozen=True)
class CourseWeek:
    """The counts on a course card; ``next`` is what is due there next."""

    missing: int = 0
    due: int = 0
    new_grades: int = 0
    comments: int = 0  # feedback without a grade
    announcements: int = 0  # unread ones
    next: Item | None = None


@dataclass(frozen=True)
class Agenda:
    """What there is to do, soonest first. Each open piece of work stands in one of the lists.

    ``needs``: what was sent back, then what is missing and may still be taken, then what is
    overdue. ``closed``: what is missing and no longer taken. ``days``: seven from today.
    ``over``: what is done, and what else was in the last seven days, newest first.
    """

    next: Item | None = None
    then: Day | None = None  # the first day with more after ``next``
    needs: tuple[Item, ...] = ()
    closed: tuple[Item, ...] = ()
    to_do: tuple[Item, ...] = ()  # open and due on the seven days
    days: tuple[Day, ...] = ()
    over: tuple[Item, ...] = ()


def agenda(items: Sequence[Item], late: Iterable[Item], today: date, now: datetime) -> Agenda:
    """Return the agenda of the items, which are in order; ``late`` are missing and overdue ones."""
    late = tuple(late)
    soon = coming(items, now)
    back = tuple(item for item in items if item.status == "redo_requested" and not item.done)
    closed = tuple(item for item in late if is_missing(item) and item.can_submit is False)
    missing = tuple(item for item in late if is_missing(item) and item.can_submit is not False)
    needs = (*back, *missing, *(item for item in late if not is_missing(item)))
    above = {item.key for item in (*needs, *closed)}
    rest = [item for item in items if item.day and item.key not in above]
    ahead = [item for item in rest if not item.done]
    last = today + WEEK
    return Agenda(
        next=soon[0] if soon else None,
        then=after(soon[1:], today),
        needs=needs,
        closed=closed,
        to_do=tuple(item for item in ahead if is_due(item, now) and item.day and item.day < last),
        days=days_of(ahead, today, today),
        over=tuple(reversed([item for item in rest if is_past(item, today)])),
    )


def after(soon: Sequence[Item], today: date) -> Day | None:
    """Return the first day on which any of these are due, with the items of that day."""
    if not soon or soon[0].day is None:
        return None
    day = soon[0].day
    return Day(day, tuple(item for item in soon if item.day == day), today=day == today)


def is_past(item: Item, today: date) -> bool:
    """Return whether an item of the seven days before or after is done or past."""
    if item.day is None or item.type == "announcement":
        return False
    return today - WEEK <= item.day < today or (item.done and today <= item.day < today + WEEK)


def days_of(items: Sequence[Item], start: date, today: date) -> tuple[Day, ...]:
    """Return the seven days from ``start`` with their items, without announcements."""
    return tuple(
        Day(
            day,
            tuple(item for item in items if item.day == day and item.type != "announcement"),
            today=day == today,
        )
        for day in (start + n * DAY for n in range(7))
    )


def behind(items: Iterable[Item], since: date) -> tuple[Item, ...]:
    """Return what is missing, and what has been overdue since that day."""
    return tuple(
        item
        for item in items
        if is_missing(item) or (is_overdue(item) and item.day and item.day >= since)
    )


def coming(items: Iterable[Item], now: datetime) -> list[Item]:
    """Return what needs the person's action within 14 days from now, the soonest first."""
    found = [
        (item.due_at, item.title, item)
        for item in items
        if item.type in ASKING
        and not item.done
        and item.status not in ("locked", "excused", "nothing_to_hand_in")
        and not item.only_posted
        and item.due_at
        and now < item.due_at <= now + NEXT_WITHIN
    ]
    return [item for _, _, item in sorted(found, key=lambda row: row[:2])]


def next_due(items: Iterable[Item], now: datetime) -> Item | None:
    """Return what is due next; of several due at one moment, the first by title."""
    return next(iter(coming(items, now)), None)


def cards(rows: Iterable[CourseRow], counts: dict[str, CourseWeek]) -> tuple[CourseRow, ...]:
    """Return the current courses: favourites, then those with something to do, then the rest."""
    shown = (row for row in rows if row.state in ("current", "invited", "unpublished"))
    # Because sorting is stable, equals keep their order.
    return tuple(sorted(shown, key=lambda row: (not row.favorite, urgency(counts.get(row.id)))))


def urgency(week: CourseWeek | None) -> int:
    """Return 0 with something to do or to read this week, 1 with work later, else 2."""
    if week is None:
        return 2
    return (
        0
        if any((week.missing, week.due, week.new_grades, week.comments, week.announcements))
        else 1
    )


def in_doubt(items: Iterable[Item], me: Person, since: date) -> list[str]:
    """Return the courses of late work for which the planner cannot show why it is not missing."""
    return sorted(
        {
            item.course_id
            for item in items
            if item.status == "overdue"
            and item.assignment_id
            and item.course_id
            and item.due_at
            and me.day(item.due_at) >= since
        }
    )


def unreported(
    items: Iterable[Item], reported: Container[str], now: datetime
) -> list[tuple[str, datetime]]:
    """Return course and due date of new grades that are not among the ``reported`` assignments.

    Work that was graded more than four weeks before its grade was posted is no longer in Canvas's
    activity stream, so the score must come from the calendar.
    """
    return [
        (item.course_id, item.due_at)
        for item in items
        if item.status == "graded"
        and item.posted_at
        and item.posted_at > now - NEW_GRADES
        and item.assignment_id
        and item.assignment_id not in reported
        and item.course_id
        and item.due_at
    ]


def by_course(
    items: Iterable[Item],
    now: datetime,
    *,
    missing: Iterable[Item],
    due: Iterable[Item],
    grades: Iterable[Item],
    recent: Iterable[Item],
) -> dict[str, CourseWeek]:
    """Return what each course's card counts, and what comes next there; courses without any are
    left out."""
    coming: dict[str, Item] = {}
    for item in items:
        if item.course_id and is_due(item, now):
            coming.setdefault(item.course_id, item)
    grades = tuple(grades)
    lacking, soon, graded, told, unread = (
        Counter(item.course_id for item in part if item.course_id)
        for part in (
            missing,
            due,
            (item for item in grades if is_graded(item)),
            (item for item in grades if not is_graded(item)),
            (item for item in recent if item.new_activity),
        )
    )
    return {
        id_: CourseWeek(
            lacking[id_], soon[id_], graded[id_], told[id_], unread[id_], coming.get(id_)
        )
        for id_ in sorted({*coming, *lacking, *soon, *graded, *told, *unread})
    }
