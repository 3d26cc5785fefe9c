"""``easel serve``: serve Easel with gunicorn."""

import os
import sys

import click


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("gunicorn", nargs=-1, type=click.UNPROCESSED, metavar="[GUNICORN OPTIONS]...")
def serve_command(gunicorn: tuple[str, ...]) -> None:
    """Serve Easel with gunicorn until stopped.

    Options of gunicorn's, such as --bind 127.0.0.1:8000, win over Easel's settings.
    """
    # Gunicorn replaces this process, so that a service manager's signals reach it.
    config = ["--config", "python:canvas_app.gunicorn_conf"]
    command = [sys.executable, "-m", "gunicorn", *config, *gunicorn]
    os.execv(sys.executable, command)  # noqa: S606 - no shell, and our own interpreter
