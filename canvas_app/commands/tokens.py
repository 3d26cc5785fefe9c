"""``easel tokens``: whose access to Canvas is kept, and how to end it."""

import json
import sys
from dataclasses import asdict

import click

from canvas_app.commands import note_audit, open_gateway, or_exit


@click.group
def tokens_command() -> None:
    """List or end the access to Canvas that people have given Easel."""


@tokens_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_tokens(as_json: bool) -> None:
    """Print each grant: whose it is, since when, when it was last used. No token is shown."""
    gateway = or_exit(open_gateway)
    kept = gateway.storage.kept_grants()
    gateway.close()
    if as_json:
        click.echo(json.dumps([asdict(grant) for grant in kept], default=str))
        return
    click.echo("id  environment  user  connected   last used   browsers  feeds")
    for grant in kept:
        who = f"{grant.user_id}" + (f" by {grant.real_user_id}" if grant.real_user_id else "")
        click.echo(
            f"{grant.id}  {grant.environment}  {who}  {grant.connected_at:%F}  "
            f"{grant.used_at:%F}  {grant.browsers}  {grant.feeds}"
        )


@tokens_command.command("revoke")
@click.argument("ids", nargs=-1, required=True, type=int)
def revoke_tokens(ids: tuple[int, ...]) -> None:
    """End these grants, by the ids that `list` prints, at Canvas too."""
    _end(ids)


@tokens_command.command("revoke-all")
@click.option("--yes", is_flag=True, help="Do it; without this nothing is ended.")
def revoke_all_tokens(yes: bool) -> None:
    """End every grant: everybody signs in and agrees once more."""
    if not yes:
        click.echo("Nothing was ended. This would sign everybody out; add --yes to do it.")
        sys.exit(2)
    _end(None)


def _end(ids: tuple[int, ...] | None) -> None:
    gateway = or_exit(open_gateway)
    kept = {grant.id: grant for grant in gateway.storage.kept_grants()}
    chosen = [grant for id_, grant in kept.items() if ids is None or id_ in ids]
    waiting = 0
    for grant in chosen:
        waiting += not gateway.storage.disconnect(grant.id, gateway.endpoint_for)
        note_audit("revoked-by-operator", grant.environment, grant.user_id)
    gateway.close()
    unknown = sorted(set(ids or ()) - kept.keys())
    click.echo(f"Ended: {len(chosen)}. Still to be revoked at Canvas: {waiting}.")
    if unknown:
        click.echo(f"No such grant: {', '.join(map(str, unknown))}.", err=True)
        sys.exit(1)
