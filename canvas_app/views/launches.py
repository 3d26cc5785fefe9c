"""Launches in progress, kept in the browser's launch cookie, and where they lead.

The cookie is signed, lives ten minutes and holds five launches at most. It is ``SameSite=None``
because Canvas posts the launch; in a frame it is ``Partitioned``, so that browsers that block
third-party cookies still keep it for use within Canvas's pages.
"""

import secrets
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from canvas_app import audit
from canvas_app.canvas.oauth import TokenAnswer
from canvas_app.current import current_gateway, token_endpoint
from canvas_app.storage.seal import AnswerSeal
from canvas_app.troubles import Trouble

COOKIE = "__Host-easel_launch"
LIVES = 600  # seconds
MOST_LAUNCHES = 5
LONGEST_TICKET = 2000  # characters
_PLACE = "launch ticket"


@dataclass(frozen=True)
class Begun:
    """A launch in progress at Canvas; ``at`` is in seconds since 1970."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    environment: str
    at: int


@dataclass(frozen=True)
class Opened:
    """A verified launch: the person, and the one of our paths it leads to."""

    id: str
    environment: str
    path: str
    global_id: int = field(repr=False)
    user_id: int | None = field(repr=False)
    acting: bool
    at: int


class LaunchesHere:
    """The launches in a browser's cookie; ``keep`` writes them back.

    ``told`` is False when the browser sent no cookie.
    """

    def __init__(self, begun: list[Begun], opened: list[Opened], *, told: bool) -> None:
        self.begun = begun
        self.opened = opened
        self.told = told

    def begin(self, environment: str) -> Begun:
        """Add a new launch; when there are too many, forget the oldest."""
        made = Begun(
            secrets.token_urlsafe(24), secrets.token_urlsafe(24), environment, int(time.time())
        )
        self.begun = [*self.begun, made][-MOST_LAUNCHES:]
        return made

    def take(self, state: str) -> Begun | None:
        """Remove and return the launch with this state, which works only once."""
        found = next((each for each in self.begun if each.state == state), None)
        self.begun = [each for each in self.begun if each.state != state]
        return found

    def add(self, environment: str, path: str, person: tuple[int, int | None, bool]) -> Opened:
        made = Opened(secrets.token_urlsafe(9), environment, path, *person, int(time.time()))
        self.opened = [*self.opened, made][-MOST_LAUNCHES:]
        return made

    def found(self, launch_id: str) -> Opened | None:
        return next((each for each in self.opened if each.id == launch_id), None)

    def used(self, opened: Opened) -> None:
        """Mark the launch as used, so that it signs nobody in a second time."""
        self.opened = [each for each in self.opened if each.id != opened.id]


def kept_launches() -> LaunchesHere:
    """Return the launches in this browser's cookies; in a frame it may send two of the same name.

    ``told`` is False when it sent none, which means that it stores no cookie here.
    """
    begun, opened, told = [], [], False
    for cookie in request.cookies.getlist(COOKIE):
        try:
            content: dict[str, Any] = _signer().loads(cookie, max_age=LIVES)
        except BadSignature:
            continue
        told = True
        now = time.time()
        begun += [Begun(**each) for each in content["begun"] if each["at"] > now - LIVES]
        opened += [Opened(**each) for each in content["opened"] if each["at"] > now - LIVES]
    return LaunchesHere(begun, opened, told=told)


def keep(response: Response, launches: LaunchesHere) -> None:
    """Set the cookie. It is ``Secure`` even on loopback, which browsers accept."""
    content = {
        "begun": [asdict(each) for each in launches.begun],
        "opened": [asdict(each) for each in launches.opened],
    }
    response.set_cookie(
        COOKIE,
        str(_signer().dumps(content)),
        max_age=LIVES,
        path="/",
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=framed(),
    )


def framed() -> bool:
    """Return whether this answer is shown in a frame, according to Fetch Metadata."""
    return request.headers.get("Sec-Fetch-Dest") == "iframe"


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="easel.launch")


def ticket_url(environment: str, path: str, global_id: int, user_id: int | None) -> str:
    """Return an address that leads to ``path`` and works for this person only; it signs nobody in.

    It is encrypted because it names a person, and it expires after ten minutes.
    """
    serializer = URLSafeTimedSerializer(str(current_app.secret_key), salt="easel.ticket")
    content = serializer.dumps([environment, path, global_id, user_id])
    sealed = _ticket_seal().close(str(content).encode(), _PLACE).hex()
    return f"{current_gateway().settings.path_prefix}/lti/open?ticket={quote(sealed)}"


def opened_by_ticket(ticket: str, *, acting: bool = False) -> Opened | None:
    """Return the content of a ticket made by ``ticket_url``; None when it is invalid or expired."""
    if not ticket or len(ticket) > LONGEST_TICKET:
        return None
    with suppress(ValueError, BadSignature):
        content = _ticket_seal().open(bytes.fromhex(ticket), _PLACE)
        serializer = URLSafeTimedSerializer(str(current_app.secret_key), salt="easel.ticket")
        if content is not None:
            environment, path, global_id, user_id = serializer.loads(content, max_age=LIVES)
            return Opened("", environment, path, global_id, user_id, acting, int(time.time()))
    return None


def _ticket_seal() -> AnswerSeal:
    return AnswerSeal(current_gateway().settings.token_keys)


def check_person(
    answer: TokenAnswer, environment: str, global_id: int, user_id: int | None
) -> None:
    """Raise Trouble if somebody other than the launch's person consented.

    Their token is then revoked at Canvas.
    """
    told = answer.global_id if answer.global_id is not None else answer.user_id
    if told == (global_id if answer.global_id is not None else user_id):
        return
    gateway = current_gateway()
    owner = (environment, answer.user_id, answer.real_user_id or 0)
    revoked = True
    # Without a refresh token another browser of theirs uses the same one (force_token_reuse).
    if answer.token.refresh_token is not None:
        revoked = gateway.storage.hand_back(owner, answer.token, token_endpoint)
    audit.note("launch-refused", gateway.settings, detail="wrong_account")
    raise Trouble("lti_wrong_account", name=answer.user_name, revoked=revoked)
