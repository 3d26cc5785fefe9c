"""The planner: items, overrides and notes (Canvas: Planner)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import nh3

from canvas_emulator.campus import Person
from canvas_emulator.campus.courses import Course
from canvas_emulator.campus.coursework import (
    Assignment,
    Checkpoint,
    Submission,
    is_late,
    is_missing,
)
from canvas_emulator.campus.happenings import (
    Announcement,
    Event,
    Note,
    Override,
    Page,
    Practice,
    Review,
    Topic,
)
from canvas_emulator.resource import Answer, BadRequest, Call, Forbidden, NotFound, router

from . import access
from .submissions import visible_comments
from .values import avatar, day_start, moment, stamp

Json = dict[str, Any]
Thing = Assignment | Announcement | Page | Topic | Practice | Review | Event | Note
MOST_TAGS = 500
OPEN_SIDE = timedelta(days=3652)
STATES = (
    "submitted",
    "excused",
    "graded",
    "posted_at",
    "late",
    "missing",
    "needs_grading",
    "has_feedback",
    "redo_request",
)
PLANNABLE_TYPES = frozenset(
    {
        "announcement",
        "assignment",
        "discussion_topic",
        "quiz",
        "wiki_page",
        "planner_note",
        "calendar_event",
        "assessment_request",
        "sub_assignment",
        "peer_review_sub_assignment",
    }
)
LINKABLE = frozenset({"announcement", "assignment", "discussion_topic", "quiz", "wiki_page"})
_CODE = re.compile(r"(course|group|user|account)_(\d+)")


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a person's planner; ``date`` is its place in the list."""

    date: datetime
    kind: str
    id: int
    thing: Thing
    course: Course | None


@router.get("/api/v1/planner/items")
def items(call: Call) -> object:
    return _items(call, call.viewer)


@router.get("/api/v1/users/:user_id/planner/items")
def items_of_user(call: Call, user_id: str) -> object:
    """List a person's whole planner: the viewer's own, or a linked student's (Canvas: Planner)."""
    person = access.user(call, user_id)
    if person.id != call.viewer.id and not _as_parent(call, person):
        raise Forbidden
    return _items(call, person)


def _items(call: Call, person: Person) -> object:
    start, end = window(call)
    if watched := call.one("observed_user_id"):
        person, courses, personal = _observed(call, watched)
    else:
        courses, personal = _contexts(call, person)
    found = [
        item
        for item in on_planner(call, person, courses, personal=personal)
        if _within(item, start, end) and _passes(call, person, item)
    ]
    sign = -1 if call.one("order") == "desc" else 1

    def key(item: Item) -> tuple[float, str, int]:
        return sign * item.date.timestamp(), item.kind, item.id

    return call.bookmarked(
        sorted(found, key=key), key, render=lambda item: item_json(call, person, item)
    )


def _within(item: Item, start: datetime, end: datetime) -> bool:
    """Return whether an item is in the range, ends included; an event may overlap it.

    Canvas: Planner.
    """
    until = item.thing.end_at if isinstance(item.thing, Event) else item.date
    return item.date <= end and until >= start


def window(call: Call, *, whole_days: bool = False) -> tuple[datetime, datetime]:
    """Return the requested range of time; the default is two weeks each way.

    With only one date given, the other side is open. A date without a time is the start of that
    day for the viewer, even as an end, so that day is left out. With ``whole_days``, for notes, an
    end is the end of its day (planner_controller.rb, planner_notes_controller.rb; Canvas:
    Planner). Raises BadRequest for a text that is not a date.
    """
    asked = {name: call.one(name) for name in ("start_date", "end_date")}
    if not any(asked.values()):
        return day_start(call.now, call.viewer, -14), day_start(call.now, call.viewer, 14)
    found = {"start_date": call.now - OPEN_SIDE, "end_date": call.now + OPEN_SIDE}
    for name, text in asked.items():
        if not text:
            continue
        try:
            found[name] = moment(text, call.viewer, end=whole_days and name == "end_date")
        except ValueError:
            raise BadRequest({"errors": f"Invalid date or datetime for {name}"}) from None
    return found["start_date"], found["end_date"]


def _as_parent(call: Call, person: Person) -> bool:
    """Return whether the viewer may read the planner as a parent: linked, not only enrolled."""
    return call.viewer.is_admin or person.id in call.campus.observees.get(call.viewer.id, ())


