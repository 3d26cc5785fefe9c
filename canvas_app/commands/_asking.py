"""What commands need to call Canvas with a person's own token: the Canvas, the token, errors."""

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import click

from canvas_app.canvas import PATIENT, CanvasClient
from canvas_app.canvas.errors import AuthenticationError, CanvasError, Unavailable
from canvas_app.canvas.transport import Answer, Transport
from canvas_app.support_report import SupportReport

ENVIRONMENTS = ("production", "beta", "test")
NO_TOKEN, REFUSED, INCOMPLETE = 3, 1, 4  # exit statuses; 2 is click's, of wrong usage
KEYRING = "easel"  # the service in the keyring; the user name there is Canvas's address


@dataclass(frozen=True)
class Target:
    """A Canvas, with the name of its environment."""

    environment: str
    url: str

    def __str__(self) -> str:
        return f"{self.environment} ({self.url})"


def target_named(name: str, environ: Mapping[str, str]) -> Target:
    """Return the Canvas of an environment; raise a usage error when the settings name none."""
    variable = "CANVAS_URL" if name == "production" else f"CANVAS_{name.upper()}_URL"
    url = environ.get(variable, "").strip().rstrip("/")
    if not url:
        raise click.UsageError(f"Set {variable} to the root URL of that Canvas.")
    try:
        Transport(url).close()
    except ValueError as wrong:
        raise click.UsageError(f"{variable}: {wrong}") from None
    return Target(name, url)


def token_for(target: Target, environ: Mapping[str, str]) -> str:
    """Return a token from CANVAS_TOKEN, the system's keyring or a prompt; exit if there is none.

    Arguments are visible to other processes, so it cannot be one.
    """
    token = environ.get("CANVAS_TOKEN", "").strip() or from_keyring(target)
    if not token and at_terminal():
        token = click.prompt(f"Access token for {target}", hide_input=True, err=True).strip()
    if not token:
        click.echo(
            "There is no access token: set CANVAS_TOKEN, or keep one in the system's keyring "
            f"(keyring set {KEYRING} {target.url}).",
            err=True,
        )
        sys.exit(NO_TOKEN)
    return str(token)


def at_terminal() -> bool:
    """Return whether somebody can be asked: standard input is a terminal."""
    return sys.stdin.isatty()


def from_keyring(target: Target) -> str:
    """Return the token stored for this Canvas; empty if there is no keyring, or it stays locked."""
    if find_spec("keyring") is None:
        return ""
    from importlib import import_module

    try:
        return import_module("keyring").get_password(KEYRING, target.url) or ""
    except Exception:  # each backend has its own errors: it is locked, or there is none
        return ""


class Witness(Transport):
    """Connections that record calls, for the summary and for a support report.

    After three calls that could not be sent it does not retry, unless Canvas answered before: the
    address is more likely wrong than the server down.
    """

    def __init__(self, url: str, **more: Any) -> None:
        super().__init__(url, ca_bundle=os.environ.get("CA_BUNDLE") or None, **more)
        self.calls = 0
        self.cost = 0.0
        self.remaining: float | None = None
        self.last: Answer | None = None
        self.target = ""
        self._unreached = 0
        self._lock_of_facts = threading.Lock()

    def send(self, method: str, target: str, **more: Any) -> Answer:
        try:
            answer = super().send(method, target, **more)
        except Unavailable as error:
            with self._lock_of_facts:
                self.target = target
                self._unreached += 1
                if self.last is None and self._unreached >= 3 and error.delivery == "not_sent":
                    error.repeat_is_safe = False
            raise
        with self._lock_of_facts:
            self.target, self.last = target, answer
            self.calls += 1
            self.cost += answer.number("X-Request-Cost") or 0.0
            remaining = answer.number("X-Rate-Limit-Remaining")
            self.remaining = self.remaining if remaining is None else remaining
        return answer

    def summary(self) -> str:
        """Return the number of calls, their cost and what remains of the bucket, in one line."""
        left = "" if self.remaining is None else f", remaining {self.remaining:.0f}"
        return f"{self.calls} call{'' if self.calls == 1 else 's'}, cost {self.cost:.2f}{left}"


def client_for(witness: Witness, token: str) -> CanvasClient:
    """Return a client that retries for a day, and prints when it will try next."""
    return CanvasClient(witness.origin, token, transport=witness, retry=PATIENT, sleep=countdown)


def countdown(seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait, with a countdown on a terminal; elsewhere print one line if it takes 5 s or more."""
    live = sys.stderr.isatty()
    if not live and seconds >= 5:
        click.echo(f"Canvas does not take the call now; next try in {seconds:.0f} s.", err=True)
    while seconds > 0:
        if live:
            click.echo(f"\r\033[KNext try in {seconds:.0f} s (Ctrl-C stops)", nl=False, err=True)
        step = min(1.0, seconds)
        sleep(step)
        seconds -= step
    if live:
        click.echo("\r\033[K", nl=False, err=True)


def report_of(target: Target, witness: Witness, error: CanvasError, tried: str) -> SupportReport:
    """Return the support report of a failed call."""
    answer = witness.last if error.status is not None else None
    body = answer.body.decode("utf-8", "replace") if answer else ""
    user = answer.headers.get("X-Canvas-User-Id") if answer else None
    return SupportReport(
        tried=tried,
        environment=target.environment,
        canvas_url=target.url,
        method=error.method,
        path=error.path,
        query=witness.target.partition("?")[2],
        at=error.at,
        status=error.status,
        answer="(HTML)" if body.lstrip().startswith("<") else body,
        canvas_request_id=error.request_id or "",
        user_id=user or "",
    )


def fail(target: Target, witness: Witness, error: CanvasError, tried: str) -> int:
    """Print what went wrong, and both support reports, on stderr; return the exit status."""
    report = report_of(target, witness, error, tried)
    click.echo(f"{target}: {error}", err=True)
    click.echo("\n--- To ask in the Canvas Community ---\n" + report.for_community(), err=True)
    click.echo("\n--- To ask Canvas's support ---\n" + report.for_support(), err=True)
    return NO_TOKEN if isinstance(error, AuthenticationError) else REFUSED
