"""``easel user``: what an operator does about one person."""

import sys

import click

from canvas_app.commands import note_audit, open_gateway, or_exit


@click.group
def user_command() -> None:
    """Act on what is stored about one person."""


@user_command.command("forget")
@click.argument("user_id", type=int)
@click.option("--environment", default="production", help="Whose id it is: production, beta, test.")
def forget_user(user_id: int, environment: str) -> None:
    """Delete all that is stored about a person, by their id at Canvas, and end Easel's access.

    It is what the person's own button on the account page does.
    """
    gateway = or_exit(open_gateway)
    waiting = gateway.storage.forget(environment, user_id, gateway.endpoint_for)
    gateway.close()
    if waiting is None:
        click.echo(f"Nothing is stored about user {user_id} ({environment}).", err=True)
        sys.exit(1)
    note_audit("forgotten-by-operator", environment, user_id)
    click.echo(f"Forgotten. Tokens still to be revoked at Canvas: {waiting}.")
