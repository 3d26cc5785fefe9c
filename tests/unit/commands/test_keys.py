"""``easel keys new`` makes valid secrets, new ones each time."""

import json

from click.testing import CliRunner
from cryptography.fernet import Fernet

from canvas_app.commands.keys import keys_command


def made(*options: str) -> str:
    shown = CliRunner().invoke(keys_command, ["new", *options])
    assert shown.exit_code == 0, shown.output
    return shown.output


def test_lines_fit_an_env_file() -> None:
    """What is appended to ``.env`` is read as it is: no quotes, no blanks."""
    lines = dict(line.split("=", 1) for line in made().splitlines())

    assert list(lines) == ["SECRET_KEY", "TOKEN_KEYS"]
    assert len(bytes.fromhex(lines["SECRET_KEY"])) == 32
    Fernet(lines["TOKEN_KEYS"])


def test_one_object_for_programs() -> None:
    found = json.loads(made("--json"))

    assert set(found) == {"SECRET_KEY", "TOKEN_KEYS"}
    Fernet(found["TOKEN_KEYS"])


def test_never_the_same_twice() -> None:
    first, second = made(), made()

    assert not set(first.splitlines()) & set(second.splitlines())
