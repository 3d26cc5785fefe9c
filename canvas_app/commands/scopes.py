"""``easel scopes``: what to grant to a developer key, and why."""

import click

from canvas_app.canvas.api import SCOPES
from canvas_app.canvas.scope_reasons import REASONS


@click.command
@click.option("--reasons", is_flag=True, help="Say below each scope what Easel needs it for.")
def scopes_command(reasons: bool) -> None:
    """Print the scopes Easel's pages need, to grant to a developer key; needs no settings.

    Example: easel scopes --reasons
    """
    for scope in SCOPES:
        click.echo(scope)
        if reasons:
            click.echo(f"    {REASONS[scope]}")
