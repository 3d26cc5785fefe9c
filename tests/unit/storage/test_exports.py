"""Prepared exports in the database: owner, progress, end; their parts are sealed."""

import pytest
import sqlalchemy as sa

from canvas_app.storage.exports import EXPORT_KEPT, MOST_RUNNING, SILENCE, Export, TooManyExports
from canvas_app.storage.schema import export_parts, exports
from canvas_app.storage.seal import SealBroken
from canvas_app.storage.storage import Storage
from tests.unit.storage.conftest import Clock, Scripted
from tests.unit.storage.test_storage import ADA, enter, entered

SECRET_ROW = b"Maya Lindqvist,17.5\r\n"


def begun(storage: Storage, clock: Clock) -> tuple[str, int]:
    """Return the id of an export of somebody signed in, and of their grant."""
    grant_id = entered(storage, enter(storage, clock)).grant_id
    return storage.exports.begin(grant_id, "4101", "gradebook-4101", "csv"), grant_id


def found(storage: Storage, export_id: str, grant_id: int) -> Export:
    export = storage.exports.find(export_id, grant_id)
    assert export is not None
    return export


def stored(storage: Storage, table: sa.Table) -> str:
    with storage.engine.connect() as connection:
        return repr(connection.execute(sa.select(table)).all())


def test_progress_and_file(storage: Storage, clock: Clock) -> None:
    export_id, grant_id = begun(storage, clock)
    first = found(storage, export_id, grant_id)
    assert (first.state, first.done, first.total, first.remaining) == ("running", 0, None, None)

    assert storage.exports.expect(export_id, 64)
    assert storage.exports.add(export_id, 0, b"head\r\n", ADA.owner, 0)
    assert storage.exports.add(export_id, 1, SECRET_ROW, ADA.owner, 25)
    half = found(storage, export_id, grant_id)
    assert (half.done, half.remaining, half.has_file) == (25, 39, False)
    storage.exports.end(export_id)

    whole = found(storage, export_id, grant_id)
    assert (whole.state, whole.has_file, whole.filename) == ("done", True, "gradebook-4101.csv")
    assert b"".join(storage.exports.parts(export_id, ADA.owner)) == b"head\r\n" + SECRET_ROW
    assert "Lindqvist" not in stored(storage, export_parts)
    with pytest.raises(SealBroken):
        list(storage.exports.parts(export_id, ("production", 8, 0)))


def test_incomplete_says_so_in_its_name(storage: Storage, clock: Clock) -> None:
    export_id, grant_id = begun(storage, clock)
    storage.exports.expect(export_id, 64)
    storage.exports.end(export_id, "Canvas did not answer.")

    export = found(storage, export_id, grant_id)
    assert (export.state, export.trouble) == ("incomplete", "Canvas did not answer.")
    assert export.filename == "gradebook-4101-INCOMPLETE.csv"


def test_without_a_class_there_is_no_file(storage: Storage, clock: Clock) -> None:
    export_id, grant_id = begun(storage, clock)
    storage.exports.end(export_id, "Canvas did not answer.")

    assert not found(storage, export_id, grant_id).has_file


def test_cancelled_is_wanted_no_more(storage: Storage, clock: Clock) -> None:
    export_id, grant_id = begun(storage, clock)
    storage.exports.add(export_id, 0, SECRET_ROW, ADA.owner, 1)
    storage.exports.cancel(export_id, grant_id + 1)  # somebody else's
    assert storage.exports.heartbeat(export_id)

    storage.exports.cancel(export_id, grant_id)

    assert found(storage, export_id, grant_id).state == "cancelled"
    assert not storage.exports.heartbeat(export_id)
    assert not storage.exports.expect(export_id, 64)
    assert not storage.exports.add(export_id, 1, SECRET_ROW, ADA.owner, 2)
    storage.exports.end(export_id)
    assert found(storage, export_id, grant_id).state == "cancelled"
    assert stored(storage, export_parts) == "[]"


def test_a_silent_one_is_interrupted(storage: Storage, clock: Clock) -> None:
    """Its process is gone; one that reports every few seconds is not interrupted."""
    export_id, grant_id = begun(storage, clock)
    clock.advance(seconds=SILENCE.total_seconds() - 1)
    assert storage.exports.heartbeat(export_id)
    clock.advance(seconds=SILENCE.total_seconds() - 1)
    assert found(storage, export_id, grant_id).state == "running"
    clock.advance(seconds=1)

    export = found(storage, export_id, grant_id)
    assert (export.state, export.has_file) == ("interrupted", False)


def test_only_two_run_at_a_time(storage: Storage, clock: Clock) -> None:
    export_id, grant_id = begun(storage, clock)
    for _ in range(MOST_RUNNING - 1):
        storage.exports.begin(grant_id, "4101", "gradebook-4101", "csv")
    with pytest.raises(TooManyExports):
        storage.exports.begin(grant_id, "4101", "gradebook-4101", "csv")

    storage.exports.cancel(export_id, grant_id)
    assert storage.exports.begin(grant_id, "4101", "gradebook-4101", "csv")
    clock.advance(seconds=SILENCE.total_seconds())  # those that are gone do not count
    assert storage.exports.begin(grant_id, "4101", "gradebook-4101", "csv")


def test_an_hour_later_it_is_gone(storage: Storage, clock: Clock) -> None:
    export_id, grant_id = begun(storage, clock)
    storage.exports.add(export_id, 0, SECRET_ROW, ADA.owner, 1)
    storage.exports.end(export_id)
    assert storage.exports.find(export_id, grant_id + 1) is None
    clock.advance(seconds=EXPORT_KEPT.total_seconds())

    assert storage.exports.find(export_id, grant_id) is None
    storage.tend(lambda _: Scripted())
    assert stored(storage, exports) == stored(storage, export_parts) == "[]"


def test_it_ends_with_the_grant(storage: Storage, clock: Clock) -> None:
    export_id, grant_id = begun(storage, clock)
    storage.exports.add(export_id, 0, SECRET_ROW, ADA.owner, 1)

    storage.disconnect(grant_id, lambda _: Scripted())

    assert stored(storage, exports) == stored(storage, export_parts) == "[]"
    assert not storage.exports.heartbeat(export_id)
