"""To-do items, their counts, upcoming events and missing submissions (Canvas: Users)."""

import math
from datetime import timedelta
from typing import Any

from canvas_emulator.campus.courses import Course
from canvas_emulator.campus.coursework import (
    Assignment,
    Checkpoint,
    Submission,
    is_late,
    is_missing,
    on_missing_list,
)
from canvas_emulator.campus.grades import current_period, period_of
from canvas_emulator.resource import BadRequest, Call, Forbidden, router

from . import access
from .assignments import all_dates, assignment_json
from .calendar import assignment_event, event_json
from .courses import course_json
from .planner import each_part, override_json, override_of
from .values import stamp

Json = dict[str, Any]
Todo = tuple[Assignment, str]
KEPT_SECONDS = 180
TODO_BACK, TODO_AHEAD = timedelta(days=28), timedelta(days=7)
STAFF = ("TeacherEnrollment", "TaEnrollment")


def todos(call: Call, only: Course | None = None) -> list[Todo]:
    """Return the viewer's to-do items: work to grade as a teacher, work to hand in as a student.

    Work to hand in is due between four weeks ago and a week ahead. A discussion with checkpoints
    is replaced by its checkpoints; whether Canvas lists the discussion for grading as well is not
    known. With ``course_ids`` of which none names a course the list is empty (users_controller.rb,
    todo_items).
    """
    campus, me = call.campus, call.viewer.id
    found: list[Todo] = []
    for course in campus.courses_where(me, call.now, STAFF):
        if only is None or course is only:
            limit = access.section_limit(call, course)
            found += [
                (work, "grading")
                for work in each_part(campus.work_of(course.id))
                if work.published and campus.needs_grading(work, limit)
            ]
    for course in campus.courses_where(me, call.now):
        if only is None or course is only:
            found += [
                (work, "submitting")
                for work in each_part(campus.work_of(course.id))
                if _to_hand_in(call, work)
            ]
    asked = call.many("course_ids")
    chosen = access.numbers(asked)
    return [
        row
        for row in found
        if row[0].id not in campus.ignored[me] and (not asked or row[0].course_id in chosen)
    ]


def _to_hand_in(call: Call, work: Assignment) -> bool:
    """Return whether the viewer's list of work to hand in contains the work.

    It must be unlocked, not excused and not handed in yet; it need not be graded. Work for which
    Canvas takes no submissions is listed only until it is due.
    """
    me, now = call.viewer.id, call.now
    due = work.due_for(me)
    if not work.published or not work.is_for(me) or work.locked(now) or due is None:
        return False
    if not now - TODO_BACK <= due <= now + TODO_AHEAD:
        return False
    row = call.campus.submission(work, me)
    waits = row is not None and row.submitted_at is None and not row.excused
    return waits and (work.submittable or due >= now)


@router.get("/api/v1/users/self/todo")
def index(call: Call) -> object:
    return _listed(call, todos(call))


@router.get("/api/v1/courses/:course_id/todo")
def index_of_course(call: Call, course_id: str) -> object:
    return _listed(call, todos(call, access.open_course(call, course_id)))


def _listed(call: Call, rows: list[Todo]) -> object:
    def key(row: Todo) -> tuple[str, int]:
        return stamp(row[0].due_for(call.viewer.id)) or "~", row[0].id

    return call.bookmarked(sorted(rows, key=key), key, render=lambda row: _todo_json(call, row))


def _todo_json(call: Call, row: Todo) -> Json:
    work, kind = row
    course = call.campus.courses[work.course_id]
    ignore = f"{call.base_url}/api/v1/users/self/todo/assignment_{work.id}/{kind}?permanent="
    staff = access.grades_others(call, course)
    dates = all_dates(work, work.due_for(access.due_subject(call, course)), staff)
    body: Json = {
        "context_type": "Course",
        "course_id": course.id,
        "context_name": course.name,
        "context_short_name": course.code,
        "type": kind,
        "ignore": f"{ignore}0",
        "ignore_permanently": f"{ignore}1",
        "assignment": assignment_json(call, course, work) | dates,
        "html_url": f"{call.base_url}/courses/{course.id}/assignments/{work.id}",
    }
    if isinstance(work, Checkpoint):
        body |= {"checkpoint_label": work.tag, "parent_assignment_id": work.parent_id}
    if kind == "grading":
        body["needs_grading_count"] = body["assignment"]["needs_grading_count"]
        body["html_url"] = body["assignment"]["speed_grader_url"]
    else:
        body["html_url"] += "#submit"
    return body


@router.delete("/api/v1/users/self/todo/:asset_string/:purpose")
def ignore(call: Call, asset_string: str, purpose: str) -> object:
    if purpose not in ("grading", "submitting", "reviewing", "moderation"):
        raise BadRequest({"ignored": False})
    call.campus.ignored[call.viewer.id].add(access.number(asset_string.removeprefix("assignment_")))
    return {"ignored": True}


