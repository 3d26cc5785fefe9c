"""One student's work in a course, as their teachers see it: the rows, and which of them to show."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from canvas_app.canvas.models import Assignment, ClassSubmission, Course
from canvas_app.domain.class_work import ANONYMOUS, teacher_status, waits
from canvas_app.domain.grade_book import counts
from canvas_app.domain.planner_items import ItemBuilder
from canvas_app.domain.queries import Query

WORK_SHOWN = ("", "missing", "late", "waiting", "graded")


@dataclass(frozen=True)
class StudentWork:
    """A student's submission; ``url`` is SpeedGrader's. ``waits``: for a grade.

    Of work whose submissions may not be joined with names, ``status`` is "anonymous" and nothing
    of the submission is told.
    """

    assignment_id: str
    course_id: str
    title: str
    group: str
    status: str
    due_at: datetime | None
    points_possible: float | None
    score: float | None = None
    grade: str | None = None
    late: bool | None = None
    missing: bool | None = None
    excused: bool | None = None
    waits: bool | None = None
    submitted_at: datetime | None = None
    graded_at: datetime | None = None
    posted_at: datetime | None = None
    counts: bool = True
    url: str = ""


@dataclass(frozen=True)
class Desk:
    """What a student's rows are made with.

    ``named`` are the assignments, by id, whose submissions may be joined with names; ``groups``
    are the names of assignment groups by id.
    """

    course: Course
    named: Collection[str]
    groups: Mapping[str, str]
    builder: ItemBuilder
    now: datetime


def student_works(
    works: Iterable[Assignment], rows: Iterable[ClassSubmission], desk: Desk
) -> tuple[StudentWork, ...]:
    """Return the work assigned to a student, by due date, with undated work last."""
    mine = {row.assignment_id: row for row in rows}
    found = [student_work(work, mine[work.id], desk) for work in works if work.id in mine]
    return tuple(sorted(found, key=by_due_date))


def student_work(work: Assignment, row: ClassSubmission, desk: Desk) -> StudentWork:
    """Return one row; without anything of the submission unless it may be joined with a name."""
    plain = StudentWork(
        assignment_id=work.id,
        course_id=desk.course.id,
        title=work.name or "",
        group=desk.groups.get(work.assignment_group_id or "", ""),
        status=ANONYMOUS,
        due_at=work.due_at,
        points_possible=work.points_possible,
        counts=counts(work),
        url=desk.builder.speed_grader(desk.course.id, work),
    )
    if work.id not in desk.named:
        return plain
    return replace(
        plain,
        status=teacher_status(row, work, desk.now),
        due_at=row.cached_due_date,
        score=row.score,
        grade=row.grade,
        late=bool(row.late),
        missing=bool(row.missing),
        excused=bool(row.excused),
        waits=waits(row),
        submitted_at=row.submitted_at,
        graded_at=row.graded_at,
        posted_at=row.posted_at,
        url=f"{plain.url}&student_id={row.user_id}",
    )


def by_due_date(work: StudentWork) -> tuple[object, ...]:
    at = work.due_at
    return at is None, at.timestamp() if at else 0.0, work.title.casefold(), work.assignment_id


def work_shown(args: Query) -> str:
    """Read which work to show; an unknown value shows all of it."""
    found = args.getlist("show")
    return found[0] if found and found[0] in WORK_SHOWN else ""


def work_weight(row: StudentWork) -> int:
    """Return how many elements of a page a row takes."""
    return 20 + 4 * (bool(row.missing) + bool(row.late))


def is_shown(work: StudentWork, show: str) -> bool:
    """Return whether a row belongs to what is to be shown."""
    match show:
        case "missing":
            return bool(work.missing)
        case "late":
            return bool(work.late)
        case "waiting":
            return bool(work.waits)
        case "graded":
            return work.score is not None or work.grade is not None
        case _:
            return True
