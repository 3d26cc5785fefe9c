"""A class in one digest: the same from the list of students as from the course's sections."""

from typing import Any

import pytest

from canvas_app.canvas.models import (
    ClassEnrollment,
    ClassGrades,
    RosterUser,
    SectionClass,
    SectionStudent,
)
from canvas_app.domain.roll_digest import digest_by_section, roll_digest

TOTALS: dict[str, Any] = {"current_score": 80.0, "final_score": 40.0}


def enrollment(id_: str = "1", section: str = "7", **more: Any) -> ClassEnrollment:
    given: dict[str, Any] = {
        "id": f"{id_}-{section}",
        "user_id": id_,
        "course_section_id": section,
        "type": "StudentEnrollment",
        "enrollment_state": "active",
        "user": RosterUser(id=id_, name=f"Student {id_}", sortable_name=f"{id_}, Student"),
        "grades": ClassGrades(**TOTALS),
    }
    return ClassEnrollment(**(given | more))


def section(id_: str, *rows: ClassEnrollment) -> SectionClass:
    found = []
    for row in rows:
        user = row.user or RosterUser()
        own = SectionStudent(id=user.id, name=user.name, sortable_name=user.sortable_name)
        own.enrollments = [row]
        found.append(own)
    return SectionClass(id=id_, students=found or None)


CLASS = [enrollment("1", "7"), enrollment("2", "8"), enrollment("2", "7")]


def test_list_and_sections_agree() -> None:
    gone = enrollment("3", "8", enrollment_state="completed")
    sections = [section("7", CLASS[2], CLASS[0]), section("8", CLASS[1], gone), section("9")]

    assert digest_by_section(sections) == roll_digest(CLASS) == roll_digest(reversed(CLASS))


@pytest.mark.parametrize(
    "other",
    [
        [],
        CLASS[:2],
        [*CLASS, enrollment("4", "7")],
        [enrollment("1", "8"), *CLASS[1:]],
        [enrollment("1", "7", user=RosterUser(id="1", name="Married")), *CLASS[1:]],
        *(
            [
                enrollment("1", "7", grades=ClassGrades(**(TOTALS | more))),
                *CLASS[1:],
            ]
            for more in (
                {"unposted_current_score": 1.0},
                {"unposted_final_score": 1.0},
                {"override_score": 99.0},
                {"current_grade": "A"},
            )
        ),
        [enrollment("1", "7", grades=ClassGrades(current_score=80.5)), *CLASS[1:]],
    ],
)
def test_what_differs_is_told(other: list[ClassEnrollment]) -> None:
    assert roll_digest(other) != roll_digest(CLASS)


def test_sections_without_students_tell_nothing() -> None:
    """As they come where Canvas drops include parameters."""
    assert digest_by_section([SectionClass(id="7"), SectionClass(id="8")]) == ""
