"""What there is to do: planner, missing work, calendar and stream, merged without repeats."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from canvas_app.canvas.models import Course
from canvas_app.domain.calendar import (
    DAY,
    WEEK,
    Profile,
    all_day_date,
    monday,
    read_week,
    write_week,
)
from canvas_app.domain.charts import Load, load
from canvas_app.domain.planner_items import NOT_WORK, TYPES, Look, by_due
from canvas_app.domain.status import STATUSES
from canvas_app.services.courses import (
    has_role,
    is_active_student,
    keeps_notes,
    observed,
    read_colors,
    read_profile,
)
from canvas_app.services.pages import Choice, Item, Section, Upcoming
from canvas_app.services.planner_calls import (
    AHEAD,
    BACK,
    OLDER,
    WEIGHED,
    asked_days,
    calendar_calls,
    older_calls,
    start_calendar,
    start_groups,
    start_items,
    weights_of,
    with_open_work,
)
from canvas_app.services.without_includes import (
    mend_calendar,
    mend_groups,
    mend_letters,
    mend_periods,
    mend_week,
)
from canvas_app.sources.sources import Sources, complete

NEW_GRADES = timedelta(days=14)
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


def upcoming(sources: Sources, wish: Wish = Wish()) -> Upcoming:
    """Gather a week; without one, four weeks back and two ahead, older missing and undated work."""
    now = sources.now()
    asked = asked_days(wish.week, now)
    started = start_items(sources, *asked)
    needs = ("favorites",) if wish.favorites else ()
    mend_week(sources, started.courses, started.missing, needs)
    known = {course.id: course for course in started.courses.rows()}
    studied = [course.id for course in known.values() if is_active_student(course, now)]
    calls = calendar_calls(studied, asked, undated=not read_week(wish.week, now.date()))
    calendar = start_calendar(sources, calls, known)
    me = read_profile(started.profile)
    today = me.day(now)
    week = read_week(wish.week, today)
    first, last = (week, week + 6 * DAY) if week else (me.day(now - BACK), me.day(now + AHEAD))
    older = start_calendar(
        sources, older_calls(started.planner.rows(), started.missing.rows()), known, OLDER
    )
    soon = with_open_work(started.planner.rows(), now)
    heavy = [course_id for course_id in soon if course_id in studied]
    parts = start_groups(sources, heavy[:WEIGHED])
    mend_calendar(sources, (calendar, older), WEIGHED)
    if parts:
        mend_groups(sources, parts, dict.fromkeys(heavy[:WEIGHED], True))
    groups = parts.rows() if parts else []
    events = [event for part in (calendar, older) if part for event in part.rows()]
    known = mend_letters(started.courses, (event.assignment for event in events), needs)
    known = mend_periods(sources, started.courses, known, heavy[:WEIGHED])
    look = Look(sources.api.canvas_url, known, read_colors(started.colors), now)
    worth = weights_of(groups, known)
    found = [
        placed(item, me, worth)
        for item in look.merged(
            started.planner,
            started.missing,
            events,
            started.stream,
            groups,
        )
    ]
    chosen = choose(wish, known)
    everything = sorted((item for item in found if in_window(item, first, last, week)), key=by_due)
    grading = look.grading(started.todo.rows())
    rows = tuple(filter(chosen, everything))
    grades = tuple(filter(chosen, new_grades(found, me, now, week)))
    shown = {
        "missing": tuple(item for item in rows if is_missing(item)),
        "due": tuple(item for item in rows if is_due(item, now)),
        "grades": grades,
        "done": tuple(item for item in rows if item.done),
    }
    open_rows = shown.get(wish.show, rows)
    graded = {(item.type, item.id) for item in grades}
    current = monday(today)
    start = week or current
    states = sources.states()
    return Upcoming(
        sources=states,
        complete=complete(states),
        profile=me,
        now=now,
        rows=open_rows if wish.show else (*rows, *filter(chosen, grading)),
        sections=sections(open_rows, me, now, week) if wish.show not in ("grades", "done") else (),
        new_grades=grades if wish.show in ("", "grades") else (),
        announcements=() if wish.show else news(rows),
        done=tuple(
            item
            for item in shown["done"]
            if wish.show == "done" or (not wish.show and (item.type, item.id) not in graded)
        ),
        grading=() if wish.show or week else tuple(filter(chosen, grading)),
        tabs=tuple(Choice(name, name, len(shown[name]), name == wish.show) for name in SHOWS),
        courses=course_choices(everything, known, wish),
        types=choices(Counter(item.type for item in everything), wish.types, TYPES),
        statuses=choices(Counter(item.status for item in everything), wish.statuses, {}),
        show=wish.show,
        show_done=wish.done or wish.show == "done",
        favorites=wish.favorites,
        left_out=tuple(sorted(wish.without & known.keys())),
        week=write_week(week) if week else "",
        first=first,
        last=last,
        this_week=write_week(current),
        previous_week=write_week(start - WEEK),
        next_week=write_week(start + WEEK),
        note_courses=tuple(
            Choice(course.id, course.name or f"Course {course.id}", 0)
            for course in known.values()
            if keeps_notes(course, now)
        ),
        note_limits=not all(keeps_notes(course, now) for course in known.values()),
        load=None if week else forecast(filter(chosen, found), now, today),
        unweighed=len(heavy[WEIGHED:]),
        missing_elsewhere=sum(is_missing(i) and chosen(i) for i in found) - len(shown["missing"]),
        is_student=has_role(known.values(), "student"),
        in_courses=bool(known),
        observes=observed(known.values()),
        is_teacher=bool(grading) or has_role(known.values(), "teacher", "ta"),
    )


def placed(item: Item, me: Profile, worth: Mapping[str, float]) -> Item:
    """An item with its day, and its weight where that is known."""
    day = None
    if item.due_at:
        day = all_day_date(item.due_at, me) if item.all_day else me.day(item.due_at)
    return replace(item, day=day, weight=worth.get(item.assignment_id or ""))


def in_window(item: Item, first: date, last: date, week: date | None) -> bool:
    """Inside the range by the person's own days; outside a week, missing and undated work too."""
    if item.day is None:
        return week is None
    if item.missing and week is None:
        return item.day <= last
    return first <= item.day <= last


