"""The roster's rows: each student's progress, and who needs attention."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    ClassSubmission,
    Course,
    GradingPeriod,
)
from canvas_app.domain import grade_calculator
from canvas_app.domain.attention import WEEKS_BACK, AttentionRules, reasons
from canvas_app.domain.class_roll import Student, latest
from canvas_app.domain.class_work import is_sealed
from canvas_app.domain.grade_book import counts, decimal_of, group_rules
from canvas_app.domain.grade_calculator import Book, Period, Work
from canvas_app.domain.queries import Query
from canvas_app.domain.status import paper_status

ROSTER_SORTS = ("name", "activity", "score", "missing", "attention")


@dataclass(frozen=True)
class RosterRow:
    """A student: ``total_activity_time`` in seconds, ``on_time_share`` of the work that was due.

    What is counted of submissions is None where these did not all come.
    """

    user_id: str
    name: str
    sections: tuple[str, ...]
    last_activity_at: datetime | None
    total_activity_time: int | None
    current_score: float | None
    missing: int | None
    late: int | None
    on_time_share: float | None
    last_submitted_at: datetime | None
    attention: tuple[str, ...]
    sortable_name: str = ""
    final_score: float | None = None
    override_score: float | None = None


@dataclass(frozen=True)
class RosterFilter:
    """Filters for the roster, and its order. Unknown values are ignored."""

    section: str = ""
    attention: bool = False
    text: str = ""
    sort: str = ROSTER_SORTS[0]

    @classmethod
    def from_query(cls, args: Query) -> "RosterFilter":
        """Read section, attention, q and sort."""
        sorts = [value for value in args.getlist("sort") if value in ROSTER_SORTS]
        sections = [value for value in args.getlist("section") if value.isdigit()]
        return cls(
            section=sections[0] if sections else "",
            attention="1" in args.getlist("attention"),
            text=" ".join(" ".join(args.getlist("q")).split())[:200],
            sort=sorts[0] if sorts else ROSTER_SORTS[0],
        )

    @property
    def filtered(self) -> bool:
        """Return whether anything is chosen, the order as well."""
        return self != RosterFilter()

    def takes(self, student: Student) -> bool:
        named = f"{student.name}\n{student.sortable_name}".casefold()
        in_section = not self.section or self.section in student.section_ids
        return in_section and self.text.casefold() in named


def roster_weight(row: RosterRow) -> int:
    """Return how many elements of a page a student's row takes: each reason is a chip."""
    return 17 + 4 * len(row.attention) + (row.override_score is not None)


def open_works(
    works: Iterable[Assignment], rows: Iterable[Sequence[ClassSubmission]]
) -> dict[str, Assignment]:
    """Return, by id, the works whose submissions may be shown with names."""
    graded = {row.assignment_id for mine in rows for row in mine if row.score is not None}
    return {
        work.id: work
        for work in works
        if not is_sealed(work, [ClassSubmission(score=0.0)] if work.id in graded else ())
    }


def roster_row(
    student: Student,
    rows: Sequence[ClassSubmission] | None,
    works: Mapping[str, Assignment],
    rules: AttentionRules,
    *,
    fell: float | None,
    activity_known: bool,
    now: datetime,
) -> RosterRow:
    """Return one student's row; ``works`` are those that may be shown with a name."""
    mine = [row for row in rows or () if row.assignment_id in works]
    missing = sum(bool(row.missing) for row in mine)
    return RosterRow(
        user_id=student.user_id,
        name=student.name,
        sections=student.sections,
        last_activity_at=student.last_activity_at,
        total_activity_time=student.total_activity_time,
        current_score=student.current_score,
        missing=None if rows is None else missing,
        late=None if rows is None else sum(bool(row.late) for row in mine),
        on_time_share=on_time_share(mine, works, now),
        last_submitted_at=latest(row.submitted_at for row in mine),
        attention=reasons(
            rules,
            missing=missing,
            score=student.current_score,
            last_activity_at=student.last_activity_at,
            activity_known=activity_known,
            fell=fell,
            now=now,
        ),
        sortable_name=student.sortable_name,
        final_score=student.final_score,
        override_score=student.override_score,
    )


def on_time_share(
    rows: Iterable[ClassSubmission], works: Mapping[str, Assignment], now: datetime
) -> float | None:
    """Return the share of work due by now, and not excused, that was submitted in time."""
    due = [
        row
        for row in rows
        if row.cached_due_date
        and row.cached_due_date <= now
        and not row.excused
        and not paper_status(works[row.assignment_id or ""].submission_types)
    ]
    if not due:
        return None
    return sum(row.submitted_at is not None and not row.late for row in due) / len(due)


def points_fallen(
    course: Course,
    groups: Sequence[AssignmentGroup],
    works: Collection[Assignment],
    rows: Sequence[ClassSubmission],
    now: datetime,
    periods: Sequence[GradingPeriod] = (),
) -> float | None:
    """Return how far the current score fell in two weeks; None if nothing was graded since.

    Both totals are Easel's own, of posted grades, by Canvas's rules for groups and dropped scores.
    """
    before = now - WEEKS_BACK
    if not any(row.graded_at and row.graded_at > before and row.posted_at for row in rows):
        return None
    book = student_book(course, groups, works, rows, periods)
    newer = {row.assignment_id for row in rows if row.graded_at and row.graded_at > before}
    earlier = replace(
        book,
        work=tuple(replace(w, score=None) if w.id in newer else w for w in book.work),
    )
    then = grade_calculator.current(earlier).percent
    today = grade_calculator.current(book).percent
    if then is None or today is None:
        return None
    return float(max(then - today, Decimal(0)))


def student_book(
    course: Course,
    groups: Sequence[AssignmentGroup],
    works: Collection[Assignment],
    rows: Sequence[ClassSubmission],
    periods: Sequence[GradingPeriod] = (),
) -> Book:
    """Return one student's work as input of the grade calculation.

    ``periods`` are those of the course; they matter where its total is made up of theirs.
    """
    mine = {row.assignment_id: row for row in rows}
    return Book(
        work=tuple(
            Work(
                id=work.id,
                group_id=work.assignment_group_id or "",
                points=decimal_of(work.points_possible),
                score=None if row.score is None else decimal_of(row.score),
                excused=bool(row.excused),
                posted=row.posted_at is not None,
                pending_review=row.workflow_state == "pending_review",
                counts=counts(work),
                period_id=row.grading_period_id,
            )
            for work in works
            if (row := mine.get(work.id)) is not None
        ),
        groups=tuple(group_rules(group) for group in groups),
        weighted=bool(course.apply_assignment_group_weights),
        periods=tuple(
            Period(period.id, decimal_of(period.weight))
            for period in periods
            if course.has_weighted_grading_periods
        ),
    )


def sorted_roster(rows: Iterable[RosterRow], sort: str) -> tuple[RosterRow, ...]:
    """Sort by name, or by most urgent need of attention; ties are sorted by name."""

    def key(row: RosterRow) -> tuple[object, ...]:
        name = (row.sortable_name.casefold(), row.user_id)
        match sort:
            case "activity":
                at = row.last_activity_at
                return at is not None, at.timestamp() if at else 0.0, *name
            case "score":
                score = row.current_score
                return score is None, score or 0.0, *name
            case "missing":
                return -(row.missing or 0), *name
            case "attention":
                return -len(row.attention), *name
            case _:
                return name

    return tuple(sorted(rows, key=key))