def _observed(call: Call, text: str) -> tuple[Person, list[Course], bool]:
    """Return the observed student, their courses, and whether their own notes and events count.

    The courses are the requested ones in which the viewer observes the student. Codes of other
    courses are dropped; Forbidden is raised only if none is left or none was sent. Until 2025 one
    such code made Canvas refuse the request (planner_controller.rb, set_user; Canvas: Planner).
    """
    codes, every = call.many("context_codes"), "all_courses" in call.include
    if not codes and not every:
        raise Forbidden
    person = access.user(call, text)
    watched = {
        f"course_{row.course_id}"
        for row in call.campus.enrollments_of(call.viewer.id)
        if row.type == "ObserverEnrollment"
        and row.associated_user_id == person.id
        and row.state == "active"
    }
    left = watched & set(codes) if codes else watched
    if not left and not every:
        raise Forbidden
    studied = call.campus.courses_where(person.id, call.now)
    courses = [course for course in studied if course.asset_string in left]
    return person, courses, _as_parent(call, person)


def _contexts(call: Call, person: Person) -> tuple[list[Course], bool]:
    """Return the courses to list, and whether the person's own notes and events are listed too."""
    codes = call.many("context_codes")
    studied = list(call.campus.courses_where(person.id, call.now))
    if not codes:
        courses = list(studied)
        if "concluded" in call.include:
            ended = (
                call.campus.courses[row.course_id]
                for row in call.campus.enrollments_of(person.id)
                if row.type == "StudentEnrollment" and row.state in ("active", "completed")
            )
            courses += [course for course in ended if course.has_ended(call.now)]
        return _each_once(courses), True
    courses, personal = [], False
    for code in codes:
        found = _CODE.fullmatch(code)
        if found is None:
            raise Forbidden
        if found[1] == "course":
            theirs = [course for course in studied if course.asset_string == code]
            courses += theirs or [access.open_course(call, found[2])]
        elif found[1] == "user":
            if int(found[2]) != person.id:
                raise Forbidden
            personal = True
    return _each_once(courses), personal


def _each_once(courses: list[Course]) -> list[Course]:
    return list({course.id: course for course in courses}.values())


def on_planner(
    call: Call, person: Person, courses: list[Course], *, personal: bool
) -> Iterator[Item]:
    """Return every dated item of these courses and, with ``personal``, of the person."""
    campus = call.campus
    wanted = {course.id: course for course in courses}
    for course in courses:
        for work in each_part(campus.work_of(course.id)):
            due = work.due_for(person.id)
            if work.published and work.is_for(person.id) and due is not None:
                yield Item(due, *work.plannable, work, course)
        for news in campus.announcements.get(course.id, ()):
            if news.posted_at <= call.now:
                yield Item(news.posted_at, "announcement", news.id, news, course)
        yield from _ungraded(call, course)
    for review in list(campus.reviews.values()):
        # Completed ones stay in the list (planner_controller.rb, peer_reviews_collection).
        if review.assessor_id == person.id and review.course_id in wanted:
            course = wanted[review.course_id]
            yield Item(review.due_at, "assessment_request", review.id, review, course)
    for event in campus.events.values():
        mine = personal and event.user_id == person.id
        here = event.course_id in wanted and access.gets_event(call, event, person)
        if mine or (here and not access.replaced(call, event, person)):
            course_of = wanted.get(event.course_id or 0)
            yield Item(event.start_at, "calendar_event", event.id, event, course_of)
    for note in list(campus.notes.values()):
        if note.user_id == person.id and note.workflow_state == "active":
            in_course = wanted.get(note.course_id or 0)
            if (note.course_id is None and personal) or in_course is not None:
                yield Item(note.todo_date, "planner_note", note.id, note, in_course)


def _ungraded(call: Call, course: Course) -> Iterator[Item]:
    """Return pages, topics and practice quizzes: items without an assignment.

    A topic without a to-do date is listed at the time it was posted; older Canvas leaves it out
    (planner_controller.rb, ungraded_discussion_collection; Canvas: Planner).
    """
    for page in call.campus.pages.get(course.id, ()):
        yield Item(page.todo_date, "wiki_page", page.id, page, course)
    for topic in call.campus.topics.get(course.id, ()):
        if topic.todo_date or call.state.settings.undated_discussions_planned:
            date = topic.todo_date or topic.posted_at
            yield Item(date, "discussion_topic", topic.id, topic, course)
    for quiz in call.campus.practices.get(course.id, ()):
        yield Item(quiz.due_at, "quiz", quiz.id, quiz, course)


