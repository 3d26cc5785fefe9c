"""Which object a path names, and what the viewer may do with it.

Canvas: application_controller.rb, SIS IDs, Courses.
"""

import re
from collections.abc import Iterable
from contextlib import suppress

from canvas_emulator.campus import Person
from canvas_emulator.campus.courses import STAFF_TYPES, Course, Enrollment, effective_state
from canvas_emulator.campus.coursework import Assignment
from canvas_emulator.campus.happenings import Event
from canvas_emulator.campus.people import SHARD
from canvas_emulator.resource import Call, Forbidden, NotFound

_CROSS_SHARD = re.compile(r"(\d{1,6})~(\d{1,19})")
STAFF = frozenset({"TeacherEnrollment", "TaEnrollment"})


def number(text: str) -> int:
    """The id a path names: digits, or ``<shard>~<id>``; anything else is not found.

    A global id of this Canvas, whose shard is 1, names the same as its local part.
    Canvas: SIS IDs.
    """
    if found := _CROSS_SHARD.fullmatch(text):
        value = int(found[1]) * SHARD + int(found[2])
    elif text.isascii() and text.isdigit() and len(text) <= 19:
        value = int(text)
    else:
        raise NotFound
    return value - SHARD if SHARD < value < 2 * SHARD else value


def numbers(texts: Iterable[str]) -> list[int]:
    """The ids among the texts; what names none is left out."""
    found = []
    for text in texts:
        with suppress(NotFound):
            found.append(number(text))
    return found


def _unhexed(text: str) -> str:
    """``hex:sis_course_id:4131`` as ``sis_course_id:A1``; deprecated, and still works."""
    kind, _, digits = text.removeprefix("hex:").partition(":")
    if not text.startswith("hex:"):
        return text
    try:
        return f"{kind}:{bytes.fromhex(digits).decode()}"
    except ValueError:
        raise NotFound from None


def user(call: Call, text: str) -> Person:
    """The user a path names; ``self`` is the viewer, ``sis_login_id:`` the login.

    ``sis_user_id:`` names the id that administrators see in a user's JSON.
    """
    if text == "self":
        return call.viewer
    text = _unhexed(text)
    if text.lower().startswith("sis_login_id:"):
        found = call.state.person_with_login(text.partition(":")[2])
    elif text.lower().startswith("sis_user_id:"):
        found = call.state.person_with_sis_id(text.partition(":")[2])
    else:
        found = call.campus.people.get(number(text))
    if found is None:
        raise NotFound
    return found


def own(call: Call, text: str) -> Person:
    """A user whose lists the viewer may read: oneself, or anybody for an admin."""
    found = user(call, text)
    if found.id != call.viewer.id and not call.viewer.is_admin:
        raise Forbidden
    return found


def existing_course(call: Call, text: str) -> Course:
    """The course of an id or ``sis_course_id:CODE``, whoever asks; deleted ones are gone."""
    text = _unhexed(text)
    if text.lower().startswith("sis_course_id:"):
        code = text.partition(":")[2]
        found = next((row for row in call.campus.courses.values() if row.code == code), None)
    else:
        found = call.campus.courses.get(number(text))
    if found is None or found.workflow_state == "deleted":
        raise NotFound
    return found


def readable(call: Call, course: Course) -> bool:
    """Whether the viewer may open the course."""
    if call.viewer.is_admin:
        return True
    rows = [
        row for row in call.campus.between(call.viewer.id, course.id) if row.state != "inactive"
    ]
    if course.workflow_state == "unpublished":
        rows = [row for row in rows if row.type in STAFF_TYPES]
    return bool(rows) and not restricted(call, course, rows)


def restricted(call: Call, course: Course, rows: list[Enrollment]) -> bool:
    """Whether lists show only a stub: every enrolment closed by date or inactive.

    Staff are shut out before their dates, students and observers where the course says so
    (course_json.rb). By its id such a course is forbidden.
    """
    return not call.viewer.is_admin and all(_closed(call, course, row) for row in rows)


def _closed(call: Call, course: Course, row: Enrollment) -> bool:
    state = effective_state(row, course, call.now)
    if state == "inactive":
        return True
    if row.type in STAFF_TYPES:
        return False
    if state == "completed":
        return course.restrict_student_past_view
    return state.startswith("pending_") and course.restrict_student_future_view


def open_course(call: Call, text: str) -> Course:
    """A course the viewer may read; else 404 or 403."""
    course = existing_course(call, text)
    if not readable(call, course):
        raise Forbidden
    return course


