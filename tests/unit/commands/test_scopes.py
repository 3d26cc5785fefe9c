"""``easel scopes`` prints what a developer key must grant, and needs no settings for that."""

from click.testing import CliRunner

from canvas_app.canvas.api import SCOPES
from canvas_app.canvas.scope_reasons import REASONS
from canvas_app.commands.scopes import scopes_command


def test_one_scope_a_line() -> None:
    """Canvas's form takes them so, and so does ``CANVAS_SCOPES``."""
    shown = CliRunner(env={"CANVAS_URL": ""}).invoke(scopes_command)

    assert shown.exit_code == 0
    assert shown.output.splitlines() == list(SCOPES)
    assert all(line.startswith("url:") for line in shown.output.splitlines())


def test_each_scope_has_its_reason() -> None:
    """No scope without one, and no reason for a scope that is no longer asked for."""
    shown = CliRunner().invoke(scopes_command, ["--reasons"]).output.splitlines()

    assert {*REASONS} == {*SCOPES}
    assert shown[::2] == list(SCOPES)
    assert [line.strip() for line in shown[1::2]] == [REASONS[scope] for scope in SCOPES]
    assert all(line.startswith("    ") for line in shown[1::2])