def each_part(works: Iterable[Assignment]) -> Iterator[Assignment]:
    """Return the assignments, with the checkpoints of a discussion in place of the discussion."""
    for work in works:
        yield from work.checkpoints or (work,)


def override_of(call: Call, person: Person, kind: str, number: int) -> Override | None:
    row = _kept_override(call, person, kind, number)
    return row if row and row.workflow_state == "active" else None


def _kept_override(call: Call, person: Person, kind: str, number: int) -> Override | None:
    """Return a person's row for an item, even if deleted: Canvas never makes a second one."""
    for row in list(call.campus.overrides.values()):
        if (row.user_id, row.plannable_type, row.plannable_id) == (person.id, kind, number):
            return row
    return None


def _complete(call: Call, person: Person, item: Item) -> bool:
    override = override_of(call, person, item.kind, item.id)
    if override is not None:
        return override.marked_complete
    if isinstance(item.thing, Review):
        return item.thing.workflow_state == "completed"
    if not isinstance(item.thing, Assignment):
        return False
    # A grade alone does not complete it (assignment.rb, complete_for_planner; Canvas: Planner).
    row = call.campus.submission(item.thing, person.id)
    handed_in = row is not None and row.submitted_at is not None and not row.redo_request
    return row is not None and (handed_in or row.excused)


def _passes(call: Call, person: Person, item: Item) -> bool:
    wanted = call.one("filter")
    if wanted == "incomplete_items":
        return not _complete(call, person, item)
    if wanted == "complete_items":
        return _complete(call, person, item)
    if wanted == "new_activity":
        return _new_activity(call, person, item)
    if wanted in ("ungraded_todo_items", "all_ungraded_todo_items"):
        return isinstance(item.thing, Page | Topic | Announcement)
    return True


def _new_activity(call: Call, person: Person, item: Item) -> bool:
    if isinstance(item.thing, Announcement | Topic):
        return not item.thing.read
    if not isinstance(item.thing, Assignment) or item.course is None:
        return False
    row = call.campus.submission(item.thing, person.id)
    if row is None:
        return False
    recent = call.now - timedelta(days=7)
    posted = row.posted_at is not None and row.posted_at > recent
    return posted or any(
        comment.author_id != person.id and comment.created_at > recent
        for comment in visible_comments(call, item.course, item.thing, row)
    )


def item_json(call: Call, person: Person, item: Item) -> Json:
    """Return a planner item as ``lib/api/v1/planner_item.rb`` writes it."""
    override = override_of(call, person, item.kind, item.id)
    graded_page = item.kind == "wiki_page" and isinstance(item.thing, Assignment)
    body: Json = {
        "plannable_id": item.thing.id if graded_page else item.id,
        "plannable_type": item.kind,
        "plannable_date": stamp(item.date),
        "planner_override": override_json(override) if override else None,
        "new_activity": _new_activity(call, person, item),
        "submissions": False,
        "plannable": _plannable(call, person, item),
    }
    body |= _context(call, person, item)
    if isinstance(item.thing, Assignment) and item.course is not None:
        row = call.campus.submission(item.thing, person.id)
        body["submissions"] = _submission_states(call, person, item.course, item.thing, row)
        if isinstance(item.thing, Checkpoint):
            body["details"] = {"reply_to_entry_required_count": item.thing.replies}
    if (url := _url(call, person, item, body["submissions"])) is not None:
        body["html_url"] = url
    return body


def _context(call: Call, person: Person, item: Item) -> Json:
    """Return the fields that name an item's context; a note names its course only in ``plannable``.

    ``context_data`` finds no context for a note, so only the name and picture of its course are
    added (``lib/api/v1/planner_item.rb``).
    """
    body: Json = {}
    if item.course is not None:
        nickname = call.campus.nicknames[person.id].get(item.course.id)
        body = {"context_name": nickname or item.course.name, "context_image": None}
    if isinstance(item.thing, Note):
        return body
    if item.course is not None:
        return body | {"context_type": "Course", "course_id": item.course.id}
    return {"context_type": "User", "user_id": person.id, "context_name": person.name}


