"""Find the object that a path names and decide what the viewer may do with it.

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
    """Return the id in a path: digits, or ``<shard>~<id>``; raises NotFound for any other text.

    A global id of this Canvas (shard 1) becomes its local id. Canvas: SIS IDs.
    """
    if found := _CROSS_SHARD.fullmatch(text):
        value = int(found[1]) * SHARD + int(found[2])
    elif text.isascii() and text.isdigit() and len(text) <= 19:
        value = int(text)
    else:
        raise NotFound
    return value - SHARD if SHARD < value < 2 * SHARD else value


def numbers(texts: Iterable[str]) -> list[int]:
    """Return the ids among the texts; a text that is not an id is left out."""
    found = []
    for text in texts:
        with suppress(NotFound):
            found.append(number(text))
    return found


def _unhexed(text: str) -> str:
    """Decode ``hex:sis_course_id:4131`` to ``sis_course_id:A1`` (deprecated, but still accepted).

    Raises NotFound for invalid hexadecimal digits.
    """
    kind, _, digits = text.removeprefix("hex:").partition(":")
    if not text.startswith("hex:"):
        return text
    try:
        return f"{kind}:{bytes.fromhex(digits).decode()}"
    except ValueError:
        raise NotFound from None


def user(call: Call, text: str) -> Person:
    """Return the user that a path names; raises NotFound.

    Besides an id it can be ``self`` (the viewer), ``sis_login_id:`` with the login, or
    ``sis_user_id:`` with the SIS id, which administrators see in a user's JSON.
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
    """Return a user whose lists the viewer may read: themselves, or anybody for administrators.

    Raises NotFound or Forbidden.
    """
    found = user(call, text)
    if found.id != call.viewer.id and not call.viewer.is_admin:
        raise Forbidden
    return found


def existing_course(call: Call, text: str) -> Course:
    """Return the course with an id or ``sis_course_id:CODE``, without checking the viewer's rights.

    Raises NotFound, also for a deleted course.
    """
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
    """Return whether the viewer may open the course."""
    if call.viewer.is_admin:
        return True
    rows = [
        row for row in call.campus.between(call.viewer.id, course.id) if row.state != "inactive"
    ]
    if course.workflow_state == "unpublished":
        rows = [row for row in rows if row.type in STAFF_TYPES]
    return bool(rows) and not restricted(call, course, rows)


def restricted(call: Call, course: Course, rows: list[Enrollment]) -> bool:
    """Return whether lists show only a stub of the course, because no enrollment gives access.

    An inactive enrollment gives none. Before their dates, staff have no access; before and after
    them, students and observers have none where the course says so (course_json.rb). Requested by
    its id, such a course is forbidden.
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
    """Return a course that the viewer may read; raises NotFound or Forbidden."""
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
    """Return whether the viewer may see everybody's grades, as teacher, TA or administrator."""
    return call.viewer.is_admin or bool(staff_rows(call, course))


def section_limit(call: Call, course: Course) -> set[int] | None:
    """Return the sections to which the viewer is limited as teacher or TA; None if to none."""
    rows = staff_rows(call, course)
    if rows and all(row.limited_to_section for row in rows):
        return {row.section_id for row in rows}
    return None


def sections_seen(call: Call, course: Course, person: Person) -> set[int]:
    """Return the sections whose events a person gets: all in a course they teach, else their own.

    Canvas: ``User#section_context_codes``; which sections that method returns is unverified.
    """
    rows = [row for row in call.campus.between(person.id, course.id) if row.state != "inactive"]
    if person.is_admin or any(row.type in STAFF and not row.limited_to_section for row in rows):
        return set(course.section_ids)
    return {row.section_id for row in rows}


def gets_event(call: Call, event: Event, person: Person) -> bool:
    """Return whether an event of a readable course is for this person or one of their sections."""
    course = call.campus.courses.get(event.course_id or 0)
    return (
        event.section_id is None
        or course is None
        or event.section_id in sections_seen(call, course, person)
    )


def replaced(call: Call, event: Event, person: Person) -> bool:
    """Return whether the person gets events of their sections instead of this event."""
    return any(
        child.parent_id == event.id and gets_event(call, child, person)
        for child in call.campus.events.values()
    )


def observed(call: Call, course: Course) -> set[int]:
    """Return the ids of the students whom the viewer observes in the course."""
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
    """Return whether the viewer has ``read_grades`` in the course (course.rb).

    Students have it while they take part by date, and after the end unless the course closes its
    past to them, but not before the start. Observers of a student have it while they take part;
    parents linked to that student have it afterwards too.
    """
    linked = call.campus.observees.get(call.viewer.id, ())
    for row in call.campus.between(call.viewer.id, course.id):
        state = effective_state(row, course, call.now)
        if row.type == "ObserverEnrollment" and row.associated_user_id is None:
            continue
        if row.type not in ("StudentEnrollment", "StudentViewEnrollment", "ObserverEnrollment"):
            continue
        if state == "active" and course.workflow_state == "available":
            return True
        stays = row.type != "ObserverEnrollment" or row.associated_user_id in linked
        if stays and state == "completed":
            return not course.restrict_student_past_view
    return False


def visible_students(call: Call, course: Course) -> set[int]:
    """Return the ids of the students whose work the viewer may see.

    A teacher sees all students, or those of the sections to which they are limited, and the test
    student (course.rb, ``all_student_enrollments``). Others see their own work and that of
    students they observe.
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
    """Return an assignment that the viewer may see; raises NotFound or Forbidden.

    An unpublished one is forbidden, and so is one not assigned to the viewer. Canvas: Assignments.
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
    """Return whose due dates an assignment shows the viewer; None means the base date.

    Observers see the dates of a student they observe, students see their own, staff the base date.
    """
    if grades_others(call, course):
        return None
    return next(iter(sorted(observed(call, course))), call.viewer.id)
