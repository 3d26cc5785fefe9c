"""Totals as Canvas computes them (``lib/grade_calculator.rb``), for one student and course."""

from dataclasses import dataclass
from datetime import datetime

from .courses import Course, GradingPeriod
from .coursework import Assignment, letter
from .registry import Campus


@dataclass(frozen=True, slots=True)
class Totals:
    """Percentages: of graded work only, and with ungraded work as 0; points earned so far."""

    current: float | None
    final: float | None
    points: float


def period_of(course: Course, due: datetime | None) -> GradingPeriod | None:
    """The grading period of a due date; work without one belongs to the last."""
    for period in course.grading_periods:
        if due is not None and period.start_at <= due <= period.end_at:
            return period
    if due is None and course.grading_periods:
        return course.grading_periods[-1]
    return None


def current_period(course: Course, now: datetime) -> GradingPeriod | None:
    return next((row for row in course.grading_periods if row.start_at <= now <= row.end_at), None)


def totals(
    campus: Campus,
    course: Course,
    user_id: int,
    *,
    unposted: bool = False,
    period: GradingPeriod | None = None,
) -> Totals:
    """A student's totals, of one grading period or all; ``unposted`` counts hidden grades."""
    periods = course.grading_periods if period is None else ()
    if not any(row.weight for row in periods):
        return _totals(campus, course, user_id, unposted, period)
    parts = [
        (row.weight or 0.0, _totals(campus, course, user_id, unposted, row)) for row in periods
    ]
    return Totals(
        _combined([(weight, part.current) for weight, part in parts]),
        _combined([(weight, part.final) for weight, part in parts]),
        sum(part.points for _, part in parts),
    )


def _totals(
    campus: Campus, course: Course, user_id: int, unposted: bool, period: GradingPeriod | None
) -> Totals:
    # For each group: earned and possible, of graded work and of everything.
    graded: dict[int, tuple[float, float]] = {}
    every: dict[int, tuple[float, float]] = {}
    for work in campus.work_of(course.id):
        if not _counts(work, user_id) or (
            period is not None and period_of(course, work.due_for(user_id)) is not period
        ):
            continue
        row = campus.submission(work, user_id)
        if row is None or row.excused:
            continue
        if row.score is not None and row.posted_at is None and not unposted:
            continue
        score, points = row.score or 0.0, work.points_possible or 0.0
        _add(every, work.group_id, score, points)
        # Work that waits for review counts in the final total only.
        if row.score is not None and row.workflow_state != "pending_review":
            _add(graded, work.group_id, score, points)
    return Totals(
        _share(campus, course, graded),
        _share(campus, course, every),
        sum(earned for earned, _ in every.values()),
    )


def _add(sums: dict[int, tuple[float, float]], group: int, score: float, points: float) -> None:
    earned, possible = sums.get(group, (0.0, 0.0))
    sums[group] = earned + score, possible + points


def _counts(work: Assignment, user_id: int) -> bool:
    return (
        work.published
        and work.is_graded
        and not work.omit_from_final_grade
        and work.points_possible is not None
        and work.is_for(user_id)
    )


def _share(campus: Campus, course: Course, sums: dict[int, tuple[float, float]]) -> float | None:
    if not course.apply_assignment_group_weights:
        total = sum(possible for _, possible in sums.values())
        return round(100 * sum(earned for earned, _ in sums.values()) / total, 2) if total else None
    parts: list[tuple[float, float | None]] = []
    for group in campus.course_groups[course.id]:
        earned, possible = sums.get(group.id, (0.0, 0.0))
        parts.append((group.weight, 100 * earned / possible if possible else None))
    return _combined(parts)


def _combined(parts: list[tuple[float, float | None]]) -> float | None:
    """Weighted mean of what there is, scaled up when its weights stay below 100."""
    there = [(weight, value) for weight, value in parts if value is not None]
    weights = sum(weight for weight, _ in there)
    if not weights:
        return None
    return round(sum(weight * value for weight, value in there) / min(weights, 100.0), 2)


def letter_of(course: Course, score: float | None) -> str | None:
    """The letter of a total; None without a grading scheme or a score."""
    scheme = course.grading_standard or course.restrict_quantitative_data
    return letter(score) if scheme and score is not None else None
