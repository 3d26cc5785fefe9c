"""One glance: what waits for grading, what is missing, due and newly graded, and the courses.

One round trip deep, with the further pages of its lists; a second one for the calendar, ten
courses a call, where work of the last days is past due and not missing (it may be on paper) and
where missing work is older than the planner read (it may be graded), and where a grade was posted
long after it was given, so that the stream does not tell it. No call per course. Weights
are shown where another page has brought them already.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from canvas_app.domain.agenda import (
    NEW_GRADES,
    is_due,
    is_missing,
    is_overdue,
    new_grades,
    news,
    placed,
)
from canvas_app.domain.calendar import DAY, WEEK, Profile, monday, write_week
from canvas_app.domain.courses import course_row, has_role, in_order, observed
from canvas_app.domain.planner_items import Look, by_due, newest_grades
from canvas_app.domain.rows import CourseRow, Item
from canvas_app.domain.weights import weights_of
from canvas_app.services.asks import read_colors, read_profile, start_ended
from canvas_app.services.pages import OwnPage
from canvas_app.services.planner_calls import (
    asked_days,
    calendar_calls,
    kept_groups,
    older_calls,
    start_calendar,
    start_items,
    with_open_work,
)
from canvas_app.services.without_includes import mend_week
from canvas_app.sources.answer import complete
from canvas_app.sources.sources import Sources


@dataclass(frozen=True)
class Day:
    date: date
    rows: tuple[Item, ...]
    today: bool = False


@dataclass(frozen=True)
class CourseWeek:
    """What a course card counts; ``next`` is what is due there next."""

    missing: int = 0
    due: int = 0
    new_grades: int = 0
    announcements: int = 0  # unread ones
    next: Item | None = None


@dataclass(frozen=True)
class Dashboard(OwnPage):
    """``rows`` are the current courses: favourites, then those with something to do, then the rest.

    ``first_rows`` of them are shown at once. The tiles are lists of items.
    """

    rows: tuple[CourseRow, ...] = ()
    missing: tuple[Item, ...] = ()
    behind: tuple[Item, ...] = ()  # what is missing, and what is overdue since last week
    due: tuple[Item, ...] = ()  # still this week, not done
    new_grades: tuple[Item, ...] = ()  # posted within two weeks
    days: tuple[Day, ...] = ()  # this week, Monday to Sunday in the person's time zone
    announcements: tuple[Item, ...] = ()  # within two weeks, newest first
    grading: tuple[Item, ...] = ()  # teachers
    by_course: Mapping[str, CourseWeek] = field(default_factory=dict)
    week: str = ""  # "2026-W48"
    other_courses: int = 0  # past, future, restricted: on /courses
    first_rows: int = 0


FEW = 12  # cards shown at once


def dashboard(sources: Sources) -> Dashboard:
    """Gather the dashboard: the same calls as /upcoming's first round, so that either is quick."""
    now = sources.now()
    started = start_items(sources, *asked_days("", now))
    ended = start_ended(sources)
    mend_week(sources, started.courses, started.missing)
    known = {course.id: course for course in started.courses.rows()}
    me, shades = read_profile(started.profile), read_colors(started.colors)
    groups = kept_groups(sources, with_open_work(started.planner.rows(), now))
    worth = weights_of(groups, known)
    look = Look(sources.api.canvas_url, known, shades, now)
    found = look.merged(
        started.planner.rows(), started.missing.rows(), stream=started.stream.rows()
    )
    today = me.day(now)
    start = monday(today)
    calls = older_calls(started.planner.rows(), started.missing.rows())
    since = min(start, today - WEEK)
    late = untold(found, newest_grades(started.stream.rows()), now)
    if doubtful := sorted({*in_doubt(found, me, since), *(course_id for course_id, _ in late)}):
        first = min([since, *(me.day(due_at) for _, due_at in late)])
        calls += calendar_calls(doubtful, (first, today), undated=False)
    if calendar := start_calendar(sources, calls, known):
        found = look.merged(
            started.planner.rows(), started.missing.rows(), calendar.rows(), started.stream.rows()
        )
    items = sorted((placed(item, me, worth) for item in found), key=by_due)
    rows = in_order(course_row(c, sources.api.canvas_url, shades, now) for c in known.values())
    missing = tuple(item for item in items if is_missing(item))
    behind = tuple(
        item
        for item in items
        if is_missing(item) or (is_overdue(item) and item.day and item.day >= since)
    )
    due = tuple(i for i in items if is_due(i, now) and i.day and i.day < start + 7 * DAY)
    grades = tuple(new_grades(items, me, now))
    recent = tuple(item for item in news(items) if item.due_at and item.due_at > now - NEW_GRADES)
    grading = look.grading(started.todo.rows())
    counts = by_course(items, now, missing=missing, due=due, grades=grades, recent=recent)
    cards = sorted(
        (row for row in rows if row.state in ("current", "invited", "unpublished")),
        key=lambda row: (not row.favorite, waits(counts.get(row.id))),  # stable: equals as before
    )
    unlisted = {row.course_id for row in ended.rows()} - known.keys()
    states = sources.states()
    return Dashboard(
        sources=states,
        complete=complete(states),
        profile=me,
        now=now,
        rows=tuple(cards),
        first_rows=FEW,
        missing=missing,
        behind=behind,
        due=due,
        new_grades=grades,
        days=tuple(
            Day(
                day,
                tuple(i for i in items if i.day == day and i.type != "announcement"),
                today=day == today,
            )
            for day in (start + n * DAY for n in range(7))
        ),
        announcements=recent,
        grading=grading,
        by_course=counts,
        week=write_week(start),
        other_courses=len(rows) - len(cards) + len(unlisted),
        is_student=has_role(known.values(), "student"),
        in_courses=bool(known),
        observes=observed(known.values()),
        is_teacher=bool(grading) or has_role(known.values(), "teacher", "ta"),
    )


def waits(week: CourseWeek | None) -> int:
    """A course's rank: 0 with something to do or to read this week, 1 with work later, else 2."""
    if week is None:
        return 2
    return 0 if week.missing or week.due or week.new_grades or week.announcements else 1


def in_doubt(items: Iterable[Item], me: Profile, since: date) -> list[str]:
    """The courses of late work of which the planner cannot say why it is not missing."""
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


def untold(
    items: Iterable[Item], told: Container[str], now: datetime
) -> list[tuple[str, datetime]]:
    """Course and due date of new grades that the stream does not tell, nor a status beside them.

    Graded more than four weeks before it was posted, work is no longer in Canvas's stream.
    """
    return [
        (item.course_id, item.due_at)
        for item in items
        if item.status == "graded"
        and item.posted_at
        and item.posted_at > now - NEW_GRADES
        and item.assignment_id
        and item.assignment_id not in told
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
    """What each course's card counts, and what comes next there; courses without any stay out."""
    coming: dict[str, Item] = {}
    for item in items:
        if item.course_id and is_due(item, now):
            coming.setdefault(item.course_id, item)
    lacking, soon, graded, unread = (
        Counter(item.course_id for item in part if item.course_id)
        for part in (missing, due, grades, (item for item in recent if item.new_activity))
    )
    return {
        id_: CourseWeek(lacking[id_], soon[id_], graded[id_], unread[id_], coming.get(id_))
        for id_ in sorted({*coming, *lacking, *soon, *graded, *unread})
    }
