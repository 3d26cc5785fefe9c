"""``easel serve`` replaces its process by gunicorn."""

import os
import sys

import pytest
from click.testing import CliRunner

from canvas_app.commands.serve import serve_command


@pytest.mark.parametrize("options", [[], ["--bind", "127.0.0.1:8000", "--reload"]])
def test_options_of_gunicorn_come_last(options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """So they win over Easel's; the process is the one that the service manager started."""
    started: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(os, "execv", lambda program, line: started.append((program, line)))

    shown = CliRunner().invoke(serve_command, options)

    assert shown.exit_code == 0, shown.output
    ((program, line),) = started
    assert program == sys.executable
    assert line[1:] == ["-m", "gunicorn", "--config", "python:canvas_app.gunicorn_conf", *options]
