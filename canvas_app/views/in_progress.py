"""Sign-ins in progress, as the browser's session remembers them between /login and the callback.

Each stands under its ``state`` and serves once. What has served is remembered for a while: browsers
load the callback's address again when they are reopened, and then go on to where it led.
"""

import secrets
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from flask import session

STARTED = "started_sign_ins"
USED = "served_states"  # state to the path it led to
WAITING = "waiting_sign_in"
STATE_LIVES = 3000.0  # seconds a person may take at Canvas: logging in, a second factor, consent
MOST_AT_ONCE = 5  # sign-ins one browser may have in progress, in as many tabs


@dataclass(frozen=True)
class Started:
    """A sign-in on its way to Canvas and back. ``expires`` is in seconds since 1970.

    ``expected``: who has to come back, as global id and id within this Canvas, after a launch.
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
    """Remember a sign-in; the oldest of too many is forgotten."""
    earlier = list(session.get(STARTED, {}).items())[-(MOST_AT_ONCE - 1) :]
    session[STARTED] = dict(earlier) | {state: asdict(started)}


def started_under(state: str, environment: str) -> Started | None:
    """The sign-in that was given this state for this environment, if this browser began it."""
    found: dict[str, Any] | None = session.get(STARTED, {}).get(state)
    if found is None or found["environment"] != environment:
        return None
    return Started(**found)


def finish(state: str) -> Started:
    """Take a sign-in that ``started_under`` knows: its state serves no second time."""
    started = Started(**session[STARTED].pop(state))
    used = list(session.get(USED, {}).items())[-(MOST_AT_ONCE - 1) :]
    session[USED] = dict(used) | {state: started.next}
    session.modified = True
    return started


def led_to(state: str) -> str | None:
    """Where a state led that has served already."""
    found: str | None = session.get(USED, {}).get(state)
    return found


def expired(started: Started) -> bool:
    """Whether the person took too long. The session itself ends a little later."""
    return started.expires < time.time()


def wait(waiting: Waiting) -> None:
    """Remember a code until its turn. There is one place: a newer sign-in takes it."""
    session[WAITING] = asdict(waiting)


def waiting() -> Waiting | None:
    """The sign-in whose code waits in this browser."""
    kept: dict[str, Any] | None = session.get(WAITING)
    return Waiting(**kept | {"started": Started(**kept["started"])}) if kept else None


def wait_no_longer() -> None:
    session.pop(WAITING, None)


def carried_over() -> dict[str, Any]:
    """What a new sign-in leaves in the session: other tabs are still at Canvas."""
    return {name: session[name] for name in (STARTED, USED) if name in session}