def is_missing(item: Item) -> bool:
    return item.status == "missing" and not item.done


def is_overdue(item: Item) -> bool:
    """Past due and not done, though Canvas does not call it missing (yet)."""
    return item.status == "overdue" and not item.done and item.type not in NOT_WORK


def is_due(item: Item, now: datetime) -> bool:
    """Work that is not done and still to come."""
    work = item.type not in NOT_WORK and not item.only_posted
    return bool(work and not item.done and item.due_at and item.due_at >= now)


def forecast(items: Iterable[Item], now: datetime, today: date) -> Load | None:
    """How much work still to come each day of this and the coming weeks has."""
    return load(
        (
            (item.day, None if item.letters_only else item.points_possible)
            for item in items
            if item.day and is_due(item, now)
        ),
        today,
    )


def new_grades(
    items: Iterable[Item], me: Profile, now: datetime, week: date | None = None
) -> list[Item]:
    """Grades posted in a week, or in the last two; the newest first."""
    found = [
        (item.posted_at, item)
        for item in items
        if item.status == "graded"
        and item.posted_at
        and (
            week <= me.day(item.posted_at) < week + WEEK
            if week
            else item.posted_at > now - NEW_GRADES
        )
    ]
    return [item for _, item in sorted(found, key=lambda pair: pair[0], reverse=True)]


def news(items: Iterable[Item]) -> tuple[Item, ...]:
    """Announcements, the newest first."""
    found = (item for item in items if item.type == "announcement")
    return tuple(sorted(found, key=lambda item: by_due(item)[1], reverse=True))


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


def sections(
    rows: Iterable[Item], me: Profile, now: datetime, week: date | None = None
) -> tuple[Section, ...]:
    """What is not done, under headings: overdue, today, tomorrow, days, later, undated, earlier.

    Announcements are no work and stand elsewhere.
    """
    today = me.day(now)
    found: dict[tuple[str, date | None], list[Item]] = {}
    for item in rows:
        if not item.done and item.type != "announcement":
            found.setdefault(heading(item, today, week), []).append(item)
    order = ("overdue", "today", "tomorrow", "day", "later", "undated", "earlier")
    keys = sorted(found, key=lambda k: (order.index(k[0]) if not week else 0, k[1] or date.min))
    return tuple(Section(key, tuple(found[key, day]), day) for key, day in keys)


def heading(item: Item, today: date, week: date | None = None) -> tuple[str, date | None]:
    """The section an item belongs to, and its day when the section is one.

    In a week every day has its own heading, the past ones too.
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
    return ("day", item.day) if item.day < monday(today) + 2 * WEEK else ("later", None)
