"""What the state of database and Redis means, in words for the operator."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from canvas_app.checks import stores
from canvas_app.checks.stores import Examined, RedisShown
from canvas_app.settings import Settings
from canvas_app.storage.storage import Storage
from tests.factories import school_settings

UP_TO_DATE = Examined(schema="0005", head="0005")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return school_settings(tmp_path)


def upgraded(settings: Settings) -> Settings:
    storage = Storage(settings.database_url, settings.token_keys)
    storage.upgrade()
    storage.close()
    return settings


def levels(examined: Examined) -> dict[str, str]:
    return {each.code: each.level for each in stores.judge_database(examined)}


def test_database_in_order() -> None:
    assert levels(UP_TO_DATE) == {"database": "ok", "database_read_only": "ok"}


@pytest.mark.parametrize(
    ("changed", "level", "words"),
    [
        ({"answers": False, "error": "connection refused"}, "error", "connection refused"),
        ({"schema": None}, "ok", "empty"),
        ({"schema": "0003"}, "warning", "easel upgrade"),
        ({"schema": "9999", "known": False}, "warning", "newer"),
        ({"limit": 100, "wanted": 160}, "warning", "max_connections"),
        ({"limit": 200, "wanted": 160}, "ok", "up to date"),
    ],
)
def test_database_out_of_order(changed: dict[str, object], level: str, words: str) -> None:
    found = stores.judge_database(replace(UP_TO_DATE, **changed))  # type: ignore[arg-type]

    assert (found[0].code, found[0].level) == ("database", level)
    assert words in found[0].message + found[0].remedy


@pytest.mark.parametrize(
    "examined",
    [
        replace(UP_TO_DATE, read_only="attempt to write a readonly database"),
        Examined(answers=False, unwritable=True, error="unable to open database file"),
    ],
)
def test_database_that_takes_no_writes(examined: Examined) -> None:
    assert levels(examined)["database_read_only"] == "error"


def test_database_that_is_not_there_yet_is_not_made(settings: Settings, tmp_path: Path) -> None:
    examined = stores.examine_database(settings)

    assert levels(examined) == {"database": "ok"}
    assert list(tmp_path.iterdir()) == []


def test_database_is_left_as_it_is(settings: Settings) -> None:
    upgraded(settings)

    found = levels(stores.examine_database(settings))

    assert found == {"database": "ok", "database_read_only": "ok"}


def test_file_that_is_no_database(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "easel.sqlite").write_text("no database" * 200)

    assert levels(stores.examine_database(settings)) == {"database": "error"}


def test_read_only_connection_is_found(settings: Settings) -> None:
    """As with a file system mounted read-only, or somebody else's file."""
    upgraded(settings)
    path = settings.database_url.removeprefix("sqlite:///")

    found = stores.examine_database(
        replace(settings, database_url=f"sqlite:///file:{path}?mode=ro&uri=true")
    )

    assert levels(found) == {"database": "ok", "database_read_only": "error"}


def test_refusal_has_the_driver_s_words(settings: Settings) -> None:
    path = upgraded(settings).database_url.removeprefix("sqlite:///")
    engine = sa.create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    )

    assert stores.write_refused(engine) == "attempt to write a readonly database"
    engine.dispose()


def test_standby_of_postgresql_is_found(settings: Settings, postgres_url: str) -> None:
    """Or a server in maintenance: both have their transactions read only."""
    settings = upgraded(replace(settings, database_url=postgres_url))
    database = sa.make_url(postgres_url).database
    engine = sa.create_engine(postgres_url)

    def let_write(on: str) -> None:
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql(
                f'ALTER DATABASE "{database}" SET default_transaction_read_only = {on}'
            )

    assert levels(stores.examine_database(settings))["database_read_only"] == "ok"
    let_write("on")
    try:
        found = levels(stores.examine_database(settings))
    finally:
        with engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql("SET default_transaction_read_only = off")
            connection.exec_driver_sql(
                f'ALTER DATABASE "{database}" RESET default_transaction_read_only'
            )
        engine.dispose()
    assert found["database_read_only"] == "error"


@pytest.mark.parametrize(
    ("shown", "level", "words"),
    [
        (None, "ok", "No Redis"),
        (RedisShown(error="Connection refused"), "error", "Connection refused"),
        (RedisShown(policy="noeviction", most=64 * 2**20), "warning", "64 MB"),
        (RedisShown(policy="noeviction"), "ok", "noeviction"),
        (RedisShown(policy="allkeys-lru", most=64 * 2**20), "ok", "allkeys-lru"),
        (RedisShown(), "ok", "unknown"),
    ],
)
def test_redis(settings: Settings, shown: RedisShown | None, level: str, words: str) -> None:
    found = stores.judge_redis(settings, shown)

    assert (found.code, found.level) == ("redis", level)
    assert words in found.message


def test_processes_want_redis(settings: Settings) -> None:
    found = stores.judge_redis(replace(settings, web_concurrency=4), None)

    assert found.level == "warning"
    assert "REDIS_URL" in found.remedy


def test_redis_is_asked_for_its_policy(valkey_url: str) -> None:
    shown = stores.examine_redis(valkey_url)

    assert shown.error == ""
    assert shown.policy


def test_redis_that_is_away() -> None:
    assert stores.examine_redis("redis://127.0.0.1:1/0").error