@router.get("/api/v1/users/self/todo_item_count")
def count(call: Call) -> object:
    rows = todos(call)
    return {
        "needs_grading_count": sum(kind == "grading" for _, kind in rows),
        "assignments_needing_submitting": sum(kind == "submitting" for _, kind in rows),
    }


@router.get("/api/v1/users/self/upcoming_events")
def upcoming_events(call: Call) -> object:
    """List the coming week, unpaginated, as it was up to three minutes ago (Canvas: Users)."""
    told, now = call.state.upcoming, call.state.clock.seconds()
    at, rows = told.get(call.viewer.id, (-math.inf, None))
    if not 0 <= now - at < KEPT_SECONDS:
        rows = _coming_week(call)
        told[call.viewer.id] = now, rows
    return rows


def _coming_week(call: Call) -> list[Json]:
    campus, me = call.campus, call.viewer.id
    kinds = (*STAFF, "StudentEnrollment")
    courses = {course.id: course for course in campus.courses_where(me, call.now, kinds)}
    soon = call.now + timedelta(days=7)
    found: list[Json] = [
        event_json(call, event)
        for event in campus.events.values()
        if call.now <= event.start_at <= soon
        and (event.user_id == me or event.course_id in courses)
        and access.gets_event(call, event, call.viewer)
        and not access.replaced(call, event, call.viewer)
    ]
    for course in courses.values():
        for work in campus.work_of(course.id):
            due = work.due_for(access.due_subject(call, course))
            if due and call.now <= due <= soon and access.sees(call, course, work):
                found.append(assignment_event(call, course, work))
    return sorted(found, key=lambda row: (row["start_at"], str(row["id"])))


@router.get("/api/v1/users/:user_id/missing_submissions")
def missing(call: Call, user_id: str) -> object:
    person = access.user(call, user_id)
    asked = call.many("course_ids")
    chosen = set(access.numbers(asked))
    if watched := call.one("observed_user_id"):
        person = access.user(call, watched)
        # Courses in which the viewer does not observe the student are dropped; 403 if none remains.
        chosen &= _observing(call, person.id)
        if not chosen:
            raise Forbidden
    own = person.id == call.viewer.id or call.viewer.is_admin
    if not own and not _observing(call, person.id):
        raise Forbidden
    filters = set(call.many("filter"))
    found = [
        (course, work)
        for course in call.campus.courses_where(person.id, call.now)
        if not asked or course.id in chosen
        for work in call.campus.work_of(course.id)
        if _is_missing(call, course, work, person.id, filters)
    ]
    found.sort(key=lambda pair: (stamp(pair[1].due_for(person.id)) or "~", pair[1].id))

    def render(pair: tuple[Course, Assignment]) -> Json:
        course, work = pair
        body = assignment_json(call, course, work, subject=person.id)
        if "planner_overrides" in call.include:
            override = override_of(call, person, *work.plannable)
            body["planner_override"] = override_json(override) if override else None
        if "course" in call.include:
            mine = call.campus.between(person.id, course.id)
            body["course"] = course_json(call, (course, mine), person)
        return body

    return call.numbered(found, render=render)


def _observing(call: Call, student_id: int) -> set[int]:
    """Return the ids of the courses in which the viewer observes a student."""
    return {
        row.course_id
        for row in call.campus.enrollments_of(call.viewer.id)
        if row.state == "active" and row.associated_user_id == student_id
    }


def _is_missing(
    call: Call, course: Course, work: Assignment, user_id: int, filters: set[str]
) -> bool:
    row = call.campus.submission(work, user_id)
    if not work.published or not work.is_for(user_id) or row is None:
        return False
    if not (_parts_missing(call, work, user_id) or on_missing_list(row, work, call.now)):
        return False
    if "submittable" in filters and work.locked(call.now):
        return False
    running = current_period(course, call.now)
    if "current_grading_period" not in filters or running is None:
        return True
    return period_of(course, work.due_for(user_id)) is running


def _parts_missing(call: Call, work: Assignment, user_id: int) -> bool:
    """Return whether a discussion counts as missing because of its checkpoints.

    The list holds only rows of type ``Assignment``, so never a checkpoint. Canvas derives the
    discussion's status from its checkpoints (checkpoints/submission_aggregator_service.rb): it is
    late if one of them is late, else missing if one is missing. Canvas does this when a
    checkpoint's submission is saved; here it is always up to date.
    """
    parts = [(call.campus.submission(part, user_id), part) for part in work.checkpoints]
    rows: list[tuple[Submission, Assignment]] = [(row, part) for row, part in parts if row]
    if any(is_late(row, part, call.now) for row, part in rows):
        return False
    return any(is_missing(row, part, call.now) for row, part in rows)
