"""The command line, ``easel`` or ``python -m canvas_app``: what operators do by hand."""

import os
import sys
from collections.abc import Callable
from typing import TypeVar

import click

from canvas_app.canvas.api import SCOPES
from canvas_app.settings import Settings, SettingsError

Started = TypeVar("Started")


@click.group()
def easel() -> None:
    """What operators of Easel do by hand. Settings are read from the environment."""


@easel.command(context_settings={"ignore_unknown_options": True})
@click.argument("gunicorn", nargs=-1, type=click.UNPROCESSED, metavar="[GUNICORN OPTIONS]...")
def serve(gunicorn: tuple[str, ...]) -> None:
    """Serve Easel with gunicorn until stopped.

    Options of gunicorn's, such as --bind 127.0.0.1:8000, win over Easel's settings.
    """
    # In this process's place, so that signals of a service manager reach gunicorn itself.
    config = ["--config", "python:canvas_app.gunicorn_conf"]
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *config, *gunicorn])  # noqa: S606


@easel.command()
def scopes() -> None:
    """Print the scopes Easel's pages need, to grant to a developer key; needs no settings."""
    for scope in SCOPES:
        click.echo(scope)


@easel.command()
def outbox() -> None:
    """Revoke at Canvas what a sign-out could not.

    Easel tries it by itself every few minutes while it serves. The exit status is 1 when
    something still waits.
    """
    from canvas_app import create_app  # the log, too, is as when it serves

    gateway = or_exit(create_app).extensions["easel"]
    waiting = gateway.storage.tend(gateway.endpoint_for)
    gateway.close()
    if waiting:
        click.echo(f"Still waiting for Canvas: {waiting}. The log says why.")
        sys.exit(1)
    click.echo("Nothing waits to be revoked.")


@easel.command()
def reseal() -> None:
    """Seal every stored token with the newest of TOKEN_KEYS, so that older keys may go.

    The exit status is 1 when a record opens with none of the keys.
    """
    from canvas_app.gateway import open_storage

    storage = or_exit(lambda: open_storage(Settings.from_environ(os.environ)))
    sealed, broken = storage.reseal()
    storage.close()
    click.echo(f"Sealed with the newest key: {sealed}.")
    if broken:
        click.echo(
            f"Opened by none of TOKEN_KEYS and left as they are: {broken}. Put the missing key "
            "back behind the others and repeat; without it these people must sign in again."
        )
        sys.exit(1)


def or_exit(start: Callable[[], Started]) -> Started:
    """What ``start`` gives; settings that are wrong end the program with their message."""
    try:
        return start()
    except SettingsError as fault:
        sys.exit(str(fault))