def _submission_states(
    call: Call, person: Person, course: Course, work: Assignment, row: Submission | None
) -> Json:
    if row is None:
        return dict.fromkeys(STATES)
    comments = [
        comment
        for comment in visible_comments(call, course, work, row)
        if comment.author_id != person.id
    ]
    states: Json = {
        "submitted": row.submission_type is not None,
        "excused": row.excused,
        "graded": row.is_graded,
        "posted_at": stamp(row.posted_at),
        "late": is_late(row, work, call.now),
        "missing": is_missing(row, work, call.now),
        "needs_grading": row.needs_grading,
        "has_feedback": bool(comments),
        "redo_request": row.redo_request,
    }
    if comments:
        author = call.campus.people[comments[-1].author_id]
        states["feedback"] = {
            "comment": comments[-1].text,
            "is_media": False,
            "author_name": author.name,
            "author_avatar_url": avatar(call, author),
        }
    return states


def _url(call: Call, person: Person, item: Item, states: Any) -> str | None:
    """Return the item's address, relative except for events, or None for notes.

    Work that has a submission, grade or feedback links to the submission's page. A quiz always
    links to its own page (``lib/api/v1/planner_item.rb``).
    """
    if isinstance(item.thing, Note):
        return None
    if isinstance(item.thing, Event):
        place = item.thing.course_id or item.thing.user_id
        kind = "course" if item.thing.course_id else "user"
        return f"{call.base_url}/calendar?event_id={item.id}&include_contexts={kind}_{place}"
    assert item.course is not None  # noqa: S101 - only notes and events have no course
    base = f"/courses/{item.course.id}"
    if isinstance(item.thing, Page):
        return f"{base}/pages/page-{item.id}"
    if isinstance(item.thing, Announcement | Topic):
        return f"{base}/discussion_topics/{item.id}"
    if isinstance(item.thing, Practice):
        return f"{base}/quizzes/{item.id}"
    if isinstance(item.thing, Review):
        review = item.thing
        return f"{base}/assignments/{review.assignment_id}/submissions/{review.author_id}"
    if isinstance(item.thing, Checkpoint):
        return f"{base}/assignments/{item.thing.parent_id}"
    if item.kind == "quiz":
        return f"{base}/quizzes/{item.id}"
    if item.kind == "wiki_page":
        return f"{base}/pages/page-{item.id}"
    if states["submitted"] or states["graded"] or states["has_feedback"]:
        return f"{base}/assignments/{item.thing.id}/submissions/{person.id}"
    if item.kind == "discussion_topic":
        return f"{base}/discussion_topics/{item.id}"
    return f"{base}/assignments/{item.thing.id}"


def _plannable(call: Call, person: Person, item: Item) -> Json:
    match item.thing:
        case Assignment() as work:
            return _plannable_work(person, item, work)
        case Note() as note:
            return _plannable_note(note)
        case Event() as event:
            return _plannable_event(event)
        case Page() as page:
            return _plannable_wiki(page)
        case Practice() | Review() as task:
            return _plannable_task(call, task)
        case topic:
            return _plannable_topic(topic)


def _plannable_note(note: Note) -> Json:
    return {
        "id": note.id,
        "title": note.title,
        "details": note.details,
        "todo_date": stamp(note.todo_date),
        "user_id": note.user_id,
        "course_id": note.course_id,
        "created_at": stamp(note.created_at),
        "updated_at": stamp(note.updated_at),
    }


def _plannable_event(event: Event) -> Json:
    return {
        "id": event.id,
        "title": event.title,
        "start_at": stamp(event.start_at),
        "end_at": stamp(event.end_at),
        "all_day": event.all_day,
        "description": event.description,
        "location_name": event.location,
        "location_address": None,
        "online_meeting_url": None,
        "created_at": stamp(event.created_at),
        "updated_at": stamp(event.created_at),
    }


def _plannable_wiki(page: Page) -> Json:
    return {
        "id": page.id,
        "title": page.title,
        "todo_date": stamp(page.todo_date),
        "url": f"page-{page.id}",
        "created_at": stamp(page.todo_date),
        "updated_at": stamp(page.todo_date),
    }


