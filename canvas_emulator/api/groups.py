"""Student groups and the group categories (sets) they belong to (Canvas: Groups, Group Categories).

Sources: ``groups_controller.rb`` (context_index), ``lib/api/v1/group.rb`` and
``lib/api/v1/group_category.rb`` of 2026. It is unverified who may list the categories; here staff
may.
"""

from typing import Any

from canvas_emulator.campus.courses import Course, Group, GroupCategory
from canvas_emulator.resource import Call, Forbidden, NotFound, router

from . import access
from .users import user_json
from .values import stamp

Json = dict[str, Any]


@router.get("/api/v1/courses/:course_id/groups")
def groups(call: Call, course_id: str) -> object:
    """List a course's groups by category and name for everybody who may read the course."""
    course = access.open_course(call, course_id)
    rows = [row for row in call.campus.groups.values() if _course(call, row) is course]
    return call.numbered(sorted(rows, key=_place), render=lambda row: _group_json(call, row))


@router.get("/api/v1/courses/:course_id/group_categories")
def categories(call: Call, course_id: str) -> object:
    course = access.open_course(call, course_id)
    if not access.grades_others(call, course):
        raise Forbidden
    rows = [row for row in call.campus.group_categories.values() if row.course_id == course.id]
    return call.numbered(rows, render=lambda row: _category_json(call, course, row))


@router.get("/api/v1/groups/:group_id/users")
def users(call: Call, group_id: str) -> object:
    row = call.campus.groups.get(access.number(group_id))
    if row is None:
        raise NotFound
    course = access.open_course(call, str(_course(call, row).id))
    people = [call.campus.people[user_id] for user_id in _shown(call, course, row)]
    return call.numbered(people, render=lambda person: user_json(call, person))


def _place(row: Group) -> tuple[int, str]:
    return row.category_id, row.name


def _course(call: Call, row: Group) -> Course:
    return call.campus.courses[call.campus.group_categories[row.category_id].course_id]


def _shown(call: Call, course: Course, row: Group) -> list[int]:
    """Return the members by sortable name; a teacher limited to sections sees only theirs."""
    limit = access.section_limit(call, course)
    there = call.campus.active_students(course.id, limit)
    people = call.campus.people
    return sorted(there.intersection(row.members), key=lambda id_: people[id_].sortable_name)


def _group_json(call: Call, row: Group) -> Json:
    course = _course(call, row)
    members = _shown(call, course, row)
    body: Json = {
        "id": row.id,
        "name": row.name,
        "description": None,
        "is_public": False,
        "join_level": "invitation_only",
        "group_category_id": row.category_id,
        "max_membership": None,
        "created_at": stamp(course.created_at),
        "members_count": len(members),
        "storage_quota_mb": 50,
        "context_type": "Course",
        "course_id": course.id,
        "context_name": course.name,
        "avatar_url": None,
        "role": None,
        "leader": None,
        "is_full": False,
        "has_submission": False,
        "concluded": course.has_ended(call.now),
        "non_collaborative": False,
    }
    if "users" in call.include:
        body["users"] = [user_json(call, call.campus.people[id_]) for id_ in members]
    return body


def _category_json(call: Call, course: Course, row: GroupCategory) -> Json:
    return {
        "id": row.id,
        "name": row.name,
        "role": None,
        "self_signup": None,
        "group_limit": None,
        "auto_leader": None,
        "created_at": stamp(course.created_at),
        "context_type": "Course",
        "course_id": course.id,
        "protected": False,
        "allows_multiple_memberships": False,
        "is_member": any(
            call.viewer.id in group.members
            for group in call.campus.groups.values()
            if group.category_id == row.id
        ),
    }
