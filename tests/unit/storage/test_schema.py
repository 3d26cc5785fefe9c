"""Times are stored and returned as aware UTC, and no person has two grants."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from canvas_app.storage.schema import Moment, grants, metadata, sign_ins
from canvas_app.storage.storage import Storage

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
GRANT: dict[str, Any] = {
    "environment": "production",
    "user_id": 10_000_000_000_007,
    "user_name": "Ada",
    "real_user_id": 0,
    "scopes": "",
    "client_id": "10",
    "sealed": "x",
    "generation": 1,
    "version": 1,
    "issued_at": AT,
}


@pytest.mark.parametrize("hours", [0, -7, 14])
def test_a_moment_comes_back_in_utc(storage: Storage, hours: int) -> None:
    """SQLite keeps no offset, PostgreSQL gives that of the connection."""
    given = AT.astimezone(timezone(timedelta(hours=hours)))
    with storage.engine.begin() as connection:
        connection.execute(grants.insert().values(**GRANT, connected_at=given))
        found = connection.execute(sa.select(grants.c.connected_at)).scalar_one()

    assert (found, found.tzinfo) == (AT, UTC)


def test_a_time_without_a_zone_is_this_machines() -> None:
    """It is converted and not taken for UTC; None stays None."""
    local = AT.astimezone().replace(tzinfo=None)

    assert Moment().process_bind_param(local, None) == AT
    assert Moment().process_bind_param(None, None) is None
    assert Moment().process_result_value(None, None) is None


def test_one_grant_for_each_person(storage: Storage) -> None:
    """Acting as somebody else is a grant of its own; 0 means nobody, as NULLs are never equal."""
    with storage.engine.begin() as connection:
        connection.execute(grants.insert().values(**GRANT, connected_at=AT))
        acting = GRANT | {"real_user_id": 9}
        connection.execute(grants.insert().values(**acting, connected_at=AT))

    with pytest.raises(sa.exc.IntegrityError), storage.engine.begin() as connection:
        connection.execute(grants.insert().values(**GRANT, connected_at=AT))


def test_sign_ins_end_with_their_grant(storage: Storage) -> None:
    """The database deletes them, whatever deletes the grant."""
    with storage.engine.begin() as connection:
        inserted = connection.execute(grants.insert().values(**GRANT, connected_at=AT))
        row = {"id": "a" * 64, "grant_id": inserted.inserted_primary_key[0]}
        connection.execute(sign_ins.insert().values(**row, signed_in_at=AT, last_seen_at=AT))
        connection.execute(grants.delete())
        left = connection.execute(sa.select(sa.func.count()).select_from(sign_ins)).scalar_one()

    assert left == 0


def test_ids_of_canvas_fit() -> None:
    """Canvas's global ids have up to 19 digits: in four bytes they would wrap or be refused."""
    wide = [c for t in metadata.tables.values() for c in t.c if c.name.endswith("user_id")]

    assert wide
    assert all(isinstance(column.type, sa.BigInteger) for column in wide)
