"""``easel reseal`` seals stored tokens with the newest key, and reports those it cannot open."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet

from canvas_app.canvas.tokens import Token
from canvas_app.commands.reseal import reseal_command
from canvas_app.storage.storage import Identity, Storage

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A database in which one person signed in while the old key was the only one."""
    url = f"sqlite:///{tmp_path / 'easel.sqlite'}"
    storage = Storage(url, [OLD])
    storage.upgrade()
    token = Token("access~1", "refresh~1", datetime.now(UTC) + timedelta(hours=1))
    storage.sign_in(Identity("production", 7, "Ada"), token, scopes="", client_id="10")
    storage.close()
    return url


def reseal(database: str, *keys: str) -> tuple[int, str]:
    environ = {
        "CANVAS_URL": "http://127.0.0.1:1",
        "CANVAS_CLIENT_ID": "10",
        "CANVAS_CLIENT_SECRET": "x",
        "DATABASE_URL": database,
        "TOKEN_KEYS": ",".join(keys),
    }
    shown = CliRunner(env=environ).invoke(reseal_command)
    return shown.exit_code, shown.output


def test_older_keys_may_go_afterwards(database: str) -> None:
    assert reseal(database, NEW, OLD) == (0, "Sealed with the newest key: 1.\n")

    assert reseal(database, NEW) == (0, "Sealed with the newest key: 1.\n")


def test_what_no_key_opens_is_left_and_told(database: str) -> None:
    status, said = reseal(database, NEW)

    assert status == 1
    assert "Sealed with the newest key: 0." in said
    assert "Opened by none of TOKEN_KEYS and left as they are: 1." in said
    assert reseal(database, NEW, OLD)[0] == 0, "the record is still there"


def test_wrong_settings_are_one_message(database: str) -> None:
    status, said = reseal(database, "no key")

    assert status == 1
    assert "TOKEN_KEYS" in said
    assert "Traceback" not in said
