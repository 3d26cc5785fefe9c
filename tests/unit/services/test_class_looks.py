"""A class's work: in chunks, kept, and asked for again where it changed."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast

import msgspec

from canvas_app.canvas.errors import Unavailable
from canvas_app.canvas.models import Assignment, ClassSubmission, Course, GroupedWork
from canvas_app.domain.class_roll import Student
from canvas_app.domain.kept_class import KeptClass, Looked
from canvas_app.services.class_looks import ClassWork
from canvas_app.sources.answer import Outcome, Source
from canvas_app.sources.sources import Sources

NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)

WORKS = [Assignment(id=str(n)) for n in range(40)]
STUDENTS = [Student(str(n), f"{n}", f"{n}") for n in range(22)]


class Asked:
    """Sources that record the calls and answer each with a submission of every student in it."""

    def __init__(self, **failures: Outcome) -> None:
        self.chunks: list[tuple[str, ...]] = []
        self.columns: list[tuple[str, ...]] = []
        self.failures = failures
        self.waits = True
        self.at = NOW
        self.kept: bytes | None = None
        self.since: list[datetime] = []
        self.newer: list[ClassSubmission] = []
        self.here = True

    def start(
        self, name: str, *calls: "partial[Any]", course: Course, terms: Any = None
    ) -> "Asked":
        self.since += [
            at for call in calls for key, at in call.keywords.items() if key.endswith("_since")
        ]
        return self

    def add(self, handle: "Asked", call: "partial[Any]", terms: Any) -> None:
        self.chunks.append(call.keywords["student_ids"])
        self.columns.append(call.keywords.get("assignment_ids", ()))

    def now(self) -> datetime:
        return self.at

    def recent(self, at: float) -> bool:
        return self.at.timestamp() - at < 60

    def recall(self, name: str, type: Any) -> Any:
        return msgspec.msgpack.decode(self.kept, type=type) if self.kept else None

    def remember(self, name: str, value: Any) -> None:
        self.kept = msgspec.msgpack.encode(value)

    def rows(self) -> list[ClassSubmission]:
        return self.newer

    def source(self) -> Source:
        return Source("changes", "fresh" if self.here else "failed")

    def answer(self, place: int) -> Outcome:
        chunk = self.chunks[place]
        if chunk == ("all",):
            chunk = tuple(student.user_id for student in STUDENTS)
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


def later(asked: Asked, minutes: float, *newer: ClassSubmission) -> Asked:
    """Return the next page's work, so much later, and what has changed until then."""
    asked.at += timedelta(minutes=minutes)
    asked.newer = list(newer)
    asked.chunks, asked.columns, asked.since, asked.failures = [], [], [], {}
    return asked


def looked_at(works: list[Assignment] = WORKS, **failures: Outcome) -> Asked:
    """Return a class whose work was asked for and kept."""
    asked = Asked(**failures)
    work_of(asked, works).finish(whole=True)
    return asked


def test_next_page_asks_for_changes_alone() -> None:
    newer = ClassSubmission(user_id="3", assignment_id="1", score=4.0, grader_id="9")
    asked = later(looked_at(), 2, newer)

    work = work_of(asked)

    assert asked.chunks == []
    assert set(asked.since) == {NOW - timedelta(minutes=2)}  # as clocks may differ
    assert [row.score for row in work.of("3") or ()] == [4.0]
    assert [row.score for row in work.of("4") or ()] == [None]
    assert work.looked == Looked(NOW, NOW)
    work.finish(whole=True)
    again = work_of(later(asked, 2))
    assert [row.score for row in again.of("3") or ()] == [4.0]
    assert again.looked == Looked(NOW, NOW + timedelta(minutes=2))


def test_page_a_moment_later_asks_for_nothing() -> None:
    asked = later(looked_at(), 0.5)
    work = work_of(asked)
    assert (asked.chunks, asked.since) == ([], [])
    assert work.of("3")
    before = asked.kept
    work.finish(whole=True)
    assert asked.kept == before


def test_all_is_looked_at_after_an_hour() -> None:
    asked = later(looked_at(), 61)
    work = work_of(asked)
    assert [len(chunk) for chunk in asked.chunks] == [10, 10, 2]
    assert asked.since == []
    assert work.looked == Looked(asked.at)


def test_new_student_and_new_assignment_are_asked_for() -> None:
    asked = later(looked_at(), 2)
    more = [*STUDENTS, Student("new", "new", "new")]
    ClassWork(cast(Sources, asked), Course(id="1"), more, [*WORKS, Assignment(id="50")])
    assert sorted(asked.chunks) == [("all",), ("new",)]
    assert sorted(asked.columns) == [(), ("50",)]


def test_totals_and_counts_tell_what_no_list_does() -> None:
    """A changed total asks for that student, a changed date for the assignment."""
    asked = later(looked_at(), 2)
    moved = [Student("0", "0", "0", current_score=50.0), *STUDENTS[1:]]
    ClassWork(cast(Sources, asked), Course(id="1"), moved, WORKS)
    assert (asked.chunks, asked.columns) == ([("0",)], [()])
    asked = later(looked_at(), 2)
    work_of(asked, [Assignment(id="0", due_at=NOW), *WORKS[1:]])
    assert (asked.chunks, asked.columns) == ([("all",)], [("0",)])


def test_total_that_a_new_grade_explains_asks_for_nothing() -> None:
    asked = later(looked_at(), 2, ClassSubmission(user_id="0", assignment_id="1", score=4.0))
    moved = [Student("0", "0", "0", current_score=50.0), *STUDENTS[1:]]
    ClassWork(cast(Sources, asked), Course(id="1"), moved, WORKS)
    assert asked.chunks == []


def test_much_that_changed_is_a_look_at_all() -> None:
    asked = later(looked_at(), 2)
    moved = [Student(s.user_id, s.name, s.name, final_score=1.0) for s in STUDENTS]
    work = ClassWork(cast(Sources, asked), Course(id="1"), moved, WORKS)
    assert sorted(id_ for chunk in asked.chunks for id_ in chunk) == sorted(
        student.user_id for student in STUDENTS
    )
    assert work.looked == Looked(asked.at)


def test_what_failed_is_asked_for_on_the_next_page() -> None:
    asked = later(looked_at(at_10=Outcome(error=Unavailable("no"))), 2)
    work = work_of(asked)
    assert asked.chunks == [tuple(str(n) for n in range(10, 20))]
    assert work.of("10")


def test_failed_look_at_all_shows_what_was_kept() -> None:
    """It does not count as a full read, so the next page tries again."""
    asked = later(looked_at(), 61)
    asked.failures = {"at_0": Outcome(error=Unavailable("no"))}
    work = work_of(asked)
    assert work.of("0")
    assert work.looked == Looked()
    work.finish(whole=True)
    work_of(later(asked, 2))
    assert [len(chunk) for chunk in asked.chunks] == [10, 10, 2]


def test_changes_that_did_not_come_are_asked_for_from_the_same_moment() -> None:
    asked = later(looked_at(), 2)
    asked.here = False
    work_of(asked).finish(whole=True)
    work_of(later(asked, 2))
    assert set(asked.since) == {NOW - timedelta(minutes=2)}


def test_nothing_is_kept_of_assignments_that_did_not_all_come() -> None:
    asked = Asked()
    work_of(asked).finish(whole=False)
    assert asked.kept is None


def test_kept_class_is_small() -> None:
    """The largest course fits into a cache that keeps it for several people."""
    kept = looked_at().kept or b""
    rows = msgspec.msgpack.decode(kept, type=KeptClass).students
    assert len(kept) / sum(map(len, rows.values())) < 200
