"""Canvas's totals, and their comparison with Easel's own calculation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from msgspec import UnsetType

from canvas_app.canvas.models import Course, CourseEnrollment
from canvas_app.canvas.models import Grades as CanvasGrades
from canvas_app.canvas.models import GradingPeriod as CanvasPeriod
from canvas_app.domain.courses import whole_letter
from canvas_app.domain.grade_book import (
    EVERY_PERIOD,
    decimal_of,
    float_of,
)
from canvas_app.domain.grade_calculator import Total
from canvas_app.domain.letters import letters_only, total_letter

CLOSE_ENOUGH = Decimal("0.01")  # both sides round to two decimals


@dataclass(frozen=True)
class PeriodChoice:
    """A grading period; ``percent`` and ``contribution`` where periods make up the total."""

    id: str
    title: str
    weight: float | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    current: bool = False
    chosen: bool = False
    percent: float | None = None
    contribution: float | None = None


@dataclass(frozen=True)
class Shown:
    """A pair of totals as text-ready numbers; grades are letters."""

    current: float | None = None
    current_grade: str | None = None
    final: float | None = None
    final_grade: str | None = None


def canvas_totals(
    course: Course, enrollment: CourseEnrollment | None, chosen: str
) -> tuple[str, Shown]:
    """Return Canvas's totals from the course; state other_period when it has none."""
    if enrollment is None:
        return "not_available", Shown()
    if course.hide_final_grades:
        return "hidden", Shown()
    e = enrollment
    if chosen == EVERY_PERIOD:
        return stated(
            course,
            e.computed_current_score,
            whole_letter(course, e),
            e.computed_final_score,
            e.computed_final_grade,
        )
    if chosen == e.current_grading_period_id:
        return stated(
            course,
            e.current_period_computed_current_score,
            e.current_period_computed_current_grade,
            e.current_period_computed_final_score,
            e.current_period_computed_final_grade,
        )
    return "other_period", Shown()


def stated(
    course: Course,
    current: float | UnsetType | None,
    current_grade: str | None,
    final: float | UnsetType | None,
    final_grade: str | None,
) -> tuple[str, Shown]:
    """Return the grade state of two totals; letters only where the course restricts numbers."""
    if isinstance(current, UnsetType):
        return "not_available", Shown()
    ends = None if isinstance(final, UnsetType) else final
    if letters_only(course):
        current_grade = current_grade or total_letter(course, current)
        shown = Shown(None, current_grade, None, final_grade or total_letter(course, ends))
        nothing = "none" if current is None else "not_available"
        return ("letter" if current_grade else nothing), shown
    shown = Shown(current, current_grade, ends, final_grade)
    if shown.current is not None:
        return "percentage", shown
    return ("letter" if current_grade else "none"), shown


def stated_grades(course: Course, grades: CanvasGrades | None) -> tuple[str, Shown]:
    """Return the grade state of the totals of one enrollment; None means that Canvas sent none."""
    if grades is None:
        return "not_available", Shown()
    return stated(
        course,
        grades.current_score,
        grades.current_grade,
        grades.final_score,
        grades.final_grade,
    )


def chosen_period(
    asked: str, periods: Sequence[CanvasPeriod], enrollment: CourseEnrollment | None
) -> str:
    """Return the page's grading period: the requested one, else the current one, else all."""
    known = {period.id for period in periods}
    if asked in known or (asked == EVERY_PERIOD and periods):
        return asked
    current = enrollment.current_grading_period_id if enrollment else None
    return current if current in known and current else EVERY_PERIOD


def current_period(enrollment: CourseEnrollment | None) -> list[CanvasPeriod]:
    """Return the current period as the enrollment names it, for when the list did not come."""
    if enrollment is None or not enrollment.current_grading_period_id:
        return []
    id_, title = enrollment.current_grading_period_id, enrollment.current_grading_period_title
    return [CanvasPeriod(id=id_, title=title)]


def basis_of(chosen: str, periods: Sequence[CanvasPeriod]) -> str:
    """Return what a total covers; empty where a course has no grading periods."""
    if not periods:
        return ""
    title = next((period.title for period in periods if period.id == chosen), None)
    return title or "all grading periods"


def reason(
    course: Course,
    enrollment: CourseEnrollment | None,
    chosen: str,
    state: str,
    whole: bool,
) -> str:
    """Return why the total is not computed here; empty when it is."""
    if enrollment is None:
        return "not_student"
    if state in ("hidden", "not_available"):
        return "hidden"
    if letters_only(course):
        return "letters"
    if (
        chosen == EVERY_PERIOD
        and course.has_grading_periods
        and enrollment.totals_for_all_grading_periods_option is False
    ):
        return "periods_only"
    return "" if whole else "incomplete"


def shown_totals(now: Total, ends: Total, course: Course | None) -> Shown:
    """Return a pair of totals, with the course's letters where these are in use."""
    return Shown(
        float_of(now.percent),
        total_letter(course, now.percent),
        float_of(ends.percent),
        total_letter(course, ends.percent),
    )


def checked(canvas: Shown, own: Shown) -> str:
    """Return whether Easel's totals equal Canvas's, up to rounding."""
    pairs = [(canvas.current, own.current), (canvas.final, own.final)]
    known = [(theirs, ours) for theirs, ours in pairs if theirs is not None]
    if canvas.current is None and own.current is None:
        return "unchecked"  # nothing is graded: because both are 0, it proves nothing
    if not known:
        return "differs"
    same = all(
        ours is not None and abs(decimal_of(theirs) - decimal_of(ours)) <= CLOSE_ENOUGH
        for theirs, ours in known
    )
    return "agrees" if same else "differs"
