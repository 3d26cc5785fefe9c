"""``easel outbox``: revoke what still waits to be revoked."""

import sys

import click

from canvas_app.commands import or_exit


@click.command
def outbox_command() -> None:
    """Revoke at Canvas what a sign-out could not.

    Easel tries it by itself every few minutes while it serves. The exit status is 1 when
    something still waits.
    """
    from canvas_app import create_app  # logs as a server does

    gateway = or_exit(create_app).extensions["easel"]
    waiting = gateway.storage.tend(gateway.endpoint_for)
    gateway.close()
    if waiting:
        click.echo(f"Still waiting for Canvas: {waiting}. The log says why.")
        sys.exit(1)
    click.echo("Nothing waits to be revoked.")
