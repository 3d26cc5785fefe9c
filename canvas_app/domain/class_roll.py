"""Who is in a class: each student once, with their sections and Canvas's own totals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import UnsetType

from canvas_app.canvas.models import ClassEnrollment, ClassGrades, RosterUser


@dataclass(frozen=True)
class Student:
    """A student of a course, however many sections they are in.

    ``current_score`` and ``final_score`` are of posted grades, the ``unposted`` ones of all grades;
    ``override_score`` was set by hand. ``total_activity_time`` is in seconds. ``state`` is as
    stored: active, completed or inactive.
    """

    user_id: str
    name: str
    sortable_name: str
    sections: tuple[str, ...] = ()
    section_ids: frozenset[str] = frozenset()
    state: str = "active"
    current_score: float | None = None
    final_score: float | None = None
    current_grade: str | None = None
    unposted_current_score: float | None = None
    unposted_final_score: float | None = None
    override_score: float | None = None
    last_activity_at: datetime | None = None
    total_activity_time: int | None = None
    login: str = ""
    sis_id: str = ""


def students_of(rows: Iterable[ClassEnrollment], sections: Mapping[str, str]) -> list[Student]:
    """Return these enrollments' students by sortable name; ``sections`` names sections by id."""
    found: dict[str, list[ClassEnrollment]] = {}
    for row in rows:
        if row.user_id and row.type == "StudentEnrollment":
            found.setdefault(row.user_id, []).append(row)
    students = [_student(user_id, mine, sections) for user_id, mine in found.items()]
    return sorted(students, key=lambda one: (one.sortable_name.casefold(), one.user_id))


def _student(user_id: str, rows: list[ClassEnrollment], sections: Mapping[str, str]) -> Student:
    """Return one student; all their enrollments in a course have the same totals (Canvas, 7.5)."""
    user = next((row.user for row in rows if row.user), RosterUser())
    grades = next((row.grades for row in rows if row.grades), ClassGrades())
    ids = list(dict.fromkeys(row.course_section_id for row in rows if row.course_section_id))
    states = {row.enrollment_state for row in rows}
    times = [row.total_activity_time for row in rows if row.total_activity_time is not None]
    name = user.name or user.short_name or ""
    return Student(
        user_id=user_id,
        name=name,
        sortable_name=user.sortable_name or name,
        sections=tuple(sections[id_] for id_ in ids if id_ in sections),
        section_ids=frozenset(ids),
        state="active" if "active" in states else next((s for s in states if s), "active"),
        current_score=_number(grades.current_score),
        final_score=_number(grades.final_score),
        current_grade=grades.current_grade,
        unposted_current_score=grades.unposted_current_score,
        unposted_final_score=grades.unposted_final_score,
        override_score=grades.override_score,
        last_activity_at=latest(row.last_activity_at for row in rows),
        total_activity_time=max(times, default=None),
        login=user.login_id or "",
        sis_id=user.sis_user_id or "",
    )


def latest(moments: Iterable[datetime | None]) -> datetime | None:
    """Return the latest of these moments; None when there is none."""
    return max((at for at in moments if at), default=None)


def _number(value: float | UnsetType | None) -> float | None:
    return None if isinstance(value, UnsetType) else value


def taken_sections(
    students: Sequence[Student], names: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Return the sections that have students, by name."""
    taken = {id_ for student in students for id_ in student.section_ids}
    found = [(id_, name) for id_, name in names.items() if id_ in taken]
    return tuple(sorted(found, key=lambda pair: pair[1].casefold()))
