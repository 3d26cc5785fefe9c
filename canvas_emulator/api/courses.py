"""Courses, favorites, dashboard, sections, grading periods and rosters (Canvas: Courses)."""

from collections.abc import Callable, Iterable
from typing import Any

from canvas_emulator.campus import Person
from canvas_emulator.campus.courses import (
    ROLE_IDS,
    SHORT_TYPES,
    Course,
    Enrollment,
    Span,
    effective_state,
)
from canvas_emulator.campus.coursework import is_missing
from canvas_emulator.campus.grades import (
    Totals,
    current_period,
    letter_of,
    scheme_letter,
    scheme_of,
)
from canvas_emulator.resource import BadRequest, Call, Forbidden, router

from . import access
from .enrollments import enrollment_json
from .stored import effective_totals
from .values import avatar, rich, stamp, user_display

Json = dict[str, Any]
Membership = tuple[Course, list[Enrollment]]
SHOWN = frozenset({"active", "invited", "creation_pending"})
"""Stored states of the enrollments that a course shows when it is requested by its id."""
STORED = {
    "available": frozenset({"active", "invited"}),
    "unpublished": SHOWN,
    "completed": frozenset({"active", "completed"}),
    "deleted": frozenset({"deleted"}),
}
"""For each state of a course, the stored states of the enrollments that put it into a list."""
WITHOUT_STATE = ("TeacherEnrollment", "TaEnrollment", "DesignerEnrollment")


@router.get("/api/v1/courses")
def index(call: Call) -> object:
    return _listed(call, call.viewer)


@router.get("/api/v1/users/:user_id/courses")
def index_of_user(call: Call, user_id: str) -> object:
    return _listed(call, access.own(call, user_id))


@router.get("/api/v1/courses/:id")
def show(call: Call, id: str) -> object:
    course = access.existing_course(call, id)
    rows = call.campus.between(call.viewer.id, course.id)
    if not access.readable(call, course):
        raise Forbidden
    # Canvas leaves out enrollments stored as completed or inactive (courses_controller.rb, show).
    body = course_json(call, (course, [row for row in rows if row.state in SHOWN]), call.viewer)
    if "permissions" in call.include:
        staff = access.grades_others(call, course)
        body["permissions"] = {"create_discussion_topic": True, "create_announcement": staff}
    return body


def _listed(call: Call, person: Person) -> object:
    rows = memberships(call, person)
    rows.sort(key=lambda row: (_shown_name(call, row[0], person).casefold(), row[0].id))
    return call.numbered(rows, render=lambda row: course_json(call, row, person), in_memory=True)


def memberships(call: Call, person: Person) -> list[Membership]:
    """Return the courses that match the filters, each with the person's enrollments there."""
    by_course: dict[int, list[Enrollment]] = {}
    states = set(call.many("state"))
    kinds = _kinds(call)
    watched = call.one("observed_user_id")
    watched_id = access.user(call, watched).id if watched else person.id
    for row in () if call.flag("homeroom") else call.campus.enrollments_of(person.id):
        course = call.campus.courses[row.course_id]
        if kinds and row.type not in kinds:
            continue
        if watched_id not in (person.id, row.associated_user_id):
            continue
        if _stored(row, course, states) and _in_state(call, row, course):
            by_course.setdefault(course.id, []).append(row)
    return [(call.campus.courses[key], rows) for key, rows in by_course.items()]


def _kinds(call: Call) -> set[str]:
    """Return the enrollment types requested by role or role id, or else those requested by type."""
    ids = call.many("enrollment_role_id")
    by_role = set(call.many("enrollment_role")) | {
        name for name, role_id in ROLE_IDS.items() if str(role_id) in ids
    }
    by_type = {name for name, short in SHORT_TYPES.items() if short in call.many("enrollment_type")}
    return by_role or by_type


def _stored(row: Enrollment, course: Course, states: set[str]) -> bool:
    """Return whether the stored states of course and enrollment put the course into the list.

    ``state[]`` filters by both. Without it the list has active and invited enrollments of
    available courses, and for staff also of unpublished ones (courses_controller.rb,
    courses_for_user).
    """
    state = course.workflow_state
    if states:
        return state in states and row.state in STORED[state]
    if state == "unpublished" and row.type not in WITHOUT_STATE:
        return False
    return state in ("available", "unpublished") and row.state in STORED["available"]


