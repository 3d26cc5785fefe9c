"""``easel scopes``: what to grant to a developer key."""

import click

from canvas_app.canvas.api import SCOPES


@click.command
def scopes_command() -> None:
    """Print the scopes Easel's pages need, to grant to a developer key; needs no settings."""
    for scope in SCOPES:
        click.echo(scope)
