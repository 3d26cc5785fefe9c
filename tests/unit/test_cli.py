"""The group of commands: every module of the package is a command with a help text."""

from pkgutil import iter_modules

import pytest
from click.testing import CliRunner

from canvas_app import commands
from canvas_app.cli import easel

MODULES = [module.name for module in iter_modules(commands.__path__)]
NAMES = [name for name in MODULES if not name.startswith("_")]  # these are shared by the commands


def test_modules_are_commands() -> None:
    shown = CliRunner().invoke(easel, ["--help"])

    assert shown.exit_code == 0, shown.output
    assert {"outbox", "reseal", "scopes", "serve"} <= set(NAMES)
    for name in NAMES:
        assert f"\n  {name} " in shown.output


@pytest.mark.parametrize("name", NAMES)
def test_command_explains_itself(name: str) -> None:
    shown = CliRunner().invoke(easel, [name, "--help"])

    assert shown.exit_code == 0, shown.output
    assert shown.output.startswith(f"Usage: easel {name} ")


def test_unknown_command_is_refused() -> None:
    refused = CliRunner().invoke(easel, ["paint"])

    assert refused.exit_code == 2
    assert "No such command 'paint'" in refused.output
