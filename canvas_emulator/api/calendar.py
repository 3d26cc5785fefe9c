"""Calendar events and announcements (Canvas: Calendar Events, Announcements)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from canvas_emulator.campus.courses import Course
from canvas_emulator.campus.coursework import Assignment, Checkpoint, DateOverride
from canvas_emulator.campus.happenings import Announcement, Event
from canvas_emulator.paging import Paged
from canvas_emulator.resource import BadRequest, Call, Forbidden, NotFound, router

from . import access
from .assignments import assignment_json, override_json
from .values import day_start, moment, rich, stamp, user_display, zone

Json = dict[str, Any]
CONTEXTS_LIMIT = 10
ONE_DAY = timedelta(days=1)


@router.get("/api/v1/calendar_events")
def events(call: Call) -> object:
    """List events of one type: today's unless dates are given, from at most ten contexts.

    One context that the viewer may not read makes Canvas refuse the whole request
    (calendar_events_api_controller.rb).
    """
    start, end = _range(call)
    codes = call.many("context_codes")[:CONTEXTS_LIMIT] or [f"user_{call.viewer.id}"]
    courses = _contexts(call, codes)
    kind = call.one("type") or "event"
    if call.flag("important_dates") or call.flag("blackout_date"):
        page = call.numbered([])  # no event here has these flags
    elif kind in ("assignment", "sub_assignment"):
        page = _assignment_events(call, courses, start, end, parts=kind == "sub_assignment")
    else:
        ids = {course.id for course in courses}
        own = f"user_{call.viewer.id}" in codes
        found = [
            event
            for event in call.campus.events.values()
            if (event.course_id in ids or (own and event.user_id == call.viewer.id))
            and access.gets_event(call, event, call.viewer)
            and (start is None or event.end_at >= start)
            and (end is None or event.start_at <= end)
            and not call.flag("undated")
        ]
        found.sort(key=lambda event: (event.start_at, event.id))
        page = call.numbered(found, render=lambda event: event_json(call, event))
    for row in page.rows:
        for name in call.many("excludes"):
            row.pop(name, None)
    return page


def _range(call: Call) -> tuple[datetime | None, datetime | None]:
    if call.flag("all_events") or call.flag("undated"):
        return None, None
    start = _moment(call, "start_date", end=False) or day_start(call.now, call.viewer)
    end = _moment(call, "end_date", end=True)
    if end is None or end < start:
        # The range ends with the day of its start in the viewer's time zone.
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
    """Return the courses that the context codes name; raises Forbidden if one may not be read.

    Allowed are the viewer's own code and readable courses: those with a current enrollment, with
    an invited, future or ended one unless its dates restrict access, unpublished ones for staff,
    and for everybody those that are public or have a public syllabus. Groups do not occur here.
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
    """Return the course that a context code names, or None if there is none or it is deleted."""
    kind, _, text = code.partition("_")
    course = call.campus.courses.get(int(text)) if kind == "course" and text.isdecimal() else None
    return None if course is None or course.workflow_state == "deleted" else course


def _course(call: Call, code: str) -> Course | None:
    """Return a readable course for a code, or None: announcements silently skip the others."""
    course = _named(call, code)
    return course if course is not None and access.readable(call, course) else None


def _assignment_events(
    call: Call,
    courses: list[Course],
    start: datetime | None,
    end: datetime | None,
    *,
    parts: bool,
) -> Paged:
    """Return a page of assignments in the order of their base dates, one event for each date.

    Discussions with checkpoints are left out; with ``parts`` only the checkpoints are listed
    (``assignment_scope``).

    Canvas cuts the pages before it multiplies an assignment by its dates and drops those that an
    override moves out of the range, so a page can be longer or shorter than requested
    (``apply_assignment_overrides``).
    """

    def inside(due: datetime | None) -> bool:
        return due is not None and (start is None or start <= due) and (end is None or due <= end)

    every, undated = call.flag("all_events"), call.flag("undated")
    works = [
        (course, work)
        for course in courses
        for whole in call.campus.work_of(course.id)
        if access.sees(call, course, whole)
        for work in (whole.checkpoints if parts else () if whole.checkpoints else (whole,))
        if _of_types(call, work)
        and (
            every
            or (undated and work.due_at is None)
            or (not undated and any(map(inside, [work.due_at, *_overridden(work)])))
        )
    ]
    works.sort(key=lambda pair: (stamp(pair[1].due_at) or "~", pair[1].id))
    page = call.numbered(works)
    rows = [
        assignment_event(call, course, work, date)
        for course, work in page.rows
        for date in _dates(call, course, work)
        if every or undated or date.due_at is None or inside(date.due_at)
    ]
    return replace(page, rows=rows)


def _overridden(work: Assignment) -> list[datetime]:
    return [row.due_at for row in work.overrides()]


@dataclass(frozen=True, slots=True)
class _Date:
    due_at: datetime | None
    override: DateOverride | None = None


def _own_date(call: Call, course: Course, work: Assignment) -> _Date:
    """Return an assignment's date for the viewer: their own, the observed student's or the base."""
    subject = access.due_subject(call, course)
    if access.is_student(call, course):
        subject = call.viewer.id
    override = None if subject is None else work.override_for(subject)
    return _Date(work.due_for(subject), override)


def _dates(call: Call, course: Course, work: Assignment) -> list[_Date]:
    """Return the dates for which the list shows an assignment: overrides first, then the base date.

    Students get one, observers those of the students they observe. Staff get all; the base date is
    left out if every section has its own (``apply_assignment_overrides``,
    ``all_dates_visible_to``).
    """
    if access.is_student(call, course):
        return [_own_date(call, course, work)]
    if access.grades_others(call, course):
        rows = [_Date(row.due_at, row) for row in work.overrides()]
        sections = {row.section_id for row in work.section_dates}
        return rows if sections >= set(course.section_ids) else [*rows, _Date(work.due_at)]
    watched = [user_id for user_id in access.observed(call, course) if work.is_for(user_id)]
    dates = [_Date(work.due_for(user_id), work.override_for(user_id)) for user_id in watched]
    return list(dict.fromkeys(dates)) or [_Date(work.due_at)]


