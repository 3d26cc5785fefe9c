"""One course's grades: Canvas's totals, how they are calculated, and what they could become.

Canvas's own totals are authoritative and shown first. Easel calculates them again by Canvas's
rules (see :mod:`canvas_app.domain.grade_calculator`) to explain them, to try out scores, and to
find the scores that a goal needs. If its result differs from Canvas's by more than rounding, the
page says so. Easel does not calculate a total that the teacher hides, and shows no numbers where a
course shows only letters.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from canvas_app.canvas.models import CourseEnrollment
from canvas_app.domain import charts
from canvas_app.domain.children import Child
from canvas_app.domain.courses import course_row, roles_of, student_enrollment
from canvas_app.domain.features import ALL_FEATURES, Features
from canvas_app.domain.grade_book import EVERY_PERIOD, book_of, float_of, in_period
from canvas_app.domain.grade_calculator import Book
from canvas_app.domain.grade_rows import GradeGroup, GradeRow, history
from canvas_app.domain.grade_totals import (
    PeriodChoice,
    Shown,
    basis_of,
    canvas_totals,
    checked,
    chosen_period,
    reason,
    stated_grades,
)
from canvas_app.domain.grade_workings import ShownWork, Workings, plain_groups, work_out
from canvas_app.domain.ledger import ledger_weight
from canvas_app.domain.pieces import PIECE, Place, cut, piece_at
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.rows import CourseRow
from canvas_app.domain.what_if import Aim, Problem, WhatIf
from canvas_app.services.grade_calls import AskedGrades, ask
from canvas_app.services.pages import Page
from canvas_app.sources.answer import complete
from canvas_app.sources.sources import Sources

COURSE_PAGE = ("syllabus_body", "teachers")
CATCHING_UP = timedelta(hours=1)  # time to calculate; Canvas needs seconds to minutes


@dataclass(frozen=True, kw_only=True)
class CoursePiece(Place):
    """The part of a course's assignments on one piece of its page; a group may have none."""

    groups: tuple[tuple[GradeGroup, tuple[GradeRow, ...]], ...]


@dataclass(frozen=True)
class GradesPage(Page):
    """Page of a course's grades; ``rows`` are the assignments of all ``groups``.

    ``canvas``: Canvas's own totals. ``basis``: what they cover, a grading period or the whole
    course. ``state``: the grade state of :class:`CourseRow`. ``own``: Easel's totals, or None with
    the reason in ``why_not``: hidden, letters, periods_only (the school shows totals only for
    grading periods), not_student or incomplete. ``check``: agrees, differs or unchecked.
    ``differs``: why a difference is normal: fresh (a grade is newer than the total may be),
    by_hand (a teacher seems to have set the total), or empty. ``handed_in``: Easel's totals if all
    ungraded submissions get full marks, None if there are none. ``book``: the grades from which
    the totals are calculated.
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
    what_if_offered: bool = True
    what_if: Shown | None = None
    handed_in: Shown | None = None
    aim: Aim | None = None
    goal: str = ""
    problems: tuple[Problem, ...] = ()
    book: Book | None = None
    syllabus: str | None = None  # Canvas's HTML, not sanitised; for the course's own page
    teachers: tuple[str, ...] = ()  # also only for the course's own page
    piece: "CoursePiece | None" = None  # likewise
    child: Child | None = None  # whose page it is, if not the person's own
    childrens: tuple["GradesPage", ...] = ()  # of students whom the person observes here
    here: tuple[Child, ...] = ()  # all these students, shown or not
    has_own: bool = True  # the page shows the person's own work

    @cached_property
    def history(self) -> tuple[tuple[datetime, float], ...]:
        """Return times and totals (percent); calculated on demand, because it takes a while."""
        if self.book is None:
            return ()
        period = None if self.period == EVERY_PERIOD else self.period
        return history(self.book, period, [row.submission for row in self.rows], self.profile)

    @property
    def by_child(self) -> dict[str, dict[str, Any]]:
        """Return each student's totals, by the student's id."""
        told = ("state", "basis", "canvas", "own", "why_not", "check", "period")
        return {
            page.child.id: {name: getattr(page, name) for name in told}
            for page in self.childrens
            if page.child
        }

    @property
    def picture(self) -> charts.LineChart | None:
        """Return the chart of the total over time."""
        return charts.line(self.history)

    @property
    def worth_known(self) -> bool:
        return any(row.share is not None for row in self.rows)

    @property
    def can_try(self) -> bool:
        """Return whether scores and goals can be tried out."""
        return self.what_if_offered and not self.why_not

    @property
    def tried(self) -> tuple[GradeRow, ...]:
        return tuple(row for row in self.rows if row.what_if is not None)


def grades(
    sources: Sources,
    course_id: str,
    wanted: WhatIf | None = None,
    features: Features = ALL_FEATURES,
) -> GradesPage:
    """Return the page of a course's grades.

    Raises the CanvasError that Canvas gives for the course itself.
    """
    wanted = wanted or WhatIf()
    return lay_out(ask(sources, course_id, wanted.period), wanted, sources.now(), features)


def course(sources: Sources, course_id: str, number: int = 1) -> GradesPage:
    """Return the page of a course, with its grades over all grading periods.

    ``number`` is that of the piece of its assignments to show.

    Raises the CanvasError that Canvas gives for the course itself.
    """
    wanted = WhatIf(period=EVERY_PERIOD)
    asked = ask(sources, course_id, wanted.period, COURSE_PAGE)
    page = lay_out(asked, wanted, sources.now())
    return replace(page, piece=course_piece(page.groups, number))


def course_piece(groups: Sequence[GradeGroup], number: int) -> CoursePiece:
    """Return one piece of a course's assignments; groups without any are on the first."""
    lists = [group.rows for group in groups]
    weights = (ledger_weight(row.submission) for rows in lists for row in rows)
    place = piece_at(weights, number, 20 * PIECE)
    parts = zip(groups, cut(lists, place), strict=True)
    shown = ((group, part) for group, part in parts if part or (number == 1 and not group.rows))
    return CoursePiece(**vars(place), groups=tuple(shown))


