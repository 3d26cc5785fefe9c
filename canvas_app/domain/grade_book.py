"""Canvas's assignment groups and grading periods as input of the grade calculation."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from canvas_app.canvas.models import Assignment, Course, Submission
from canvas_app.canvas.models import AssignmentGroup as CanvasGroup
from canvas_app.canvas.models import GradingPeriod as CanvasPeriod
from canvas_app.domain import grade_calculator
from canvas_app.domain.grade_calculator import Book, Work

EVERY_PERIOD = "all"
UNGRADEABLE = (["not_graded"], ["wiki_page"])
BOUND = Decimal("0.0001")  # as exact as Canvas stores a scheme's bounds


def decimal_of(value: float | None) -> Decimal:
    """Return a number exactly as Canvas wrote it in JSON, without a float's error."""
    return Decimal(str(value or 0))


def counts(assignment: Assignment) -> bool:
    """Return whether an assignment is part of any total (``Assignment.published.gradeable``)."""
    return (
        assignment.published is not False
        and not assignment.omit_from_final_grade
        and assignment.submission_types not in UNGRADEABLE
    )


def period_of(assignment: Assignment, periods: Sequence[CanvasPeriod]) -> str | None:
    """Return the grading period of the student's submission; undated work is in the last one."""
    own = assignment.own_submission
    if own and own.grading_period_id:
        return own.grading_period_id
    due = (own.cached_due_date if own else None) or assignment.due_at
    dated = [(p.start_date, p.end_date, p.id) for p in periods if p.start_date and p.end_date]
    if due is None:
        return max(dated, key=lambda span: span[1])[2] if dated else None
    # The start is excluded, the end included; both are cut to the minute (grading_period.rb).
    at = minute(due)
    return next((id_ for start, end, id_ in dated if minute(start) < at <= minute(end)), None)


def minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def in_period(assignment: Assignment, chosen: str, periods: Sequence[CanvasPeriod]) -> bool:
    return not periods or chosen == EVERY_PERIOD or period_of(assignment, periods) == chosen


def book_work(assignment: Assignment, group_id: str, periods: Sequence[CanvasPeriod]) -> Work:
    own = assignment.own_submission
    found = own or Submission()
    return Work(
        id=assignment.id,
        group_id=group_id,
        points=decimal_of(assignment.points_possible),
        score=None if found.score is None else decimal_of(found.score),
        excused=bool(found.excused),
        posted=found.posted_at is not None,
        pending_review=found.workflow_state == "pending_review",
        counts=counts(assignment),
        present=own is not None,
        period_id=period_of(assignment, periods) if periods else None,
    )


def book_of(course: Course, groups: Sequence[CanvasGroup], periods: Sequence[CanvasPeriod]) -> Book:
    """Return the course as input of the calculation."""
    mine = [e.enrollment_state for e in course.enrollments or ()]
    weighing = periods if course.has_weighted_grading_periods else ()
    return Book(
        work=tuple(
            book_work(assignment, group.id, periods)
            for group in groups
            for assignment in group.assignments or ()
        ),
        groups=tuple(group_rules(group) for group in groups),
        weighted=bool(course.apply_assignment_group_weights),
        periods=tuple(
            grade_calculator.Period(period.id, decimal_of(period.weight)) for period in weighing
        ),
        concluded=bool(mine) and all(state == "completed" for state in mine),
    )


def group_rules(group: CanvasGroup) -> grade_calculator.Group:
    rules = group.rules
    return grade_calculator.Group(
        id=group.id,
        weight=decimal_of(group.group_weight),
        drop_lowest=max(0, (rules.drop_lowest if rules else None) or 0),
        drop_highest=max(0, (rules.drop_highest if rules else None) or 0),
        never_drop=frozenset(str(id_) for id_ in (rules.never_drop if rules else None) or ()),
    )


def scheme_of(course: Course) -> list[tuple[str, Decimal]]:
    """Return the course's grading scheme, as far as it can be read."""
    found = []
    for row in course.grading_scheme or ():
        match row:
            case [str(name), least] if isinstance(least, int | float):
                found.append((name, decimal_of(least).quantize(BOUND)))
    return found


def scale_of(course: Course) -> Decimal | None:
    """Return the highest value of a scheme based on points; None for one based on percentages."""
    factor = course.scaling_factor if course.points_based_grading_scheme else None
    return decimal_of(factor) if factor and factor > 0 else None


def can_try(work: Work) -> bool:
    """Return whether a score can be tried; excused work counts too."""
    return work.counts


def float_of(value: Decimal | None) -> float | None:
    """Return a number for templates and JSON."""
    return None if value is None else float(value)
