"""The rows of pages and of their JSON twins."""

from dataclasses import dataclass
from datetime import date, datetime

from msgspec import Struct


@dataclass(frozen=True)
class Enrolled:
    """The person's role in a course, with its sections, now or in the past."""

    role: str
    sections: tuple[str, ...] = ()
    active: bool = True


@dataclass(frozen=True)
class CourseRow:
    """One course as a card or a table row. Ids are strings, ``url`` leads to Canvas.

    ``state`` is one of current, future, past, invited, unpublished, restricted.
    ``grade_state``: percentage, letter, none (nothing graded yet), hidden (by the teacher),
    not_available (the person is no student here, or Canvas sent no totals).
    ``grade`` is the text to show ("92.4 % · A-"), None in the last three states.
    """

    id: str
    name: str
    code: str = ""
    term: str | None = None
    roles: tuple[str, ...] = ()
    grade: str | None = None
    restricted: bool = False
    url: str = ""
    grade_state: str = "not_available"
    grade_score: float | None = None
    grade_letter: str | None = None
    grade_basis: str = ""  # the grading period's title, "whole course", or why there is no total
    letters_only: bool = False  # the course restricts quantitative data
    original_name: str | None = None  # if a nickname replaces it
    state: str = "current"
    favorite: bool = False
    color: str | None = None
    image_url: str | None = None
    sections: tuple[str, ...] = ()
    progress_done: int | None = None  # module requirements
    progress_total: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    needs_grading: int | None = None  # teachers
    students: int | None = None  # teachers
    enrolled: tuple[Enrolled, ...] = ()  # every role with its sections, active ones first
    position: int | None = None  # position of its card on Canvas's dashboard
    child_id: str | None = None  # the student whom the person observes; None: their own
    child_name: str | None = None


class Item(Struct, frozen=True, gc=False):
    """One thing to do or to know: a planner item, missing work, or work to grade.

    ``type`` is the planner's word (assignment, quiz, discussion_topic, wiki_page, planner_note,
    calendar_event, announcement, assessment_request, sub_assignment), or ``grading``.
    ``id`` is the plannable's own id, unique only together with ``type``.
    """

    id: str
    type: str
    title: str
    course_id: str | None
    course_name: str
    due_at: datetime | None
    status: str
    points_possible: float | None
    done: bool
    url: str
    status_label: str | None = None  # the name of a custom grade status
    late: bool = False
    missing: bool = False  # Canvas's own flag; graded work may have it too
    assignment_id: str | None = None
    all_day: bool = False
    ends_at: datetime | None = None
    posted_at: datetime | None = None  # when its grade was posted
    has_feedback: bool = False
    feedback: str | None = None  # a teacher's comment, plain text
    commented_at: datetime | None = None  # when somebody else commented last, if it is known
    new_activity: bool = False
    details: str | None = None  # a personal note's plain text; an event's HTML, not sanitised
    location: str | None = None
    unlock_at: datetime | None = None
    lock_at: datetime | None = None
    lock_explanation: str | None = None
    letters_only: bool = False
    override_id: str | None = None  # planner override: mark done and undo
    needs_grading: int | None = None  # type grading: how many submissions wait
    color: str | None = None
    day: date | None = None  # the person's calendar day it is on
    score: float | None = None  # posted ones only, like ``grade``
    grade: str | None = None
    weight: float | None = None  # percent of the final grade, where known
    dismissed: bool = False  # the override's other half, kept when it is changed
    only_posted: bool = False  # ``due_at`` is when it was posted: it asks for nothing by then
    accepts_until: datetime | None = None  # the person's closing date; None: open-ended
    can_submit: bool | None = None  # whether Canvas would take a hand-in now; None: not known
    child_id: str | None = None  # the student whom the person observes; None: their own
    child_name: str | None = None

    @property
    def key(self) -> tuple[str | None, str, str]:
        """What it is and whose: several children may have the same work."""
        return self.child_id, self.type, self.id

    @property
    def news_at(self) -> datetime | None:
        """Return when its grade was posted, or when it was commented on if that was later."""
        moments = [moment for moment in (self.posted_at, self.commented_at) if moment]
        return max(moments, default=None)

    @property
    def element_id(self) -> str:
        """Return the id of its row on a page, to which a form leads back."""
        whose = f"-{self.child_id}" if self.child_id else ""
        return f"row-{self.type}-{self.id}{whose}"


@dataclass(frozen=True)
class Section:
    """Rows under one heading: overdue, earlier (its day is past, nothing is overdue), today,
    tomorrow, day (a date this week or next), later, undated."""

    key: str
    rows: tuple[Item, ...]
    day: date | None = None
    total: int = 0  # where ``rows`` are those of one piece: how many there are in all
    childrens: bool = False  # on a page that has the person's own work apart


@dataclass(frozen=True)
class SubmissionRow:
    """One submission of the person, or (``kind`` grading) one assignment that waits for grading."""

    assignment_id: str
    course_id: str
    title: str
    status: str
    late: bool
    points_deducted: float | None
    score: float | None
    grade: str | None
    points_possible: float | None
    due_at: datetime | None
    submitted_at: datetime | None
    graded_at: datetime | None
    url: str
    kind: str = "submission"  # or grading
    id: str = ""
    course_name: str = ""
    status_label: str | None = None
    missing: bool = False
    excused: bool = False
    seconds_late: int = 0
    entered_score: float | None = None  # before the late penalty
    entered_grade: str | None = None
    posted_at: datetime | None = None
    attempt: int | None = None
    allowed_attempts: int | None = None  # None: unlimited
    extra_attempts: int | None = None
    grading_type: str = ""
    letters_only: bool = False
    comments: tuple["Comment", ...] = ()  # newest first
    needs_grading: int | None = None  # kind grading
    color: str | None = None
    rubric: tuple["Rated", ...] = ()
    accepts_until: datetime | None = None  # the person's closing date; None: open-ended
    can_submit: bool | None = None  # whether Canvas would take a hand-in now; None: not known
    child_id: str | None = None  # the student whom the person observes; None: their own
    child_name: str | None = None


@dataclass(frozen=True)
class File:
    """A file at Canvas; ``size`` in bytes."""

    name: str
    url: str
    size: int | None = None


@dataclass(frozen=True)
class Comment:
    author: str
    text: str
    created_at: datetime | None
    attempt: int | None = None
    files: tuple[File, ...] = ()
    media: bool = False  # a recording, which is played in Canvas
    html: str | None = None  # where it is more than text; not sanitised


@dataclass(frozen=True)
class Rating:
    """One step of a criterion; ``reached`` marks the person's own step."""

    name: str
    text: str = ""
    points: float | None = None
    reached: bool = False


@dataclass(frozen=True)
class Rated:
    """One criterion of a rubric with its rating; no numbers where only letters count."""

    name: str
    text: str = ""
    rating: str | None = None  # the rating's name; None when only points or words were given
    points: float | None = None
    points_possible: float | None = None
    comments: str = ""
    counts: bool = True  # for the score
    ratings: tuple[Rating, ...] = ()


@dataclass(frozen=True)
class CourseGroup:
    """Courses of one role and term; ``state`` as a row's, or favorite."""

    role: str
    term: str | None
    state: str
    rows: tuple[CourseRow, ...]