def lay_out(
    asked: AskedGrades, wanted: WhatIf, now: datetime, features: Features = ALL_FEATURES
) -> GradesPage:
    """Build the page from Canvas's answers."""
    found = asked.course
    if not features.offered("what_if", roles_of(found)):
        wanted = WhatIf(period=wanted.period, offered=False)
    enrollment = student_enrollment(found)
    chosen = chosen_period(wanted.period, asked.named, enrollment)
    state, canvas = canvas_totals(found, enrollment, chosen)
    if state == "other_period" and enrollment and enrollment.user_id:
        state, canvas = stated_grades(found, asked.period_totals)
    page = GradesPage(
        sources=asked.sources,
        complete=complete(asked.sources),
        profile=asked.profile,
        now=now,
        course=course_row(found, asked.canvas_url, asked.colors, now),
        period=chosen,
        weighted_periods=bool(found.has_weighted_grading_periods),
        weighted=bool(found.apply_assignment_group_weights),
        state=state,
        basis=basis_of(chosen, asked.named),
        canvas=canvas,
        why_not=reason(found, enrollment, chosen, state, asked.whole),
        goal=wanted.goal,
        what_if_offered=wanted.offered,
        periods=period_choices(asked, chosen, enrollment),
        syllabus=found.syllabus_body,
        teachers=tuple(t.display_name for t in found.teachers or () if t.display_name),
    )
    shown = [
        (group, [a for a in group.assignments or () if in_period(a, chosen, asked.periods)])
        for group in asked.groups
    ]
    builder = ItemBuilder(asked.canvas_url, {found.id: found}, asked.colors, now)
    if page.why_not:
        return with_groups(page, plain_groups(shown, found, builder))
    return calculated(page, asked, shown, builder, wanted)


def period_choices(
    asked: AskedGrades, chosen: str, enrollment: CourseEnrollment | None
) -> tuple[PeriodChoice, ...]:
    """Return the grading periods to choose from."""
    weighted = asked.course.has_weighted_grading_periods
    current = enrollment.current_grading_period_id if enrollment else None
    return tuple(
        PeriodChoice(
            id=period.id,
            title=period.title or "",
            weight=period.weight if weighted else None,
            starts_at=period.start_date,
            ends_at=period.end_date,
            current=current == period.id,
            chosen=period.id == chosen,
        )
        for period in asked.periods
    )


def with_groups(page: GradesPage, groups: Sequence[GradeGroup]) -> GradesPage:
    return replace(page, groups=tuple(groups), rows=tuple(row for g in groups for row in g.rows))


def calculated(
    page: GradesPage, asked: AskedGrades, shown: ShownWork, builder: ItemBuilder, wanted: WhatIf
) -> GradesPage:
    """Return the page with Easel's totals, the check against Canvas's, what-if and goal."""
    book = book_of(asked.course, asked.groups, asked.periods)
    period = None if page.period == EVERY_PERIOD else page.period
    letters = page.canvas.current_grade is not None or page.canvas.final_grade is not None
    found = work_out(book, period, shown, asked.course, builder, wanted, letters=letters)
    page = replace(
        with_groups(page, found.groups),
        book=book,
        own=found.own,
        check=checked(page.canvas, found.own),
        what_if=found.what_if,
        handed_in=found.handed_in,
        aim=found.aim,
        problems=found.problems,
        periods=with_sums(page.periods, found),
    )
    return replace(page, differs=why_other(page, found.own)) if page.check == "differs" else page


def with_sums(choices: Sequence[PeriodChoice], found: Workings) -> tuple[PeriodChoice, ...]:
    """Return the grading periods, with each one's share if the total is the sum of them."""
    return tuple(
        replace(
            choice,
            percent=float_of(found.periods[choice.id].percent),
            contribution=float_of(found.periods[choice.id].contribution),
        )
        if choice.id in found.periods
        else choice
        for choice in choices
    )


def why_other(page: GradesPage, own: Shown) -> str:
    """Return why it is normal that Canvas's totals differ: fresh, by_hand or empty.

    Canvas calculates its totals some time after a grade, and a total set by hand replaces both the
    current and the final one (``grade_calculator.rb``, ``score.rb``).
    """
    rows = [row.submission for row in page.rows]
    newest = max((at for row in rows for at in (row.posted_at, row.graded_at) if at), default=None)
    if page.now and newest and page.now - newest <= CATCHING_UP:
        return "fresh"
    canvas = page.canvas
    same = canvas.current is not None and canvas.current == canvas.final
    return "by_hand" if same and own.current != own.final else ""
