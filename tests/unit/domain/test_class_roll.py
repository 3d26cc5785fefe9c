"""The students of a class: each once, by name, with what Canvas says of them."""

from datetime import UTC, datetime
from typing import Any

from canvas_app.canvas.models import ClassEnrollment, ClassGrades, RosterUser
from canvas_app.domain.class_roll import students_of

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
SECTIONS = {"1": "Morning", "2": "Evening"}


def enrollment(user_id: str, section_id: str = "1", **facts: Any) -> ClassEnrollment:
    given: dict[str, Any] = {
        "id": f"{user_id}-{section_id}",
        "user_id": user_id,
        "type": "StudentEnrollment",
        "enrollment_state": "active",
        "course_section_id": section_id,
        "user": RosterUser(id=user_id, name=f"Name {user_id}", sortable_name=f"{user_id}, Name"),
    }
    return ClassEnrollment(**(given | facts))


def test_two_sections_make_one_student() -> None:
    rows = [
        enrollment("b", last_activity_at=MONDAY, total_activity_time=60),
        enrollment("b", "2", total_activity_time=90, enrollment_state="completed"),
        enrollment("a", "9"),
    ]
    first, second = students_of(rows, SECTIONS)
    assert (first.user_id, second.user_id) == ("a", "b")
    assert first.sections == ()
    assert second.sections == ("Morning", "Evening")
    assert (second.last_activity_at, second.total_activity_time) == (MONDAY, 90)
    assert second.state == "active"


def test_nobody_but_students() -> None:
    rows = [
        enrollment("a", type="TeacherEnrollment"),
        ClassEnrollment(id="9", type="StudentEnrollment"),
    ]
    assert students_of(rows, SECTIONS) == []


def test_totals_and_what_is_not_told() -> None:
    grades = ClassGrades(current_score=90.0, override_score=95.0, unposted_current_score=80.0)
    [known] = students_of([enrollment("a", grades=grades)], SECTIONS)
    assert (known.current_score, known.override_score, known.final_score) == (90, 95, None)
    [bare] = students_of([enrollment("a", user=None, enrollment_state=None)], SECTIONS)
    assert (bare.name, bare.state, bare.current_score) == ("", "active", None)
