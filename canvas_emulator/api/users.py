"""Users, profiles, colors, course nicknames and dashboard positions (Canvas: Users, Favorites)."""

import re
from typing import Any

from canvas_emulator.campus import Person
from canvas_emulator.campus.chance import scatter
from canvas_emulator.campus.people import believable_name
from canvas_emulator.resource import BadRequest, Call, NotFound, router

from . import access
from .values import avatar, stamp

Json = dict[str, Any]
_HEX = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")


def user_json(call: Call, person: Person) -> Json:
    """Return the fields that every user object has."""
    return {
        "id": person.id,
        "name": person.name,
        "created_at": stamp(person.created_at),
        "sortable_name": person.sortable_name,
        "short_name": person.name,
    }


@router.get("/api/v1/users/:id")
def show(call: Call, id: str) -> object:
    person = access.user(call, id)
    own = person.id == call.viewer.id
    if not own and not call.viewer.is_admin:
        raise NotFound
    body = user_json(call, person) | {
        "avatar_url": avatar(call, person),
        "first_name": person.first_name,
        "last_name": person.name.rpartition(" ")[2],
        "locale": person.locale,
        "permissions": {
            "can_update_name": True,
            "can_update_avatar": False,
            "limit_parent_app_web_access": False,
        },
    }
    if own:
        body["effective_locale"] = person.locale or "en"
    if person.pronouns:
        body["pronouns"] = person.pronouns
    if call.viewer.is_admin:
        body |= {
            "login_id": person.login,
            "email": f"{person.login}@example.edu",
            "sis_user_id": person.sis_id,
            "integration_id": None,
            "sis_import_id": None,
            "root_account": call.request.host,
        }
    if "uuid" in call.include:
        body["uuid"] = uuid(person)
    if "last_login" in call.include:
        body["last_login"] = stamp(call.campus.start)
    return body


@router.get("/api/v1/users/:user_id/observees")
def observees(call: Call, user_id: str) -> object:
    """List the students linked to a parent, by name (user_observees_controller.rb).

    Students whom somebody observes in single courses, without a link, are not listed.
    """
    linked = call.campus.observees.get(access.own(call, user_id).id, ())
    people = sorted(
        (call.campus.people[student_id] for student_id in linked),
        key=lambda person: (person.sortable_name.casefold(), person.id),
    )

    def render(person: Person) -> Json:
        body = user_json(call, person)
        if "avatar_url" in call.include:
            body["avatar_url"] = avatar(call, person)
        return body | {"observation_link_root_account_ids": [1]}

    return call.numbered(people, render=render)


def uuid(person: Person) -> str:
    return f"user-uuid-{person.id}"


@router.get("/api/v1/users/:user_id/profile")
def profile(call: Call, user_id: str) -> object:
    person = access.user(call, user_id)
    own = person.id == call.viewer.id
    if not own and not call.viewer.is_admin:
        raise NotFound
    body = {
        "id": person.id,
        "name": person.name,
        "short_name": person.name,
        "sortable_name": person.sortable_name,
        "avatar_url": avatar(call, person),
        "title": None,
        "bio": person.bio,
        "pronouns": person.pronouns,
        "pronunciation": None,
        "primary_email": f"{person.login}@example.edu",
        "login_id": person.login,
        "integration_id": None,
        "sis_user_id": person.sis_id if call.viewer.is_admin else None,
        "time_zone": person.time_zone,
        "locale": person.locale,
    }
    if own:
        body |= {
            "effective_locale": person.locale or "en",
            "calendar": {"ics": f"{call.base_url}/feeds/calendars/user_{person.id}.ics"},
            "lti_user_id": f"lti-{person.id}",
            "k5_user": False,
            "use_classic_font_in_k5": False,
        }
    if "uuid" in call.include:
        body["uuid"] = uuid(person)
    return body


