"""A class's work in windows: one in memory at a time, and the errors that end it."""

from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

import pytest

from canvas_app.canvas.errors import AuthorizationError, CanvasError, Unavailable
from canvas_app.canvas.models import Assignment, ClassSubmission, Course, GroupedWork
from canvas_app.domain.class_roll import Student
from canvas_app.services.long_work import CHUNKS_AT_ONCE, LongWork
from canvas_app.sources.answer import Outcome, Source
from canvas_app.sources.call import Terms
from canvas_app.sources.sources import Sources

WORKS = [Assignment(id=str(n)) for n in range(40)]
WINDOW = 10 * CHUNKS_AT_ONCE
STUDENTS = [Student(str(n), f"{n}", f"{n}") for n in range(WINDOW + 5)]


class Window:
    """Sources of one window, which answer each call with a submission of every student in it."""

    def __init__(self, error: CanvasError | None) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.error = error

    def start(self, name: str, *, course: Course) -> "Window":
        return self

    def now(self) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC)

    def add(self, handle: "Window", call: "partial[Any]", terms: Terms) -> None:
        self.asked.append(call.keywords["student_ids"])

    def answers(self) -> list[Outcome]:
        return [self.answer(place) for place in range(len(self.asked))]

    def answer(self, place: int) -> Outcome:
        if self.error and place == 1:
            return Outcome(error=self.error)
        rows = [
            GroupedWork(user_id=id_, submissions=[ClassSubmission(user_id=id_, assignment_id="1")])
            for id_ in self.asked[place]
        ]
        return Outcome(rows)

    def states(self) -> tuple[Source, ...]:
        return (Source("class work", "partial" if self.error else "fresh"),)


class Windows:
    def __init__(self, *errors: CanvasError | None) -> None:
        self.errors = list(errors)
        self.made: list[Window] = []

    def __call__(self) -> Sources:
        self.made.append(Window(self.errors[len(self.made)]))
        return cast(Sources, self.made[-1])


def test_a_window_is_asked_for_when_the_one_before_is_read() -> None:
    windows = Windows(None, None)
    found = LongWork(windows, Course(id="1"), STUDENTS, WORKS).each()

    for student in STUDENTS[:WINDOW]:
        assert next(found)[0] == student
        assert len(windows.made) == 1
    last = list(found)
    assert [student for student, _ in last] == STUDENTS[WINDOW:]
    assert all(rows for _, rows in last)
    assert [len(each.asked) for each in windows.made] == [CHUNKS_AT_ONCE, 1]


def test_refused_students_are_unknown_and_the_others_go_on() -> None:
    windows = Windows(AuthorizationError("refused", status=403), None)
    work = LongWork(windows, Course(id="1"), STUDENTS, WORKS)

    found = {student.user_id: rows for student, rows in work.each()}

    assert len(found) == len(STUDENTS)
    assert [id_ for id_, rows in found.items() if rows is None] == [str(n) for n in range(10, 20)]
    assert [source.status for source in work.lost] == ["partial"]


def test_canvas_away_ends_it() -> None:
    windows = Windows(None, Unavailable("no answer"))
    found = LongWork(windows, Course(id="1"), [*STUDENTS, *STUDENTS], WORKS).each()

    assert len([next(found) for _ in range(WINDOW)]) == WINDOW
    with pytest.raises(Unavailable):
        next(found)
