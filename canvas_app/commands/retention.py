"""``easel retention``: end what nobody has used for long."""

import click

from canvas_app.commands import open_gateway, or_exit


@click.command
@click.option("--days", type=click.IntRange(min=1), help="Instead of RETENTION_DAYS.")
def retention_command(days: int | None) -> None:
    """End the grants that nobody used for RETENTION_DAYS, at Canvas too.

    A serving process does so by itself once a day.
    """
    gateway = or_exit(open_gateway)
    ended = gateway.storage.retire(gateway.endpoint_for, days)
    gateway.close()
    click.echo(f"Ended: {ended}.")
