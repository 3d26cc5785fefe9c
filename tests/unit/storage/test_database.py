"""The database is opened safely and upgraded by one process."""

import stat
import threading
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from canvas_app.canvas.tokens import Token
from canvas_app.storage.database import NEWEST, open_engine
from canvas_app.storage.schema import metadata
from canvas_app.storage.storage import Identity, Storage
from tests.unit.storage.conftest import Clock

ADA = Identity("production", 10000000000007, "Ada Okafor")


def token(clock: Clock, name: str = "1") -> Token:
    return Token(f"access~{name}", f"refresh~{name}", clock() + timedelta(hours=1))


def enter(storage: Storage, clock: Clock, identity: Identity = ADA, name: str = "1") -> str:
    secret, _ = storage.sign_in(identity, token(clock, name), scopes="s", client_id="10")
    return secret


class TestSchema:
    def test_migrations_make_the_schema(self, storage: Storage) -> None:
        with storage.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []

    def test_newest_revision_is_that_of_the_migrations(self, storage: Storage) -> None:
        """``NEWEST`` tells it without the half second that alembic takes to import."""
        with storage.engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()

        assert found == NEWEST == storage.schema_revision()

    def test_upgrade_at_once_and_again(self, open_storage: Callable[..., Storage]) -> None:
        faults: list[BaseException] = []

        def upgrade() -> None:
            try:
                open_storage().upgrade()
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=upgrade) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        open_storage().ping()

    def test_sqlite_files_are_the_owners_own(self, storage: Storage, clock: Clock) -> None:
        enter(storage, clock)
        if storage.engine.dialect.name == "sqlite":
            files = list(Path(str(storage.engine.url.database)).parent.iterdir())
            assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * len(files)

    def test_sqlite_pragmas(self, storage: Storage) -> None:
        if storage.engine.dialect.name != "sqlite":
            return
        with storage.engine.connect() as connection:
            told = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            ]
        assert told == ["wal", 1, 1, 3000]

    @pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
    def test_postgres_urls(self, scheme: str) -> None:
        assert open_engine(f"{scheme}://a:b@c/d").url.drivername == "postgresql+psycopg"


def test_newest_is_the_last_migration() -> None:
    """The start compares with it: an older number would leave a new migration out."""
    found = [module.revision for module in migrations()]
    assert max(found) == NEWEST
    assert len(set(found)) == len(found)


def migrations() -> list[Any]:
    home = "canvas_app.storage.migrations.versions"
    folder = Path(str(import_module(home).__file__)).parent
    names = [each.stem for each in folder.glob("*.py") if each.stem != "__init__"]
    return [import_module(f"{home}.{name}") for name in names]