def _plannable_topic(thing: Topic | Announcement) -> Json:
    body: Json = {
        "id": thing.id,
        "title": thing.title,
        "unread_count": 0,
        "read_state": "read" if thing.read else "unread",
        "created_at": stamp(thing.posted_at),
        "updated_at": stamp(thing.posted_at),
    }
    if isinstance(thing, Topic):
        body |= {"todo_date": stamp(thing.todo_date), "assignment_id": None, "lock_at": None}
    return body


def _plannable_task(call: Call, thing: Practice | Review) -> Json:
    """Return the columns of a practice quiz or peer review (``lib/api/v1/planner_item.rb``)."""
    body: Json = {
        "id": thing.id,
        "created_at": stamp(thing.created_at),
        "updated_at": stamp(thing.created_at),
    }
    if isinstance(thing, Review):
        return body | {
            "title": call.campus.assignments[thing.assignment_id].name,
            "todo_date": stamp(thing.due_at),
            "workflow_state": thing.workflow_state,
        }
    return body | {
        "title": thing.title,
        "assignment_id": None,
        "points_possible": thing.points_possible,
        "due_at": stamp(thing.due_at),
        "lock_at": None,
    }


def _plannable_work(person: Person, item: Item, work: Assignment) -> Json:
    body: Json = {
        "id": item.id,
        "title": work.name,
        "created_at": stamp(work.created_at),
        "updated_at": stamp(work.created_at),
        "points_possible": work.points_possible,
        "due_at": stamp(work.due_for(person.id)),
    }
    if item.kind == "wiki_page":
        return _plannable_page(work, item.id)
    if isinstance(work, Checkpoint):
        body["sub_assignment_tag"] = work.tag
    elif item.kind != "assignment":
        body["assignment_id"] = work.id
    if work.lock_at:
        body["lock_at"] = stamp(work.lock_at)
    if work.is_discussion:
        body |= {"unread_count": 0, "read_state": "unread"}
    return body


def _plannable_page(work: Assignment, number: int) -> Json:
    """Return the columns of a graded page, with nothing from its assignment."""
    return {
        "id": number,
        "title": work.name,
        "todo_date": None,
        "url": f"page-{number}",
        "created_at": stamp(work.created_at),
        "updated_at": stamp(work.created_at),
        "lock_at": stamp(work.lock_at),
    }


# Overrides


def override_json(row: Override) -> Json:
    return {
        "id": row.id,
        "plannable_type": row.plannable_type,
        "plannable_id": row.plannable_id,
        "user_id": row.user_id,
        "assignment_id": row.assignment_id,
        "workflow_state": row.workflow_state,
        "marked_complete": row.marked_complete,
        "dismissed": row.dismissed,
        "deleted_at": stamp(row.deleted_at),
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
    }


@router.get("/api/v1/planner/overrides")
def overrides(call: Call) -> object:
    rows = [
        row
        for row in list(call.campus.overrides.values())
        if row.user_id == call.viewer.id and row.workflow_state == "active"
    ]
    return call.numbered(rows, render=override_json)


def _override(call: Call, text: str) -> Override:
    """Return the viewer's override with this id, even a deleted one; raises NotFound.

    planner_overrides_controller.rb does not check its state.
    """
    row = call.campus.overrides.get(access.number(text))
    if row is None or row.user_id != call.viewer.id:
        raise NotFound
    return row


@router.get("/api/v1/planner/overrides/:id")
def show_override(call: Call, id: str) -> object:
    return override_json(_override(call, id))


@router.post("/api/v1/planner/overrides")
def create_override(call: Call) -> object:
    kind, number = call.one("plannable_type") or "", access.number(call.one("plannable_id") or "")
    if kind not in PLANNABLE_TYPES:
        # Canvas fails on an unknown type (Canvas: Planner).
        error = {"message": "An error occurred.", "error_code": "internal_server_error"}
        return Answer({"errors": [error]}, 500)
    work = _planned_work(call, kind, number)
    if work is not None:
        # Canvas stores the underlying object's type and id (planner_override.rb).
        kind, number = work.plannable
    if _kept_override(call, call.viewer, kind, number):
        error = {
            "attribute": "plannable_id",
            "type": "taken",
            "message": "A planner override already exists for this item",
        }
        raise BadRequest({"errors": {"plannable_id": [error]}})
    row = Override(
        call.campus.fresh_id(),
        call.viewer.id,
        kind,
        number,
        call.flag("marked_complete"),
        call.flag("dismissed"),
        call.now,
        call.now,
        assignment_id=work.id if work else None,
    )
    call.campus.overrides[row.id] = row
    return Answer(override_json(row), 201)


