"""Whether a class is who it was: its students, their sections and their totals, in one digest."""

from collections.abc import Iterable, Iterator
from hashlib import sha256

import msgspec

from canvas_app.canvas.models import ClassEnrollment, ClassGrades, RosterUser, SectionClass


class RollMark(msgspec.Struct, array_like=True):
    """A class as it was: the ``digest`` of its ``rows`` enrollments, which holds ``since``.

    ``since`` is in seconds since 1970; a list that was asked for later is of this class.
    """

    since: float
    rows: int
    digest: str


def roll_digest(rows: Iterable[ClassEnrollment]) -> str:
    """Return the digest of a list of active students with the totals of the whole course."""
    return _digest(
        _facts(row, row.user or RosterUser(), row.grades or ClassGrades()) for row in rows
    )


def digest_by_section(sections: Iterable[SectionClass]) -> str:
    """Return the same of the sections of a class; empty where they came without students."""
    lists = [section.students for section in sections]
    if not any(lists):
        return ""
    return _digest(
        _facts(row, student, row.grades or ClassGrades())
        for students in lists
        for student in students or ()
        for row in student.enrollments or ()
        if row.enrollment_state == "active"
    )


def _facts(row: ClassEnrollment, user: RosterUser, grades: ClassGrades) -> tuple[object, ...]:
    return (
        *(row.user_id or "", row.course_section_id or ""),
        *(user.name, user.sortable_name),
        *(grades.current_score or None, grades.final_score or None, grades.current_grade),
        *(grades.unposted_current_score, grades.unposted_final_score, grades.override_score),
    )


def _digest(facts: Iterator[tuple[object, ...]]) -> str:
    return sha256(msgspec.json.encode(sorted(facts, key=str))).hexdigest()
