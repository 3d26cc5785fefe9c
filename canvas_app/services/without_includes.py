"""What pages do where Canvas drops include parameters: other calls that bring the same.

Each function mends one source, and costs nothing while Canvas reads its includes. Otherwise further
calls stand in, one round trip later, and the source says no more than what none of them brings.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from msgspec.structs import replace

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    CalendarEvent,
    Course,
    CourseEnrollment,
    Enrollment,
    Grades,
    GradingPeriod,
    PlannerOverride,
    Submission,
)
from canvas_app.domain.planner_items import assignment_kind
from canvas_app.sources.sources import ListSource, PageSource, Sources

BROUGHT = frozenset({"total_scores", "concluded"})
"""Of a list of courses: the person's enrollments have totals, another list what is over."""


def lost(handle: "PageSource[Any]", *brought: str) -> list[str]:
    """What Canvas dropped of a source and other calls have not brought."""
    return [name for name in handle.dropped() if name not in brought]


# Courses


def mend_courses(
    sources: Sources, listed: ListSource[Course], needs: Iterable[str] | None = None
) -> None:
    """Mend the list every page shares; ``needs`` are the includes the page shows, None all.

    One call, however many courses there are: which of them are over for the person. Where all is
    shown, two more: which have not begun, and the totals.
    """
    if not listed.dropped():
        return
    over = start_over(sources)
    if needs is not None:
        courses = [concluded(course, over.rows()) for course in listed.rows()]
        listed.mend(courses, *(name for name in needs if name not in BROUGHT))
        return
    ahead, totals = start_ahead(sources), sources.start("totals", partial(CanvasAPI.own_totals))
    listed.mend(
        [
            with_totals(placed_in_time(course, over.rows(), ahead.rows()), totals.rows())
            for course in listed.rows()
        ],
        *lost(listed, *BROUGHT),
    )


def start_over(sources: Sources) -> ListSource[Course]:
    """Start the list of what is over for the person."""
    return sources.start("past courses", partial(CanvasAPI.courses, enrollment_state="completed"))


def start_ahead(sources: Sources) -> ListSource[Course]:
    """Start the list of what has not begun for the person."""
    call = partial(CanvasAPI.courses, enrollment_state="invited_or_pending")
    return sources.start("invitations", call)


def mend_every_course(
    sources: Sources,
    current: ListSource[Course],
    past: ListSource[Course],
    invited: ListSource[Course],
) -> None:
    """Mend the lists of all the person's courses: one call for their totals."""
    bare = [listed for listed in (current, past, invited) if listed.dropped()]
    if not bare:
        return
    totals = sources.start("totals", partial(CanvasAPI.own_totals))
    over, ahead = past.rows(), invited.rows()
    for listed in bare:
        courses = [placed_in_time(course, over, ahead) for course in listed.rows()]
        mended = [with_totals(course, totals.rows()) for course in courses]
        listed.mend(mended, *lost(listed, *BROUGHT))


def placed_in_time(course: Course, over: Iterable[Course], ahead: Iterable[Course]) -> Course:
    """A course with the signs that it is over, or has not begun, for the person.

    Whose enrollment is stored active and listed as pending has to wait for its dates.
    """
    course = concluded(course, over)
    if course.enrollments is None or all(other.id != course.id for other in ahead):
        return course
    pending = [
        replace(e, enrollment_state="pending_active") if e.enrollment_state == "active" else e
        for e in course.enrollments
    ]
    return replace(course, enrollments=pending)


def concluded(course: Course, over: Iterable[Course]) -> Course:
    """A course with the sign that it is over, when all of the person's part in it is.

    Somebody may have studied in a course and assist there now: then one enrollment has ended.
    """
    ended = next((other for other in over if other.id == course.id), None)
    if ended is None or course.name is None:
        return course
    mine, past = (
        [(e.type, e.role, e.associated_user_id) for e in each.enrollments or ()]
        for each in (course, ended)
    )
    return replace(course, concluded=all(one in past for one in mine))


def with_totals(course: Course, rows: Iterable[Enrollment]) -> Course:
    """A course with the totals that a list of enrollments has of it, over all its periods."""
    found = {row.user_id: row.grades for row in rows if row.course_id == course.id}
    if not found or course.enrollments is None:
        return course
    return replace(course, enrollments=[totalled(e, found) for e in course.enrollments])


def totalled(
    enrollment: CourseEnrollment, found: Mapping[str | None, Grades | None]
) -> CourseEnrollment:
    grades = found.get(enrollment.user_id)
    if enrollment.type != "student" or grades is None:
        return enrollment
    return replace(
        enrollment,
        computed_current_score=grades.current_score,
        computed_current_grade=grades.current_grade,
        computed_final_score=grades.final_score,
        computed_final_grade=grades.final_grade,
    )


def with_letters(
    courses: Mapping[str, Course], work: Iterable[Assignment | None]
) -> dict[str, Course]:
    """The courses with the sign that letters alone count, which each of their assignments bears."""
    restricted = {one.course_id for one in work if one and one.restrict_quantitative_data}
    return {
        id_: replace(course, restrict_quantitative_data=True) if id_ in restricted else course
        for id_, course in courses.items()
    }


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


def weights_unsaid(periods: Iterable[GradingPeriod]) -> bool:
    """Whether periods have weights of which only the includes say that they count."""
    return any(period.weight for period in periods)


def running(periods: Iterable[GradingPeriod], now: datetime) -> GradingPeriod | None:
    """The grading period that runs now."""
    dated = ((p.start_date, p.end_date, p) for p in periods)
    return next((p for start, end, p in dated if start and end and start <= now <= end), None)


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


# Work


