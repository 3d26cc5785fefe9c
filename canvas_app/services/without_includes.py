"""What pages do where Canvas drops include parameters: other calls that bring the same.

Each function mends one source, and costs nothing while Canvas reads its includes. Otherwise further
calls stand in, one round trip later, and the source says no more than what none of them brings.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Assignment,
    CalendarEvent,
    Course,
    PlannerItem,
    PlannerOverride,
    Submission,
)
from canvas_app.domain.mended_courses import (
    concluded,
    placed_in_time,
    weights_unsaid,
    with_letters,
    with_totals,
)
from canvas_app.domain.planner_items import assignment_kind, planner_assignment
from canvas_app.services.planner_calls import planner_slices
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


# Work


def start_assignments(sources: Sources, name: str, course_id: str) -> ListSource[Assignment]:
    return sources.start(name, partial(CanvasAPI.assignments, course_id=course_id))


def start_own(sources: Sources, name: str, course_id: str) -> ListSource[Submission]:
    return sources.start(name, partial(CanvasAPI.student_submissions, course_id=course_id))


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
    planner: ListSource[PlannerItem] | None = None,
) -> None:
    """Mend the person's courses and missing work side by side, in one further round trip.

    ``planner`` is mended with the missing work that is older than it reaches: it tells what was
    graded, which the calendar of these courses does not without its include.
    """
    marks = (
        sources.start("marks", partial(CanvasAPI.planner_overrides)) if missing.dropped() else None
    )
    own = start_undated(sources, missing) if marks else []
    older = start_older(sources, planner, missing) if marks and planner else None
    mend_courses(sources, courses, needs)
    if marks:
        mend_missing(missing, marks, own)
    if planner and older:
        lacking = {work.id for work in missing.rows()}
        found = [plan for plan in older.rows() if planner_assignment(plan) in lacking]
        planner.mend([*planner.rows(), *found])


def start_undated(
    sources: Sources, missing: ListSource[Assignment]
) -> list[ListSource[Submission]]:
    """Start the person's submissions in the courses of missing work without a date.

    Somebody called it missing by hand, and it may have been graded since: no planner tells.
    """
    course_ids = [work.course_id for work in missing.rows() if work.course_id and not work.due_at]
    return [start_own(sources, missing.name, course_id) for course_id in dict.fromkeys(course_ids)]


def start_older(
    sources: Sources, planner: ListSource[PlannerItem], missing: ListSource[Assignment]
) -> ListSource[PlannerItem] | None:
    """Start the planner of missing work that another one does not hold; None without any."""
    planned = {planner_assignment(plan) for plan in planner.rows()}
    old = [
        (work.due_at.date(), work.course_id)
        for work in missing.rows()
        if work.id not in planned and work.due_at and work.course_id
    ]
    if not old:
        return None
    days = [day for day, _ in old]
    call = partial(
        CanvasAPI.planner_items,
        course_ids=tuple(sorted({course_id for _, course_id in old})),
        only="incomplete_items",  # a grade alone completes nothing
    )
    return sources.start(
        planner.name,
        *(
            partial(call, start_date=start, end_date=end)
            for start, end in planner_slices(min(days), max(days), sources.now())
        ),
    )


def mend_missing(
    listed: ListSource[Assignment],
    marks: ListSource[PlannerOverride],
    own: Sequence[ListSource[Submission]] = (),
) -> None:
    """Mend the missing work with the person's own marks on it. Its courses are known.

    ``own`` are submissions of theirs, for work of which nothing else tells whether it was graded.
    """
    by_thing = {(mark.plannable_type, mark.plannable_id): mark for mark in marks.rows()}
    handed_in = {s.assignment_id: s for each in own for s in each.rows()}
    listed.mend(
        [
            replace(
                work,
                planner_override=by_thing.get(assignment_kind(work)),
                submission=handed_in.get(work.id),
            )
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
    own = [start_own(sources, "calendar", course_id) for course_id in course_ids]
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
