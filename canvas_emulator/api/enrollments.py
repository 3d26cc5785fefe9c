"""Enrollments and their grades; how they are made, ended and deleted (Canvas: Enrollments)."""

from typing import Any

from canvas_emulator.campus import Person
from canvas_emulator.campus.chance import chance, scatter
from canvas_emulator.campus.courses import ROLE_IDS, Course, Enrollment, effective_state
from canvas_emulator.campus.crowds import (
    BULK_COURSE_ID,
    FIRST_BULK_ENROLLMENT,
    FIRST_BULK_USER,
    Derived,
)
from canvas_emulator.campus.grades import Totals, letter_of
from canvas_emulator.resource import BadRequest, Call, Forbidden, NotFound, router

from . import access
from .stored import effective_totals, stored_totals
from .users import bulk_user, user_json, uuid
from .values import avatar, stamp

Json = dict[str, Any]
STATES = frozenset(
    {"active", "invited", "creation_pending", "deleted", "rejected", "completed", "inactive"}
)
OWN_STATES = {
    "current_and_invited": ("active", "invited"),
    "current_and_future": ("active", "pending_active"),
    "current_future_and_restricted": ("active", "pending_active"),
    "current_and_concluded": ("active", "completed"),
    "pending_active": ("pending_active",),
    "pending_invited": ("pending_invited",),
}


@router.get("/api/v1/users/:user_id/enrollments")
def of_user(call: Call, user_id: str) -> object:
    person = access.own(call, user_id)
    asked = call.many("state")
    for state in asked:
        if state == "deleted" or (state not in STATES and state not in OWN_STATES):
            raise BadRequest({"error": f"Invalid state {state}"})
    rows = [row for row in call.campus.enrollments_of(person.id) if _own_state(call, row, asked)]
    return _bookmarked(call, [row for row in rows if _wanted(call, row)])


def _own_state(call: Call, row: Enrollment, asked: list[str]) -> bool:
    """Return whether both the stored state and the state its dates lead to are requested."""
    effective = effective_state(row, call.campus.courses[row.course_id], call.now)
    if not asked:
        return row.state in ("active", "invited") and effective != "completed"
    wanted = {part for state in asked for part in OWN_STATES.get(state, (state,))}
    stored = {state.removeprefix("pending_") for state in wanted}
    return row.state in stored and effective in wanted


@router.get("/api/v1/courses/:course_id/enrollments")
def of_course(call: Call, course_id: str) -> object:
    if course_id == str(BULK_COURSE_ID):
        return _bulk(call)
    course = access.open_course(call, course_id)
    return _bookmarked(call, _in_course(call, course, call.campus.enrollments_in(course.id)))


@router.get("/api/v1/sections/:section_id/enrollments")
def of_section(call: Call, section_id: str) -> object:
    section = call.campus.sections.get(access.number(section_id))
    if section is None:
        raise NotFound
    course = access.open_course(call, str(section.course_id))
    rows = [row for row in call.campus.enrollments_in(course.id) if row.section_id == section.id]
    return _bookmarked(call, _in_course(call, course, rows))


def _in_course(call: Call, course: Course, rows: list[Enrollment]) -> list[Enrollment]:
    states = set(call.many("state"))
    if not states:
        states = {"active", "invited", "creation_pending"}
        if call.viewer.is_admin:
            states.add("inactive")
    limit = access.section_limit(call, course)
    own_only = call.one("user_id") in ("self", str(call.viewer.id))
    kinds = {row.type for row in call.campus.between(call.viewer.id, course.id)}
    if kinds == {"ObserverEnrollment"}:
        # Observers get their own enrollment and those of the students they observe.
        shown = access.observed(call, course) | {call.viewer.id}
        rows = [row for row in rows if row.user_id in shown]
    return [
        row
        for row in rows
        if row.state in states
        and (limit is None or own_only or row.section_id in limit)
        and _wanted(call, row)
    ]


def _wanted(call: Call, row: Enrollment) -> bool:
    roles, kinds = _roles(call), call.many("type")
    user_id = call.one("user_id")
    if user_id and access.user(call, user_id).id != row.user_id:
        return False
    term = call.one("enrollment_term_id")
    if term and str(call.campus.courses[row.course_id].term.id) != term:
        return False
    if roles:
        return row.role in roles
    if not kinds:
        # The test student made by "student view" is listed only on request (course.rb).
        return row.type != "StudentViewEnrollment"
    return row.type in kinds


def _roles(call: Call) -> set[str]:
    """Return the roles requested by name or id; raises BadRequest for an unknown name."""
    names, ids = set(call.many("role")), call.many("role_id")
    if unknown := names - set(ROLE_IDS):
        raise BadRequest({"error": f"unknown role: {', '.join(sorted(unknown))}"})
    return names | {name for name, role_id in ROLE_IDS.items() if str(role_id) in ids}


