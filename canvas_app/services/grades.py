"""One course's grades: Canvas's totals, how they come about, and what could become of them.

Canvas's own totals come first and are the truth. Easel computes them again by Canvas's rules (see
:mod:`canvas_app.domain.grade_calculator`) to explain them, to try scores out, and to say what a
goal takes; when its number differs from Canvas's by more than rounding, the page says so. A total
that the teacher hides is not computed, and where a course shows letters only, no number is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import AuthorizationError
from canvas_app.canvas.models import Assignment, Course
from canvas_app.canvas.models import AssignmentGroup as CanvasGroup
from canvas_app.canvas.models import GradingPeriod as CanvasPeriod
from canvas_app.domain import charts, grade_calculator
from canvas_app.domain.courses import course_row, student_enrollment, with_ended
from canvas_app.domain.grade_book import (
    EVERY_PERIOD,
    book_of,
    can_try,
    in_period,
    number,
)
from canvas_app.domain.grade_calculator import Book
from canvas_app.domain.grade_rows import (
    GradeGroup,
    GradeRow,
    group_of,
    history,
    part_of,
    row_of,
    with_dropped,
)
from canvas_app.domain.grade_totals import (
    PeriodChoice,
    Shown,
    basis_of,
    canvas_totals,
    checked,
    chosen_period,
    current_period,
    reason,
    shown_totals,
    stated,
)
from canvas_app.domain.planner_items import Look
from canvas_app.domain.rows import CourseRow
from canvas_app.domain.what_if import Aim, Problem, aimed, tried_scores
from canvas_app.services.asks import (
    COURSE_INCLUDE,
    read_colors,
    read_profile,
    start_colors,
    start_courses,
    start_ended,
    start_ended_in,
    start_profile,
)
from canvas_app.services.pages import Page
from canvas_app.services.without_includes import (
    lost,
    mend_groups,
    start_without,
    weights_unsaid,
)
from canvas_app.sources.answer import complete
from canvas_app.sources.sources import ListSource, Sources

SCORE = re.compile(r"s\d{1,20}")  # short: the form sends a field for each assignment
CATCHING_UP = timedelta(hours=1)  # Canvas takes seconds to minutes


@dataclass(frozen=True)
class Wanted:
    """What the person asks of the page; ``scores`` and ``goal`` as they were typed."""

    period: str = ""
    scores: Mapping[str, str] = field(default_factory=dict)
    goal: str = ""

    @classmethod
    def of(cls, items: Sequence[tuple[str, str]]) -> "Wanted":
        """From the names and values of a query: period, goal, and s<assignment id>."""
        given = {name: value.strip() for name, value in items}
        return cls(
            period=given.get("period", ""),
            scores={
                name[1:]: value for name, value in given.items() if value and SCORE.fullmatch(name)
            },
            goal=given.get("goal", ""),
        )


@dataclass(frozen=True)
class Grades(Page):
    """The page; ``rows`` are the assignments of ``groups``, flat.

    ``canvas``: Canvas's own totals with ``basis`` (which grading period, or the whole course);
    ``state`` is the grade state of :class:`CourseRow`. ``own``: Easel's, None when ``why_not``
    names the reason: hidden, letters, periods_only (the school shows totals of grading periods
    only), not_student, incomplete. ``check``: agrees, differs, or unchecked; ``differs`` says
    why that is normal: fresh (a grade is newer than the total may be), by_hand (a teacher seems to
    have set it), or empty.
    """

    course: CourseRow = field(default_factory=lambda: CourseRow(id="", name=""))
    rows: tuple[GradeRow, ...] = ()
    groups: tuple[GradeGroup, ...] = ()
    periods: tuple[PeriodChoice, ...] = ()
    period: str = EVERY_PERIOD
    weighted_periods: bool = False
    weighted: bool = False
    state: str = "not_available"
    basis: str = ""
    canvas: Shown = field(default_factory=Shown)
    own: Shown | None = None
    why_not: str = ""
    check: str = "unchecked"
    differs: str = ""
    what_if: Shown | None = None
    aim: Aim | None = None
    goal: str = ""
    problems: tuple[Problem, ...] = ()
    history: tuple[tuple[datetime, float], ...] = ()

    @property
    def picture(self) -> charts.Line | None:
        """The total over time."""
        return charts.line(self.history)

    @property
    def worth_known(self) -> bool:
        return any(row.share is not None for row in self.rows)

    @property
    def tried(self) -> tuple[GradeRow, ...]:
        return tuple(row for row in self.rows if row.what_if is not None)


def grades(sources: Sources, course_id: str, wanted: Wanted | None = None) -> Grades:
    """Gather one course's grades. Raise the CanvasError that Canvas gives for the course itself.

    Two round trips deep: the course, then all else side by side; three when a grading period is
    chosen that is not the current one, because its totals are asked for by its id.
    """
    wanted = wanted or Wanted()
    _, page, book = gather(sources, course_id, wanted)
    if book is None:
        return page
    period = None if page.period == EVERY_PERIOD else page.period
    return replace(page, history=history(book, period, page.rows, page.profile))


def gather(
    sources: Sources, course_id: str, wanted: Wanted, include: Sequence[str] = ()
) -> tuple[Course, Grades, Book | None]:
    """The course as Canvas has it, with what else is included, its grades, and what they are
    computed from, if they are."""
    now = sources.now()
    profile, colors = start_profile(sources), start_colors(sources)
    every = (*COURSE_INCLUDE, *include)
    asked_course = sources.start_one(
        "course", partial(CanvasAPI.course_or_stub, course_id=course_id, include=every)
    )
    course = asked_course.required()
    closed = bool(course.access_restricted_by_date)
    course = listed_course(sources, course_id) if closed else course
    ended = start_ended_in(sources, course)
    bare = start_without(sources, course) if asked_course.dropped() else None
    listed: ListSource[CanvasGroup] | None = None
    periods: list[CanvasPeriod] = []
    asked: ListSource[CanvasPeriod] | None = None
    if not closed:
        listed = sources.start(
            "assignments",
            partial(
                CanvasAPI.assignment_groups,
                course_id=course_id,
                include=("assignments", "submission"),
            ),
        )
        if course.has_grading_periods or bare:
            asked = sources.start(
                "grading periods", partial(CanvasAPI.grading_periods, course_id=course_id)
            )
            periods = asked.rows()
    course = with_ended(course, ended.rows()) if ended else course
    if listed:
        studies = any(e.type == "student" for e in course.enrollments or ())
        mend_groups(sources, listed, {course_id: studies}, bare.ahead if bare else None)
    if bare:
        course = bare.mended(sources, course, periods, listed.rows() if listed else [])
        asked_course.needs(*lost(asked_course, *bare.brought(periods)))
    enrollment = student_enrollment(course)
    named = periods or (current_period(enrollment) if asked else [])
    chosen = chosen_period(wanted.period, named, enrollment)
    state, canvas = canvas_totals(course, enrollment, chosen)
    if state == "other_period" and enrollment and enrollment.user_id:
        state, canvas = period_totals(sources, course, enrollment.user_id, chosen)
    canvas_groups = listed.rows() if listed else []
    shades = read_colors(colors)
    look = Look(sources.api.canvas_url, {course.id: course}, shades, now)
    states = sources.states()
    whole = complete(s for s in states if s.name in ("assignments", "grading periods"))
    if bare and weights_unsaid(periods) and chosen == EVERY_PERIOD:
        whole = False
    page = Grades(
        sources=states,
        complete=complete(states),
        profile=read_profile(profile),
        now=now,
        course=course_row(course, sources.api.canvas_url, shades, now),
        period=chosen,
        weighted_periods=bool(course.has_weighted_grading_periods),
        weighted=bool(course.apply_assignment_group_weights),
        state=state,
        basis=basis_of(chosen, named),
        canvas=canvas,
        why_not=reason(course, enrollment, chosen, state, whole),
        goal=wanted.goal,
        periods=tuple(
            PeriodChoice(
                id=period.id,
                title=period.title or "",
                weight=period.weight if course.has_weighted_grading_periods else None,
                starts_at=period.start_date,
                ends_at=period.end_date,
                current=bool(enrollment and enrollment.current_grading_period_id == period.id),
                chosen=period.id == chosen,
            )
            for period in periods
        ),
    )
    shown = [
        (group, [a for a in group.assignments or () if in_period(a, chosen, periods)])
        for group in canvas_groups
    ]
    if page.why_not:
        return course, laid_out(page, shown, course, look), None
    book = book_of(course, canvas_groups, periods)
    return course, computed(page, shown, course, look, book, wanted), book


def listed_course(sources: Sources, course_id: str) -> Course:
    """What the person's lists tell of a course that Canvas does not open: a stub, if anything.

    Raise AuthorizationError for a stranger's, of which Canvas's answer is the same.
    """
    current, ended = start_courses(sources), start_ended(sources)
    for course in current.rows():
        if course.id == course_id:
            return course
    if any(row.course_id == course_id for row in ended.rows()):
        return Course(id=course_id, access_restricted_by_date=True)
    raise AuthorizationError("Canvas does not open this course.", status=403)


def period_totals(
    sources: Sources, course: Course, user_id: str, period_id: str
) -> tuple[str, Shown]:
    """Canvas's totals of a grading period that is not the current one."""
    rows = sources.start(
        "totals",
        partial(CanvasAPI.period_grades, course_id=course.id, user_id=user_id, period_id=period_id),
    ).rows()
    found = next((row.grades for row in rows if row.grades), None)
    if found is None:
        return "not_available", Shown()
    return stated(
        course,
        found.current_score,
        found.current_grade,
        found.final_score,
        found.final_grade,
    )


