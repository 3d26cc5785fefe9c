"""``easel enrollment``: end enrollments one by one, and record the outcome of each."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO, cast

import click

from canvas_app.canvas import CanvasClient
from canvas_app.canvas.client import ENROLLMENT_TASKS, EnrollmentTask
from canvas_app.canvas.errors import AuthenticationError, CanvasError, NotFound, Unavailable
from canvas_app.canvas.parameters import api_path, segment
from canvas_app.commands._asking import (
    ENVIRONMENTS,
    Target,
    Witness,
    client_for,
    target_named,
    token_for,
)
from canvas_app.support_report import curl_of

#: The state of an enrollment after each task (Canvas API: Enrollments).
AFTER = {
    "delete": "deleted",
    "conclude": "completed",
    "inactivate": "inactive",
    "deactivate": "inactive",
}


@dataclass(frozen=True)
class JournalEntry:
    """One line of the journal: what was about to be sent, or its outcome.

    ``outcome``: ``sending``, ``done``, ``gone`` (Canvas has no such enrollment), ``differs``
    (Canvas did something else), ``refused``, ``unknown`` (it may have happened).
    """

    enrollment: str
    outcome: str
    detail: str = ""
    request_id: str = ""
    at: str = ""


@click.group
def enrollment_command() -> None:
    """End enrollments in Canvas."""


@enrollment_command.command("remove")
@click.argument("course")
@click.argument("enrollments", nargs=-1, required=True, metavar="ENROLLMENT...")
@click.option(
    "--task",
    required=True,
    type=click.Choice(ENROLLMENT_TASKS),
    help="What to do. Required, because Canvas would conclude by default.",
)
@click.option("--yes", is_flag=True, help="Do it. Without this nothing is sent anywhere.")
@click.option("--env", type=click.Choice(ENVIRONMENTS), help="Which Canvas; named with --yes.")
@click.option(
    "--journal", type=click.Path(dir_okay=False, path_type=Path), help="File of what was done."
)
def remove(
    course: str,
    enrollments: tuple[str, ...],
    task: str,
    yes: bool,
    env: str | None,
    journal: Path | None,
) -> None:
    """End each ENROLLMENT (its id, not the student's) in COURSE.

    Each is sent once and written to a journal; run again, the command goes on where it stopped.
    With --yes the Canvas must be named, --env production too.

    \b
    Exit status: 0 each is done, or nothing was to be sent; 1 one is not; 2 wrong usage;
    3 no token, or Canvas does not accept it.

    \b
    Examples:
      easel enrollment remove 42 1001 1002 --task delete
      easel enrollment remove 42 1001 1002 --task delete --env beta --yes
    """
    wanted = list(dict.fromkeys(enrollments))
    try:
        for each in (course, *wanted):
            segment(each)
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from None
    if not yes:
        preview(course, wanted, task, env or "production")
        return
    if env is None:
        raise click.UsageError("Name the Canvas with --env; production must be written out, too.")
    target = target_named(env, os.environ)
    file = journal or Path(f"easel-enrollments-{env}-{segment(course)}-{task}.jsonl")
    sys.exit(remove_all(target, course, wanted, cast(EnrollmentTask, task), file))


def preview(course: str, wanted: Sequence[str], task: str, env: str) -> None:
    """Print what would be sent, so that the operator can check it."""
    variable = "CANVAS_URL" if env == "production" else f"CANVAS_{env.upper()}_URL"
    url = os.environ.get(variable, "").rstrip("/") or f"${variable}"
    for each in wanted:
        path = api_path("courses", course, "enrollments", each)
        click.echo(f"{env}: would {task} enrollment {each} in course {course}")
        click.echo(f"  {curl_of('DELETE', f'{url}{path}?task={task}')}")
    click.echo(f"Nothing was sent. To do it, add: --env {env} --yes")


def remove_all(
    target: Target, course: str, wanted: Sequence[str], task: EnrollmentTask, file: Path
) -> int:
    """Send what the journal does not record as done; return the exit status."""
    key = {"canvas": target.url, "course": course, "task": task}
    known = read_journal(file, key)
    witness = Witness(target.url)
    status = 0
    with (
        client_for(witness, token_for(target, os.environ)) as client,
        file.open("a", encoding="utf-8") as journal,
    ):
        for each in wanted:
            before = known.get(each)
            if before is not None and before.outcome in ("done", "gone"):
                say(target, course, before, f" (at {before.at})")
                continue
            write_entry(journal, key, JournalEntry(each, "sending"))
            try:
                entry = remove_one(client, course, each, task, before)
            except AuthenticationError as error:
                write_entry(journal, key, JournalEntry(each, "refused", error.message))
                click.echo(f"{target}: {error}", err=True)
                return 3
            write_entry(journal, key, entry)
            say(target, course, entry)
            status = status if entry.outcome in ("done", "gone") else 1
    click.echo(f"{target}: {witness.summary()}; the journal is {file}", err=True)
    return status


def remove_one(
    client: CanvasClient, course: str, each: str, task: EnrollmentTask, before: JournalEntry | None
) -> JournalEntry:
    """Send one; return its outcome. Raise AuthenticationError."""
    try:
        answer = client.remove_enrollment(course, each, task=task)
    except AuthenticationError:
        raise
    except NotFound as error:
        # If an earlier attempt had an unknown outcome, it has succeeded.
        tried = before is not None and before.outcome in ("sending", "unknown")
        outcome = "gone" if tried else "refused"
        return JournalEntry(each, outcome, "Canvas has no such enrollment", error.request_id or "")
    except Unavailable as error:
        sure = error.delivery != "may_have_happened"
        outcome = "refused" if sure else "unknown"
        return JournalEntry(each, outcome, error.message, error.request_id or "")
    except CanvasError as error:
        detail = error.canvas_message or error.message
        return JournalEntry(each, "refused", detail, error.request_id or "")
    state = str(answer.get("enrollment_state") if isinstance(answer, dict) else "")
    if state != AFTER[task]:
        return JournalEntry(each, "differs", f"Canvas says it is {state or 'unknown'} now")
    return JournalEntry(each, "done", f"it is {state} now")


def say(target: Target, course: str, entry: JournalEntry, more: str = "") -> None:
    """Print a line about an enrollment, with the environment's name."""
    detail = f": {entry.detail}" if entry.detail else ""
    click.echo(
        f"{target.environment}: enrollment {entry.enrollment} in course {course} "
        f"{entry.outcome}{detail}{more}"
    )


def write_entry(journal: TextIO, key: dict[str, str], entry: JournalEntry) -> None:
    """Append an entry and flush it to the disk. It must be there before the call is sent."""
    line = key | asdict(entry) | {"at": datetime.now(UTC).isoformat(timespec="seconds")}
    journal.write(json.dumps(line) + "\n")
    journal.flush()
    os.fsync(journal.fileno())


def read_journal(file: Path, key: dict[str, str]) -> dict[str, JournalEntry]:
    """Return the last entry for each enrollment of this Canvas, course and task."""
    found: dict[str, JournalEntry] = {}
    if not file.exists():
        return found
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row: dict[str, Any] = json.loads(line)
            mine = {name: row[name] for name in key} == key
            entry = JournalEntry(**{name: str(row[name]) for name in JournalEntry.__annotations__})
        except (ValueError, KeyError, TypeError):
            raise click.UsageError(f"{file}, line {number}, is not a line of a journal.") from None
        if mine:
            found[entry.enrollment] = entry
    return found
