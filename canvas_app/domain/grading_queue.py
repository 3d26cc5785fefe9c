"""The grading queue: its rows, their order and their groups."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from canvas_app.canvas.models import Assignment, Course
from canvas_app.domain.class_work import Tally
from canvas_app.domain.course_colors import color_of
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.queries import Query

QUEUE_SORTS = ("age", "count", "course")


@dataclass(frozen=True)
class QueueRow:
    """An assignment that waits for grading; ``url`` is SpeedGrader's.

    The counts are None where the submissions did not come: ``needs_grading`` is Canvas's own count
    then, which has the test student in it. ``late`` counts those that wait.
    """

    course_id: str
    course_name: str
    assignment_id: str
    title: str
    needs_grading: int
    oldest_submitted_at: datetime | None
    late: int | None
    graded: int | None
    not_submitted: int | None
    url: str
    due_at: datetime | None = None
    color: str | None = None
    anonymous: bool = False

    @property
    def counted(self) -> bool:
        """Return whether Easel counted the submissions itself."""
        return self.graded is not None


@dataclass(frozen=True)
class QueueFilter:
    """Order of the queue, and whether it is grouped by course. Unknown values are ignored."""

    sort: str = QUEUE_SORTS[0]
    by_course: bool = False

    @classmethod
    def from_query(cls, args: Query) -> "QueueFilter":
        """Read sort (age, count, course) and group (course)."""
        sorts = [value for value in args.getlist("sort") if value in QUEUE_SORTS]
        return cls(sorts[0] if sorts else QUEUE_SORTS[0], "course" in args.getlist("group"))


@dataclass(frozen=True)
class QueueGroup:
    """The rows of one course, or all of them: then ``course_id`` is empty."""

    rows: tuple[QueueRow, ...]
    course_id: str = ""
    name: str = ""

    @property
    def waiting(self) -> int:
        return sum(row.needs_grading for row in self.rows)


def queue_row(
    work: Assignment, course: Course, builder: ItemBuilder, counted: Tally | None
) -> QueueRow:
    """Return one assignment's row; without a tally, from Canvas's own count."""
    row = QueueRow(
        course_id=course.id,
        course_name=course.name or "",
        assignment_id=work.id,
        title=work.name or "",
        needs_grading=work.needs_grading_count or 0,
        oldest_submitted_at=None,
        late=None,
        graded=None,
        not_submitted=None,
        url=builder.speed_grader(course.id, work),
        due_at=work.due_at,
        color=color_of(course.id, builder.colors, course),
        anonymous=bool(work.anonymize_students),
    )
    if counted is None:
        return row
    return replace(
        row,
        needs_grading=counted.needs_grading,
        oldest_submitted_at=counted.oldest_submitted_at,
        late=counted.late,
        graded=counted.graded,
        not_submitted=counted.not_submitted,
    )


def sorted_queue(rows: Iterable[QueueRow], sort: str) -> tuple[QueueRow, ...]:
    """Sort by oldest wait, most waiting, or course; ties are sorted by the wait."""

    def age(row: QueueRow) -> tuple[object, ...]:
        at = row.oldest_submitted_at
        return at is None, at.timestamp() if at else 0.0, row.title.casefold(), row.assignment_id

    def key(row: QueueRow) -> tuple[object, ...]:
        if sort == "count":
            return -row.needs_grading, *age(row)
        if sort == "course":
            return row.course_name.casefold(), row.course_id, *age(row)
        return age(row)

    return tuple(sorted(rows, key=key))


def queue_groups(rows: Sequence[QueueRow], by_course: bool) -> tuple[QueueGroup, ...]:
    """Return all rows in one group, or a group per course in the order of its first row."""
    if not by_course:
        return (QueueGroup(tuple(rows)),) if rows else ()
    found: dict[str, list[QueueRow]] = {}
    for row in rows:
        found.setdefault(row.course_id, []).append(row)
    return tuple(
        QueueGroup(tuple(mine), course_id, mine[0].course_name) for course_id, mine in found.items()
    )