def _of_types(call: Call, work: Assignment) -> bool:
    wanted, types = call.many("submission_types"), set(work.submission_types)
    unwanted = call.many("exclude_submission_types")
    return (not wanted or bool(types.intersection(wanted))) and not types.intersection(unwanted)


class _Context(NamedTuple):
    """The owner of an event: ``own_code`` names a section, ``code`` its course."""

    title: str
    name: str | None
    own_code: str
    code: str


def _context(call: Call, event: Event) -> _Context:
    course = call.campus.courses.get(event.course_id or 0)
    section = call.campus.sections.get(event.section_id or 0)
    if course is None:
        code = f"user_{event.user_id}"
        return _Context(event.title, call.campus.people[event.user_id or 0].name, code, code)
    code = course.asset_string
    if section is None:
        return _Context(event.title, course.name, code, code)
    title = f"{event.title} ({section.name})"
    return _Context(title, section.name, f"course_section_{section.id}", code)


def event_json(call: Call, event: Event) -> Json:
    """Return a calendar event, whose id is a number.

    A section's event has the section in ``context_code`` and title, and the course in
    ``effective_context_code``. The course's event that it replaces is hidden
    (``calendar_event_json``).
    """
    whose = _context(call, event)
    children = [
        event_json(call, child)
        for child in call.campus.events.values()
        if child.parent_id == event.id and access.gets_event(call, child, call.viewer)
    ]
    url = f"{call.base_url}/api/v1/calendar_events/{event.id}"
    day = event.start_at.astimezone(zone(call.viewer)).date().isoformat()
    return {
        "id": event.id,
        "title": whose.title,
        "start_at": stamp(event.start_at),
        "end_at": stamp(event.end_at),
        "all_day": event.all_day,
        "all_day_date": day if event.all_day else None,
        "description": rich(call, event.description),
        "location_name": event.location,
        "location_address": None,
        "workflow_state": "active",
        "context_code": whose.own_code,
        "effective_context_code": whose.code if whose.own_code != whose.code else None,
        "all_context_codes": whose.code,
        "context_name": whose.name,
        "context_color": None,
        "parent_event_id": event.parent_id,
        "hidden": bool(children),
        "child_events_count": len(children),
        "child_events": children,
        "comments": None,
        "series_uuid": None,
        "rrule": None,
        "important_dates": False,
        "blackout_date": False,
        "url": url,
        "html_url": f"{call.base_url}/calendar?event_id={event.id}&include_contexts={whose.code}",
        "duplicates": [],
        "type": "event",
        "created_at": stamp(event.created_at),
        "updated_at": stamp(event.created_at),
    }


def assignment_event(
    call: Call, course: Course, work: Assignment, date: _Date | None = None
) -> Json:
    """Return a due date as an event, whose id is the string ``assignment_<id>``.

    ``include[]=submission`` adds the submission to the assignment; Canvas ignores the
    ``includes[]`` of its documentation (Canvas: calendar_events_api_controller.rb).
    """
    date = date or _own_date(call, course, work)
    due, code = date.due_at, course.asset_string
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
        "assignment": assignment_json(call, course, work) | {"due_at": stamp(due)},
    }
    if date.override is not None:
        body["assignment_overrides"] = [override_json(work, date.override)]
    return _of_part(call, course, work, body) if isinstance(work, Checkpoint) else body


def _of_part(call: Call, course: Course, work: Checkpoint, body: Json) -> Json:
    """Turn an assignment's event into that of a checkpoint (``sub_assignment_event_json``)."""
    whole = call.campus.assignments[work.parent_id]
    url = f"{call.base_url}/courses/{course.id}/assignments/{whole.id}"
    part = body.pop("assignment") | {
        "name": work.title,
        "sub_assignment_tag": work.tag,
        "parent_assignment_id": whole.id,
        "discussion_topic": assignment_json(call, course, whole)["discussion_topic"],
        "html_url": url,
        "submissions_download_url": f"{url}/submissions?zip=1",
    }
    if "assignment_overrides" in body:
        body["sub_assignment_overrides"] = body.pop("assignment_overrides")
    return body | {
        "id": f"sub_assignment_{work.id}",
        "type": "sub_assignment",
        "title": work.title,
        "html_url": url,
        "url": f"{call.base_url}/api/v1/calendar_events/assignment_{whole.id}",
        "sub_assignment": part,
    }


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
        if not access.gets_event(call, event, call.viewer):
            raise Forbidden
    return event_json(call, event)


@router.get("/api/v1/announcements")
def announcements(call: Call) -> object:
    """List announcements, newest first, from 14 days ago until 28 days after the start.

    That range is the default (Canvas: Announcements). Scheduled ones are shown only to somebody
    who teaches all listed courses; ``available_after`` keeps those that close later than its date
    (announcements_api_controller.rb).
    """
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
    courses = [course for code in codes if (course := _course(call, code)) is not None]
    scheduled = all(_sees_scheduled(call, course) for course in courses)
    for course in courses:
        rows = [
            row
            for row in call.campus.announcements.get(course.id, ())
            if start <= row.posted_at <= end
            and (row.posted_at <= call.now or scheduled)
            and (after is None or row.lock_at is None or row.lock_at > after)
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
    """Return an announcement: a discussion topic with its context code."""
    url = f"{call.base_url}/courses/{course.id}/announcements/{row.id}"
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
