"""What a course's own page does where Canvas drops include parameters of the course or its work."""

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
    """What stands in for the includes of a course that was asked for by itself."""

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
        """The course with its totals, periods and the signs that it is over or has not begun."""
        course = placed_in_time(course, self.over.rows(), self.ahead.rows())
        course = with_totals(course, self.totals.rows())
        course = replace(course, has_grading_periods=bool(periods))
        if period := running(periods, sources.now()):
            course = with_period(sources, course, period)
        work = [assignment for group in groups for assignment in group.assignments or ()]
        return with_letters({course.id: course}, work)[course.id]

    def brought(self, periods: Sequence[GradingPeriod]) -> tuple[str, ...]:
        """The includes that are made good: of periods, all but whether their weights count."""
        more = () if weights_unsaid(periods) else ("current_grading_period_scores",)
        return (*BROUGHT, "restrict_quantitative_data", *more)


def start_without(sources: Sources, course: Course) -> Bare:
    """Start what stands in for a course's includes: three calls."""
    return Bare(
        sources.start("totals", partial(CanvasAPI.own_totals_in, course_id=course.id)),
        start_over(sources),
        start_ahead(sources),
    )


def with_period(sources: Sources, course: Course, period: GradingPeriod) -> Course:
    """A course with the person's totals of a grading period, which are asked for by its id."""
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
