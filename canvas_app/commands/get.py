"""``easel get``: ask Canvas's API for anything, all pages of it, with one's own token."""

import os
import sys
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import click
import msgspec

from canvas_app.canvas import CanvasClient
from canvas_app.canvas.errors import CanvasError
from canvas_app.canvas.parameters import pairs
from canvas_app.commands._asking import (
    ENVIRONMENTS,
    INCOMPLETE,
    Target,
    Witness,
    client_for,
    fail,
    target_named,
    token_for,
)
from canvas_app.support_report import curl_of

EVERY = 100  # rows between two updates of the progress line


@click.command
@click.argument("path")
@click.option("--all", "whole", is_flag=True, help="Follow every page of a list.")
@click.option("--dry-run", is_flag=True, help="Send nothing; print the call as curl.")
@click.option("--as", "as_user", metavar="ID", help="Act as this user (masquerade).")
@click.option("--env", default="production", type=click.Choice(ENVIRONMENTS), help="Which Canvas.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, and no progress.")
def get_command(
    path: str, whole: bool, dry_run: bool, as_user: str | None, env: str, as_json: bool
) -> None:
    """Ask Canvas for PATH, such as /api/v1/users/self, and print what comes as JSON.

    The token is read from CANVAS_TOKEN, the system's keyring, or a prompt; the Canvas from
    CANVAS_URL (CANVAS_BETA_URL, CANVAS_TEST_URL). What may pass is tried again for a day.

    \b
    Exit status: 0 all of it came; 1 Canvas refused or did not answer; 2 wrong usage;
    3 no token, or Canvas does not accept it; 4 a list came that is not complete.

    \b
    Examples:
      easel get users/self
      easel get '/api/v1/courses?include[]=term&per_page=100' --all
      easel get courses/42/enrollments --all --json | jq length
      easel get users/self --as 17 --env beta
    """
    target = target_named(env, os.environ)
    asked, params = read_path(path, target)
    if dry_run:
        query = pairs(params) + ([("as_user_id", as_user)] if as_user else [])
        url = f"{target.url}{asked}" + (f"?{urlencode(query, safe='[]')}" if query else "")
        click.echo(curl_of("GET", url))
        return
    witness = Witness(target.url)
    try:
        with client_for(witness, token_for(target, os.environ)) as client:
            speaker = client.as_user(as_user) if as_user else client
            status = answer_to(speaker, witness, target, asked, params, whole, as_json)
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from None
    except CanvasError as error:
        status = fail(target, witness, error, f"GET {asked}")
    finally:
        witness.close()
    sys.exit(status)


def read_path(path: str, target: Target) -> tuple[str, dict[str, list[str] | str]]:
    """Parse an API path and its parameters; ``courses/1`` is short for ``/api/v1/courses/1``."""
    if path.startswith(f"{target.url}/"):
        path = path.removeprefix(target.url)
    parts = urlsplit(path)
    if parts.netloc:
        raise click.UsageError(f"PATH is not an address of {target}.")
    where = parts.path if parts.path.startswith("/") else f"/{parts.path}"
    if not where.startswith("/api/"):
        where = f"/api/v1{where}"
    given = parse_qs(parts.query, keep_blank_values=True)
    named = {name.removesuffix("[]") for name in given}
    if "access_token" in named:
        raise click.UsageError("A token in an address ends up in logs; set CANVAS_TOKEN.")
    if "as_user_id" in named:
        raise click.UsageError("Use --as to act as somebody else.")
    return where, {
        name: values if name.endswith("[]") else values[-1] for name, values in given.items()
    }


def answer_to(
    client: CanvasClient,
    witness: Witness,
    target: Target,
    path: str,
    params: dict[str, Any],
    whole: bool,
    as_json: bool,
) -> int:
    """Print Canvas's answer; return the exit status."""
    if not whole:
        show(client.get(path, params), as_json)
        tell(f"{target}: {witness.summary()}{more_pages(witness)}", as_json)
        return 0
    pages = client.paginate(path, params)
    rows = []
    for row in pages:
        rows.append(row)
        if len(rows) % EVERY == 0 and sys.stderr.isatty() and not as_json:
            expected = f" of {pages.pages_expected}" if pages.pages_expected else ""
            click.echo(
                f"\r\033[K{len(rows)} rows, {pages.pages_read}{expected} pages, "
                f"{witness.summary()}",
                nl=False,
                err=True,
            )
    show(rows, as_json)
    if sys.stderr.isatty() and not as_json:
        click.echo("\r\033[K", nl=False, err=True)
    tell(f"{target}: {len(rows)} rows, {witness.summary()}", as_json)
    if not pages.complete:
        click.echo(f"The list is not complete: {pages.why}", err=True)
        return INCOMPLETE
    return 0


def more_pages(witness: Witness) -> str:
    """Return a warning if a list has more pages than were printed; else None."""
    link = (witness.last.headers.get("Link") or "") if witness.last else ""
    return "; there are more pages (--all)" if 'rel="next"' in link else ""


def show(value: Any, as_json: bool) -> None:
    data = msgspec.json.encode(value)
    click.echo((data if as_json else msgspec.json.format(data)).decode())


def tell(line: str, as_json: bool) -> None:
    if not as_json:
        click.echo(line, err=True)
