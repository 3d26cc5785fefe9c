"""A student's totals in a course as Canvas computes them (``lib/grade_calculator.rb``).

Drop rules are settled by trying every combination, which is slow but simple to verify.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from itertools import combinations

from .courses import Course, GradingPeriod
from .coursework import SCHEME, Assignment, AssignmentGroup, Submission
from .registry import Campus

Row = tuple[int, Decimal, Decimal]
"""Assignment id, score, points possible."""
Part = tuple[Decimal, Decimal | None]
"""A weight, and the share of it that was earned; None if nothing counts."""
NOTHING, WHOLE, CENT = Decimal(0), Decimal(100), Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Totals:
    """Percentages and points.

    ``current`` counts graded work only, ``final`` counts ungraded work as 0, and ``points`` are
    those earned so far.
    """

    current: float | None
    final: float | None
    points: float


def period_of(course: Course, due: datetime | None) -> GradingPeriod | None:
    """Return the grading period of a due date; without a date it is the one that ends last."""
    if due is None:
        return max(course.grading_periods, key=lambda period: period.end_at, default=None)
    return next((period for period in course.grading_periods if period.holds(due)), None)


def current_period(course: Course, now: datetime) -> GradingPeriod | None:
    return next((row for row in course.grading_periods if row.holds(now)), None)


def totals(
    campus: Campus,
    course: Course,
    user_id: int,
    *,
    unposted: bool = False,
    period: GradingPeriod | None = None,
) -> Totals:
    """Return a student's totals for the course or one period; ``unposted`` counts hidden grades."""
    sums = []
    points = NOTHING
    for ungraded in (False, True):
        groups, earned = _groups(campus, course, user_id, unposted, ungraded, period)
        points = points if ungraded else earned
        sums.append(_share(course, groups))
    if period is None and any(row.weight for row in course.grading_periods):
        parts = [
            (_exact(row.weight), totals(campus, course, user_id, unposted=unposted, period=row))
            for row in course.grading_periods
        ]
        return Totals(
            _of_periods([(weight, part.current) for weight, part in parts], empty_counts=False),
            _of_periods([(weight, part.final) for weight, part in parts], empty_counts=True),
            float(points),
        )
    return Totals(_rounded(sums[0]), _rounded(sums[1]), float(points))


def _of_periods(
    parts: Iterable[tuple[Decimal, float | None]], *, empty_counts: bool
) -> float | None:
    """Weight the periods' rounded totals; ``empty_counts`` takes a period without work for 0."""
    there = [
        (weight, _exact(value)) for weight, value in parts if value is not None or empty_counts
    ]
    weights = sum((weight for weight, _ in there), NOTHING)
    if not there:
        return None
    if not weights:
        return 0.0
    return _rounded(sum((w * v for w, v in there), NOTHING) / min(weights, WHOLE))


def _groups(
    campus: Campus,
    course: Course,
    user_id: int,
    unposted: bool,
    ungraded: bool,
    period: GradingPeriod | None,
) -> tuple[list[tuple[Decimal, Decimal, Decimal]], Decimal]:
    """Return each group's weight, earned and possible points after dropping, and the sum earned."""
    rows: dict[int, list[Row]] = {}
    concluded = _concluded(campus, course.id, user_id)
    for work in campus.work_of(course.id):
        if _counts(work, user_id) and (
            period is None or period_of(course, work.due_for(user_id)) is period
        ):
            score = _score(campus.submission(work, user_id), unposted, ungraded, concluded)
            if score is not None:
                row = (work.id, score, _exact(work.points_possible))
                rows.setdefault(work.group_id, []).append(row)
    sums = []
    for group in campus.course_groups[course.id]:
        kept = _kept(rows.get(group.id, []), group)
        sums.append((_exact(group.weight), _earned(kept), _possible(kept)))
    return sums, sum((earned for _, earned, _ in sums), NOTHING)


def _counts(work: Assignment, user_id: int) -> bool:
    return (
        work.published
        and work.submission_types not in (("not_graded",), ("wiki_page",))
        and not work.omit_from_final_grade
        and work.is_for(user_id)
    )


