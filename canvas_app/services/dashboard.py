"""The start page: what waits for grading, what is missing, due and newly graded, and the courses.

Two round trips deep, with the further pages of the lists. The second is for the calendar, ten
courses a call: what is due next (nothing may be asked for), where work of the last days is past due
and not missing (it may be on paper), where missing work is older than the planner read (it may be
graded), and where a grade was posted so long after it was given that the stream does not report it.
No call per course. Weights are shown where another page has brought them already.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from canvas_app.canvas.models import CalendarEvent, Course, Enrollment
from canvas_app.canvas.paging import Pages
from canvas_app.domain.agenda import (
    NEW_GRADES,
    is_due,
    is_missing,
    new_grades,
    news,
    settled,
    ungraded,
)
from canvas_app.domain.calendar import WEEK, whole_weeks, write_week
from canvas_app.domain.children import PERSON_ALONE, Child, is_observed
from canvas_app.domain.courses import in_order, is_active_teacher
from canvas_app.domain.features import ALL_FEATURES, CLASS_STAFF, Features
from canvas_app.domain.home import (
    NEXT_WITHIN,
    Agenda,
    CourseWeek,
    Day,
    agenda,
    behind,
    by_course,
    cards,
    coming,
    days_of,
    in_doubt,
    unreported,
)
from canvas_app.domain.planner_items import ItemKey, by_due, newest_grades
from canvas_app.domain.rows import CourseRow, Item
from canvas_app.services.asks import read_colors, read_profile, start_ended
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
    kept_groups,
    start_calendar,
    start_work,
    work_page,
)
from canvas_app.services.planner_calls import (
    CONTEXTS,
    EAST,
    WEST,
    asked_days,
    calendar_calls,
    older_calls,
    with_open_work,
)
from canvas_app.services.teaching import TeachingPage, teaching_home
from canvas_app.services.without_week_includes import mend_week
from canvas_app.sources.answer import complete
from canvas_app.sources.sources import PageSource, Sources

FEW = 12  # cards shown at once
QUIET = timedelta(minutes=10)  # an answer younger than this is not called old


@dataclass(frozen=True)
class Dashboard(WorkPage):
    """``rows`` are the current courses: favourites, then those with something to do, then the rest.

    ``first_rows`` of them are shown at once. The tiles are lists of items.
    """

    rows: tuple[CourseRow, ...] = ()
    agenda: Agenda = field(default_factory=Agenda)
    today: date = date.min  # the person's own
    previous_week: str = ""
    next_week: str = ""
    missing: tuple[Item, ...] = ()
    settled: int = 0  # what Canvas calls missing though it is graded
    behind: tuple[Item, ...] = ()  # what is missing, and what is overdue since last week
    due: tuple[Item, ...] = ()  # still this week, not done
    new_grades: tuple[Item, ...] = ()  # and feedback, of two weeks
    days: tuple[Day, ...] = ()  # this week, in the person's time zone and locale
    announcements: tuple[Item, ...] = ()  # within two weeks, newest first
    grading: tuple[Item, ...] = ()  # teachers
    by_course: Mapping[str, CourseWeek] = field(default_factory=dict)
    week: str = ""  # "2026-W48"
    other_courses: int = 0  # past, future, restricted: on /courses
    first_rows: int = 0
    queue: TeachingPage | None = None  # the grading queue of people who teach now
    family: tuple["Dashboard", ...] = ()  # a page of each student whom the person observes
    child: Child | None = None  # on a page of the family: whose it is

    @property
    def by_child(self) -> dict[str, Mapping[str, CourseWeek]]:
        """Return what the cards of each student's courses count, by the student's id."""
        return {part.child.id: part.by_course for part in self.family if part.child}

    @property
    def next(self) -> Item | None:
        """Return what is due next, within 14 days."""
        return self.agenda.next

    @property
    def comments(self) -> int:
        """Return how many of the new grades are feedback alone."""
        return ungraded(self.new_grades)

    @property
    def quiet(self) -> bool:
        """Return whether the page needs no status message beyond the age of its answers."""
        as_of = self.freshness.as_of
        recent = bool(self.now and as_of and self.now - as_of < QUIET)
        told = any(source.note or source.detail for source in self.sources)
        return self.complete and recent and not told


@dataclass(frozen=True)
class DashboardAnswers:
    """Canvas's answers for the start page; ``ended``: enrollments that ended before their dates.

    Assignment groups are in ``work`` only if another page has asked for them already. ``found`` are
    the items that ``work`` gave before the calendar was asked.
    """

    work: WorkAnswers = field(default_factory=WorkAnswers)
    ended: Sequence[Enrollment] = ()
    found: Mapping[ItemKey, Item] = field(default_factory=dict)
    children: ChildrenAnswers = field(default_factory=ChildrenAnswers)

    @property
    def unlisted(self) -> set[str | None]:
        """Return the ids of courses whose enrollment has ended and that Canvas no longer lists."""
        return {row.course_id for row in self.ended} - self.work.courses.keys()


def dashboard(sources: Sources, features: Features = ALL_FEATURES, chosen: str = "") -> Dashboard:
    """Return the start page, with the grading queue for people who teach now.

    The queue takes calls for each course they teach, in two more round trips. ``chosen`` is whom
    the page shows (see ``Page``).
    """
    now = sources.now()
    if chosen not in ("", PERSON_ALONE):
        return lay_out_family(ask_family(sources, now, chosen), now)
    asked = ask(sources, now, chosen)
    page = with_family(lay_out(asked, now), asked, now)
    teaches = any(is_active_teacher(course, now) for course in asked.work.courses.values())
    if not (teaches and features.offered("teaching", CLASS_STAFF)):
        return page
    return with_queue(page, teaching_home(sources.beside()))


def with_queue(page: Dashboard, queue: TeachingPage) -> Dashboard:
    """Return the start page with the grading queue and the state of its sources."""
    known = {source.name for source in page.sources}
    further = tuple(source for source in queue.sources if source.name not in known)
    sources = page.sources + further
    return replace(page, queue=queue, sources=sources, complete=complete(sources))


def ask(sources: Sources, now: datetime, chosen: str = "") -> DashboardAnswers:
    """Make the calls of /upcoming's first round, so that either page is quick after the other."""
    calls = start_work(sources, *asked_days("", now))
    ended = start_ended(sources)
    mend_week(sources, calls.courses, calls.missing, planner=calls.planner)
    family = start_weeks(sources, calls.courses.rows(), now, chosen)
    first = WorkAnswers(
        canvas_url=sources.api.canvas_url,
        me=read_profile(calls.profile),
        courses={course.id: course for course in calls.courses.rows()},
        planner=calls.planner.rows(),
        missing=calls.missing.rows(),
        stream=calls.stream.rows(),
    )
    found = first.by_key(now)
    events = start_calendar(sources, further_calls(first, found.values(), now), first.courses)
    groups = kept_groups(sources, with_open_work(first.planner, now))
    shared: tuple[PageSource[Any], ...] = (calls.courses, calls.profile, *family.family.handles)
    reading = Reading(first.me, read_colors(calls.colors), now, shared)
    children = read_children(sources, family, reading)
    calendar = events.rows() if events else ()
    work = calls.answers(sources, first.courses, calendar, groups)
    return DashboardAnswers(work, ended.rows(), found, children)