def _in_state(call: Call, row: Enrollment, course: Course) -> bool:
    """Return whether ``enrollment_state`` keeps the row, judged by the state its dates lead to."""
    effective = effective_state(row, course, call.now)
    match call.one("enrollment_state"):
        case "active":
            return effective == "active"
        case "invited_or_pending":
            return effective in ("invited", "pending_invited", "pending_active")
        case "completed":
            return effective == "completed"
    return True


def _shown_name(call: Call, course: Course, person: Person) -> str:
    return call.campus.nicknames[person.id].get(course.id, course.name)


def course_json(call: Call, membership: Membership, person: Person) -> Json:
    """Return a course as ``lib/api/v1/course_json.rb`` writes it, or the stub of a closed one."""
    course, rows = membership
    if rows and person.id == call.viewer.id and access.restricted(call, course, rows):
        return {"id": course.id, "access_restricted_by_date": True}
    name = _shown_name(call, course, person)
    body = _course_facts(call, course, name)
    if name != course.name:
        body["original_name"] = course.name
    if call.viewer.is_admin:
        body |= {"sis_course_id": course.code, "integration_id": None, "sis_import_id": None}
    shown = rows + (_observed_rows(call, rows) if "observed_users" in call.include else [])
    body["enrollments"] = [_enrollment_json(call, course, row) for row in shown]
    body.update(_included(call, course, rows, person))
    return body


def _course_facts(call: Call, course: Course, name: str) -> Json:
    """Return the fields of every course, in Canvas's order."""
    return {
        "id": course.id,
        "name": name,
        "account_id": 1,
        "uuid": f"course-uuid-{course.id}",
        "start_at": stamp(course.start_at),
        "grading_standard_id": 1 if course.grading_standard else None,
        "is_public": course.is_public,
        "created_at": stamp(course.created_at),
        "course_code": course.code,
        "default_view": "modules" if course.modules else "assignments",
        "root_account_id": 1,
        "enrollment_term_id": course.term.id,
        "license": "private",
        "grade_passback_setting": None,
        "end_at": stamp(course.end_at),
        "public_syllabus": course.public_syllabus,
        "public_syllabus_to_auth": False,
        "storage_quota_mb": 500,
        "is_public_to_auth_users": False,
        "homeroom_course": False,
        "course_color": None,
        "friendly_name": None,
        "template": False,
        "apply_assignment_group_weights": course.apply_assignment_group_weights,
        "calendar": {"ics": f"{call.base_url}/feeds/calendars/course_{course.id}.ics"},
        "time_zone": course.time_zone,
        "blueprint": False,
        "hide_final_grades": course.hide_final_grades,
        "workflow_state": course.workflow_state,
        "restrict_enrollments_to_course_dates": course.restrict_enrollments_to_course_dates,
    }


def _observed_rows(call: Call, rows: list[Enrollment]) -> list[Enrollment]:
    """Return the enrollments of the students whom these enrollments observe."""
    return [
        theirs
        for row in rows
        if row.associated_user_id is not None
        for theirs in call.campus.between(row.associated_user_id, row.course_id)
        if theirs.type == "StudentEnrollment"
    ]


def _included(call: Call, course: Course, rows: list[Enrollment], person: Person) -> Json:
    found: Json = {}
    for names, write in INCLUDES:
        if names <= call.include:
            found.update(write(call, course, rows, person))
    return found


def _term(call: Call, course: Course, rows: list[Enrollment], person: Person) -> Json:
    start_at, end_at = _term_span(course, rows)
    return {
        "term": {
            "id": course.term.id,
            "name": course.term.name,
            "start_at": stamp(start_at),
            "end_at": stamp(end_at),
            "created_at": stamp(course.created_at),
            "workflow_state": "active",
            "grading_period_group_id": None,
        }
    }


def _total_students(call: Call, course: Course, rows: list[Enrollment], person: Person) -> Json:
    students = {
        row.user_id
        for row in call.campus.enrollments_in(course.id)
        if row.type == "StudentEnrollment" and row.state in SHOWN
    }
    return {"total_students": len(students)}


def _restricts(call: Call, course: Course, rows: list[Enrollment], person: Person) -> Json:
    # True for teachers too; only account administrators are exempt (course.rb).
    restricted = course.restrict_quantitative_data and not call.viewer.is_admin
    return {"restrict_quantitative_data": restricted}