def _score(
    row: Submission | None, unposted: bool, ungraded: bool, concluded: bool
) -> Decimal | None:
    """Return the score that counts, or None if the work does not count."""
    if row is not None and row.posted_at is None and not unposted:
        row = None  # an unposted grade counts as no submission
    if row is None and concluded:
        return None
    if row is not None and row.workflow_state == "pending_review" and not ungraded:
        row = None  # work that waits for review counts only in the final total
    if row is not None and row.excused:
        return None
    if row is not None and row.score is not None:
        return _exact(row.score)
    return NOTHING if ungraded else None


def _concluded(campus: Campus, course_id: int, user_id: int) -> bool:
    """Return whether all of the student's enrollments there are stored as completed."""
    return all(row.state == "completed" for row in campus.between(user_id, course_id))


def _kept(rows: list[Row], group: AssignmentGroup) -> list[Row]:
    """Apply the drop rules: drop the lowest, then the highest; at least one score stays."""
    fixed = [row for row in rows if row[0] in group.never_drop]
    loose = sorted(row for row in rows if row[0] not in group.never_drop)
    if not loose:
        return fixed
    lowest = min(group.drop_lowest, len(loose) - 1)
    highest = group.drop_highest if lowest + group.drop_highest < len(loose) else 0
    if lowest:
        loose = _choice(max, loose, fixed, len(loose) - lowest)
    if highest:
        loose = _choice(min, loose, fixed, len(loose) - highest)
    return fixed + loose


def _choice(
    better: Callable[..., tuple[Row, ...]], loose: list[Row], fixed: list[Row], count: int
) -> list[Row]:
    """Return the combination with the highest or lowest share; of equal ones the lowest ids."""

    def share(chosen: Sequence[Row]) -> tuple[bool, Decimal]:
        possible = _possible([*chosen, *fixed])
        earned = _earned([*chosen, *fixed])
        return not possible, earned / possible if possible else earned

    return list(better(combinations(loose, count), key=share))


def _earned(rows: Iterable[Row]) -> Decimal:
    return sum((score for _, score, _ in rows), NOTHING)


def _possible(rows: Iterable[Row]) -> Decimal:
    return sum((points for _, _, points in rows), NOTHING)


def _share(course: Course, groups: list[tuple[Decimal, Decimal, Decimal]]) -> Decimal | None:
    """Return the percentage of the whole course.

    With weighted groups it is scaled up if the weights add up to less than 100; else points count.
    """
    if not course.apply_assignment_group_weights:
        possible = sum((points for _, _, points in groups), NOTHING)
        earned = sum((score for _, score, _ in groups), NOTHING)
        return WHOLE * earned / possible if possible else None
    there = [(weight, score / points) for weight, score, points in groups if points]
    weights = sum((weight for weight, _ in there), NOTHING)
    if not weights:
        return None
    return WHOLE * sum((w * v for w, v in there), NOTHING) / min(weights, WHOLE)


@lru_cache(4096)
def _exact(value: float | None) -> Decimal:
    """Return the number as its decimals are written, without the error of a float."""
    return Decimal(str(value or 0))


def _rounded(value: Decimal | None) -> float | None:
    """Round to two decimals, halves away from zero."""
    if value is None:
        return None
    return float(value.quantize(CENT, ROUND_HALF_UP))


def letter_of(course: Course, score: float | None) -> str | None:
    """Return the letter of a total; None without a score or an enabled grading scheme."""
    return scheme_letter(course, score) if course.grading_standard else None


def scheme_of(course: Course) -> tuple[tuple[str, float], ...]:
    """Return pairs of a name and its lowest share; the default if the course has no own scheme."""
    return course.grading_scheme or tuple((name, least / 100) for name, least in SCHEME)


def scheme_letter(course: Course, score: float | None) -> str | None:
    """Return the letter of a total, whether the scheme is enabled or not (grading_standard.rb).

    In a scheme based on points the total becomes points first, rounded to two decimals.
    """
    if score is None:
        return None
    value = max(_exact(score), NOTHING)
    if course.scaling_factor is not None:
        step = WHOLE / _exact(course.scaling_factor)
        points = (value / step).quantize(CENT, ROUND_HALF_UP)
        value = (points * step).quantize(CENT, ROUND_HALF_UP)
    scheme = scheme_of(course)
    found = (name for name, least in scheme if _exact(least) * WHOLE <= value)
    return next(found, scheme[-1][0])