def _check_period(call: Call) -> None:
    wanted = call.one("grading_period_id")
    known = (period for course in call.campus.courses.values() for period in course.grading_periods)
    if wanted and wanted != "0" and all(str(period.id) != wanted for period in known):
        raise BadRequest({"error": "invalid grading_period_id"})


def _bookmarked(call: Call, rows: list[Enrollment]) -> object:
    campus = call.campus
    _roles(call)
    _check_period(call)

    def key(row: Enrollment) -> tuple[str, str, int]:
        return row.type, campus.people[row.user_id].sortable_name, row.id

    return call.bookmarked(
        sorted(rows, key=key),
        key,
        render=lambda row: enrollment_json(call, campus.courses[row.course_id], row),
    )


def enrollment_json(call: Call, course: Course, row: Enrollment) -> Json:
    """Return an enrollment with its user, and its grades as far as the viewer may read them."""
    staff = access.grades_others(call, course)
    own = row.user_id == call.viewer.id
    body = _enrollment_facts(call, row)
    if call.viewer.is_admin:
        body |= dict.fromkeys(("sis_import_id", "sis_account_id", "sis_section_id", "sis_user_id"))
        body["sis_course_id"] = course.code
        person = call.campus.people.get(row.user_id)  # None for a load-test user
        body["sis_user_id"] = person.sis_id if person else f"S{row.user_id}"
    if "can_be_removed" in call.include:
        body["can_be_removed"] = staff
    if "observed_users" in call.include and row.associated_user_id is not None:
        watched = call.campus.people[row.associated_user_id]
        theirs = [
            enrollment_json(call, course, other)
            for other in call.campus.between(watched.id, course.id)
            if other.type == "StudentEnrollment"
        ]
        body["observed_user"] = user_json(call, watched) | {"enrollments": theirs}
    if call.viewer.is_admin or (staff and call.state.settings.staff_read_sis):
        # Separate permissions; that staff have them by default is unverified (lib/api/v1/user.rb).
        person = call.campus.people[row.user_id]
        body["user"] |= {"login_id": person.login, "sis_user_id": f"S{person.id}"}
    if own or staff:
        body["last_activity_at"] = stamp(row.last_activity_at)
        body["last_attended_at"] = None
        body["total_activity_time"] = row.total_activity_time
    if row.type == "StudentEnrollment":
        body["grades"] = _grades(call, course, row, staff)
    return body


def _enrollment_facts(call: Call, row: Enrollment) -> Json:
    """Return the fields of every enrollment, in Canvas's order."""
    return {
        "id": row.id,
        "user_id": row.user_id,
        "course_id": row.course_id,
        "type": row.type,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
        "associated_user_id": row.associated_user_id,
        "start_at": stamp(row.start_at),
        "end_at": stamp(row.end_at),
        "course_section_id": row.section_id,
        "root_account_id": 1,
        "limit_privileges_to_course_section": row.limited_to_section,
        "enrollment_state": row.state,
        "role": row.role,
        "role_id": ROLE_IDS[row.type],
        "html_url": f"{call.base_url}/courses/{row.course_id}/users/{row.user_id}",
        "user": _user(call, call.campus.people[row.user_id]),
    }


def _user(call: Call, person: Person) -> Json:
    body = user_json(call, person)
    if "avatar_url" in call.include:
        body["avatar_url"] = avatar(call, person)
    if "uuid" in call.include:
        body["uuid"] = uuid(person)
    if "group_ids" in call.include:
        body["group_ids"] = []
    if "locked" in call.include:
        body["locked"] = False
    return body


def _grades(call: Call, course: Course, row: Enrollment, staff: bool) -> Json:
    """Return the totals as far as the viewer may read them.

    A course that hides its totals hides them from students and observers, but not from a parent
    linked to the student (user.rb, UserObservationLink).
    """
    body: Json = {"html_url": f"{call.base_url}/courses/{course.id}/grades/{row.user_id}"}
    linked = row.user_id in call.campus.observees.get(call.viewer.id, ())
    own = row.user_id == call.viewer.id or row.user_id in access.observed(call, course)
    if not (staff or linked or (own and not course.hide_final_grades)):
        return body
    period = None
    if wanted := call.one("grading_period_id"):
        period = next((p for p in course.grading_periods if str(p.id) == wanted), None)
    find = stored_totals if staff else effective_totals
    whole = find(call, course, row.user_id, period=period)
    body |= {
        "current_score": whole.current,
        "current_grade": letter_of(course, whole.current),
        "final_score": whole.final,
        "final_grade": letter_of(course, whole.final),
    }
    if "current_points" in call.include:
        body["current_points"] = _points(course, whole)
    if staff:
        every = stored_totals(call, course, row.user_id, unposted=True, period=period)
        body |= {
            "unposted_current_score": every.current,
            "unposted_current_grade": letter_of(course, every.current),
            "unposted_final_score": every.final,
            "unposted_final_grade": letter_of(course, every.final),
        }
        if (by_hand := course.override_scores.get(row.user_id)) is not None:
            body |= {
                "override_score": by_hand,
                "override_grade": letter_of(course, by_hand),
            }
        if "current_points" in call.include:
            body["unposted_current_points"] = _points(course, every)
    return body


