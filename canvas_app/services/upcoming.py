"""What there is to do: planner, missing work, calendar and stream, merged without repeats."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from canvas_app.domain.agenda import (
    forecast,
    in_window,
    is_due,
    is_missing,
    new_grades,
    news,
    placed,
    sections,
)
from canvas_app.domain.calendar import (
    DAY,
    WEEK,
    monday,
    read_week,
    write_week,
)
from canvas_app.domain.charts import Load
from canvas_app.domain.courses import has_role, is_active_student, keeps_notes, observed
from canvas_app.domain.planner_items import TYPES, Look, by_due
from canvas_app.domain.rows import Item, Section
from canvas_app.domain.weights import weights_of
from canvas_app.services.asks import read_colors, read_profile
from canvas_app.services.pages import OwnPage
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
    with_open_work,
)
from canvas_app.services.upcoming_filters import (
    SHOWS,
    Choice,
    Wish,
    choices,
    choose,
    course_choices,
)
from canvas_app.services.without_includes import (
    mend_calendar,
    mend_groups,
    mend_letters,
    mend_periods,
    mend_week,
)
from canvas_app.sources.answer import complete
from canvas_app.sources.sources import Sources


@dataclass(frozen=True)
class Upcoming(OwnPage):
    """``rows`` is all that passes the filters; ``sections`` its open work under headings.

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
    first: date | None = None
    last: date | None = None
    this_week: str = ""
    previous_week: str = ""
    next_week: str = ""
    note_courses: tuple[Choice, ...] = ()  # where an own note may be put
    note_limits: bool = False  # the person is in other courses too: Canvas lists no notes there
    missing_elsewhere: int = 0  # outside the week
    unweighed: int = 0  # courses with open work whose weights were not asked for

    @property
    def filtered(self) -> bool:
        """Whether a filter hides anything."""
        chosen = (*self.courses, *self.types, *self.statuses)
        wished = self.show or self.favorites or self.left_out
        return bool(wished) or any(choice.chosen for choice in chosen)


def upcoming(sources: Sources, wish: Wish | None = None) -> Upcoming:
    """Gather a week; without one, four weeks back and two ahead, older missing and undated work."""
    wish = wish or Wish()
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
            started.planner.rows(),
            started.missing.rows(),
            events,
            started.stream.rows(),
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
