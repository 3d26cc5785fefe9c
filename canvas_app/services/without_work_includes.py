"""Replacement calls where Canvas drops include parameters of assignments and submissions."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    CalendarEvent,
    Course,
    Submission,
)
from canvas_app.domain.mended_courses import weights_unsaid, with_letters
from canvas_app.services.without_includes import lost
from canvas_app.sources.sources import ListSource, Sources


def start_assignments(sources: Sources, name: str, course_id: str) -> ListSource[Assignment]:
    return sources.start(name, partial(CanvasAPI.assignments, course_id=course_id))


def start_own(sources: Sources, name: str, course_id: str) -> ListSource[Submission]:
    return sources.start(name, partial(CanvasAPI.student_submissions, course_id=course_id))


def mend_groups(
    sources: Sources,
    listed: ListSource[AssignmentGroup],
    courses: Mapping[str, bool],
    ahead: ListSource[Course] | None = None,
) -> None:
    """Complete the assignment groups of these courses with assignments and submissions.

    ``courses`` are by id, True where the person has submissions of their own: two calls for these,
    one for the others. ``ahead`` are courses that have not begun. There Canvas refuses the
    submissions, but none can be missing.
    """
    if "assignments" not in listed.dropped():
        return
    work = [start_assignments(sources, listed.name, course_id) for course_id in courses]
    own = [start_own(sources, listed.name, course_id) for course_id, own in courses.items() if own]
    for course_id, handle in zip(filter(courses.get, courses), own, strict=True):
        if ahead and handle.denied and any(course.id == course_id for course in ahead.rows()):
            handle.settle("The course has not begun.")
    members: dict[str | None, list[Assignment]] = {}
    for assignment in joined(work, own):
        members.setdefault(assignment.assignment_group_id, []).append(assignment)
    listed.mend([replace(group, assignments=members.get(group.id, [])) for group in listed.rows()])


def joined(
    work: Sequence[ListSource[Assignment]], own: Sequence[ListSource[Submission]]
) -> Iterable[Assignment]:
    """Return the assignments with the person's submissions."""
    handed_in = {s.assignment_id: s for each in own for s in each.rows()}
    for each in work:
        for assignment in each.rows():
            yield replace(assignment, submission=handed_in.get(assignment.id))


def mend_submissions(
    sources: Sources,
    courses: ListSource[Course],
    own: Sequence[tuple[Course, ListSource[Submission]]],
) -> None:
    """Complete the person's submissions in these courses with the assignments they belong to.

    It takes one call for each course whose submissions came without their assignments.
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
    """Return the courses by id, marking those that show only letters, as their work tells.

    For these courses the grading scheme, which has the letters' names, is reported as missing.
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
    """Return the courses; those of ``course_ids`` know whether their grading periods are weighted.

    This takes one call for each of them, because an assignment's share of the final grade depends
    on it.
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


def mend_calendar(
    sources: Sources, parts: Iterable[ListSource[CalendarEvent] | None], most: int
) -> None:
    """Complete the calendar's work with one call for each of its courses, if at most ``most``."""
    listed = [part for part in parts if part and part.dropped()]
    found = (event.assignment for part in listed for event in part.rows())
    course_ids = dict.fromkeys(work.course_id for work in found if work and work.course_id)
    if not listed or len(course_ids) > most:
        return
    own = [start_own(sources, "calendar", course_id) for course_id in course_ids]
    handed_in = {s.assignment_id: s for each in own for s in each.rows()}
    for part in listed:
        events = [with_own(event, handed_in) for event in part.rows()]
        # No other call tells what was submitted for a checkpoint of a discussion.
        gap = ("submission",) if any(event.sub_assignment for event in events) else ()
        part.mend(events, *gap)


def with_own(event: CalendarEvent, own: Mapping[str | None, Submission]) -> CalendarEvent:
    work = event.assignment
    if work is None:
        return event
    return replace(event, assignment=replace(work, submission=own.get(work.id)))