def _grading_scheme(call: Call, course: Course, rows: list[Enrollment], person: Person) -> Json:
    # The default scheme appears even when the course uses none (lib/api/v1/course.rb).
    return {
        "grading_scheme": [[name, least] for name, least in scheme_of(course)],
        "points_based_grading_scheme": course.scaling_factor is not None,
        "scaling_factor": course.scaling_factor or 1.0,
    }


def _needs_grading(call: Call, course: Course, rows: list[Enrollment], person: Person) -> Json:
    if not access.grades_others(call, course):
        return {}
    campus, limit = call.campus, access.section_limit(call, course)
    # Unpublished work counts too (needs_grading_count_query.rb).
    counted = sum(campus.needs_grading(work, limit) for work in campus.work_of(course.id))
    return {"needs_grading_count": counted}


def _period_flags(call: Call, course: Course, rows: list[Enrollment], person: Person) -> Json:
    weighted = not course.own_grading_periods and any(p.weight for p in course.grading_periods)
    return {
        "has_grading_periods": bool(course.grading_periods),
        "multiple_grading_periods_enabled": bool(course.grading_periods),
        "has_weighted_grading_periods": weighted,
    }


def _term_periods(call: Call, course: Course, rows: list[Enrollment], person: Person) -> Json:
    # Only the term's grading periods, never a course's own (lib/api/v1/course.rb).
    every = [] if course.own_grading_periods else _periods(call, course)
    kept = ("id", "title", "start_date", "end_date")
    return {
        "grading_periods": [
            {name: period[name] for name in kept} | {"workflow_state": "active"} for period in every
        ]
    }


Include = Callable[[Call, Course, list[Enrollment], Person], Json]


def _includes() -> list[tuple[frozenset[str], Include]]:
    """Return what ``include[]`` adds, in Canvas's order.

    Each entry has the names that must all be requested, and the function that writes its fields.
    """
    account = {"id": 1, "name": "Stand-in University", "workflow_state": "active"}
    found: dict[str, Include] = {
        "term": _term,
        "favorites": lambda call, course, rows, person: {
            "is_favorite": course.id in call.campus.favourites.get(person.id, ())
        },
        "concluded": lambda call, course, *_: {"concluded": course.has_ended(call.now)},
        "total_students": _total_students,
        "teachers": lambda call, course, *_: _teachers(call, course),
        "sections": lambda call, course, rows, _: {"sections": _sections(call, course, rows)},
        "course_progress": lambda call, course, rows, _: {
            "course_progress": _progress(call, course, rows)
        },
        "course_image": lambda *_: {"image_download_url": None},
        "banner_image": lambda *_: {"banner_image_download_url": None},
        "syllabus_body": lambda call, course, *_: {
            "syllabus_body": rich(call, course.syllabus_body)
        },
        "public_description": lambda _, course, *__: {
            "public_description": course.public_description
        },
        "restrict_quantitative_data": _restricts,
        "grading_scheme": _grading_scheme,
        "account": lambda *_: {"account": account},
        "storage_quota_used_mb": lambda *_: {"storage_quota_used_mb": 0},
        "post_manually": lambda *_: {"post_manually": False},
        "tabs": lambda call, course, *_: {"tabs": _tabs(call, course)},
        "needs_grading_count": _needs_grading,
        "current_grading_period_scores total_scores": _period_flags,
        "grading_periods": _term_periods,
    }
    return [(frozenset(names.split()), write) for names, write in found.items()]


INCLUDES = _includes()


def _term_span(course: Course, rows: list[Enrollment]) -> Span:
    """Return the widest dates that the term has for the types of these enrollments (course.rb)."""
    found = [course.term.span(row.type) for row in rows]
    if not found:
        return course.term.start_at, course.term.end_at
    starts = [start for start, _ in found if start]
    ends = [end for _, end in found if end]
    return (
        min(starts) if len(starts) == len(found) else None,
        max(ends) if len(ends) == len(found) else None,
    )


def _sections(call: Call, course: Course, rows: list[Enrollment]) -> list[Json]:
    """Return the person's sections with their roles, or every section if no enrollment is shown."""
    places: list[tuple[int, Json]] = [
        (row.section_id, {"enrollment_role": row.type}) for row in rows
    ] or [(section_id, {}) for section_id in course.section_ids]
    return [
        {
            "id": section_id,
            "name": call.campus.sections[section_id].name,
            "start_at": stamp(call.campus.sections[section_id].start_at),
            "end_at": stamp(call.campus.sections[section_id].end_at),
            **role,
        }
        for section_id, role in places
    ]


