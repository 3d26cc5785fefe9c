"""The shapes every page is made of: its rows, and the page around them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

from msgspec import Struct

from canvas_app.domain.calendar import Profile
from canvas_app.domain.charts import Load
from canvas_app.sources.sources import Source, Standing, standing


@dataclass(frozen=True)
class Enrolled:
    """What the person is in a course: a role, in these sections, now or no more."""

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
    original_name: str | None = None  # when a nickname stands in its place
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
    position: int | None = None  # where the person put its card on Canvas's dashboard


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
    missing: bool = False  # Canvas's own flag; graded work may bear it too
    assignment_id: str | None = None
    all_day: bool = False
    ends_at: datetime | None = None
    posted_at: datetime | None = None  # when its grade was posted
    has_feedback: bool = False
    feedback: str | None = None  # a teacher's comment, plain text
    new_activity: bool = False
    details: str | None = None  # an own note's plain text; an event's HTML, not sanitised
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


@dataclass(frozen=True)
class Section:
    """Rows under one heading: overdue, earlier (its day is past, nothing is overdue), today,
    tomorrow, day (a date this week or next), later, undated."""

    key: str
    rows: tuple[Item, ...]
    day: date | None = None


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
    media: bool = False  # sound or film, to be played in Canvas
    html: str | None = None  # where it is more than text; not sanitised


@dataclass(frozen=True)
class Rating:
    """One step of a criterion; ``reached`` marks the person's own."""

    name: str
    text: str = ""
    points: float | None = None
    reached: bool = False


@dataclass(frozen=True)
class Rated:
    """One criterion of a rubric with what it was rated; no numbers where letters alone count."""

    name: str
    text: str = ""
    rating: str | None = None  # the rating's name; None when only points or words were given
    points: float | None = None
    points_possible: float | None = None
    comments: str = ""
    counts: bool = True  # for the score
    ratings: tuple[Rating, ...] = ()


@dataclass(frozen=True)
class Page:
    """What every page carries beside its own."""

    sources: tuple[Source, ...] = ()
    complete: bool = False
    profile: Profile = field(default_factory=Profile)
    now: datetime | None = None  # aware, UTC: the moment "today" was taken at
    failure: ClassVar[Exception | None] = None

    def source(self, name: str) -> Source | None:
        """The source of this name, when the page asked for it."""
        return next((source for source in self.sources if source.name == name), None)

    def reliable(self, *names: str) -> bool:
        """Whether totals from these sources are exact; otherwise say "at least".

        A name stands for all sources of its kind: "submissions" for "submissions: Biology" too.
        """
        return all(s.here for s in self.sources if s.name.partition(":")[0] in names)

    def doubt(self, lists: Sequence[str], judges: Sequence[str] = ()) -> str:
        """How a count is to be taken: exact (empty), "least", or "about".

        Where one of ``lists`` is not all here, rows are missing. ``judges`` tell which rows count
        (a grade, the person's day); without one of them the count may be too high as well.
        """
        if not self.reliable(*judges):
            return "about"
        return "" if self.reliable(*lists) else "least"

    @property
    def standing(self) -> Standing:
        """How much of the page is up to date."""
        return standing(self.sources)

    @property
    def early(self) -> bool:
        """Whether this is a view of the page before all of it came."""
        return any(source.status == "waiting" for source in self.sources)


@dataclass(frozen=True)
class OwnPage(Page):
    """One of the person's own lists; ``observes`` counts the courses where she watches others.

    ``in_courses``: whether she is in any course now, whatever she is there.
    """

    in_courses: bool = False
    is_student: bool = False
    is_teacher: bool = False
    observes: int = 0

    @property
    def learns(self) -> bool:
        """Whether to count work of her own; while her courses are not known, she may have some."""
        elsewhere = self.is_teacher or self.observes
        return self.is_student or not (elsewhere or self.reliable("courses"))


@dataclass(frozen=True)
class CourseGroup:
    """Courses of one role and term; ``state`` as a row's, or favorite."""

    role: str
    term: str | None
    state: str
    rows: tuple[CourseRow, ...]


@dataclass(frozen=True)
class Courses(Page):
    """``rows`` are those the filters leave, of ``total``; ``terms`` and ``roles`` can be chosen."""

    rows: tuple[CourseRow, ...] = ()
    groups: tuple[CourseGroup, ...] = ()
    total: int = 0
    terms: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Day:
    date: date
    rows: tuple[Item, ...]
    today: bool = False