def bulk_user(user_id: int) -> Json:
    """Return the generated user with this id, as the load-test lists show it."""
    name = believable_name(user_id)
    first, _, last = name.rpartition(" ")
    day = 1 + scatter(user_id) % 28
    return {
        "id": user_id,
        "name": name,
        "created_at": f"2025-08-{day:02d}T09:00:00Z",
        "sortable_name": f"{last}, {first}",
        "short_name": name,
        "sis_user_id": f"S{user_id}",
        "integration_id": None,
        "sis_import_id": None,
        "login_id": f"student{user_id}",
        "email": f"student{user_id}@example.edu",
        "avatar_url": f"https://canvas.example.edu/images/thumbnails/{user_id}/avatar-50.png",
    }


@router.get("/api/v1/users/:id/colors")
def colors(call: Call, id: str) -> object:
    return {"custom_colors": dict(call.campus.colours[access.own(call, id).id])}


@router.get("/api/v1/users/:id/colors/:asset_string")
def color(call: Call, id: str, asset_string: str) -> object:
    found = call.campus.colours[access.own(call, id).id].get(asset_string)
    if found is None:
        raise NotFound
    return {"hexcode": found}


@router.put("/api/v1/users/:id/colors/:asset_string")
def set_color(call: Call, id: str, asset_string: str) -> object:
    person = access.own(call, id)
    found = _HEX.fullmatch(call.one("hexcode") or "")
    if found is None:
        raise BadRequest({"message": "Invalid Hexcode Provided"})
    call.campus.colours[person.id][asset_string] = f"#{found[1]}"
    return {"hexcode": f"#{found[1]}"}


@router.get("/api/v1/users/:id/dashboard_positions")
def positions(call: Call, id: str) -> object:
    return {"dashboard_positions": dict(call.campus.positions[access.own(call, id).id])}


@router.put("/api/v1/users/:id/dashboard_positions")
def set_positions(call: Call, id: str) -> object:
    mine = call.campus.positions[access.own(call, id).id]
    for name, value in call.params.items():
        if found := re.fullmatch(r"dashboard_positions\[(\w+)\]", name):
            if not value.isdigit():
                raise BadRequest({"message": "Invalid position provided"})
            mine[found[1]] = int(value)
    return {"dashboard_positions": dict(mine)}


@router.get("/api/v1/users/self/dashboard_view")
def dashboard_view(call: Call) -> object:
    return {"dashboard_view": call.campus.dashboard_views.get(call.viewer.id, "cards")}


@router.put("/api/v1/users/self/dashboard_view")
def set_dashboard_view(call: Call) -> object:
    view = call.one("dashboard_view")
    if view not in ("activity", "cards", "planner"):
        raise BadRequest({"message": "Invalid Dashboard View Option"})
    call.campus.dashboard_views[call.viewer.id] = view
    return {"dashboard_view": view}


def _nickname(call: Call, course_id: int) -> Json:
    return {
        "course_id": course_id,
        "name": call.campus.courses[course_id].name,
        "nickname": call.campus.nicknames[call.viewer.id].get(course_id),
    }


@router.get("/api/v1/users/self/course_nicknames")
def nicknames(call: Call) -> object:
    rows = sorted(call.campus.nicknames[call.viewer.id])
    return call.numbered(rows, render=lambda course_id: _nickname(call, course_id))


@router.get("/api/v1/users/self/course_nicknames/:course_id")
def nickname(call: Call, course_id: str) -> object:
    return _nickname(call, access.open_course(call, course_id).id)


@router.put("/api/v1/users/self/course_nicknames/:course_id")
def set_nickname(call: Call, course_id: str) -> object:
    course = access.open_course(call, course_id)
    nickname = call.one("nickname")
    if not nickname or len(nickname) > 59:
        raise BadRequest({"errors": {"nickname": [{"message": "invalid nickname"}]}})
    call.campus.nicknames[call.viewer.id][course.id] = nickname
    return _nickname(call, course.id)


@router.delete("/api/v1/users/self/course_nicknames/:course_id")
def remove_nickname(call: Call, course_id: str) -> object:
    course = access.open_course(call, course_id)
    removed = call.campus.nicknames[call.viewer.id].pop(course.id, None)
    return _nickname(call, course.id) | {"nickname": removed}


@router.delete("/api/v1/users/self/course_nicknames")
def clear_nicknames(call: Call) -> object:
    call.campus.nicknames[call.viewer.id].clear()
    return {"message": "OK"}
