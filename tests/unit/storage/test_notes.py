"""Notes for the administrator: one for each environment and subject, until it is resolved."""

import threading
from collections.abc import Callable

from canvas_app.storage.notes import INCLUDES_DROPPED, Note
from canvas_app.storage.storage import Storage
from tests.unit.storage.conftest import Clock
from tests.unit.storage.test_storage import full


def about(storage: Storage) -> tuple[Note, ...]:
    return storage.notes.about(INCLUDES_DROPPED)


def test_note_says_what_and_when(storage: Storage, clock: Clock) -> None:
    began = clock.now
    storage.notes.put("production", INCLUDES_DROPPED, ("term", "sections"))
    clock.advance(hours=2)
    storage.notes.put("production", INCLUDES_DROPPED, ("assignments", "term"))

    [note] = about(storage)

    assert note.detail == ("assignments", "sections", "term")
    assert (note.first_at, note.last_at) == (began, clock.now)


def test_each_environment_has_its_own(storage: Storage) -> None:
    storage.notes.put("production", INCLUDES_DROPPED, ("term",))
    storage.notes.put("beta", INCLUDES_DROPPED, ("term",))

    assert [note.environment for note in about(storage)] == ["beta", "production"]
    storage.notes.clear("production", INCLUDES_DROPPED)
    assert [note.environment for note in about(storage)] == ["beta"]
    assert storage.notes.about("something else") == ()


def test_two_processes_note_it_at_once(
    storage: Storage, open_storage: Callable[..., Storage]
) -> None:
    others = [open_storage() for _ in range(4)]
    threads = [
        threading.Thread(target=other.notes.put, args=("production", INCLUDES_DROPPED, ("term",)))
        for other in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [note.detail for note in about(storage)] == [("term",)]


def test_full_disk_costs_the_note_alone(storage: Storage) -> None:
    full(storage, "INSERT INTO notes")
    storage.notes.put("production", INCLUDES_DROPPED, ("term",))
    full(storage, "DELETE FROM notes")
    storage.notes.clear("production", INCLUDES_DROPPED)

    assert about(storage) == ()
