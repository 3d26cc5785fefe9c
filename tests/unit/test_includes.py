"""What the operator learns about dropped includes."""

import logging
from typing import Any

import pytest

from canvas_app.includes import NOTED_EVERY, IncludesWatch


class Written:
    """Notes that are only written down here."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []

    def put(self, environment: str, subject: str, detail: tuple[str, ...]) -> None:
        self.done.append(("put", environment, subject, detail))

    def clear(self, environment: str, subject: str) -> None:
        self.done.append(("clear", environment, subject))


class Watched:
    """A watch with everything it tells."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.counted: list[str] = []
        self.notes = Written()
        self.watch = IncludesWatch(
            "beta",
            self.notes,  # type: ignore[arg-type]
            count=self.counted.append,
            beside=lambda work, *arguments: work(*arguments),
            clock=lambda: self.now,
        )


@pytest.fixture
def told() -> Watched:
    return Watched()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]


def test_first_is_logged_all_are_counted(told: Watched, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        told.watch(("term",), False)

    assert len(told.counted) == 3
    [said] = warnings(caplog)
    assert "Allow Include Parameters" in said
    assert "(beta)" in said


def test_noted_once_for_each_include_and_again_after_an_hour(told: Watched) -> None:
    for includes in (("term",), ("term",), ("assignments", "term")):
        told.watch(includes, False)
    told.now += NOTED_EVERY
    told.watch(("term",), False)

    assert [note[3] for note in told.notes.done] == [("term",), ("assignments", "term"), ("term",)]


def test_note_goes_when_includes_come_back(told: Watched, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    told.watch(("term",), False)
    told.watch(("term",), True)
    told.watch(("term",), True)

    assert [(note[0], note[2]) for note in told.notes.done] == [
        ("put", "includes_dropped"),
        ("clear", "includes_dropped"),
        ("put", "includes_read"),
    ]
    assert "reads include parameters again" in caplog.text
    told.watch(("term",), False)
    assert told.notes.done[-1][0] == "put"
    assert len(warnings(caplog)) == 1


def test_process_that_starts_well_clears_an_old_note(told: Watched) -> None:
    told.watch(("term",), True)

    assert told.notes.done == [
        ("clear", "beta", "includes_dropped"),
        ("put", "beta", "includes_read", ("term",)),
    ]


def test_what_was_read_is_noted_once(told: Watched) -> None:
    for _ in range(3):
        told.watch(("term",), True)

    assert [note[0] for note in told.notes.done] == ["clear", "put"]
