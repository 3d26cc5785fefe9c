"""Sign-ins in progress, kept in the browser's session between /login and the callback.

Each is stored under its ``state`` and can be used once. Used states are remembered for a while,
because a browser that is reopened loads the callback's address again; it is then redirected to the
page that sign-in led to.
"""

import secrets
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from flask import session

STARTED = "started_sign_ins"
USED = "served_states"  # session key: state to the path it led to
WAITING = "waiting_sign_in"
STATE_LIVES = 3000.0  # seconds a person may spend at Canvas: logging in, a second factor, consent
MOST_AT_ONCE = 5  # sign-ins one browser may have in progress, in different tabs


@dataclass(frozen=True)
class Started:
    """A sign-in in progress at Canvas. ``expires`` is in seconds since 1970.

    ``expected`` is set after a launch: the ids of the person who must come back, globally and
    within this Canvas.
    """

    environment: str
    next: str
    scopes: str
    expires: float
    code_verifier: str | None = field(repr=False)
    expected: tuple[int, int | None] | None = None


@dataclass(frozen=True)
class Waiting:
    """A sign-in whose code waits for its exchange, since ``came_at`` (seconds since 1970)."""

    started: Started
    code: str = field(repr=False)
    came_at: float
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(16))


def start(state: str, started: Started) -> None:
    """Remember a sign-in; when there are too many, forget the oldest."""
    earlier = list(session.get(STARTED, {}).items())[-(MOST_AT_ONCE - 1) :]
    session[STARTED] = dict(earlier) | {state: asdict(started)}


def started_under(state: str, environment: str) -> Started | None:
    """Return the sign-in with this state in this environment, if this browser began it."""
    found: dict[str, Any] | None = session.get(STARTED, {}).get(state)
    if found is None or found["environment"] != environment:
        return None
    return Started(**found)


def finish(state: str) -> Started:
    """Remove a sign-in that ``started_under`` found, because its state must not work twice."""
    started = Started(**session[STARTED].pop(state))
    used = list(session.get(USED, {}).items())[-(MOST_AT_ONCE - 1) :]
    session[USED] = dict(used) | {state: started.next}
    session.modified = True
    return started


def led_to(state: str) -> str | None:
    """Return the path that a used state led to; None for any other state."""
    found: str | None = session.get(USED, {}).get(state)
    return found


def expired(started: Started) -> bool:
    """Return whether the person took too long. The session itself ends a little later."""
    return started.expires < time.time()


def wait(waiting: Waiting) -> None:
    """Remember a code until its turn; it replaces an earlier one, because only one can wait."""
    session[WAITING] = asdict(waiting)


def waiting() -> Waiting | None:
    """Return the sign-in whose code waits in this browser."""
    kept: dict[str, Any] | None = session.get(WAITING)
    return Waiting(**kept | {"started": Started(**kept["started"])}) if kept else None


def wait_no_longer() -> None:
    session.pop(WAITING, None)


def carried_over() -> dict[str, Any]:
    """Return the part of the session that a new sign-in keeps, because other tabs need it."""
    return {name: session[name] for name in (STARTED, USED) if name in session}
