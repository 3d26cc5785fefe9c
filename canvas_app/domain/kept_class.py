"""What is known of a class's work between two looks at Canvas, and what must be asked for anew.

Lists "since" a moment tell what was handed in and graded. They do not tell of cleared grades,
posted grades, most changes of a status, and moved dates. Those show in what is asked for each time:
the students' totals, and the assignments' dates and counts of work that waits for a grade.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from canvas_app.canvas.models import Assignment, ClassSubmission, KeptSubmission
from canvas_app.domain.class_roll import Student
from canvas_app.domain.class_work import waits

Totals = tuple[float | None, ...]
NEVER_MISSING = frozenset({"", "none", "not_graded", "wiki_page", "on_paper", "external_tool"})
"""Submission types of which alone nothing is missing by its date (``submission.rb``)."""


class WorkMark(Struct, frozen=True, array_like=True, gc=False):
    """What tells that an assignment's submissions changed.

    ``apart``: by how many Canvas's count of waiting work differs from that of the kept rows.
    """

    due_at: datetime | None
    updated_at: datetime | None
    apart: int | None


class KeptClass(Struct, array_like=True):
    """A class's work as it is kept; moments in seconds since 1970.

    ``all_at``: when all of it was looked at; ``asked_at``: when changes were last asked for.
    ``totals`` are Canvas's by grading period and student.
    """

    all_at: float
    asked_at: float
    students: dict[str, list[KeptSubmission]]
    works: dict[str, WorkMark]
    totals: dict[str, dict[str, Totals]]


@dataclass(frozen=True)
class Looked:
    """When all of a class's work was looked at, and since when only changes were."""

    all_at: datetime | None = None
    since: datetime | None = None


def totals_of(student: Student) -> Totals:
    return (
        student.current_score,
        student.final_score,
        student.unposted_current_score,
        student.unposted_final_score,
    )


def unexplained(
    students: Iterable[Student], known: Mapping[str, Totals], changed: Collection[str]
) -> list[str]:
    """Return the students whose totals changed although none of their submissions seems to have."""
    return [
        one.user_id
        for one in students
        if one.user_id in known
        and one.user_id not in changed
        and tuple(known[one.user_id]) != totals_of(one)
    ]


def marks_of(
    works: Iterable[Assignment], rows: Iterable[Sequence[ClassSubmission]]
) -> dict[str, WorkMark]:
    """Return the mark of each assignment; ``rows`` are those of the active students."""
    counted: dict[str, int] = {}
    for mine in rows:
        for row in mine:
            if row.assignment_id and waits(row):
                counted[row.assignment_id] = counted.get(row.assignment_id, 0) + 1
    return {
        work.id: WorkMark(
            work.due_at,
            work.updated_at,
            None
            if work.needs_grading_count is None
            else int(work.needs_grading_count) - counted.get(work.id, 0),
        )
        for work in works
    }


def moved(now: Mapping[str, WorkMark], known: Mapping[str, WorkMark]) -> list[str]:
    """Return the assignments that are new, or whose submissions changed unseen."""
    return [id_ for id_, mark in now.items() if _differ(mark, known.get(id_))]


def _differ(now: WorkMark, known: WorkMark | None) -> bool:
    if known is None or (now.due_at, now.updated_at) != (known.due_at, known.updated_at):
        return True
    return None not in (now.apart, known.apart) and now.apart != known.apart


def without_counts(marks: Mapping[str, WorkMark]) -> dict[str, WorkMark]:
    """Return marks that leave the counts open, because not everybody's submissions are here."""
    return {id_: WorkMark(mark.due_at, mark.updated_at, None) for id_, mark in marks.items()}


def merged(
    rows: Sequence[ClassSubmission], newer: Iterable[ClassSubmission]
) -> list[ClassSubmission]:
    """Return a student's submissions with newer ones in the place of older ones."""
    found = {row.assignment_id: row for row in rows}
    found.update((row.assignment_id, row) for row in newer)
    return list(found.values())


def as_of(rows: Sequence[ClassSubmission], works: Mapping[str, Assignment], now: datetime) -> None:
    """Mark kept submissions that have become missing meanwhile (``Submission::Tardiness``)."""
    for row in rows:
        if row.missing or row.cached_due_date is None or row.cached_due_date >= now:
            continue
        work = works.get(row.assignment_id or "")
        row.missing = work is not None and _missing_by_date(row, work)


def _missing_by_date(row: ClassSubmission, work: Assignment) -> bool:
    """Return whether a submission whose date is over is missing."""
    decided = row.excused or row.custom_grade_status_id or row.late_policy_status or row.grader_id
    if decided or row.submitted_at is not None or row.workflow_state == "pending_review":
        return False
    kinds = work.submission_types or []
    return len(kinds) > 1 or (bool(kinds) and kinds[0] not in NEVER_MISSING)
