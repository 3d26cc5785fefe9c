"""What a process shares, and that it can be closed."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from canvas_app import create_app
from canvas_app.commands.upgrade import upgrade_command
from canvas_app.gateway import Gateway, open_storage, upgrade_database
from canvas_app.settings import Settings, SettingsError
from tests.factories import local_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return local_settings(tmp_path)


@pytest.fixture
def gateway(settings: Settings) -> Gateway:
    upgrade_database(settings)
    made: Gateway = create_app(settings).extensions["easel"]
    return made


class Closing:
    """Stands for Redis, the buckets or the cache: counts how often it was closed."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_close_ends_the_pool_after_its_work(gateway: Gateway) -> None:
    """Running work is finished, and no new work begins."""
    begun = gateway.pool.submit(lambda: "done")

    gateway.close()

    assert begun.result(timeout=0) == "done"
    with pytest.raises(RuntimeError):
        gateway.pool.submit(lambda: None)


def test_close_leaves_no_connection_open(gateway: Gateway) -> None:
    """Each part is closed once: Redis, the buckets, the cache, each Canvas, the database."""
    parts = [Closing() for _ in range(4)]
    gateway.redis, gateway.buckets, gateway.cache, canvas = parts
    gateway._transports["production"] = canvas
    gateway.storage.ping()
    kept: Any = gateway.storage._reading
    assert kept.pool.checkedin() == 1

    gateway.close()

    assert [part.closed for part in parts] == [1, 1, 1, 1]
    assert kept.pool.checkedin() == 0


def revise(settings: Settings, revision: str) -> None:
    """Pretend that another release of Easel left this schema."""
    with sqlite3.connect(settings.instance_path / "easel.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def test_empty_database_stops_the_start(settings: Settings) -> None:
    """The app creates neither tables nor a file; the message names the command that does."""
    with pytest.raises(SettingsError, match=r"is empty.*easel upgrade"):
        create_app(settings)

    assert not (settings.instance_path / "easel.sqlite").exists()


def test_older_schema_stops_the_start(settings: Settings) -> None:
    """It names both revisions and the command."""
    upgrade_database(settings)
    revise(settings, "0001")

    with pytest.raises(SettingsError, match=r"earlier Easel \(0001, needed is .*easel upgrade"):
        create_app(settings)


def test_newer_schema_is_accepted(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """The previous release goes on serving during an upgrade; the log says so."""
    upgrade_database(settings)
    revise(settings, "9999")

    open_storage(settings).close()

    assert "A newer Easel has upgraded the database (schema 9999" in caplog.text
    assert upgrade_database(settings) == "9999", "left as it is"


def test_upgrade_command_says_what_it_did(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For an empty database, an up-to-date one, a newer Easel's; and errors in words."""
    for name, value in {
        "CANVAS_URL": "http://127.0.0.1:1",
        "CANVAS_CLIENT_ID": "1",
        "CANVAS_CLIENT_SECRET": "x",
        "INSTANCE_PATH": str(settings.instance_path),
        "DATABASE_URL": settings.database_url,
    }.items():
        monkeypatch.setenv(name, value)
    said = [CliRunner().invoke(upgrade_command).stdout for _ in range(2)]
    revise(settings, "9999")
    said.append(CliRunner().invoke(upgrade_command).stdout)
    monkeypatch.setenv("DATABASE_URL", "postgresql://easel@127.0.0.1:1/easel")
    failed = CliRunner().invoke(upgrade_command)

    assert [line.split("(")[0].strip() for line in said] == [
        "The database was empty and has its tables now",
        "The schema is up to date",
        "A newer Easel has upgraded the schema",
    ]
    assert failed.exit_code == 1
    assert "cannot be used" in f"{failed.output}{failed.exception}"
