"""The students whom a person observes, and a course as one of these students has it.

A course's enrollments say whom the person observes in it. The list of linked students gives their
names; a student whom they observe in single courses only is not on it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from msgspec import structs

from canvas_app.canvas.models import (
    Assignment,
    AssignmentGroup,
    CalendarEvent,
    Course,
    CourseEnrollment,
    Observee,
    Submission,
)
from canvas_app.domain.rows import CourseRow, Enrolled

PERSON_ALONE = "self"
"""The choice of the person's own work alone."""


@dataclass(frozen=True)
class Child:
    """A student whom the person observes."""

    id: str
    name: str


def is_observed(course: Course) -> bool:
    """Return whether the person is in the course only to observe students."""
    mine = course.enrollments or ()
    return bool(mine) and all(e.type == "observer" and e.associated_user_id for e in mine)


def observes_nobody(courses: Iterable[Course]) -> bool:
    """Return whether the person is an observer in a course, but of no student anywhere."""
    mine = [e for course in courses for e in course.enrollments or () if e.type == "observer"]
    return bool(mine) and not any(e.associated_user_id for e in mine)


def courses_by_child(courses: Iterable[Course]) -> dict[str, list[Course]]:
    """Return the courses in which the person observes or observed each student, by the id."""
    found: dict[str, list[Course]] = {}
    for course in courses:
        mine = [e for e in course.enrollments or () if e.type == "observer"]
        for id_ in dict.fromkeys(e.associated_user_id for e in mine):
            if id_:
                found.setdefault(id_, []).append(course)
    return found


def in_family(
    ids: Iterable[str], linked: Iterable[Observee], names: Mapping[str, str]
) -> tuple[Child, ...]:
    """Return the linked students in Canvas's order, then the others by name.

    ``names`` are those of students without a link, by id.
    """
    found = {row.id: Child(row.id, row.name or row.short_name or unnamed(row.id)) for row in linked}
    others = [Child(id_, names.get(id_) or unnamed(id_)) for id_ in ids if id_ not in found]
    return (*found.values(), *sorted(others, key=lambda child: (child.name.casefold(), child.id)))


def unnamed(id_: str) -> str:
    return f"Student {id_}"


def as_childs(course: Course, child_id: str, seen: Course | None = None) -> Course:
    """Return a course as the student has it: their enrollments in place of the person's.

    ``seen`` is the same course with the enrollments of observed students. Without it, or where
    Canvas drops that include, the student has an enrollment without totals.
    """
    theirs = [
        e
        for e in (seen.enrollments if seen else None) or ()
        if e.type == "student" and e.user_id == child_id
    ]
    mine = (e for e in course.enrollments or () if e.associated_user_id == child_id)
    state = next((e.enrollment_state for e in mine), None)
    blank = CourseEnrollment(type="student", user_id=child_id, enrollment_state=state)
    return structs.replace(
        course, enrollments=theirs or [blank], course_progress=None, needs_grading_count=None
    )


def childs_row(row: CourseRow, child: Child) -> CourseRow:
    """Return the row of a student's course, in which the person is an observer."""
    return replace(
        row,
        roles=("observer",),
        enrolled=(Enrolled("observer", row.sections),),
        child_id=child.id,
        child_name=child.name,
    )


def childs_event(submission: Submission, *, alone: bool) -> CalendarEvent:
    """Return a student's submission as the calendar shows own work (see :func:`childs_work`)."""
    work = submission.assignment or Assignment(id=submission.assignment_id or "")
    return CalendarEvent(
        id=f"assignment_{work.id}", assignment=childs_work(work, submission, alone=alone)
    )


def childs_work(work: Assignment, submission: Submission, *, alone: bool) -> Assignment:
    """Return an assignment as the student has it, with their submission and due date.

    For an observer Canvas dates an assignment as for one of the students. With several in the
    course, ``alone`` is False and its other dates are not told: they may be another student's.
    """
    dated = structs.replace(work, due_at=submission.cached_due_date, submission=submission)
    if alone:
        return dated
    return structs.replace(dated, unlock_at=None, lock_at=None, lock_explanation=None)


def childs_groups(
    groups: Iterable[AssignmentGroup], child_id: str, *, alone: bool
) -> list[AssignmentGroup]:
    """Return assignment groups with the student's submissions, without work of others alone.

    ``alone``: the person observes nobody else in the course.
    """
    return [
        structs.replace(
            group, assignments=list(childs_assignments(group.assignments or (), child_id, alone))
        )
        for group in groups
    ]


def childs_assignments(
    works: Sequence[Assignment], child_id: str, alone: bool
) -> Iterable[Assignment]:
    """Yield the student's assignments; one without any submission may be theirs."""
    for work in works:
        rows = work.submission if isinstance(work.submission, list) else []
        own = next((row for row in rows if row.user_id == child_id), None)
        if own is not None:
            yield childs_work(work, own, alone=alone)
        elif not rows:
            yield structs.replace(work, submission=None)
