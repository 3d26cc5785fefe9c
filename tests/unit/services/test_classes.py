"""A class's work in chunks: the same on every page, those shown first, nothing called whole."""

from functools import partial
from typing import Any, cast

from canvas_app.canvas.errors import Unavailable
from canvas_app.canvas.models import (
    Assignment,
    ClassSubmission,
    Course,
    CourseSection,
    GroupedWork,
)
from canvas_app.domain.class_roll import Student
from canvas_app.services.classes import ClassWork, published_works, section_names
from canvas_app.sources.answer import Outcome
from canvas_app.sources.sources import Sources

WORKS = [Assignment(id=str(n)) for n in range(40)]
STUDENTS = [Student(str(n), f"{n}", f"{n}") for n in range(22)]


class Asked:
    """Sources that note the calls and answer each with a submission of every student in it."""

    def __init__(self, **failures: Outcome) -> None:
        self.chunks: list[tuple[str, ...]] = []
        self.failures = failures

    def start(self, name: str, *, course: Course) -> "Asked":
        return self

    def add(self, handle: "Asked", call: "partial[Any]") -> None:
        self.chunks.append(call.keywords["student_ids"])

    def answer(self, place: int) -> Outcome:
        chunk = self.chunks[place]
        rows = [
            GroupedWork(user_id=id_, submissions=[ClassSubmission(user_id=id_, assignment_id="1")])
            for id_ in chunk
        ]
        return self.failures.get(f"at_{chunk[0]}", Outcome(rows))


def work_of(
    asked: Asked, works: list[Assignment] = WORKS, first: tuple[str, ...] = ()
) -> ClassWork:
    return ClassWork(cast(Sources, asked), Course(id="1"), STUDENTS, works, first)


def test_chunks_are_the_same_whoever_comes_first() -> None:
    plain, turned = Asked(), Asked()
    work_of(plain)
    work_of(turned, first=("21",))
    assert [len(chunk) for chunk in plain.chunks] == [10, 10, 2]
    assert sorted(plain.chunks) == sorted(turned.chunks)
    assert turned.chunks[0] == ("20", "21")


def test_work_is_asked_for_as_students_are_named() -> None:
    """Students named twice, in two sections or two states, are asked for once."""
    asked = Asked()
    work = ClassWork(cast(Sources, asked), Course(id="1"), (), WORKS, at_once=True)
    for student in (*STUDENTS[:12], *STUDENTS[:3]):
        work.name(student.user_id)
    assert [len(chunk) for chunk in asked.chunks] == [10]
    assert work.of("0")
    assert work.of("11") is None  # known, and not yet asked for
    work.last()
    assert [len(chunk) for chunk in asked.chunks] == [10, 2]
    assert work.of("11")


def test_few_assignments_make_no_endless_lists_of_students() -> None:
    asked = Asked()
    many = [Student(str(n), f"{n}", f"{n}") for n in range(50)]
    ClassWork(cast(Sources, asked), Course(id="1"), many, WORKS[:2])
    assert [len(chunk) for chunk in asked.chunks] == [35, 15]


def test_chunk_that_did_not_all_come_is_none_at_all() -> None:
    asked = Asked(
        at_0=Outcome(error=Unavailable("no")), at_10=Outcome([], why="1 of 2 pages came.")
    )
    work = work_of(asked)
    assert work.of("0") is None
    assert work.of("10") is None
    found = work.of("20")
    assert found is not None
    assert [row.user_id for row in found] == ["20"]
    assert work.of("somebody else") == ()


def test_without_assignments_nothing_is_asked() -> None:
    asked = Asked()
    assert work_of(asked, works=[]).of("0") == ()
    assert asked.chunks == []


def test_names_and_published_work() -> None:
    sections = [CourseSection(id="1", name="Morning"), CourseSection(id="2"), CourseSection()]
    assert section_names(sections) == {"1": "Morning", "2": "Section 2"}
    hidden = Assignment(id="2", published=False)
    assert [w.id for w in published_works([WORKS[0], hidden, WORKS[0]])] == ["0"]
