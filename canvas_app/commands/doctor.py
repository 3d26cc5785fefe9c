"""``easel doctor``: say what is wrong with a deployment, and what to do about it."""

import logging
import os
import sys
import textwrap
from contextlib import suppress

import click
import msgspec

from canvas_app import logs
from canvas_app.checks.examination import examine
from canvas_app.checks.finding import Finding, findings_json
from canvas_app.settings import Settings, SettingsError

COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}
WIDTH = 96  # columns


@click.command
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor_command(as_json: bool) -> None:
    """Look at settings, Canvas, developer key, database, Redis and PUBLIC_URL.

    Each finding says what to do. Nothing is changed, and nobody needs to be signed in. The
    exit status is 1 when something does not work, 0 when there are warnings at most.

    \b
    Examples:
      easel doctor
      easel doctor --json | jq '.findings[] | select(.level != "ok")'
    """
    with suppress(SettingsError):  # examine() finds the same fault and reports it
        logs.configure(Settings.from_environ(os.environ))
        logging.getLogger("alembic").setLevel(logging.WARNING)  # it logs each step
    found = []
    for finding in examine(os.environ):
        found.append(finding)
        if not as_json:
            click.echo(shown(finding))
    told = findings_json(found)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(told)).decode())
    elif told["ok"]:
        click.echo("\nNothing here keeps Easel from working.")
    sys.exit(0 if told["ok"] else 1)


def shown(finding: Finding) -> str:
    """Return a finding in lines that fit a terminal; each scope has a line of its own."""
    level = click.style(f"{finding.level:8}", fg=COLOURS[finding.level])
    lines = [f"{level}{finding.code:20}{finding.message}"]
    for part in finding.remedy.splitlines():
        lines += textwrap.wrap(
            part, WIDTH, initial_indent=" " * 8 + "→ ", subsequent_indent=" " * 10
        )
    return "\n".join(lines)
