"""Marks and notes as forms send them."""

from datetime import UTC, datetime
from functools import partial

import pytest

from canvas_app.domain.calendar import Person
from canvas_app.services.planner_writes import BadInput, read_mark, read_note, write_mark


def test_marks_and_notes_are_read_with_care():
    text = "quiz:9:8:1:0:Quiz: the cell"
    mark = read_mark(text)

    assert (mark.type, mark.id, mark.override_id, mark.dismissed, mark.done, mark.title) == (
        *("quiz", "9", "8", True, False, "Quiz: the cell"),
    )
    assert write_mark(mark) == text
    with pytest.raises(BadInput):
        read_mark("quiz:9")
    note = partial(read_note, Person(time_zone="Europe/Berlin"), details="", course_id="")
    assert note(title=" a  b ", day="2026-03-29", clock="23:59").due_at == datetime(
        2026, 3, 29, 21, 59, 59, tzinfo=UTC
    )
    assert note(title="a", day="2026-03-29", clock="02:30").due_at == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )
