"""The calls from which a course and its grades are laid out, and their answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import AuthorizationError
from canvas_app.canvas.models import AssignmentGroup, Course, GradingPeriod
from canvas_app.canvas.models import Grades as CanvasGrades
from canvas_app.domain.courses import student_enrollment, with_ended
from canvas_app.domain.grade_book import EVERY_PERIOD
from canvas_app.domain.grade_totals import canvas_totals, chosen_period, current_period
from canvas_app.domain.mended_courses import weights_unsaid
from canvas_app.services.asks import (
    COURSE_INCLUDE,
    AskedPage,
    read_colors,
    read_profile,
    start_colors,
    start_courses,
    start_ended,
    start_ended_in,
    start_profile,
)
from canvas_app.services.without_course_includes import start_without
from canvas_app.services.without_includes import lost
from canvas_app.services.without_work_includes import mend_groups
from canvas_app.sources.answer import Source, complete
from canvas_app.sources.sources import ListSource, ObjectSource, Sources


@dataclass(frozen=True)
class AskedGrades(AskedPage):
    """Canvas's answers. ``whole``: nothing is missing that a total is calculated from.

    ``named`` are the grading periods; if their list did not come, the current one as the enrollment
    names it. ``period_totals`` are Canvas's totals of the chosen grading period, if it is not the
    current one.
    """

    course: Course
    groups: Sequence[AssignmentGroup] = ()
    periods: Sequence[GradingPeriod] = ()
    named: Sequence[GradingPeriod] = ()
    period_totals: CanvasGrades | None = None
    whole: bool = True


def ask(sources: Sources, course_id: str, period: str, include: Sequence[str] = ()) -> AskedGrades:
    """Ask for a course, then for its work and grading periods in parallel.

    It takes two rounds of calls, or three for a grading period that is not the current one,
    because its totals are requested by its id. Raises the CanvasError that Canvas gives for the
    course itself.
    """
    profile, colors = start_profile(sources), start_colors(sources)
    asked_course = start_course(sources, course_id, include)
    course = asked_course.required()
    closed = bool(course.access_restricted_by_date)
    course = listed_course(sources, course_id) if closed else course
    ended = start_ended_in(sources, course)
    bare = start_without(sources, course) if asked_course.dropped() else None
    work = None if closed else start_assignment_groups(sources, course_id)
    dated = None
    if not closed and (course.has_grading_periods or bare):
        dated = start_periods(sources, course_id)
    periods = dated.rows() if dated else []
    course = with_ended(course, ended.rows()) if ended else course
    if work:
        studies = any(e.type == "student" for e in course.enrollments or ())
        mend_groups(sources, work, {course_id: studies}, bare.ahead if bare else None)
    groups = work.rows() if work else []
    if bare:
        course = bare.mended(sources, course, periods, groups)
        asked_course.needs(*lost(asked_course, *bare.brought(periods)))
    named = periods or (current_period(student_enrollment(course)) if dated else [])
    chosen = chosen_period(period, named, student_enrollment(course))
    totals = read_other_period(sources, course, chosen)
    shades, states = read_colors(colors), sources.states()
    return AskedGrades(
        canvas_url=sources.api.canvas_url,
        sources=states,
        profile=read_profile(profile),
        colors=shades,
        course=course,
        groups=groups,
        periods=periods,
        named=named,
        period_totals=totals,
        whole=can_be_worked_out(states)
        and not (bare and weights_unsaid(periods) and chosen == EVERY_PERIOD),
    )


def start_course(
    sources: Sources, course_id: str, include: Sequence[str] = ()
) -> ObjectSource[Course]:
    """Start the course itself, or the stub of one that Canvas does not open."""
    call = partial(CanvasAPI.course_or_stub, include=(*COURSE_INCLUDE, *include))
    return sources.start_one("course", partial(call, course_id=course_id))


def start_assignment_groups(sources: Sources, course_id: str) -> ListSource[AssignmentGroup]:
    call = partial(CanvasAPI.assignment_groups, include=("assignments", "submission"))
    return sources.start("assignments", partial(call, course_id=course_id))


def start_periods(sources: Sources, course_id: str) -> ListSource[GradingPeriod]:
    call = partial(CanvasAPI.grading_periods, course_id=course_id)
    return sources.start("grading periods", call)


def listed_course(sources: Sources, course_id: str) -> Course:
    """Return a course that Canvas does not open, as the person's own lists show it.

    If the lists did not come it is a stub with the id alone. Raises AuthorizationError for a course
    that is in none of them: Canvas answers the same.
    """
    current, ended = start_courses(sources), start_ended(sources)
    for course in current.rows():
        if course.id == course_id:
            return course
    if any(row.course_id == course_id for row in ended.rows()):
        return Course(id=course_id, access_restricted_by_date=True)
    raise AuthorizationError("Canvas does not open this course.", status=403)


def read_other_period(sources: Sources, course: Course, chosen: str) -> CanvasGrades | None:
    """Return Canvas's totals of a grading period; None if the course already contains them."""
    enrollment = student_enrollment(course)
    state, _ = canvas_totals(course, enrollment, chosen)
    if state != "other_period" or enrollment is None or not enrollment.user_id:
        return None
    return read_period_totals(sources, course.id, enrollment.user_id, chosen)


def read_period_totals(
    sources: Sources, course_id: str, user_id: str, period_id: str
) -> CanvasGrades | None:
    """Return Canvas's totals of a grading period; None if Canvas sends none."""
    call = partial(CanvasAPI.period_grades, course_id=course_id, user_id=user_id)
    rows = sources.start("totals", partial(call, period_id=period_id)).rows()
    return next((row.grades for row in rows if row.grades), None)


def can_be_worked_out(states: Sequence[Source]) -> bool:
    return complete(s for s in states if s.name in ("assignments", "grading periods"))
