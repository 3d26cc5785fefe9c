"""What there is to do: planner, missing work, calendar and stream, merged without duplicates."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from canvas_app.canvas.models import Course
from canvas_app.domain.agenda import (
    by_state,
    finished,
    forecast,
    in_window,
    is_missing,
    new_grades,
    news,
    sections,
    settled,
    undone,
    ungraded,
)
from canvas_app.domain.calendar import DAY, WEEK, Person, read_week, write_week
from canvas_app.domain.charts import Load
from canvas_app.domain.children import PERSON_ALONE
from canvas_app.domain.courses import is_active_student
from canvas_app.domain.pieces import PIECE, Place, cut, piece_at
from canvas_app.domain.planner_items import TYPES, by_due
from canvas_app.domain.rows import Item, Section
from canvas_app.services.asks import read_colors, read_profile
from canvas_app.services.children_calls import ChildrenCalls, start_children
from canvas_app.services.children_work import (
    ChildrenAnswers,
    Reading,
    ask_of_child,
    read_children,
)
from canvas_app.services.family import start_family
from canvas_app.services.own_work import (
    WorkAnswers,
    WorkPage,
    start_calendar,
    start_groups,
    start_work,
    work_page,
)
from canvas_app.services.planner_calls import (
    AHEAD,
    BACK,
    OLDER,
    WEIGHED,
    asked_days,
    calendar_calls,
    older_calls,
    planner_slices,
    with_open_work,
)
from canvas_app.services.upcoming_filters import (
    SHOWS,
    Choice,
    WeekFilter,
    choices,
    course_choices,
)
from canvas_app.services.without_week_includes import mend_week
from canvas_app.services.without_work_includes import (
    mend_calendar,
    mend_groups,
    mend_letters,
    mend_periods,
)
from canvas_app.sources.sources import Sources


@dataclass(frozen=True)
class Upcoming(WorkPage):
    """Page of upcoming work. ``rows`` pass the filters; ``sections``: open work under headings.

    ``announcements``, ``new_grades`` and ``done`` stand apart from the work; ``tabs`` count
    missing, due, grades and done before ``show`` chooses one of them.
    """

    rows: tuple[Item, ...] = ()
    sections: tuple[Section, ...] = ()
    new_grades: tuple[Item, ...] = ()
    announcements: tuple[Item, ...] = ()
    done: tuple[Item, ...] = ()
    grading: tuple[Item, ...] = ()
    tabs: tuple[Choice, ...] = ()
    courses: tuple[Choice, ...] = ()
    types: tuple[Choice, ...] = ()
    statuses: tuple[Choice, ...] = ()
    show: str = ""
    show_done: bool = False
    favorites: bool = False
    left_out: tuple[str, ...] = ()  # courses
    week: str = ""  # "2026-W48"; empty: four weeks back, two ahead
    load: Load | None = None  # open work of this and the coming three weeks; none in a week
    first: date = date.min
    last: date = date.max
    this_week: str = ""
    previous_week: str = ""
    next_week: str = ""
    missing_elsewhere: int = 0  # outside the week
    unweighed: int = 0  # courses with open work whose weights were not asked for
    settled: int = 0  # what Canvas calls missing though it is graded
    comments: int = 0  # of the new grades: how many are feedback alone
    shown: int = 0  # students whose work is here
    piece: "UpcomingPiece | None" = None

    @property
    def apart(self) -> bool:
        """Return whether the person's own work stands apart from the students' they observe."""
        return self.sees_own and (self.is_student or self.is_teacher)

    @property
    def mixes(self) -> bool:
        """Return whether the rows are several people's."""
        return self.shown + (1 if self.apart else 0) > 1

    @property
    def filtered(self) -> bool:
        """Return whether a filter hides anything."""
        chosen = (*self.courses, *self.types, *self.statuses)
        wished = self.show or self.favorites or self.left_out
        return bool(wished) or any(choice.chosen for choice in chosen)


@dataclass(frozen=True, kw_only=True)
class UpcomingPiece(Place):
    """The rows on one piece of the page, in the lists they belong to."""

    grading: tuple[Item, ...]
    sections: tuple[Section, ...]
    new_grades: tuple[Item, ...]
    announcements: tuple[Item, ...]
    done: tuple[Item, ...]
    at: str = ""

    def leads_to(self, rows: Iterable[Item]) -> bool:
        """Return whether a form leads back to one of these rows, which must then be in sight."""
        return bool(self.at) and any(row.element_id == self.at for row in rows)