@dataclass(frozen=True)
class CourseWeek:
    """What a course card counts; ``next`` is what is due there next."""

    missing: int = 0
    due: int = 0
    new_grades: int = 0
    announcements: int = 0  # unread ones
    next: Item | None = None


@dataclass(frozen=True)
class Dashboard(OwnPage):
    """``rows`` are the current courses: favourites, then those with something to do, then the rest.

    ``first_rows`` of them are shown at once. The tiles are lists of items.
    """

    rows: tuple[CourseRow, ...] = ()
    missing: tuple[Item, ...] = ()
    behind: tuple[Item, ...] = ()  # what is missing, and what is overdue since last week
    due: tuple[Item, ...] = ()  # still this week, not done
    new_grades: tuple[Item, ...] = ()  # posted within two weeks
    days: tuple[Day, ...] = ()  # this week, Monday to Sunday in the person's time zone
    announcements: tuple[Item, ...] = ()  # within two weeks, newest first
    grading: tuple[Item, ...] = ()  # teachers
    by_course: Mapping[str, CourseWeek] = field(default_factory=dict)
    week: str = ""  # "2026-W48"
    other_courses: int = 0  # past, future, restricted: on /courses
    first_rows: int = 0


@dataclass(frozen=True)
class Choice:
    """One value a filter can take, with how many rows have it."""

    value: str
    name: str
    count: int
    chosen: bool = False


@dataclass(frozen=True)
class Upcoming(OwnPage):
    """``rows`` is all that passes the filters; ``sections`` its open work under headings.

    ``announcements``, ``new_grades`` and ``done`` stand apart from the work; ``tabs`` count
    missing, due, grades and done before ``show`` chooses one of them.
    """

    rows: tuple[Item, ...] = ()
    sections: tuple[Section, ...] = ()
    new_grades: tuple[Item, ...] = ()
    announcements: tuple[Item, ...] = ()
    done: tuple[Item, ...] = ()
    grading: tuple[Item, ...] = ()
    tabs: tuple[Choice, ...] = ()
    courses: tuple[Choice, ...] = ()
    types: tuple[Choice, ...] = ()
    statuses: tuple[Choice, ...] = ()
    show: str = ""
    show_done: bool = False
    favorites: bool = False
    left_out: tuple[str, ...] = ()  # courses
    week: str = ""  # "2026-W48"; empty: four weeks back, two ahead
    load: Load | None = None  # open work of this and the coming three weeks; none in a week
    first: date | None = None
    last: date | None = None
    this_week: str = ""
    previous_week: str = ""
    next_week: str = ""
    note_courses: tuple[Choice, ...] = ()  # where an own note may be put
    note_limits: bool = False  # the person is in other courses too: Canvas lists no notes there
    missing_elsewhere: int = 0  # outside the week
    unweighed: int = 0  # courses with open work whose weights were not asked for

    @property
    def filtered(self) -> bool:
        """Whether a filter hides anything."""
        chosen = (*self.courses, *self.types, *self.statuses)
        wished = self.show or self.favorites or self.left_out
        return bool(wished) or any(choice.chosen for choice in chosen)


@dataclass(frozen=True)
class Submissions(OwnPage):
    """``rows`` newest activity first; ``grading`` the assignments that wait, most waiting first."""

    rows: tuple[SubmissionRow, ...] = ()
    grading: tuple[SubmissionRow, ...] = ()

    @property
    def all_rows(self) -> tuple[SubmissionRow, ...]:
        """The person's own submissions, then what waits for her grading."""
        return self.rows + self.grading


@dataclass(frozen=True)
class FailedPage(Page):
    """What stands in place of a page that Canvas refused as a whole."""

    failure: Exception | None = None  # type: ignore[misc]
    rows: tuple[()] = ()


def failed_twin(said: str, status: int) -> dict[str, Any]:
    """What a page's JSON twin holds when the whole page fails with a status."""
    source = {
        "name": "page",
        "status": "denied" if status in (401, 403) else "failed",
        "fetched_at": None,
        "detail": said,
    }
    return {"data": [], "complete": False, "sources": [source], "error": said}