def ask_family(sources: Sources, now: datetime, chosen: str) -> DashboardAnswers:
    """Make the calls about one student alone, with none for the person's own work."""
    work, children = ask_of_child(
        sources, now, lambda courses: start_weeks(sources, courses, now, chosen)
    )
    return DashboardAnswers(replace(work, courses={}), children=children)


def start_weeks(
    sources: Sources, courses: Iterable[Course], now: datetime, chosen: str
) -> ChildrenCalls:
    """Start the work of the students whom the person observes, two weeks back and two ahead."""
    days = ((now - WEST - NEXT_WITHIN).date(), (now + EAST + NEXT_WITHIN).date())
    whole = whole_weeks(*days)
    return start_children(sources, start_family(sources, courses, chosen), [whole], lately=True)


def further_calls(
    work: WorkAnswers, found: Collection[Item], now: datetime
) -> "list[partial[Pages[CalendarEvent]]]":
    """Return the calendar calls for what planner, missing list and stream leave open.

    ``found`` are the items that these gave. The last call is about the work that comes next, in the
    ten courses where something is due first: only an assignment tells whether anything is to be
    submitted.
    """
    today = work.me.day(now)
    since = first_day(today)
    late = unreported(found, newest_grades(work.stream), now)
    calls = older_calls(work.planner, work.missing)
    courses = {*in_doubt(found, work.me, since), *(course_id for course_id, _ in late)}
    if courses:
        first = min([since, *(work.me.day(due_at) for _, due_at in late)])
        calls += calendar_calls(sorted(courses), (first, today), undated=False)
    soonest = dict.fromkeys(
        item.course_id for item in coming(found, now) if item.course_id and item.assignment_id
    )
    days = (today, today + NEXT_WITHIN)
    return calls + calendar_calls(sorted([*soonest][:CONTEXTS]), days, undated=False)