def _tabs(call: Call, course: Course) -> list[Json]:
    """Return the course's navigation (doc/api/tabs)."""
    path = f"/courses/{course.id}"
    places = [("home", "Home", path)] + [
        (name.lower(), name, f"{path}/{name.lower()}")
        for name in ("Announcements", "Assignments", "Grades", "People")
    ]
    return [
        {
            "id": key,
            "html_url": url,
            "full_url": f"{call.base_url}{url}",
            "position": position,
            "visibility": "public",
            "label": label,
            "type": "internal",
        }
        for position, (key, label, url) in enumerate(places, 1)
    ]


def _teachers(call: Call, course: Course) -> Json:
    teachers = call.campus.teachers_of(course.id)
    limit = call.one("teacher_limit")
    if limit and limit.isdigit() and len(teachers) > int(limit):
        return {"teacher_count": len(teachers)}
    return {"teachers": [user_display(call, row) for row in teachers]}


def _progress(call: Call, course: Course, rows: list[Enrollment]) -> Json:
    if not course.modules or not any(row.type == "StudentEnrollment" for row in rows):
        message = "no progress available because this course is not module based"
        return {"error": {"message": message}}
    past = [
        work
        for work in call.campus.work_of(course.id)
        if work.due_at and work.due_at < call.now and work.published
    ]
    done = len(past)
    for work in past:
        row = call.campus.submission(work, call.viewer.id)
        done -= row is not None and is_missing(row, work, call.now)
    total = len(call.campus.work_of(course.id))
    url = f"{call.base_url}/courses/{course.id}/modules/items/{course.id}"
    return {
        "requirement_count": total,
        "requirement_completed_count": done,
        "next_requirement_url": None if done >= total else url,
        "completed_at": None,
    }


def _enrollment_json(call: Call, course: Course, row: Enrollment) -> Json:
    body: Json = {
        "type": row.short_type,
        "role": row.role,
        "role_id": ROLE_IDS[row.type],
        "user_id": row.user_id,
        "enrollment_state": row.state,
        "limit_privileges_to_course_section": row.limited_to_section,
    }
    if row.type == "ObserverEnrollment":
        body["associated_user_id"] = row.associated_user_id
    if row.type == "StudentEnrollment" and "total_scores" in call.include:
        if not course.hide_final_grades:
            whole = effective_totals(call, course, row.user_id)
            body.update(_scores(course, whole, "computed"))
            # Canvas writes a letter even where no scheme is enabled (course_json.rb).
            body["computed_current_letter_grade"] = scheme_letter(course, whole.current)
        if "current_grading_period_scores" in call.include:
            body.update(_period_scores(call, course, row))
    return body


def _scores(course: Course, whole: Totals, prefix: str) -> Json:
    """Return the total and its grade.

    ``restrict_quantitative_data`` does not change them in Canvas: it leaves the hiding to clients.
    """
    return {
        f"{prefix}_current_score": whole.current,
        f"{prefix}_current_grade": letter_of(course, whole.current),
        f"{prefix}_final_score": whole.final,
        f"{prefix}_final_grade": letter_of(course, whole.final),
    }


def _period_scores(call: Call, course: Course, row: Enrollment) -> Json:
    period = current_period(course, call.now)
    body: Json = {
        "has_grading_periods": bool(course.grading_periods),
        "multiple_grading_periods_enabled": bool(course.grading_periods),
        "current_grading_period_title": period.title if period else None,
        "current_grading_period_id": period.id if period else None,
    }
    if course.hide_final_grades:
        return body
    body["totals_for_all_grading_periods_option"] = True
    if period is None:
        empty = Totals(None, None, 0.0)
        return body | _scores(course, empty, "current_period_computed")
    part = effective_totals(call, course, row.user_id, period=period)
    return body | _scores(course, part, "current_period_computed")


# Favorites, dashboard (Canvas: Favorites)


def menu(call: Call) -> list[Membership]:
    """Return the courses of the menu: the favorites, or all active ones if none are chosen."""
    chosen = call.campus.favourites.get(call.viewer.id)
    every: list[Membership] = []
    for course_id in dict.fromkeys(
        row.course_id for row in call.campus.enrollments_of(call.viewer.id)
    ):
        course = call.campus.courses[course_id]
        rows = [
            row
            for row in call.campus.between(call.viewer.id, course_id)
            if effective_state(row, course, call.now) in ("active", "invited")
        ]
        if rows and course.workflow_state == "available":
            every.append((course, rows))
    if chosen:
        every = [row for row in every if row[0].id in chosen]
    return sorted(every, key=lambda row: _shown_name(call, row[0], call.viewer).casefold())


