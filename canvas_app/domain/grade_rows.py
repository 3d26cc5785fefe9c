"""The rows of a grades page: assignments and their groups."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from canvas_app.canvas.models import Assignment, Course
from canvas_app.canvas.models import AssignmentGroup as CanvasGroup
from canvas_app.domain import grade_calculator
from canvas_app.domain.calendar import Person
from canvas_app.domain.courses import student_enrollment
from canvas_app.domain.grade_book import (
    counts,
    float_of,
    group_rules,
)
from canvas_app.domain.grade_calculator import Book, Total, Work
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.rows import SubmissionRow
from canvas_app.domain.status import staff_status
from canvas_app.domain.submissions import submission_row


@dataclass(frozen=True)
class GradeRow:
    """One assignment: the person's submission, and its part in the total.

    ``part``: counted, dropped, ungraded (or not posted), excused, review (waits for one), omitted
    (does not count), or outside (of every weighted grading period).
    ``share`` is how much it can bring to the final total, in percent, if it is not dropped.
    """

    submission: SubmissionRow
    part: str = "ungraded"
    share: float | None = None
    what_if: float | None = None
    typed: str = ""  # the score to try as it was typed, whether or not it can be tried
    meant: bool = False  # above the points, and the person confirmed that it counts
    can_try: bool = False


@dataclass(frozen=True)
class GradeGroup:
    """An assignment group; sums and ``contribution`` (percent of the total) of graded work."""

    id: str
    name: str
    weight: float | None
    drop_lowest: int
    drop_highest: int
    never_drop: tuple[str, ...]  # names
    earned: float | None
    possible: float | None
    percent: float | None
    contribution: float | None
    rows: tuple[GradeRow, ...]

    @property
    def dropped(self) -> tuple[GradeRow, ...]:
        return tuple(row for row in self.rows if row.part == "dropped")


def grade_row(assignment: Assignment, course: Course, builder: ItemBuilder) -> GradeRow:
    """Return a row before anything is calculated."""
    own = submission_row(assignment.own_submission, assignment, course, builder)
    if student_enrollment(course) is None:  # nobody expects them to submit anything
        waiting = assignment.needs_grading_count
        own = replace(own, status=staff_status(assignment), needs_grading=waiting or None)
    part = "omitted" if not counts(assignment) else "excused" if own.excused else "ungraded"
    return GradeRow(own, part)


def group_of(
    group: CanvasGroup, rows: Sequence[GradeRow], sums: grade_calculator.GroupTotal | None
) -> GradeGroup:
    rules = group_rules(group)
    never = [a.name or "" for a in group.assignments or () if a.id in rules.never_drop]
    return GradeGroup(
        id=group.id,
        name=group.name or "",
        weight=group.group_weight,
        drop_lowest=rules.drop_lowest,
        drop_highest=rules.drop_highest,
        never_drop=tuple(never),
        earned=float_of(sums.earned) if sums else None,
        possible=float_of(sums.possible) if sums else None,
        percent=float_of(sums.percent) if sums else None,
        contribution=float_of(sums.contribution) if sums else None,
        rows=tuple(rows),
    )


def with_dropped(group: GradeGroup, dropped: frozenset[str]) -> GradeGroup:
    rows = (
        replace(row, part="dropped") if row.submission.assignment_id in dropped else row
        for row in group.rows
    )
    return replace(group, rows=tuple(rows))


def part_of(work: Work, book: Book, total: Total) -> str:
    """Return how one piece of work counts in the total."""
    if not work.counts:
        return "omitted"
    if work.excused and work.posted:
        return "excused"
    if book.periods and work.period_id not in {period.id for period in book.periods}:
        return "outside"
    if any(work.id in group.kept for group in total.groups):
        return "counted"
    return "review" if work.pending_review else "ungraded"


class PostedScore(Protocol):
    """A submission as far as a total over time depends on it."""

    @property
    def assignment_id(self) -> str | None: ...
    @property
    def posted_at(self) -> datetime | None: ...
    @property
    def score(self) -> float | None: ...


def history(
    book: Book, period: str | None, rows: Iterable[PostedScore], profile: Person
) -> tuple[tuple[datetime, float], ...]:
    """Return the current total after each of the person's days on which a grade was posted."""
    posted = {
        row.assignment_id: row.posted_at for row in rows if row.posted_at and row.score is not None
    }
    days: dict[object, datetime] = {}
    for moment in sorted(posted.values()):
        days[profile.day(moment)] = moment  # the last one of its day
    found = []
    for until in days.values():
        known = tuple(
            work if posted.get(work.id, until) <= until else replace(work, score=None)
            for work in book.work
        )
        percent = grade_calculator.current(replace(book, work=known), period).percent
        if percent is not None:
            found.append((until, float(percent)))
    return tuple(found)