def staff_rows(call: Call, course: Course) -> list[Enrollment]:
    return [
        row
        for row in call.campus.between(call.viewer.id, course.id)
        if row.type in STAFF and row.state in ("active", "completed")
    ]


def grades_others(call: Call, course: Course) -> bool:
    """Teacher, TA or admin: who may see everybody's grades."""
    return call.viewer.is_admin or bool(staff_rows(call, course))


def section_limit(call: Call, course: Course) -> set[int] | None:
    """The sections a limited teacher or TA is confined to; None without a limit."""
    rows = staff_rows(call, course)
    if rows and all(row.limited_to_section for row in rows):
        return {row.section_id for row in rows}
    return None


def sections_seen(call: Call, course: Course, person: Person) -> set[int]:
    """The sections whose events somebody gets: all of a course one teaches, else one's own.

    Canvas: ``User#section_context_codes``; which sections that method takes is unverified.
    """
    rows = [row for row in call.campus.between(person.id, course.id) if row.state != "inactive"]
    if person.is_admin or any(row.type in STAFF and not row.limited_to_section for row in rows):
        return set(course.section_ids)
    return {row.section_id for row in rows}


def gets_event(call: Call, event: Event, person: Person) -> bool:
    """Whether an event of a course one may read is for this person: of all, or of a section."""
    course = call.campus.courses.get(event.course_id or 0)
    return (
        event.section_id is None
        or course is None
        or event.section_id in sections_seen(call, course, person)
    )


def replaced(call: Call, event: Event, person: Person) -> bool:
    """Whether events of the person's sections take an event's place."""
    return any(
        child.parent_id == event.id and gets_event(call, child, person)
        for child in call.campus.events.values()
    )


def observed(call: Call, course: Course) -> set[int]:
    """Students the viewer observes in the course."""
    return {
        row.associated_user_id
        for row in call.campus.between(call.viewer.id, course.id)
        if row.associated_user_id is not None and row.state == "active"
    }


def is_student(call: Call, course: Course) -> bool:
    return any(
        row.type == "StudentEnrollment" for row in call.campus.between(call.viewer.id, course.id)
    )


def reads_own_grades(call: Call, course: Course) -> bool:
    """Whether the viewer has ``read_grades`` in the course (course.rb).

    Students who take part by date, and observers of somebody; students after the end too, unless
    past courses are closed to them. Not before the beginning.
    """
    for row in call.campus.between(call.viewer.id, course.id):
        state = effective_state(row, course, call.now)
        if row.type == "ObserverEnrollment" and row.associated_user_id is None:
            continue
        if row.type not in ("StudentEnrollment", "StudentViewEnrollment", "ObserverEnrollment"):
            continue
        if state == "active" and course.workflow_state == "available":
            return True
        if row.type != "ObserverEnrollment" and state == "completed":
            return not course.restrict_student_past_view
    return False


def visible_students(call: Call, course: Course) -> set[int]:
    """Students whose work the viewer may see: all, those of the own sections, or few.

    Who grades sees the test student's too (course.rb, ``all_student_enrollments``).
    """
    if not grades_others(call, course):
        mine = {call.viewer.id} if is_student(call, course) else set()
        return mine | observed(call, course)
    sections = section_limit(call, course)
    test_students = call.campus.test_students(course.id, sections)
    if sections is None:
        return test_students | set(call.campus.students_of(course.id))
    return test_students | {
        row.user_id
        for row in call.campus.enrollments_in(course.id)
        if row.type == "StudentEnrollment" and row.section_id in sections
    }


def assignment(call: Call, course: Course, text: str) -> Assignment:
    """An assignment the viewer may see: unpublished or not assigned is 403.

    Canvas: Assignments.
    """
    found = call.campus.assignments.get(number(text))
    if found is None or found.course_id != course.id:
        raise NotFound
    if not sees(call, course, found):
        raise Forbidden
    return found


def sees(call: Call, course: Course, work: Assignment) -> bool:
    if grades_others(call, course):
        return True
    for_whom = {call.viewer.id} | observed(call, course)
    return work.published and any(work.is_for(user_id) for user_id in for_whom)


def due_subject(call: Call, course: Course) -> int | None:
    """Whose due dates an assignment shows: the viewer's, the observed student's, or the base."""
    if grades_others(call, course):
        return None
    return next(iter(sorted(observed(call, course))), call.viewer.id)
