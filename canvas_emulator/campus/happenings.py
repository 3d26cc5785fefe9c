"""Announcements, events, notes and overrides, which planner and calendar list."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Announcement:
    id: int
    course_id: int
    title: str
    message: str
    posted_at: datetime
    author_id: int
    read: bool = False
    lock_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A wiki page with a to-do date; it is on the planner but not graded."""

    id: int
    course_id: int
    title: str
    todo_date: datetime


@dataclass(frozen=True, slots=True)
class Topic:
    """An ungraded discussion, which has no assignment."""

    id: int
    course_id: int
    title: str
    posted_at: datetime
    todo_date: datetime | None = None
    read: bool = False


@dataclass(frozen=True, slots=True)
class Practice:
    """A practice quiz or an ungraded survey, which has no assignment."""

    id: int
    course_id: int
    title: str
    due_at: datetime
    created_at: datetime
    points_possible: float = 5.0


@dataclass(slots=True)
class Review:
    """An assessment request: one student reviews another's submission."""

    id: int
    course_id: int
    assignment_id: int
    assessor_id: int
    author_id: int
    due_at: datetime
    created_at: datetime
    workflow_state: str = "assigned"


@dataclass(frozen=True, slots=True)
class Event:
    """A calendar event in the calendar of ``course_id`` or ``user_id``.

    With ``section_id`` it belongs to that section, and for people of the section it replaces the
    course's event ``parent_id``.
    """

    id: int
    title: str
    start_at: datetime
    end_at: datetime
    created_at: datetime
    course_id: int | None = None
    user_id: int | None = None
    all_day: bool = False
    description: str | None = None
    location: str | None = None
    section_id: int | None = None
    parent_id: int | None = None


@dataclass(slots=True)
class Note:
    id: int
    user_id: int
    title: str
    details: str | None
    todo_date: datetime
    course_id: int | None
    created_at: datetime
    updated_at: datetime
    workflow_state: str = "active"
    linked: tuple[str, int] | None = None


@dataclass(slots=True)
class Override:
    id: int
    user_id: int
    plannable_type: str
    plannable_id: int
    marked_complete: bool
    dismissed: bool
    created_at: datetime
    updated_at: datetime
    assignment_id: int | None = None
    workflow_state: str = "active"
    deleted_at: datetime | None = None