@router.get("/api/v1/users/self/favorites/courses")
def favourites(call: Call) -> object:
    found = [course_json(call, row, call.viewer) for row in menu(call)]
    if "enrollments" in call.many("exclude"):
        for row in found:
            row.pop("enrollments", None)
    return found


@router.post("/api/v1/users/self/favorites/courses/:id")
def favour(call: Call, id: str) -> object:
    course = access.open_course(call, id)
    chosen = call.campus.favourites.setdefault(call.viewer.id, [])
    if course.id not in chosen:
        chosen.append(course.id)
    return {"context_id": course.id, "context_type": "Course"}


@router.delete("/api/v1/users/self/favorites/courses/:id")
def unfavour(call: Call, id: str) -> object:
    course_id = access.number(id)
    chosen = call.campus.favourites.get(call.viewer.id)
    if not chosen:
        # The first removal turns the automatic list into a chosen one.
        chosen = [course.id for course, _ in menu(call)]
        call.campus.favourites[call.viewer.id] = chosen
    if course_id not in chosen:
        return {}
    chosen.remove(course_id)
    return {"context_id": course_id, "context_type": "Course"}


@router.delete("/api/v1/users/self/favorites/courses")
def reset_favourites(call: Call) -> object:
    call.campus.favourites.pop(call.viewer.id, None)
    return {"status": "ok"}


@router.get("/api/v1/dashboard/dashboard_cards")
def dashboard_cards(call: Call) -> object:
    cards = [_card(call, course, rows[0]) for course, rows in menu(call)][:50]
    return sorted(cards, key=lambda card: (card["position"] is None, card["position"] or 0))


def _card(call: Call, course: Course, row: Enrollment) -> Json:
    viewer = call.viewer.id
    staff = access.grades_others(call, course)
    return {
        "longName": f"{course.name} - {course.code}",
        "shortName": _shown_name(call, course, call.viewer),
        "originalName": course.name,
        "courseCode": course.code,
        "assetString": course.asset_string,
        "href": f"/courses/{course.id}",
        "term": None if course.term.id == 1 else course.term.name,
        "subtitle": f"enrolled as: {row.short_type.capitalize()}",
        "enrollmentState": row.state,
        "enrollmentType": row.type,
        "observee": None,
        "id": course.id,
        "isFavorited": course.id in call.campus.favourites.get(viewer, ()),
        "isK5Subject": False,
        "isHomeroom": False,
        "useClassicFont": False,
        "canManage": staff,
        "canReadAnnouncements": True,
        "image": None,
        "color": None,
        "position": call.campus.positions[viewer].get(course.asset_string),
        "published": course.workflow_state != "unpublished",
        "links": _card_links(course),
        "canChangeCoursePublishState": staff,
        "defaultView": "assignments",
        "pagesUrl": f"{call.base_url}/courses/{course.id}/pages",
        "frontPageTitle": None,
    }


def _card_links(course: Course) -> list[Json]:
    return [
        {
            "css_class": css,
            "icon": f"icon-{icon}",
            "hidden": None,
            "path": f"/courses/{course.id}/{css}",
            "label": label,
        }
        for css, icon, label in (
            ("announcements", "announcement", "Announcements"),
            ("assignments", "assignment", "Assignments"),
        )
    ]


# Sections, grading periods, roster


@router.get("/api/v1/courses/:course_id/sections")
def sections(call: Call, course_id: str) -> object:
    """List a course's sections; ``include[]=students`` brings everybody in each, in no pages.

    With ``enrollments`` each student has their enrollment in that section, with the totals of
    the course's list of enrollments. No stored state is left out but ``deleted``, and no section,
    whoever asks; a section without students has null (``sections_controller.rb``,
    ``lib/api/v1/section.rb``, ``lib/api/v1/user.rb``).
    """
    course = access.open_course(call, course_id)
    # Canvas lists every section by name, also to staff limited to some (sections_controller.rb).
    rows = sorted(call.campus.sections_of(course.id), key=lambda row: (row.name.casefold(), row.id))
    with_count = "total_students" in call.include

    def render(section: Any) -> Json:
        body = {
            "id": section.id,
            "course_id": course.id,
            "name": section.name,
            "start_at": stamp(section.start_at),
            "end_at": stamp(section.end_at),
            "created_at": stamp(course.created_at),
            "restrict_enrollments_to_section_dates": section.restrict_enrollments_to_section_dates,
            "nonxlist_course_id": None,
        }
        if with_count:
            body["total_students"] = sum(
                row.section_id == section.id
                and row.type == "StudentEnrollment"
                and row.state in SHOWN
                for row in call.campus.enrollments_in(course.id)
            )
        if "students" in call.include and access.grades_others(call, course):
            body["students"] = _students_in(call, course, section.id) or None
        return body

    return call.numbered(rows, render=render)


