"""The root account and its courses (Canvas: Accounts; accounts_controller.rb, a copy of 2025).

Administrators may list accounts, teachers may read theirs by its id, and students may do neither.
The root account is the only one; Canvas does not write its SIS keys (``lib/api/v1/account.rb``).
"""

from collections.abc import Callable, Iterable
from typing import Any

from canvas_emulator.campus.courses import SHORT_TYPES, Course
from canvas_emulator.campus.crowds import FIRST_BULK_USER, Derived
from canvas_emulator.resource import BadRequest, Call, Forbidden, NotFound, router

from . import access
from .courses import WITHOUT_STATE, course_json
from .users import bulk_user

Json = dict[str, Any]
ROOT = 1
NAMES = frozenset({"self", "default", str(ROOT)})
STATES = frozenset({"created", "claimed", "available", "completed"})
"""Canvas's stored states of a course; its JSON shows ``created`` and ``claimed`` as unpublished."""
SHOWN_AS = {"created": "unpublished", "claimed": "unpublished"}
MANAGED = {
    "default_storage_quota_mb": 500,
    "default_user_storage_quota_mb": 50,
    "default_group_storage_quota_mb": 50,
}


def account_json(call: Call, *, managed: bool) -> Json:
    """Return the root account; without the right to manage it, only its basic fields."""
    body: Json = {
        "id": ROOT,
        "name": "Stand-in University",
        "workflow_state": "active",
        "parent_account_id": None,
        "root_account_id": None,
        "uuid": "account-uuid-1",
        "default_time_zone": "America/Denver",
    }
    if managed:
        body |= MANAGED
        if "lti_guid" in call.include or "lti_guid" in call.many("includes"):
            body["lti_guid"] = "account-guid-1.stand-in"
    return body


@router.get("/api/v1/accounts")
def index(call: Call) -> object:
    """List the accounts that the viewer administers; the list is empty for everybody else."""
    rows = [ROOT] if call.viewer.is_admin else []
    return call.numbered(rows, render=lambda _: account_json(call, managed=True))


@router.get("/api/v1/accounts/:id")
def show(call: Call, id: str) -> object:
    known(id)
    if not call.viewer.is_admin and not _teaches(call):
        raise Forbidden
    return account_json(call, managed=call.viewer.is_admin)


def known(text: str) -> None:
    """Raise NotFound unless the text names the root account."""
    if text in NAMES:
        return
    if access.number(text) != ROOT:
        raise NotFound


def _teaches(call: Call) -> bool:
    """Return whether the viewer teaches, assists or designs a course, and so may read accounts."""
    return any(row.type in WITHOUT_STATE for row in call.campus.enrollments_of(call.viewer.id))


@router.get("/api/v1/accounts/:account_id/courses")
def courses_of_account(call: Call, account_id: str) -> object:
    """List every course for administrators; Canvas does not count them (``total_entries: nil``)."""
    known(account_id)
    if not call.viewer.is_admin:
        raise Forbidden
    rows = [course for course in call.campus.courses.values() if _wanted(call, course)]
    rows.sort(key=_order(call), reverse=bool(call.one("sort")) and call.one("order") == "desc")
    return call.numbered(
        rows, render=lambda course: _in_account(call, course), in_memory=False, counted=False
    )


@router.get("/api/v1/accounts/:account_id/users")
def account_users(call: Call, account_id: str) -> object:
    """List generated users, as many as the load-test lists have rows; administrators only."""
    if not call.viewer.is_admin:
        raise Forbidden
    known(account_id)
    rows = Derived(range(FIRST_BULK_USER, FIRST_BULK_USER + call.campus.bulk_rows), bulk_user)
    return call.numbered(rows)


def _in_account(call: Call, course: Course) -> Json:
    """Return a course's JSON without enrollments, which Canvas does not load for this list."""
    body = course_json(call, (course, []), call.viewer)
    for name in ("enrollments", "sections", "needs_grading_count"):
        body.pop(name, None)
    return body


def _wanted(call: Call, course: Course) -> bool:
    return (
        course.workflow_state in _states(call)
        and _in_term(call, course)
        and _peopled(call, course)
        and _found(call, course)
    )


def _states(call: Call) -> frozenset[str]:
    """Return the requested states as courses show them; by default all except deleted."""
    asked = frozenset(call.many("state")) or STATES
    if "all" in asked:
        asked = STATES | {"deleted"}
    if call.one("published") is not None:
        available = frozenset({"available"})
        asked = asked & available if call.flag("published") else asked - available
    return frozenset(SHOWN_AS.get(state, state) for state in asked)


def _in_term(call: Call, course: Course) -> bool:
    term = call.one("enrollment_term_id")
    ended = call.one("completed")
    return (term is None or access.number(term) == course.term.id) and (
        ended is None or call.flag("completed") == course.has_ended(call.now)
    )


def _peopled(call: Call, course: Course) -> bool:
    """Return whether the course's enrollments match the filters."""
    rows = [row for row in call.campus.enrollments_in(course.id) if row.state != "deleted"]
    peopled = call.one("with_enrollments")
    kinds = {name for name, short in SHORT_TYPES.items() if short in call.many("enrollment_type")}
    teachers = access.numbers(call.many("by_teachers"))
    taught_by = {row.user_id for row in rows if row.type == "TeacherEnrollment"}
    return (
        (peopled is None or call.flag("with_enrollments") == bool(rows))
        and (not kinds or any(row.type in kinds for row in rows))
        and (not teachers or not taught_by.isdisjoint(teachers))
    )


def _found(call: Call, course: Course) -> bool:
    """Return whether the course matches ``search_term``; without one every course does.

    The term may be part of the name, code or SIS id, the whole id, or, with ``search_by=teacher``,
    part of a teacher's name. The documentation requires three characters, but the code does not
    (``search_term_helper.rb``). Raises BadRequest for a list in place of a text.
    """
    if call.params.getlist("search_term[]"):
        error = {
            "field": "search_term",
            "code": "invalid",
            "message": "3 or more characters is required",
        }
        raise BadRequest({"errors": [error]})
    term = call.one("search_term")
    if term is None:
        return True
    if call.one("search_by") == "teacher":
        return _holds(_teachers_of(call, course), term)
    return term == str(course.id) or _holds((course.name, course.code), term)


def _teachers_of(call: Call, course: Course) -> list[str]:
    return sorted(
        call.campus.people[row.user_id].name
        for row in call.campus.enrollments_in(course.id)
        if row.type == "TeacherEnrollment" and row.state == "active"
    )


def _holds(texts: Iterable[str], term: str) -> bool:
    return any(term.casefold() in text.casefold() for text in texts)


def _order(call: Call) -> Callable[[Course], Any]:
    match call.one("sort"):
        case "course_name":
            return lambda course: (course.name.casefold(), course.id)
        case "sis_course_id":
            return lambda course: (course.code, course.id)
        case "teacher":
            return lambda course: (*_teachers_of(call, course)[:1], "", course.id)
        case "term":
            return lambda course: (course.term.name.casefold(), course.id)
    return lambda course: course.id
