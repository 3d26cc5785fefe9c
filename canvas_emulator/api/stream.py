"""Activity stream, unread messages and progress (Canvas: Conversations, Users, Progress)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from canvas_emulator.campus.courses import Course
from canvas_emulator.campus.coursework import Assignment, Submission
from canvas_emulator.campus.happenings import Announcement
from canvas_emulator.resource import Call, NotFound, router

from . import access
from .assignments import assignment_json
from .courses import course_json
from .progress import progress_json
from .submission_body import bare_submission_json
from .submissions import comments
from .users import user_json
from .values import rich, stamp

Json = dict[str, Any]
DEFAULT_PER_PAGE = 21
KEPT = timedelta(weeks=4)
"""How long Canvas keeps an entry (the site setting ``stream_items_ttl``)."""


@dataclass(frozen=True, slots=True)
class Happening:
    """An entry of the stream. ``at`` is when it entered, which posting a grade does not change."""

    id: int
    at: datetime
    course: Course
    news: Announcement | None = None
    graded: tuple[Submission, Assignment] | None = None

    @property
    def kind(self) -> str:
        return "Announcement" if self.news else "Submission"

    @property
    def read(self) -> bool:
        return self.news.read if self.news else False


def _stream(call: Call, only: Course | None = None) -> list[Happening]:
    """Return the entries of the last four weeks, newest first (stream_item.rb)."""
    campus, me = call.campus, call.viewer.id
    kinds = ("StudentEnrollment", "TeacherEnrollment", "TaEnrollment", "ObserverEnrollment")
    found: list[Happening] = []
    for course in campus.courses_where(me, call.now, kinds):
        if only is not None and course is not only:
            continue
        for news in campus.announcements.get(course.id, ()):
            if call.now - KEPT < news.posted_at <= call.now:
                found.append(Happening(news.id, news.posted_at, course, news=news))
        if access.is_student(call, course):
            found += _grades(call, course)
    hidden = campus.hidden_stream[me]
    found = [row for row in found if row.id not in hidden]
    return sorted(found, key=lambda row: (row.at, row.id), reverse=True)


def _grades(call: Call, course: Course) -> list[Happening]:
    """Return an entry for each submission that was graded or commented on.

    Hidden grades are included here; ``_visible`` drops them after the list was cut into pages.
    """
    found = []
    for work in call.campus.work_of(course.id):
        row = call.campus.submission(work, call.viewer.id)
        if row is None or not work.published:
            continue
        told = [row.graded_at, *(c.created_at for c in row.comments if c.author_id != row.user_id)]
        entered = max((at for at in told if at is not None and at <= call.now), default=None)
        if entered is not None and entered > call.now - KEPT:
            found.append(Happening(row.id + 1, entered, course, graded=(row, work)))
    return found


def _visible(row: Happening) -> bool:
    """Return whether the page shows an entry: an unposted submission is left out (stream_item.rb).

    It is called for the rows of a page that is already cut, so pages can be short.
    """
    return row.graded is None or row.graded[0].posted_at is not None


@router.get("/api/v1/users/self/activity_stream")
def index(call: Call) -> object:
    return _listed(call, _stream(call))


@router.get("/api/v1/courses/:course_id/activity_stream")
def index_of_course(call: Call, course_id: str) -> object:
    return _listed(call, _stream(call, access.open_course(call, course_id)))


def _listed(call: Call, rows: list[Happening]) -> object:
    def render(row: Happening) -> Json:
        return _json(call, row)

    return call.numbered(rows, DEFAULT_PER_PAGE, render=render, keep=_visible)


def _json(call: Call, row: Happening) -> Json:
    body: Json = {}
    if row.graded:
        submission, work = row.graded
        # All fields of the submission are merged in, with its id as submission_id (Canvas: Users).
        body = bare_submission_json(call, row.course, work, submission)
        body |= {
            "submission_id": submission.id,
            "assignment": assignment_json(call, row.course, work),
            "course": course_json(call, (row.course, []), call.viewer),
            "user": user_json(call, call.viewer),
            "submission_comments": comments(call, row.course, work, submission),
            "title": work.name,
            "message": None,
            "html_url": body["preview_url"].partition("?")[0],
        }
    if row.news:
        body |= {
            "title": row.news.title,
            "message": rich(call, row.news.message),
            "announcement_id": row.news.id,
            "html_url": f"{call.base_url}/courses/{row.course.id}/announcements/{row.news.id}",
        }
    return body | {
        "id": row.id,
        "created_at": stamp(row.at),
        "updated_at": stamp(row.at),
        "type": row.kind,
        "read_state": row.read,
        "context_type": "Course",
        "course_id": row.course.id,
    }


@router.get("/api/v1/users/self/activity_stream/summary")
def summary(call: Call) -> object:
    counts: dict[str, list[bool]] = defaultdict(list)
    for row in filter(_visible, _stream(call)):
        counts[row.kind].append(row.read)
    categories = {"Announcement": "Announcement", "Submission": "Grading"}
    return [
        {
            "type": kind,
            "notification_category": categories[kind],
            "count": len(read),
            "unread_count": read.count(False),
        }
        for kind, read in sorted(counts.items())
    ]


@router.delete("/api/v1/users/self/activity_stream/:id")
def hide(call: Call, id: str) -> object:
    call.campus.hidden_stream[call.viewer.id].add(access.number(id))
    return {"hidden": True}


@router.delete("/api/v1/users/self/activity_stream")
def hide_all(call: Call) -> object:
    call.campus.hidden_stream[call.viewer.id].update(row.id for row in _stream(call))
    return {"hidden": True}


@router.get("/api/v1/conversations/unread_count")
def unread_count(call: Call) -> object:
    """Return the count as a string, as Canvas does on purpose (Canvas: Conversations)."""
    return {"unread_count": str(call.campus.unread_conversations.get(call.viewer.id, 0))}


@router.get("/api/v1/progress/:id")
def progress(call: Call, id: str) -> object:
    """Return the viewer's one finished job, whose id is that of the viewer."""
    number = access.number(id)
    if number != call.viewer.id:
        raise NotFound
    return progress_json(call)