@dataclass(frozen=True)
class UpcomingAnswers:
    """Canvas's answers; the ``unweighed`` courses have open work but were not asked for weights."""

    work: WorkAnswers = field(default_factory=WorkAnswers)
    unweighed: int = 0
    children: ChildrenAnswers = field(default_factory=ChildrenAnswers)


def upcoming(sources: Sources, wanted: WeekFilter | None = None, chosen: str = "") -> Upcoming:
    """Return the page of a week; without one, of four weeks back and two ahead."""
    wanted = wanted or WeekFilter()
    now = sources.now()
    return lay_out(ask(sources, wanted, now, chosen), wanted, now)


def start_childrens(
    sources: Sources, courses: Iterable[Course], wanted: WeekFilter, now: datetime, chosen: str
) -> ChildrenCalls:
    """Start the work of the students whom the person observes on the days of the filter."""
    first, last = asked_days(wanted.week, now)
    slices = planner_slices(first - DAY, last + DAY, now)
    family = start_family(sources, courses, chosen, totals=False)
    return start_children(sources, family, slices, lately=False)


def ask(sources: Sources, wanted: WeekFilter, now: datetime, chosen: str = "") -> UpcomingAnswers:
    """Ask for the days of the filter; without a week, for older missing and undated work too."""
    if chosen not in ("", PERSON_ALONE):
        alone, children = ask_of_child(
            sources, now, lambda found: start_childrens(sources, found, wanted, now, chosen)
        )
        return UpcomingAnswers(alone, children=children)
    days = asked_days(wanted.week, now)
    calls = start_work(sources, *days)
    needs = ("favorites",) if wanted.favorites else ()
    mend_week(sources, calls.courses, calls.missing, needs)
    family = start_childrens(sources, calls.courses.rows(), wanted, now, chosen)
    known = {course.id: course for course in calls.courses.rows()}
    studied = [course.id for course in known.values() if is_active_student(course, now)]
    undated = not read_week(wanted.week, now.date())
    if not undated:  # a Sunday evening in the Americas is the next week in UTC
        days = (days[0] - DAY, days[1] + DAY)
    calendar = start_calendar(sources, calendar_calls(studied, days, undated=undated), known)
    planner = calls.planner.rows()
    older = start_calendar(sources, older_calls(planner, calls.missing.rows()), known, OLDER)
    heavy = [course_id for course_id in with_open_work(planner, now) if course_id in studied]
    groups = start_groups(sources, heavy[:WEIGHED])
    mend_calendar(sources, (calendar, older), WEIGHED)
    if groups:
        mend_groups(sources, groups, dict.fromkeys(heavy[:WEIGHED], True))
    events = [event for part in (calendar, older) if part for event in part.rows()]
    known = mend_letters(calls.courses, (event.assignment for event in events), needs)
    known = mend_periods(sources, calls.courses, known, heavy[:WEIGHED])
    reading = Reading(read_profile(calls.profile), read_colors(calls.colors), now)
    children = read_children(sources, family, reading)
    return UpcomingAnswers(
        calls.answers(sources, known, events, groups.rows() if groups else ()),
        unweighed=len(heavy[WEIGHED:]),
        children=children,
    )


def lay_out(asked: UpcomingAnswers, wanted: WeekFilter, now: datetime) -> Upcoming:
    """Lay out the answers as the page at that moment."""
    work, page = asked.work, frame(asked, wanted, now)
    me, known = work.me, work.courses
    week = read_week(wanted.week, me.day(now), me.week_begins)
    found = [
        *(work.with_days(work.merged(now, work.groups)) if page.sees_own else ()),
        *(i for part in asked.children.work for i in part.with_days(part.merged(now))),
    ]
    passes = wanted.among(known)
    everything = sorted(
        (item for item in found if in_window(item, page.first, page.last, week)), key=by_due
    )
    rows = tuple(filter(passes, everything))
    grades = tuple(filter(passes, new_grades(found, me, now, week)))
    grading = work.grading(now)
    shown = {"grades": grades, **by_state(rows, now)}
    whole = replace(
        page,
        rows=shown[wanted.show] if wanted.show else (*rows, *filter(passes, grading)),
        sections=headed(page, rows, wanted, me, now, week),
        new_grades=grades if wanted.show in ("", "grades") else (),
        settled=settled(rows),
        comments=ungraded(grades),
        announcements=() if wanted.show else news(rows),
        done=tuple(i for i in finished(shown["done"], grades, wanted.show) if not wanted.ticks(i)),
        grading=() if wanted.show or week else tuple(filter(passes, grading)),
        tabs=tuple(Choice(name, name, len(shown[name]), name == wanted.show) for name in SHOWS),
        courses=course_choices(everything, known, wanted.courses),
        types=choices(Counter(item.type for item in everything), wanted.types, TYPES),
        statuses=choices(Counter(item.status for item in everything), wanted.statuses, {}),
        load=None if week or page.mixes else forecast(filter(passes, found), me, now),
        unweighed=asked.unweighed,
        missing_elsewhere=sum(is_missing(i) and passes(i) for i in found) - len(shown["missing"]),
        is_teacher=bool(grading) or page.is_teacher,
    )
    return replace(whole, piece=piece_of(whole, wanted))


