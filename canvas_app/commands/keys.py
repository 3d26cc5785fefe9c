"""``easel keys``: make the secrets that Easel needs."""

import secrets

import click
import msgspec
from cryptography.fernet import Fernet


@click.group
def keys_command() -> None:
    """Generate the secrets that Easel needs."""


@keys_command.command("new")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def new_keys(as_json: bool) -> None:
    """Print a new SECRET_KEY and a new entry for TOKEN_KEYS; nothing is stored.

    A running Easel keeps its SECRET_KEY; put the new entry before those in TOKEN_KEYS, restart,
    and run easel reseal.

    \b
    Example:
      easel keys new >> .env
    """
    made = {"SECRET_KEY": secrets.token_hex(32), "TOKEN_KEYS": Fernet.generate_key().decode()}
    if as_json:
        click.echo(msgspec.json.encode(made).decode())
        return
    for name, value in made.items():
        click.echo(f"{name}={value}")
