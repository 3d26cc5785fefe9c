"""``easel reseal``: give stored tokens a new key."""

import os
import sys

import click

from canvas_app.commands import or_exit
from canvas_app.settings import Settings


@click.command
def reseal_command() -> None:
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