def headed(
    page: Upcoming,
    rows: Sequence[Item],
    wanted: WeekFilter,
    me: Person,
    now: datetime,
    week: date | None,
) -> tuple[Section, ...]:
    """Return open work under headings, the person's own apart from the students' they observe."""
    if not (page.apart and page.children):
        return open_sections(rows, wanted, me, now, week)
    own = open_sections([row for row in rows if not row.child_id], wanted, me, now, week)
    theirs = open_sections([row for row in rows if row.child_id], wanted, me, now, week)
    return (*own, *(replace(section, childrens=True) for section in theirs))


def open_sections(
    rows: Sequence[Item], wanted: WeekFilter, me: Person, now: datetime, week: date | None
) -> tuple[Section, ...]:
    """Group the open work that is shown. What was marked done a moment ago stands where it did.

    Without script the person then sees their tick, and has the other rows before them.
    """
    if wanted.show in ("grades", "done"):
        return ()
    ticked = {item.element_id: item for item in rows if wanted.ticks(item)}
    before = tuple(undone(item) if item.element_id in ticked else item for item in rows)
    found = sections(by_state(before, now).get(wanted.show, before), me, now, week)
    return tuple(
        replace(section, rows=tuple(ticked.get(row.element_id, row) for row in section.rows))
        for section in found
    )


def piece_of(page: Upcoming, wanted: WeekFilter) -> UpcomingPiece:
    """Return one piece of the page's rows, in the order in which they are shown.

    It is the one with the row to which a form leads back, or one by its number.
    """
    at, number = wanted.at, wanted.page
    # Work that was sent back has a grade but is open, so it is listed with the work.
    graded = tuple(i for i in page.new_grades if page.show or (i.done and not wanted.ticks(i)))
    open_ = sorted(page.sections, key=lambda section: (section.childrens, section.key == "earlier"))
    lists = (page.grading, *(section.rows for section in open_))
    lists += (graded, page.announcements, page.done)
    ids = [row.element_id for rows in lists for row in rows]
    number = ids.index(at) // PIECE + 1 if at in ids else number
    place = piece_at([1] * len(ids), number)
    grading, *parts, grades, announcements, done = cut(lists, place)
    return UpcomingPiece(
        **vars(place),
        grading=grading,
        sections=tuple(
            replace(section, rows=part, total=sum(not row.done for row in section.rows))
            for section, part in zip(open_, parts, strict=True)
            if part
        ),
        new_grades=grades,
        announcements=announcements,
        done=done,
        at=at,
    )


def frame(asked: UpcomingAnswers, wanted: WeekFilter, now: datetime) -> Upcoming:
    """Return the page without its rows: the person, their courses, the week and its neighbours."""
    work, family = asked.work, asked.children.family
    me, known = work.me, work.courses
    today = me.day(now)
    week = read_week(wanted.week, today, me.week_begins)
    start = week or me.first_of_week(today)
    whose = {"children": family.children, "chosen": family.chosen, "unpaired": family.unpaired}
    return Upcoming(
        **vars(work_page(work, now)) | whose,
        shown=len(family.shown),
        show=wanted.show,
        show_done=wanted.done or wanted.show == "done",
        favorites=wanted.favorites,
        left_out=tuple(sorted(wanted.without & known.keys())),
        week=write_week(week) if week else "",
        first=week or me.day(now - BACK),
        last=week + 6 * DAY if week else me.day(now + AHEAD),
        this_week=write_week(me.first_of_week(today)),
        previous_week=write_week(start - WEEK),
        next_week=write_week(start + WEEK),
    )
