"""``easel upgrade`` says what it did, and changes nothing the second time."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from canvas_app.commands.upgrade import upgrade_command
from canvas_app.storage.database import NEWEST


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'easel.sqlite'}"


def upgrade(database: str, **environ: str) -> tuple[int, str]:
    settings = {
        "CANVAS_URL": "http://127.0.0.1:1",
        "CANVAS_CLIENT_ID": "10",
        "CANVAS_CLIENT_SECRET": "x",
        "DATABASE_URL": database,
    }
    shown = CliRunner(env=settings | environ).invoke(upgrade_command)
    return shown.exit_code, shown.output


def test_an_empty_database_gets_its_tables(database: str) -> None:
    status, said = upgrade(database)

    assert status == 0
    assert f"The database was empty and has its tables now (schema {NEWEST})." in said
    assert {"grants", "sign_ins"} <= set(sa.inspect(sa.create_engine(database)).get_table_names())


def test_the_second_time_nothing_is_left_to_do(database: str) -> None:
    upgrade(database)

    status, said = upgrade(database)

    assert status == 0
    assert f"The schema is up to date ({NEWEST})." in said


def test_a_newer_schema_stays_as_it_is(database: str) -> None:
    """An older release beside a newer one, while a deployment rolls out."""
    upgrade(database)
    engine = sa.create_engine(database)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    status, said = upgrade(database)

    assert status == 0
    assert "A newer Easel has upgraded the schema (9999)" in said
    with engine.begin() as connection:
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version"))
        assert found.scalar_one() == "9999"


def test_wrong_settings_are_one_message(database: str) -> None:
    status, said = upgrade(database, CANVAS_URL="")

    assert status == 1
    assert "CANVAS_URL" in said
