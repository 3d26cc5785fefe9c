"""Replacement calls for a course's page where Canvas drops include parameters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    AssignmentGroup,
    Course,
    Enrollment,
    Grades,
    GradingPeriod,
)
from canvas_app.domain.mended_courses import (
    placed_in_time,
    running,
    weights_unsaid,
    with_letters,
    with_totals,
)
from canvas_app.services.without_includes import BROUGHT, start_ahead, start_over
from canvas_app.sources.sources import ListSource, Sources


@dataclass(frozen=True)
class Bare:
    """The calls that replace the includes of a single course."""

    totals: ListSource[Enrollment]
    over: ListSource[Course]
    ahead: ListSource[Course]

    def mended(
        self,
        sources: Sources,
        course: Course,
        periods: Sequence[GradingPeriod],
        groups: Iterable[AssignmentGroup],
    ) -> Course:
        """Return the course with its totals, periods, and whether it is over or has not begun."""
        course = placed_in_time(course, self.over.rows(), self.ahead.rows())
        course = with_totals(course, self.totals.rows())
        course = replace(course, has_grading_periods=bool(periods))
        if period := running(periods, sources.now()):
            course = with_period(sources, course, period)
        work = [assignment for group in groups for assignment in group.assignments or ()]
        return with_letters({course.id: course}, work)[course.id]

    def brought(self, periods: Sequence[GradingPeriod]) -> tuple[str, ...]:
        """Return the names of the includes that these calls replace.

        No call replaces the include that says whether grading periods are weighted, so it stays
        missing where that matters.
        """
        more = () if weights_unsaid(periods) else ("current_grading_period_scores",)
        return (*BROUGHT, "restrict_quantitative_data", *more)


def start_without(sources: Sources, course: Course) -> Bare:
    """Start the three calls that replace a course's includes."""
    return Bare(
        sources.start("totals", partial(CanvasAPI.own_totals_in, course_id=course.id)),
        start_over(sources),
        start_ahead(sources),
    )


def with_period(sources: Sources, course: Course, period: GradingPeriod) -> Course:
    """Return a course with the person's totals of a grading period, which are asked for."""
    mine = next((e for e in course.enrollments or () if e.type == "student"), None)
    if mine is None or mine.user_id is None:
        return course
    call = partial(CanvasAPI.period_grades, course_id=course.id, period_id=period.id)
    rows = sources.start("totals", partial(call, user_id=mine.user_id)).rows()
    grades = next((row.grades for row in rows if row.grades), None) or Grades()
    found = replace(
        mine,
        has_grading_periods=True,
        current_grading_period_id=period.id,
        current_grading_period_title=period.title,
        current_period_computed_current_score=grades.current_score,
        current_period_computed_current_grade=grades.current_grade,
        current_period_computed_final_score=grades.final_score,
        current_period_computed_final_grade=grades.final_grade,
    )
    return replace(
        course, enrollments=[found if e is mine else e for e in course.enrollments or ()]
    )
