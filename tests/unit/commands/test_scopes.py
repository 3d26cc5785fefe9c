"""``easel scopes`` prints what a developer key must grant, and needs no settings for that."""

from click.testing import CliRunner

from canvas_app.canvas.api import SCOPES
from canvas_app.commands.scopes import scopes_command


def test_one_scope_a_line() -> None:
    """Canvas's form takes them so, and so does ``CANVAS_SCOPES``."""
    shown = CliRunner(env={"CANVAS_URL": ""}).invoke(scopes_command)

    assert shown.exit_code == 0
    assert shown.output.splitlines() == list(SCOPES)
    assert all(line.startswith("url:") for line in shown.output.splitlines())
