"""``easel upgrade``: bring the database's schema up to date."""

import os

import click

from canvas_app.commands import or_exit
from canvas_app.settings import Settings


@click.command
def upgrade_command() -> None:
    """Bring the database's schema up to date; make a backup first, for there is no way back.

    ``easel serve`` and gunicorn with Easel's settings do so when they start. The previous release
    of Easel works with the new schema, so it may serve on meanwhile.
    """
    from canvas_app.gateway import upgrade_database
    from canvas_app.storage.database import NEWEST

    before = or_exit(lambda: upgrade_database(Settings.from_environ(os.environ)))
    if before is None:
        click.echo(f"The database was empty and has its tables now (schema {NEWEST}).")
    elif before < NEWEST:
        click.echo(f"Upgraded the schema from {before} to {NEWEST}.")
    elif before == NEWEST:
        click.echo(f"The schema is up to date ({NEWEST}).")
    else:
        click.echo(f"A newer Easel has upgraded the schema ({before}); it stays as it is.")