# The page


def laid_out(
    page: Grades,
    shown: Sequence[tuple[CanvasGroup, Sequence[Assignment]]],
    course: Course,
    look: Look,
) -> Grades:
    """The page without a calculation: groups, rules and rows."""
    groups = tuple(
        group_of(group, [row_of(a, course, look) for a in assignments], None)
        for group, assignments in shown
    )
    return replace(page, groups=groups, rows=tuple(row for g in groups for row in g.rows))


def computed(
    page: Grades,
    shown: Sequence[tuple[CanvasGroup, Sequence[Assignment]]],
    course: Course,
    look: Look,
    book: Book,
    wanted: Wanted,
) -> Grades:
    """The page with everything that is worked out: check, what-if, and goal."""
    period = None if page.period == EVERY_PERIOD else page.period
    everything = {a.id: a for _, assignments in shown for a in assignments}
    tries, problems = tried_scores(wanted.scores, everything, book)
    lettered = page.canvas.current_grade is not None or page.canvas.final_grade is not None
    namer = course if lettered else None
    supposed = grade_calculator.what_if(book, tries)
    now, ends = grade_calculator.current(supposed, period), grade_calculator.final(supposed, period)
    own = shown_totals(
        grade_calculator.current(book, period), grade_calculator.final(book, period), namer
    )
    shares = grade_calculator.shares(book, period)
    by_id = {work.id: work for work in book.work}
    parts = {id_: part_of(work, book, now) for id_, work in by_id.items()}
    sums = {group.id: group for group in now.groups}
    groups = tuple(
        group_of(
            group,
            [
                replace(
                    row_of(assignment, course, look),
                    part=parts[assignment.id] if assignment.id not in tries else "counted",
                    share=number(shares.get(assignment.id)),
                    what_if=number(tries.get(assignment.id)),
                    can_try=can_try(by_id[assignment.id]),
                )
                for assignment in assignments
            ],
            sums[group.id],
        )
        for group, assignments in shown
    )
    groups = tuple(with_dropped(group, sums[group.id].dropped) for group in groups)
    aim, more = aimed(wanted.goal, supposed, period, everything, tries, look.now)
    of_periods = {part.id: part for part in now.periods}
    page = replace(
        page,
        groups=groups,
        rows=tuple(row for group in groups for row in group.rows),
        own=own,
        check=checked(page.canvas, own),
        what_if=shown_totals(now, ends, namer) if tries else None,
        aim=aim,
        problems=(*problems, *more),
        periods=tuple(
            replace(
                choice,
                percent=number(of_periods[choice.id].percent),
                contribution=number(of_periods[choice.id].contribution),
            )
            if choice.id in of_periods
            else choice
            for choice in page.periods
        ),
    )
    return replace(page, differs=why_other(page, own)) if page.check == "differs" else page


def why_other(page: Grades, own: Shown) -> str:
    """Why it is normal that Canvas's totals are not Easel's: fresh, by_hand, or nothing known.

    Canvas works its totals out some time after a grade, and a total that a teacher sets by hand
    replaces the current and the final one (``grade_calculator.rb``, ``score.rb``).
    """
    touched = (at for row in page.rows for at in (row.posted_at, row.graded_at) if at)
    newest = max(touched, default=None)
    if page.now and newest and page.now - newest <= CATCHING_UP:
        return "fresh"
    canvas = page.canvas
    same = canvas.current is not None and canvas.current == canvas.final
    return "by_hand" if same and own.current != own.final else ""


# Over time
