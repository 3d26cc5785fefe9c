"""The grading queue: the work to grade in all courses that the person teaches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from canvas_app.canvas.models import Assignment, ClassSubmission, Course
from canvas_app.domain.class_work import Tally, tally
from canvas_app.domain.courses import has_role, is_active_teacher, observed
from canvas_app.domain.grading_queue import (
    QueueFilter,
    QueueGroup,
    QueueRow,
    queue_groups,
    queue_row,
    sorted_queue,
)
from canvas_app.domain.pieces import Place, cut, piece_at
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.status import paper_status
from canvas_app.services.asks import (
    AskedPage,
    read_colors,
    read_profile,
    start_colors,
    start_courses,
    start_profile,
)
from canvas_app.services.classes import (
    all_here,
    start_class_assignments,
    start_class_work,
    start_students,
    whole_lists,
)
from canvas_app.services.pages import OwnPage
from canvas_app.services.without_includes import mend_courses
from canvas_app.sources.answer import complete
from canvas_app.sources.sources import Sources

LATELY = timedelta(days=14)
ROWS_OF_PIECE = 40
"""Assignments on one piece of the page: each has two chips, a bar and a link to Canvas."""


@dataclass(frozen=True)
class TaughtCourse:
    """A course with its assignments, submissions and active students.

    ``submissions`` holds, by assignment id, those of the assignments to count. ``students`` are
    user ids, or None if the list of students is incomplete.
    """

    course: Course
    works: Sequence[Assignment]
    submissions: Mapping[str, Sequence[ClassSubmission]]
    students: frozenset[str] | None


@dataclass(frozen=True)
class AskedQueue(AskedPage):
    """Canvas's answers; ``known`` are all the person's courses, by id."""

    known: Mapping[str, Course] = field(default_factory=dict)
    taught: Sequence[TaughtCourse] = ()


@dataclass(frozen=True, kw_only=True)
class QueuePiece(Place):
    """The part of the queue on one piece of its page: each group with those of its rows."""

    groups: tuple[tuple[QueueGroup, tuple[QueueRow, ...]], ...]


@dataclass(frozen=True)
class TeachingPage(OwnPage):
    """Grading queue page. ``rows`` are assignments to grade; ``courses`` counts taught courses."""

    rows: tuple[QueueRow, ...] = ()
    groups: tuple[QueueGroup, ...] = ()
    wanted: QueueFilter = field(default_factory=QueueFilter)
    courses: int = 0
    not_handed_in: int = 0  # work due in the last 14 days; on the start page only
    all_counted: bool = True  # whether all of that work was counted
    piece: "QueuePiece | None" = None

    @property
    def waiting(self) -> int:
        """Return how many submissions wait for a grade."""
        return sum(row.needs_grading for row in self.rows)

    @property
    def exact(self) -> bool:
        """Return whether Easel counted the submissions of every row itself."""
        return all(row.counted for row in self.rows)

    @property
    def oldest(self) -> datetime | None:
        """Return when the submission that has waited longest was handed in."""
        known = [row.oldest_submitted_at for row in self.rows if row.oldest_submitted_at]
        return min(known, default=None)

    @property
    def longest_wait(self) -> timedelta | None:
        return self.now - self.oldest if self.now and self.oldest else None


def teaching_home(sources: Sources) -> TeachingPage:
    """Return the part for the start page: the queue, and what was due in the last 14 days."""
    now = sources.now()
    return lay_out(ask(sources, since=now - LATELY), QueueFilter(), now, since=now - LATELY)


def teaching(sources: Sources, wanted: QueueFilter | None = None, number: int = 1) -> TeachingPage:
    """Return the page, with one piece of the queue to show, by its ``number``.

    It takes three rounds of calls: the courses, then each one's assignments and students, then the
    submissions of each assignment that waits for a grade. After two rounds an early view shows
    titles and Canvas's own counts. In general it takes 2 + ceil(calls / 10) rounds, plus the
    further pages of lists longer than 100.
    """
    page = lay_out(ask(sources), wanted or QueueFilter(), sources.now())
    return replace(page, piece=queue_piece(page.groups, number))


def queue_piece(groups: Sequence[QueueGroup], number: int) -> QueuePiece:
    """Return one piece of the queue, in the order in which it is shown."""
    lists = [group.rows for group in groups]
    place = piece_at([1] * sum(map(len, lists)), number, ROWS_OF_PIECE)
    shown = ((group, part) for group, part in zip(groups, cut(lists, place), strict=True) if part)
    return QueuePiece(**vars(place), groups=tuple(shown))


def ask(sources: Sources, since: datetime | None = None) -> AskedQueue:
    """Ask for the courses, then for the work to grade in each, then for its submissions.

    With ``since``, also ask for the work that was due from that moment to now.
    """
    now = sources.now()
    courses = start_courses(sources)
    profile, colors = start_profile(sources), start_colors(sources)
    mend_courses(sources, courses, ())
    known = {course.id: course for course in courses.rows()}
    taught = [course for course in known.values() if is_active_teacher(course, now)]
    works = [(course, start_class_assignments(sources, course)) for course in taught]
    students = {course.id: start_students(sources, course) for course in taught}
    open_works = [(course, works_to_count(handle.rows(), since, now)) for course, handle in works]
    lists = {
        course.id: start_class_work(sources, course, found) for course, found in open_works if found
    }
    return AskedQueue(
        canvas_url=sources.api.canvas_url,
        colors=read_colors(colors),
        known=known,
        taught=[
            TaughtCourse(
                course,
                found,
                whole_lists(found, lists[course.id]) if found else {},
                frozenset(row.user_id for row in students[course.id].rows() if row.user_id)
                if all_here(students[course.id])
                else None,
            )
            for course, found in open_works
        ],
        sources=sources.states(),
        profile=read_profile(profile),
    )


def waiting_works(works: Sequence[Assignment]) -> list[Assignment]:
    """Return the published assignments in which something waits for a grade, each once.

    All moderated work is included: Canvas's count of it leaves out what this person has graded
    already, so Easel counts its submissions itself.
    """
    once = {work.id: work for work in works}
    return [
        work
        for work in once.values()
        if work.published is not False and (work.needs_grading_count or work.moderated_grading)
    ]


def works_to_count(
    works: Sequence[Assignment], since: datetime | None, now: datetime
) -> list[Assignment]:
    """Return the assignments that wait for a grade and those due since ``since``, each once."""
    late = [work for work in works if since and was_due(work, since, now)]
    return list({work.id: work for work in (*waiting_works(works), *late)}.values())


def was_due(work: Assignment, since: datetime, now: datetime) -> bool:
    """Return whether published, submittable work was due in this time, by its base date."""
    due = work.due_at
    dated = due is not None and since <= due <= now
    return dated and work.published is not False and not paper_status(work.submission_types)


def lay_out(
    asked: AskedQueue, wanted: QueueFilter, now: datetime, since: datetime | None = None
) -> TeachingPage:
    """Build the page from Canvas's answers; ``since`` is that of :func:`ask`."""
    builder = ItemBuilder(asked.canvas_url, asked.known, asked.colors, now)
    counted = [
        (each.course, work, tally_of(each, work)) for each in asked.taught for work in each.works
    ]
    found = [queue_row(work, course, builder, count) for course, work, count in counted]
    lately = [count for _, work, count in counted if since and was_due(work, since, now)]
    rows = sorted_queue((row for row in found if row.needs_grading), wanted.sort)
    return TeachingPage(
        sources=asked.sources,
        complete=complete(asked.sources),
        profile=asked.profile,
        now=now,
        in_courses=bool(asked.known),
        is_student=has_role(asked.known.values(), "student"),
        is_teacher=bool(asked.taught),
        observes=observed(asked.known.values()),
        rows=rows,
        groups=queue_groups(rows, wanted.by_course),
        wanted=wanted,
        courses=len(asked.taught),
        not_handed_in=sum(count.not_submitted for count in lately if count),
        all_counted=None not in lately,
    )


def tally_of(each: TaughtCourse, work: Assignment) -> Tally | None:
    """Return an assignment's counts, or None if its submissions or students are incomplete."""
    if each.students is None or work.id not in each.submissions:
        return None
    return tally(each.submissions[work.id], each.students)
