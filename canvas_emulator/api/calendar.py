"""Calendar events and announcements (Canvas: Calendar Events, Announcements)."""

from datetime import datetime, timedelta
from typing import Any

from canvas_emulator.campus.courses import Course
from canvas_emulator.campus.coursework import Assignment
from canvas_emulator.campus.happenings import Announcement, Event
from canvas_emulator.resource import BadRequest, Call, Forbidden, NotFound, router

from . import access
from .assignments import assignment_json
from .values import day_start, moment, rich, stamp, user_display, zone

Json = dict[str, Any]
CONTEXTS_LIMIT = 10
ONE_DAY = timedelta(days=1)


@router.get("/api/v1/calendar_events")
def events(call: Call) -> object:
    """One kind a request; today only unless dates are given; ten contexts at most.

    A context that may not be read refuses the whole request (calendar_events_api_controller.rb).
    """
    start, end = _range(call)
    codes = call.many("context_codes")[:CONTEXTS_LIMIT] or [f"user_{call.viewer.id}"]
    courses = _contexts(call, codes)
    kind = call.one("type") or "event"
    if kind == "sub_assignment" or call.flag("important_dates") or call.flag("blackout_date"):
        found = []  # nothing here is marked so
    elif kind == "assignment":
        found = _assignment_events(call, courses, start, end)
    else:
        ids = {course.id for course in courses}
        own = f"user_{call.viewer.id}" in codes
        found = [
            event_json(call, event)
            for event in call.campus.events.values()
            if (event.course_id in ids or (own and event.user_id == call.viewer.id))
            and (start is None or event.end_at >= start)
            and (end is None or event.start_at <= end)
            and not call.flag("undated")
        ]
    found.sort(key=lambda row: (row["start_at"] or "~", str(row["id"])))
    for row in found:
        for name in call.many("excludes"):
            row.pop(name, None)
    return call.numbered(found)


def _range(call: Call) -> tuple[datetime | None, datetime | None]:
    if call.flag("all_events") or call.flag("undated"):
        return None, None
    start = _moment(call, "start_date", end=False) or day_start(call.now, call.viewer)
    end = _moment(call, "end_date", end=True)
    if end is None or end < start:
        # The end of the start's day, where the viewer is.
        day = start.astimezone(zone(call.viewer))
        end = day.replace(hour=23, minute=59, second=59)
    return start, end


def _moment(call: Call, name: str, *, end: bool) -> datetime | None:
    text = call.one(name)
    try:
        return moment(text, call.viewer, end=end) if text else None
    except ValueError:
        message = f"Invalid date or invalid datetime for {name}"
        raise BadRequest({"errors": {name: message}}) from None


def _contexts(call: Call, codes: list[str]) -> list[Course]:
    """The courses of some codes; raises Forbidden when one code may not be read.

    It passes when it is oneself, or a course one may read: with a current enrollment, and an
    invited, future or ended one unless its dates restrict access; for staff unpublished ones; for
    everybody those that are public or have a public syllabus. Groups there are none here.
    """
    courses = []
    for code in codes:
        if code == f"user_{call.viewer.id}":
            continue
        course = _named(call, code)
        public = course is not None and (course.is_public or course.public_syllabus)
        if course is None or not (public or access.readable(call, course)):
            raise Forbidden
        courses.append(course)
    return courses


def _named(call: Call, code: str) -> Course | None:
    """The course of a code, unless it is deleted."""
    kind, _, text = code.partition("_")
    course = call.campus.courses.get(int(text)) if kind == "course" and text.isdecimal() else None
    return None if course is None or course.workflow_state == "deleted" else course


def _course(call: Call, code: str) -> Course | None:
    """The course of a code; codes one cannot see drop out silently (announcements only)."""
    course = _named(call, code)
    return course if course is not None and access.readable(call, course) else None


def _assignment_events(
    call: Call, courses: list[Course], start: datetime | None, end: datetime | None
) -> list[Json]:
    found = []
    for course in courses:
        for work in call.campus.work_of(course.id):
            due = work.due_for(access.due_subject(call, course))
            if not access.sees(call, course, work) or call.flag("undated") != (due is None):
                continue
            if not _of_types(call, work):
                continue
            if due is None or ((start is None or due >= start) and (end is None or due <= end)):
                found.append(assignment_event(call, course, work))
    return found


def _of_types(call: Call, work: Assignment) -> bool:
    wanted, types = call.many("submission_types"), set(work.submission_types)
    unwanted = call.many("exclude_submission_types")
    return (not wanted or bool(types.intersection(wanted))) and not types.intersection(unwanted)


def event_json(call: Call, event: Event) -> Json:
    """A calendar event; its id is a number."""
    if event.course_id is not None:
        code, name = f"course_{event.course_id}", call.campus.courses[event.course_id].name
    else:
        code, name = f"user_{event.user_id}", call.campus.people[event.user_id or 0].name
    url = f"{call.base_url}/api/v1/calendar_events/{event.id}"
    day = event.start_at.astimezone(zone(call.viewer)).date().isoformat()
    return {
        "id": event.id,
        "title": event.title,
        "start_at": stamp(event.start_at),
        "end_at": stamp(event.end_at),
        "all_day": event.all_day,
        "all_day_date": day if event.all_day else None,
        "description": rich(call, event.description),
        "location_name": event.location,
        "location_address": None,
        "workflow_state": "active",
        "context_code": code,
        "effective_context_code": None,
        "all_context_codes": code,
        "context_name": name,
        "context_color": None,
        "parent_event_id": None,
        "hidden": False,
        "child_events_count": 0,
        "child_events": [],
        "comments": None,
        "series_uuid": None,
        "rrule": None,
        "important_dates": False,
        "blackout_date": False,
        "url": url,
        "html_url": f"{call.base_url}/calendar?event_id={event.id}&include_contexts={code}",
        "duplicates": [],
        "type": "event",
        "created_at": stamp(event.created_at),
        "updated_at": stamp(event.created_at),
    }