def first_day(today: date) -> date:
    """Return the first day whose overdue work is shown: a week ago, always before this week."""
    return today - WEEK


def lay_out(asked: DashboardAnswers, now: datetime) -> Dashboard:
    """Lay out the answers as the start page at that moment."""
    work, page = asked.work, frame_of_home(asked.work, now)
    me, today = work.me, page.today
    start = me.first_of_week(today)
    items = sorted(work.with_days(work.by_key(now, asked.found).values()), key=by_due)
    missing = tuple(item for item in items if is_missing(item))
    late = behind(items, first_day(today))
    due = tuple(i for i in items if is_due(i, now) and i.day and i.day < start + WEEK)
    grades = tuple(new_grades(items, me, now))
    recent = tuple(item for item in news(items) if item.due_at and item.due_at > now - NEW_GRADES)
    counts = by_course(items, now, missing=missing, due=due, grades=grades, recent=recent)
    known = [c for c in work.courses.values() if work.child or not is_observed(c)]
    rows = in_order(work.row(course, now) for course in known)
    shown = cards(rows, counts)
    grading = work.grading(now)
    return replace(
        page,
        rows=shown,
        agenda=agenda(items, late, today, now),
        missing=missing,
        settled=settled(items),
        behind=late,
        due=due,
        new_grades=grades,
        days=days_of(items, start, today),
        announcements=recent,
        grading=grading,
        by_course=counts,
        other_courses=len(rows) - len(shown) + len(asked.unlisted),
        is_teacher=bool(grading) or page.is_teacher,
    )


def with_family(page: Dashboard, asked: DashboardAnswers, now: datetime) -> Dashboard:
    """Return the page with those of the students whom the person observes."""
    family = asked.children.family
    return replace(
        page,
        children=family.children,
        chosen=family.chosen,
        unpaired=family.unpaired,
        family=tuple(
            replace(lay_out(DashboardAnswers(work), now), child=work.child, note_courses=())
            for work in asked.children.work
        ),
    )


def lay_out_family(asked: DashboardAnswers, now: datetime) -> Dashboard:
    """Lay out the answers as the page of one student alone."""
    return with_family(frame_of_home(asked.work, now), asked, now)


def frame_of_home(work: WorkAnswers, now: datetime) -> Dashboard:
    """Return the page without its lists: the person, their roles, the week and its neighbours."""
    today = work.me.day(now)
    start = work.me.first_of_week(today)
    return Dashboard(
        **vars(work_page(work, now)),
        first_rows=FEW,
        today=today,
        week=write_week(start),
        previous_week=write_week(start - WEEK),
        next_week=write_week(start + WEEK),
    )