def _students_in(call: Call, course: Course, section_id: int) -> list[Json]:
    found = []
    for row in call.campus.enrollments_in(course.id):
        here = row.section_id == section_id and row.state != "deleted"
        if here and row.type == "StudentEnrollment":
            enrollment = enrollment_json(call, course, row)
            student = enrollment.pop("user")
            more = {"enrollments": [enrollment]} if "enrollments" in call.include else {}
            found.append(student | more)
    return found


def _periods(call: Call, course: Course) -> list[Json]:
    return [
        {
            "id": period.id,
            "title": period.title,
            "start_date": stamp(period.start_at),
            "end_date": stamp(period.end_at),
            "close_date": stamp(period.close_date or period.end_at),
            "weight": period.weight,
            "is_closed": period.closed(call.now),
            "is_last": period is course.grading_periods[-1],
        }
        for period in course.grading_periods
    ]


@router.get("/api/v1/courses/:course_id/grading_periods")
def grading_periods(call: Call, course_id: str) -> object:
    """List the grading periods, wrapped in an object (doc/api/grading_periods)."""
    course = access.open_course(call, course_id)
    return call.wrapped("grading_periods", call.numbered(_periods(call, course)))


@router.get("/api/v1/courses/:course_id/users")
@router.get("/api/v1/courses/:course_id/search_users")
def users(call: Call, course_id: str) -> object:
    course = access.open_course(call, course_id)
    rows = _roster(call, course)
    # With user_id Canvas returns the page that contains this person (Canvas: Courses).
    wanted = call.one("user_id")
    place = next((at for at, row in enumerate(rows) if str(row.id) == wanted), None)
    return call.numbered(
        rows, holding=place, render=lambda person: _roster_json(call, course, person)
    )


def _roster(call: Call, course: Course) -> list[Person]:
    kinds = _kinds(call)
    test_student = "StudentViewEnrollment" in kinds or "test_student" in call.include
    states = set(call.many("enrollment_state")) or {"active", "invited"}
    limit = access.section_limit(call, course)
    wanted = {access.number(text) for text in call.many("user_ids")}
    term = (call.one("search_term") or "").casefold()
    if term and len(term) < 2:
        raise BadRequest(
            {"errors": [{"message": "search_term of 2 or more characters is required"}]}
        )
    ids = {
        row.user_id
        for row in call.campus.enrollments_in(course.id)
        if row.state in states
        and (not kinds or row.type in kinds)
        and (test_student or row.type != "StudentViewEnrollment")
        and (limit is None or row.section_id in limit)
        and (not wanted or row.user_id in wanted)
    }
    people: Iterable[Person] = (call.campus.people[user_id] for user_id in ids)
    if term:
        people = (row for row in people if term in row.name.casefold())
    return sorted(people, key=lambda row: (row.sortable_name.casefold(), row.id))


def _roster_json(call: Call, course: Course, person: Person) -> Json:
    from .enrollments import enrollment_json
    from .users import user_json, uuid

    body = user_json(call, person)
    if "email" in call.include and access.grades_others(call, course):
        body["email"] = f"{person.login}@example.edu"
    if "avatar_url" in call.include:
        body["avatar_url"] = avatar(call, person)
    if "bio" in call.include:
        body["bio"] = person.bio
    if "uuid" in call.include:
        body["uuid"] = uuid(person)
    if "enrollments" in call.include:
        # Active and pending ones, or those in the requested states (courses_controller.rb, users).
        states = set(call.many("enrollment_state")) or SHOWN
        body["enrollments"] = [
            enrollment_json(call, course, row)
            for row in call.campus.between(person.id, course.id)
            if row.state in states
        ]
    return body