def assignment_event(call: Call, course: Course, work: Assignment) -> Json:
    """A due date as an event; its id is the string ``assignment_<id>``.

    ``include[]=submission`` fills the assignment's in; the documentation's ``includes[]`` is not
    read (Canvas: calendar_events_api_controller.rb).
    """
    due = work.due_for(access.due_subject(call, course))
    code = course.asset_string
    body: Json = {
        "id": f"assignment_{work.id}",
        "title": work.name,
        "type": "assignment",
        "start_at": stamp(due),
        "end_at": stamp(due),
        "all_day": False,
        "all_day_date": due.astimezone(zone(call.viewer)).date().isoformat() if due else None,
        "description": rich(call, work.description),
        "submission_types": ",".join(work.submission_types),
        "workflow_state": "published" if work.published else "unpublished",
        "context_code": code,
        "context_name": course.name,
        "context_color": None,
        "important_dates": False,
        "url": f"{call.base_url}/api/v1/calendar_events/assignment_{work.id}",
        "html_url": f"{call.base_url}/courses/{course.id}/assignments/{work.id}",
        "created_at": stamp(work.created_at),
        "updated_at": stamp(work.created_at),
        "assignment": assignment_json(call, course, work),
    }
    if call.viewer.id in work.due_dates:
        body["assignment_overrides"] = [
            {"id": work.id * 10, "assignment_id": work.id, "title": "1 student"}
            | {"due_at": stamp(due)}
        ]
    return body


@router.get("/api/v1/calendar_events/:id")
def show(call: Call, id: str) -> object:
    if id.startswith("assignment_"):
        work = call.campus.assignments.get(access.number(id.removeprefix("assignment_")))
        if work is None:
            raise NotFound
        course = access.open_course(call, str(work.course_id))
        return assignment_event(call, course, access.assignment(call, course, str(work.id)))
    event = call.campus.events.get(access.number(id))
    if event is None or (event.user_id is not None and event.user_id != call.viewer.id):
        raise NotFound
    if event.course_id is not None:
        access.open_course(call, str(event.course_id))
    return event_json(call, event)


@router.get("/api/v1/announcements")
def announcements(call: Call) -> object:
    """From 14 days ago until 28 days after the start, newest first (Canvas: Announcements)."""
    codes = call.many("context_codes")
    if not codes:
        raise BadRequest({"message": "Missing context_codes"})
    if any(not code.startswith("course_") for code in codes):
        message = "Invalid context_codes; only `course` codes are supported"
        raise BadRequest({"message": message})
    start = _news_date(call, "start_date", end=False) or day_start(call.now, call.viewer, -14)
    end = _news_date(call, "end_date", end=True) or start + 28 * ONE_DAY
    after = _news_date(call, "available_after", end=False)
    found: list[tuple[Course, Announcement]] = []
    for course in filter(None, (_course(call, code) for code in codes)):
        rows = [
            row
            for row in call.campus.announcements.get(course.id, ())
            if start <= row.posted_at <= end
            and (row.posted_at <= call.now or _sees_scheduled(call, course))
            and (after is None or row.posted_at > after)
        ]
        rows.sort(key=lambda row: row.posted_at, reverse=True)
        found += [(course, row) for row in (rows[:1] if call.flag("latest_only") else rows)]
    found.sort(key=lambda pair: (pair[1].posted_at, pair[1].id), reverse=True)
    return call.numbered(found, render=lambda pair: announcement_json(call, *pair))


def _sees_scheduled(call: Call, course: Course) -> bool:
    return access.grades_others(call, course) and not call.flag("active_only")


def _news_date(call: Call, name: str, *, end: bool) -> datetime | None:
    text = call.one(name)
    try:
        return moment(text, call.viewer, end=end) if text else None
    except ValueError:
        raise BadRequest({"message": f"Invalid {name}"}) from None


def announcement_json(call: Call, course: Course, row: Announcement) -> Json:
    """A discussion topic object with its context code."""
    url = f"{call.base_url}/courses/{course.id}/discussion_topics/{row.id}"
    author = call.campus.people[row.author_id]
    return {
        "id": row.id,
        "title": row.title,
        "message": rich(call, row.message),
        "posted_at": stamp(row.posted_at),
        "delayed_post_at": None,
        "created_at": stamp(row.posted_at),
        "last_reply_at": stamp(row.posted_at),
        "author": user_display(call, author),
        "user_name": author.name,
        "read_state": "read" if row.read else "unread",
        "unread_count": 0,
        "is_announcement": True,
        "discussion_type": "side_comment",
        "published": True,
        "locked": False,
        "html_url": url,
        "url": url,
        "context_code": course.asset_string,
        "attachments": [],
    }