def _planned_work(call: Call, kind: str, number: int) -> Assignment | None:
    """Return the assignment behind a plannable, or None if it has none; raises NotFound."""
    offset = {"assignment": 0, "quiz": 500_000, "discussion_topic": 700_000, "wiki_page": 900_000}
    at = offset.get(kind)
    if at is None or number in _ungraded_ids(call, kind):
        return None
    work = call.campus.assignments.get(number - at)
    if work is None or (kind != "assignment" and work.plannable != (kind, number)):
        raise NotFound
    return work


def _ungraded_ids(call: Call, kind: str) -> set[int]:
    """Return the ids of the pages, topics or practice quizzes that have no assignment."""
    if kind == "quiz":
        return {row.id for some in call.campus.practices.values() for row in some}
    if kind == "discussion_topic":
        return {row.id for some in call.campus.topics.values() for row in some}
    if kind == "wiki_page":
        return {row.id for some in call.campus.pages.values() for row in some}
    return set()


@router.put("/api/v1/planner/overrides/:id")
def update_override(call: Call, id: str) -> object:
    """Set both booleans; one that the request lacks becomes false (Canvas: Planner)."""
    row = _override(call, id)
    row.marked_complete, row.dismissed = call.flag("marked_complete"), call.flag("dismissed")
    row.updated_at = call.now
    return override_json(row)


@router.delete("/api/v1/planner/overrides/:id")
def delete_override(call: Call, id: str) -> object:
    """Mark the row as deleted; it stays, and the item never gets another (planner_override.rb)."""
    row = _override(call, id)
    row.workflow_state, row.deleted_at = "deleted", call.now
    return override_json(row)


# Notes


def note_json(row: Note) -> Json:
    """Return a note's columns; unlike in Canvas's documentation its text is called ``details``.

    Source: planner_notes_controller.rb (Canvas: Planner).
    """
    body: Json = {
        "id": row.id,
        "todo_date": stamp(row.todo_date),
        "title": row.title,
        "details": row.details,
        "user_id": row.user_id,
        "course_id": row.course_id,
        "workflow_state": row.workflow_state,
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
    }
    if row.linked:
        body |= {
            "linked_object_type": row.linked[0],
            "linked_object_id": row.linked[1],
            "linked_object_html_url": None,
            "linked_object_url": None,
        }
    return body


@router.get("/api/v1/planner_notes")
def notes(call: Call) -> object:
    """List the viewer's notes, unpaginated, without those of deleted courses.

    ``context_codes`` keep the notes of readable courses, and notes without a course if the
    viewer's own code is among them (planner_notes_controller.rb, index).
    """
    start = end = None
    if call.one("start_date") or call.one("end_date"):
        start, end = window(call, whole_days=True)
    codes = call.many("context_codes")
    return [
        note_json(row)
        for row in list(call.campus.notes.values())
        if row.user_id == call.viewer.id
        and row.workflow_state == "active"
        and (start is None or row.todo_date >= start)
        and (end is None or row.todo_date <= end)
        and _noted(call, row, codes)
    ]


def _noted(call: Call, row: Note, codes: list[str]) -> bool:
    """Return whether the list has a note, judged by the note's course and the requested codes."""
    if row.course_id is None:
        return not codes or f"user_{row.user_id}" in codes
    course = call.campus.courses[row.course_id]
    if not codes:
        return course.workflow_state != "deleted"
    return course.asset_string in codes and access.readable(call, course)


def _note(call: Call, text: str) -> Note:
    """Return the viewer's note with this id, even a deleted one; raises NotFound.

    planner_notes_controller.rb does not check its state.
    """
    row = call.campus.notes.get(access.number(text))
    if row is None or row.user_id != call.viewer.id:
        raise NotFound
    return row


@router.get("/api/v1/planner_notes/:id")
def show_note(call: Call, id: str) -> object:
    return note_json(_note(call, id))