def _points(course: Course, whole: Totals) -> float | None:
    """Return the points of graded work, or a percentage if groups or periods have weights.

    Source: grade_calculator.rb.
    """
    weighted = any(period.weight for period in course.grading_periods)
    return whole.current if course.apply_assignment_group_weights or weighted else whole.points


@router.post("/api/v1/courses/:course_id/enrollments")
def create(call: Call, course_id: str) -> object:
    """Enroll somebody, by invitation unless ``enrollment[enrollment_state]`` is active.

    Canvas: Enrollments.
    """
    course = access.open_course(call, course_id)
    if not access.grades_others(call, course):
        raise Forbidden
    if not any(name.startswith("enrollment[") for name in call.params):
        raise BadRequest({"message": "No parameters given"})
    kind = call.one("enrollment[type]") or "StudentEnrollment"
    if kind not in ROLE_IDS:
        raise BadRequest({"message": "Invalid type"})
    if course.has_ended(call.now):
        raise BadRequest({"message": "Can't add an enrollment to a concluded course."})
    person = access.user(call, call.one("enrollment[user_id]") or "")
    section = call.one("enrollment[course_section_id]")
    section_id = access.number(section) if section else course.section_ids[0]
    if section_id not in course.section_ids:
        raise NotFound
    active = call.one("enrollment[enrollment_state]") == "active"
    row = Enrollment(
        call.campus.fresh_id(),
        person.id,
        course.id,
        section_id,
        kind,
        "active" if active else "invited",
        call.now,
        call.now,
    )
    if kind == "StudentEnrollment":
        call.campus.expect_work(course.id, person.id)
    call.campus.enrol(row)
    return enrollment_json(call, course, row)


@router.delete("/api/v1/courses/:course_id/enrollments/:id")
def destroy(call: Call, course_id: str, id: str) -> object:
    """Conclude an enrollment, or end it as ``task`` says (Canvas: Enrollments)."""
    course = access.open_course(call, course_id)
    row = _row(call, course, id)
    if not access.grades_others(call, course):
        raise Forbidden
    task = call.one("task")
    row.state = {
        "delete": "deleted",
        "inactivate": "inactive",
        "deactivate": "inactive",
    }.get(task or "", "completed")
    row.updated_at = call.now
    return enrollment_json(call, course, row)


@router.put("/api/v1/courses/:course_id/enrollments/:id/reactivate")
def reactivate(call: Call, course_id: str, id: str) -> object:
    course = access.open_course(call, course_id)
    row = _row(call, course, id)
    if not access.grades_others(call, course):
        raise Forbidden
    if row.state != "inactive":
        raise BadRequest({"error": "enrollment not inactive"})
    row.state = "active"
    return enrollment_json(call, course, row)


@router.post("/api/v1/courses/:course_id/enrollments/:id/accept")
def accept(call: Call, course_id: str, id: str) -> object:
    return _answered(call, course_id, id, "active")


@router.post("/api/v1/courses/:course_id/enrollments/:id/reject")
def reject(call: Call, course_id: str, id: str) -> object:
    return _answered(call, course_id, id, "rejected")


def _answered(call: Call, course_id: str, enrollment_id: str, state: str) -> object:
    row = _row(call, access.open_course(call, course_id), enrollment_id)
    if row.user_id != call.viewer.id or row.state != "invited":
        raise BadRequest({"error": "no current invitation"})
    row.state = state
    return {"success": True}


def _row(call: Call, course: Course, text: str) -> Enrollment:
    row = call.campus.enrollments.get(access.number(text))
    if row is None or row.course_id != course.id:
        raise NotFound
    return row


def _bulk(call: Call) -> object:
    """List generated enrollments, as many as the load-test lists have rows; administrators only."""
    if not call.viewer.is_admin:
        raise Forbidden
    places = range(FIRST_BULK_ENROLLMENT, FIRST_BULK_ENROLLMENT + call.campus.bulk_rows)
    return call.bookmarked(Derived(places, _bulk_enrollment), lambda row: row["id"])


def _bulk_enrollment(enrollment_id: int) -> Json:
    user_id = enrollment_id - FIRST_BULK_ENROLLMENT + FIRST_BULK_USER
    user = bulk_user(user_id)
    return {
        "id": enrollment_id,
        "user_id": user_id,
        "course_id": BULK_COURSE_ID,
        "type": "StudentEnrollment",
        "created_at": user["created_at"],
        "updated_at": user["created_at"],
        "associated_user_id": None,
        "course_section_id": 90_000 + scatter(enrollment_id) % 40,
        "root_account_id": 1,
        "limit_privileges_to_course_section": False,
        "enrollment_state": "active",
        "role": "StudentEnrollment",
        "role_id": 3,
        "user": {key: user[key] for key in ("id", "name", "sortable_name", "short_name")},
        "grades": {"current_score": round(100 * chance(enrollment_id), 2), "current_grade": None},
    }