def mend_groups(
    sources: Sources,
    listed: ListSource[AssignmentGroup],
    courses: Mapping[str, bool],
    ahead: ListSource[Course] | None = None,
) -> None:
    """Mend assignment groups of these courses, each with whether the person has work of their own.

    Two calls for each course. ``ahead`` are courses that have not begun: Canvas refuses the
    person's submissions there, and there are none.
    """
    if "assignments" not in listed.dropped():
        return
    work = [work_of(sources, listed.name, course_id) for course_id in courses]
    own = [own_of(sources, listed.name, course_id) for course_id, own in courses.items() if own]
    for course_id, handle in zip(filter(courses.get, courses), own, strict=True):
        if ahead and handle.denied and any(course.id == course_id for course in ahead.rows()):
            handle.settle("The course has not begun.")
    members: dict[str | None, list[Assignment]] = {}
    for assignment in joined(work, own):
        members.setdefault(assignment.assignment_group_id, []).append(assignment)
    listed.mend([replace(group, assignments=members.get(group.id, [])) for group in listed.rows()])


def work_of(sources: Sources, name: str, course_id: str) -> ListSource[Assignment]:
    return sources.start(name, partial(CanvasAPI.assignments, course_id=course_id))


def own_of(sources: Sources, name: str, course_id: str) -> ListSource[Submission]:
    return sources.start(name, partial(CanvasAPI.student_submissions, course_id=course_id))


def joined(
    work: Sequence[ListSource[Assignment]], own: Sequence[ListSource[Submission]]
) -> Iterable[Assignment]:
    """Assignments with the person's submissions."""
    handed_in = {s.assignment_id: s for each in own for s in each.rows()}
    for each in work:
        for assignment in each.rows():
            yield replace(assignment, submission=handed_in.get(assignment.id))


def mend_submissions(
    sources: Sources,
    courses: ListSource[Course],
    own: Sequence[tuple[Course, ListSource[Submission]]],
) -> None:
    """Mend the person's submissions in these courses: the work they belong to.

    One call for each course whose submissions came without it.
    """
    bare = [(course, handle) for course, handle in own if "assignment" in handle.dropped()]
    work = [
        sources.start(
            handle.name, partial(CanvasAPI.assignments, course_id=course.id), course=course
        )
        for course, handle in bare
    ]
    by_id = {assignment.id: assignment for each in work for assignment in each.rows()}
    for _, handle in bare:
        rows = [replace(s, assignment=by_id.get(s.assignment_id or "")) for s in handle.rows()]
        handle.mend(rows, *lost(handle, "assignment"))
    mend_letters(courses, by_id.values())


def mend_letters(
    courses: ListSource[Course], work: Iterable[Assignment | None], needs: Iterable[str] = ()
) -> dict[str, Course]:
    """The courses by id, those marked whose work bears the sign that letters alone count.

    There the scheme that names the letters is missing, too.
    """
    known = {course.id: course for course in courses.rows()}
    if courses.dropped():
        known = with_letters(known, work)
        if any(course.restrict_quantitative_data for course in known.values()):
            courses.needs(*needs, "grading_scheme")
    return known


def mend_periods(
    sources: Sources,
    listed: ListSource[Course],
    courses: dict[str, Course],
    course_ids: Iterable[str],
) -> dict[str, Course]:
    """The courses, those of these ids with whether their grading periods carry weights.

    One call for each, for an assignment's share of the final grade depends on it.
    """
    if not listed.dropped():
        return courses
    asked = {
        id_: sources.start("grading periods", partial(CanvasAPI.grading_periods, course_id=id_))
        for id_ in course_ids
    }
    return courses | {
        id_: replace(courses[id_], has_weighted_grading_periods=weights_unsaid(handle.rows()))
        for id_, handle in asked.items()
    }


# The week


def mend_week(
    sources: Sources,
    courses: ListSource[Course],
    missing: ListSource[Assignment],
    needs: Iterable[str] | None = None,
) -> None:
    """Mend the person's courses and missing work side by side, in one further round trip."""
    marks = (
        sources.start("marks", partial(CanvasAPI.planner_overrides)) if missing.dropped() else None
    )
    mend_courses(sources, courses, needs)
    if marks:
        mend_missing(missing, marks)


def mend_missing(listed: ListSource[Assignment], marks: ListSource[PlannerOverride]) -> None:
    """Mend the missing work with the person's own marks on it. Its courses are known."""
    by_thing = {(mark.plannable_type, mark.plannable_id): mark for mark in marks.rows()}
    listed.mend(
        [
            replace(work, planner_override=by_thing.get(assignment_kind(work)))
            for work in listed.rows()
        ]
    )


def mend_calendar(
    sources: Sources, parts: Iterable[ListSource[CalendarEvent] | None], most: int
) -> None:
    """Mend the calendar's work: one call for each of its courses, if they are ``most`` at most."""
    listed = [part for part in parts if part and part.dropped()]
    found = (event.assignment for part in listed for event in part.rows())
    course_ids = dict.fromkeys(work.course_id for work in found if work and work.course_id)
    if not listed or len(course_ids) > most:
        return
    own = [own_of(sources, "calendar", course_id) for course_id in course_ids]
    handed_in = {s.assignment_id: s for each in own for s in each.rows()}
    for part in listed:
        events = [with_own(event, handed_in) for event in part.rows()]
        # Nothing but the include tells what was handed in for a checkpoint of a discussion.
        gap = ("submission",) if any(event.sub_assignment for event in events) else ()
        part.mend(events, *gap)


def with_own(event: CalendarEvent, own: Mapping[str | None, Submission]) -> CalendarEvent:
    work = event.assignment
    if work is None:
        return event
    return replace(event, assignment=replace(work, submission=own.get(work.id)))