def _todo_date(call: Call) -> datetime | None:
    """Return the date that was sent; Rails reads any other text as no date."""
    text = call.one("todo_date")
    try:
        return moment(text, call.viewer) if text else None
    except ValueError:
        return None


def _sanitised(details: str | None) -> str | None:
    """Return a note's text as Canvas stores it: sanitized HTML.

    So ``&`` comes back as ``&amp;`` and ``<`` as ``&lt;`` (planner_note.rb, sanitize_field). A
    text with more than MOST_TAGS tags is kept as it is, because this sanitizer would repeat each
    open tag in each paragraph; what Canvas makes of such a text is not known.
    """
    if details is None or details.count("<") > MOST_TAGS:
        return details
    return nh3.clean(details, link_rel=None)


def _checked(title: str | None, todo_date: datetime | None) -> tuple[str, datetime]:
    """Return title and date, which a note needs (planner_note.rb).

    Raises BadRequest that names each blank one.
    """
    blank = {"title": not (title or "").strip(), "todo_date": todo_date is None}
    errors = {
        name: [{"attribute": name, "type": "blank", "message": "blank"}]
        for name, missing in blank.items()
        if missing
    }
    if errors or title is None or todo_date is None:
        raise BadRequest({"errors": errors})
    return title, todo_date


def _note_course(call: Call) -> int | None:
    text = call.one("course_id")
    return access.open_course(call, text).id if text else None


def _linked(call: Call) -> tuple[str, int] | None:
    """Return the object a new note is linked to, which can have only one note (Canvas: Planner).

    Raises BadRequest or NotFound.
    """
    kind, number = call.one("linked_object_type"), call.one("linked_object_id")
    if not kind and not number:
        return None
    if not call.one("course_id"):
        raise BadRequest({"message": "must specify course_id"})
    if kind not in LINKABLE:
        raise BadRequest({"message": "invalid linked_object_type"})
    linked = (kind, access.number(number or ""))
    _planned_work(call, *linked)
    for row in call.campus.notes.values():
        mine = row.user_id == call.viewer.id and row.workflow_state == "active"
        if mine and row.linked == linked:
            message = "a planner note linked to that object already exists"
            raise BadRequest({"message": message})
    return linked


def _linked_title(call: Call, kind: str, number: int) -> str | None:
    """Return the name of the object a note is linked to, the default for the note's title."""
    work = _planned_work(call, kind, number)
    if work is not None:
        return work.name
    campus = call.campus
    titles = {row.id: row.title for some in campus.announcements.values() for row in some}
    titles |= {row.id: row.title for some in campus.topics.values() for row in some}
    titles |= {row.id: row.title for some in campus.practices.values() for row in some}
    titles |= {row.id: row.title for some in campus.pages.values() for row in some}
    return titles.get(number)


@router.post("/api/v1/planner_notes")
def create_note(call: Call) -> object:
    course_id, linked = _note_course(call), _linked(call)
    named = call.one("title")
    if linked and named is None:
        named = _linked_title(call, *linked)
    title, todo_date = _checked(named, _todo_date(call))
    row = Note(
        call.campus.fresh_id(),
        call.viewer.id,
        title,
        _sanitised(call.one("details")),
        todo_date,
        course_id,
        call.now,
        call.now,
        linked=linked,
    )
    call.campus.notes[row.id] = row
    return Answer(note_json(row), 201)


@router.put("/api/v1/planner_notes/:id")
def update_note(call: Call, id: str) -> object:
    row = _note(call, id)
    if row.linked is not None and call.one("course_id") is not None:
        message = "course_id cannot be changed for linked planner notes"
        raise BadRequest({"message": message})
    title = call.one("title")
    dated = row.todo_date if call.one("todo_date") is None else _todo_date(call)
    row.title, row.todo_date = _checked(row.title if title is None else title, dated)
    if (details := call.one("details")) is not None:
        row.details = _sanitised(details)
    if call.one("course_id") is not None:
        row.course_id = _note_course(call)
    row.updated_at = call.now
    return note_json(row)


@router.delete("/api/v1/planner_notes/:id")
def delete_note(call: Call, id: str) -> object:
    row = _note(call, id)
    row.workflow_state = "deleted"
    return note_json(row)
