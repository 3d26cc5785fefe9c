"""The command line: ``flask --app app outbox`` does by hand what Easel does by itself."""

import click
from flask import Flask

from canvas_app import gateway


def init_app(app: Flask) -> None:
    """Add Easel's commands to ``flask``."""

    @app.cli.command("outbox")
    def outbox() -> None:
        """Revoke at Canvas what a sign-out could not: Easel tries it itself every few minutes."""
        door = gateway.current()
        door.storage.outbox.run(door.endpoint_for)
        click.echo("The revocations that were due have been tried.")
