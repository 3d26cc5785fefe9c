"""Calculations for a grades page: Easel's own totals, each row's part, what-if, and goal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from canvas_app.canvas.models import Assignment, Course
from canvas_app.canvas.models import AssignmentGroup as CanvasGroup
from canvas_app.domain import grade_calculator
from canvas_app.domain.grade_book import can_try, float_of
from canvas_app.domain.grade_calculator import Book, PeriodTotal, Total
from canvas_app.domain.grade_rows import (
    GradeGroup,
    GradeRow,
    grade_row,
    group_of,
    part_of,
    with_dropped,
)
from canvas_app.domain.grade_totals import Shown, shown_totals
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.what_if import Aim, Problem, WhatIf, aimed, tried_scores

ShownWork = Sequence[tuple[CanvasGroup, Sequence[Assignment]]]
"""The groups of a page, each with those of its assignments that are in the grading period."""


@dataclass(frozen=True)
class Workings:
    """Easel's totals. ``own`` are without tried scores, ``what_if`` with them (None without any).

    ``handed_in`` are the totals, with the tried scores, if all ungraded submissions get full
    marks; None if there are none or what-if is off. ``periods`` are the totals of grading periods
    by id, where the course's total is made up of these.
    """

    groups: tuple[GradeGroup, ...]
    own: Shown
    what_if: Shown | None
    handed_in: Shown | None
    aim: Aim | None
    problems: tuple[Problem, ...]
    periods: Mapping[str, PeriodTotal]


def plain_groups(shown: ShownWork, course: Course, builder: ItemBuilder) -> tuple[GradeGroup, ...]:
    """Return the groups without a calculation: rules and rows."""
    return tuple(
        group_of(group, [grade_row(a, course, builder) for a in assignments], None)
        for group, assignments in shown
    )


def work_out(
    book: Book,
    period: str | None,
    shown: ShownWork,
    course: Course,
    builder: ItemBuilder,
    wanted: WhatIf,
    *,
    letters: bool,
) -> Workings:
    """Return everything that is calculated; ``period`` None means the whole course.

    ``letters``: whether the totals get the letters of the course's scheme.
    """
    everything = {a.id: a for _, assignments in shown for a in assignments}
    tries, problems = tried_scores(wanted, everything, book)
    supposed = grade_calculator.what_if(book, tries)
    now = grade_calculator.current(supposed, period)
    scheme = course if letters else None
    aim, more = aimed(wanted.goal, supposed, period, everything, tries, builder.now)
    own = grade_calculator.current(book, period), grade_calculator.final(book, period)
    ends = grade_calculator.final(supposed, period)
    return Workings(
        groups=counted_groups(shown, course, builder, Counted(book, period, now, wanted, tries)),
        own=shown_totals(*own, scheme),
        what_if=shown_totals(now, ends, scheme) if tries else None,
        handed_in=(
            full_marks(supposed, period, everything, tries, scheme) if wanted.offered else None
        ),
        aim=aim,
        problems=(*problems, *more),
        periods={part.id: part for part in now.periods},
    )


def full_marks(
    book: Book,
    period: str | None,
    assignments: Mapping[str, Assignment],
    tries: Mapping[str, Decimal],
    scheme: Course | None,
) -> Shown | None:
    """Return the totals if every ungraded submission gets full marks; None if there are none.

    A grade that is not posted counts as no grade.
    """
    waiting = {
        work.id: work.points
        for work in book.work
        if work.id in assignments
        and work.id not in tries
        and can_try(work)
        and not work.excused
        and (work.score is None or not work.posted or work.pending_review)
        and (own := assignments[work.id].own_submission)
        and own.submitted_at is not None
    }
    if not waiting:
        return None
    supposed = grade_calculator.what_if(book, waiting)
    return shown_totals(
        grade_calculator.current(supposed, period),
        grade_calculator.final(supposed, period),
        scheme,
    )


class Counted:
    """How each row takes part in a total, with the tried scores in place of the real ones."""

    def __init__(
        self,
        book: Book,
        period: str | None,
        total: Total,
        wanted: WhatIf,
        tries: Mapping[str, Decimal],
    ) -> None:
        self.total = total
        self._book = book
        self._wanted = wanted
        self._tries = tries
        self._shares = grade_calculator.shares(book, period)
        self._work = {work.id: work for work in book.work}

    def row(self, row: GradeRow) -> GradeRow:
        id_ = row.submission.assignment_id
        work = self._work[id_]
        return replace(
            row,
            part="counted" if id_ in self._tries else part_of(work, self._book, self.total),
            share=float_of(self._shares.get(id_)),
            what_if=float_of(self._tries.get(id_)),
            typed=self._wanted.scores.get(id_, ""),
            meant=id_ in self._tries and id_ in self._wanted.meant,
            can_try=self._wanted.offered and can_try(work),
        )


def counted_groups(
    shown: ShownWork, course: Course, builder: ItemBuilder, counted: Counted
) -> tuple[GradeGroup, ...]:
    """Return the groups with their sums, and each row with its part in the total."""
    sums = {group.id: group for group in counted.total.groups}
    found = []
    for group, assignments in shown:
        rows = [counted.row(grade_row(a, course, builder)) for a in assignments]
        total = sums[group.id]
        found.append(with_dropped(group_of(group, rows, total), total.dropped))
    return tuple(found)
