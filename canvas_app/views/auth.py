"""Signing in with Canvas (OAuth2 authorization code with PKCE) and signing out."""

import logging
import math
import posixpath
import re
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Blueprint, current_app, flash, make_response, redirect, request, session
from werkzeug.wrappers import Response

from canvas_app import gateway
from canvas_app.canvas.api import SCOPES
from canvas_app.canvas.errors import CanvasError, Throttled, Unavailable
from canvas_app.canvas.oauth import InvalidClient, InvalidGrant, TokenAnswer
from canvas_app.canvas.throttle import EXPECTED
from canvas_app.gateway import Trouble
from canvas_app.sessions import StoreAway
from canvas_app.settings import Environment
from canvas_app.storage import Identity
from canvas_app.storage.database import AWAY
from canvas_app.views import rendering

log = logging.getLogger(__name__)
bp = Blueprint("auth", __name__)

ERROR_CODE = re.compile("[a-z_]{1,60}")  # anybody may call /oauth/callback with anything
STARTED = "started_sign_ins"
USED = "used_states"
STATE_LIVES = 3600.0  # seconds a person may take at Canvas: logging in, a second factor, consent
MOST_AT_ONCE = 5  # sign-ins one browser may have in progress, in as many tabs


@dataclass(frozen=True)
class Started:
    """A sign-in on its way to Canvas and back, as the session keeps it under its ``state``."""

    environment: str
    next: str
    scopes: str
    expires: float
    code_verifier: str | None = field(repr=False)


@bp.get("/login")
def login() -> Response:
    """Send the person to Canvas's authorization endpoint (RFC 6749 section 4.1.1).

    Only when the token endpoint has room for her exchange: Canvas's code lives ten minutes, so
    whoever must wait does so here.
    """
    if session.away:  # type: ignore[attr-defined]
        raise gateway.sessions_away("Nobody was signed in.", "sign in again")
    door = gateway.current()
    environment = asked_environment(request.args.get("environment") or "production")
    # A browser that has just been sent there, or one that only looks, takes no further room.
    young = time.time() + STATE_LIVES - EXPECTED
    expected = request.method == "HEAD" or any(
        each["environment"] == environment.name and each["expires"] > young
        for each in session.get(STARTED, {}).values()
    )
    if wait := door.queue_for(environment.name).room_in(expected=expected):
        return waiting(math.ceil(wait))
    extra = {"force_login": "1"} if request.args.get("force_login") == "1" else {}
    scopes = door.scopes()
    if scopes:
        extra["scope"] = scopes
    client = door.oauth.create_client(environment.name)
    made = client.create_authorization_url(door.settings.redirect_uri, **extra)
    started = Started(
        environment=environment.name,
        next=safe_next(request.args.get("next")),
        scopes=scopes,
        expires=time.time() + STATE_LIVES,
        code_verifier=made.get("code_verifier"),
    )
    earlier = list(session.get(STARTED, {}).items())[-(MOST_AT_ONCE - 1) :]
    session[STARTED] = dict(earlier) | {made["state"]: asdict(started)}
    try:
        current_app.session_interface.keep(session)  # type: ignore[attr-defined]
    except StoreAway as fault:  # without it nobody comes back from Canvas
        log.error("a sign-in cannot begin: %s", fault)
        raise gateway.sessions_away("Nobody was signed in.", "sign in again") from None
    return redirect(made["url"])


def waiting(seconds: int) -> Response:
    """A page that asks again by itself, without a script."""
    text = rendering.render_page("waiting.html", seconds=seconds)
    response = make_response(text, 503)
    response.headers["Retry-After"] = response.headers["Refresh"] = str(seconds)
    return response


def asked_environment(name: str) -> Environment:
    environment = gateway.current().settings.environment(name)
    if environment is None:
        raise Trouble(
            404,
            "No such Canvas here",
            "This Easel offers no Canvas environment of that name.",
            "Go to the start page and sign in from there.",
            "CANVAS_BETA_URL and CANVAS_TEST_URL add the beta and test environments.",
        )
    return environment


def safe_next(wanted: str | None) -> str:
    """Where to land after signing in: a path of ours, or the start page.

    Exactly one leading slash, no backslash, no control character (browsers read ``/\\host`` and
    ``//host`` as another site), and no address that would sign in or out again.
    """
    if not wanted or not wanted.startswith("/") or wanted.startswith("//"):
        return "/"
    if "\\" in wanted or not wanted.isprintable():
        return "/"
    path = posixpath.normpath(unquote(urlsplit(wanted).path))
    if path in ("/login", "/logout", "/oauth") or path.startswith(("//", "/oauth/")):
        return "/"
    return wanted


@bp.get("/oauth/callback")
def callback() -> Response:
    """Take the person back from Canvas: check the state, exchange the code, sign her in."""
    if session.away:  # type: ignore[attr-defined]
        raise gateway.sessions_away("Nobody was signed in yet.", "load this page again")
    door = gateway.current()
    state = request.args.get("state", "")
    if error := request.args.get("error"):
        session.get(STARTED, {}).pop(state, None)
        session.modified = True
        raise refused(error)
    started = take(state)
    code = request.args.get("code")
    if not code:
        raise Trouble(
            400,
            "Canvas sent no code",
            "Canvas sent you back without the code that signs you in. Nobody was signed in.",
            "Sign in again.",
            "If everybody sees this, look whether a proxy before Easel cuts the query off.",
        )
    answer = exchange(code, started)
    secret = store(answer, started)

    former = gateway.current_secret()
    if former:  # this browser's earlier sign-in, which the new one takes the place of
        door.storage.sign_out(former, door.endpoint_for)
    session.clear()
    current_app.session_interface.regenerate(session)  # type: ignore[attr-defined]
    response = redirect(door.settings.public_url + started.next)
    gateway.remember(response, secret)
    return response


def take(state: str) -> Started:
    """The sign-in this state belongs to; it serves once, within an hour, in its own browser."""
    again = "Start again from Easel's start page, in one browser, with cookies allowed."
    nothing = "Nobody was signed in and nothing was stored."
    if not state:
        raise Trouble(
            400,
            "This sign-in has no state",
            f"The address you came back with has no state, so it may not be yours. {nothing}",
            again,
            "If everybody sees this, look whether a proxy before Easel cuts the query off.",
        )
    if STARTED not in session:
        raise Trouble(
            400,
            "This sign-in was not started here",
            f"This browser has no sign-in in progress: its session ended or its cookies are gone, "
            f"or the sign-in began in another browser. {nothing}",
            again,
            "If everybody sees this, look whether PUBLIC_URL is the address people really use.",
        )
    started: dict[str, dict[str, Any]] = session[STARTED]
    used: list[str] = session.get(USED, [])
    found = started.pop(state, None)
    session.modified = True
    if found is None and state in used:
        raise Trouble(
            400,
            "This sign-in was already used",
            "This address has signed in once and cannot do so again. Nothing was changed.",
            "Go to Easel's start page; you may already be signed in. If not, sign in again.",
            "Nothing is wrong: browsers load an address again when they are reopened.",
        )
    if found is None:
        raise Trouble(
            400,
            "This sign-in is not the one you started",
            f"The state Canvas sent back is none that this browser was given. {nothing}",
            again,
            "Old bookmarks and links somebody else sent end here. If everybody sees this, look "
            "whether PUBLIC_URL is the address people really use.",
        )
    session[USED] = [*used[-MOST_AT_ONCE:], state]
    if found["expires"] < time.time():
        raise Trouble(
            400,
            "This sign-in took too long",
            f"It was started more than an hour ago. {nothing}",
            "Sign in again.",
            "If everybody sees this, look at the clocks of Easel's machines.",
        )
    return Started(**found)


def exchange(code: str, started: Started) -> TokenAnswer:
    """Trade the code for tokens at the token endpoint; each failure has its own page."""
    door = gateway.current()
    settings = door.settings
    try:
        return door.endpoint_for(started.environment).exchange(
            code, settings.redirect_uri, started.code_verifier
        )
    except InvalidGrant as fault:
        raise Trouble(
            400,
            "Canvas no longer knows this sign-in",
            "The code Canvas gave is used, unknown or older than ten minutes. "
            "Nobody was signed in and nothing was stored.",
            "Sign in again.",
            "If every sign-in ends here, this Canvas may drop the PKCE challenge and then refuse "
            "the verifier: set CANVAS_PKCE=off.",
        ) from fault
    except InvalidClient as fault:
        raise Trouble(
            502,
            "Canvas does not accept this Easel",
            "Canvas refused Easel's own credentials. Nobody was signed in and nothing was stored.",
            "You can do nothing about it; tell whoever runs Easel at your school.",
            "Look at CANVAS_CLIENT_ID and CANVAS_CLIENT_SECRET, and in Canvas whether the "
            "developer key is on (Admin, Developer Keys).",
        ) from fault
    except (Throttled, Unavailable) as fault:
        raise Trouble(
            503,
            "Canvas did not answer",
            "Canvas did not answer when Easel asked it to finish your sign-in. "
            "Nobody was signed in and nothing was stored.",
            "Wait a minute and sign in again.",
            "Look at /readyz and the log, and whether Easel's machine reaches CANVAS_URL.",
        ) from fault
    except CanvasError as fault:
        log.warning("the token endpoint answered what Easel does not understand: %s", fault)
        raise Trouble(
            502,
            "Canvas gave an answer Easel does not understand",
            "Your sign-in could not be finished. Nobody was signed in and nothing was stored.",
            "Sign in again; if that does not help, tell whoever runs Easel at your school.",
            "Check that CANVAS_URL is the root of a Canvas; Easel's log has the details.",
        ) from fault


def store(answer: TokenAnswer, started: Started) -> str:
    """Store the grant; return the sign-in's secret. A token it replaced is revoked meanwhile.

    What the database does not take is ended at Canvas, for nobody could use it any more.
    """
    door = gateway.current()
    identity = Identity(
        environment=started.environment,
        user_id=answer.user_id,
        user_name=answer.user_name,
        real_user_id=answer.real_user_id,
        real_user_name=answer.real_user_name,
    )
    environment = door.environment(started.environment)
    try:
        secret, revocation = door.storage.sign_in(
            identity, answer.token, scopes=started.scopes, client_id=environment.client_id
        )
    except AWAY as fault:
        log.error("a sign-in could not be stored: %s", fault)
        with suppress(CanvasError):
            door.endpoint_for(started.environment).revoke(answer.token.access_token)
        raise gateway.database_away("Nobody was signed in.", "sign in again") from None
    if revocation is not None:
        door.revoke_soon(revocation)
    return secret


def refused(error: str) -> Trouble:
    """The page for an error Canvas sent back (RFC 6749 section 4.1.2.1, and Canvas's own)."""
    door = gateway.current()
    redirect_uri = door.settings.redirect_uri
    nothing = "Nobody was signed in and nothing was stored."
    tell = "You can do nothing about it; tell whoever runs Easel at your school."
    match error:
        case "access_denied":
            return Trouble(
                403,
                "You did not let Easel in",
                f"On Canvas's page you chose not to authorize Easel. {nothing}",
                "Easel can show you nothing without it. If you change your mind, sign in again.",
                "Nothing is wrong: the person pressed Cancel. A trusted developer key asks nobody.",
            )
        case "invalid_scope":
            return Trouble(
                502,
                "Canvas does not grant what Easel asks for",
                f"Easel's developer key lacks permissions (scopes) that Easel needs. {nothing}",
                tell,
                ("" if door.scopes() else "The key enforces scopes: set CANVAS_SCOPES=auto. ")
                + gateway.grant_these(door.scopes().split() or SCOPES),
            )
        case "unauthorized_client":
            return Trouble(
                502,
                "Easel is not switched on in this Canvas",
                f"Canvas does not let Easel's developer key into this account. {nothing}",
                tell,
                "Switch the developer key on for this account (Admin, Developer Keys), and look "
                "that it is no test-cluster key. Its redirect URI must be exactly "
                f"{redirect_uri}",
            )
        case "unsupported_response_type" | "invalid_request" | "invalid_target":
            return Trouble(
                502,
                "Canvas did not understand Easel",
                f"Canvas refused the way in which Easel asked it to sign you in. {nothing}",
                tell,
                "Check that CANVAS_URL is the root of a Canvas, and whether a proxy before it "
                "changes addresses: Easel asks with response_type=code and the redirect URI "
                f"{redirect_uri}",
            )
        case "client_not_allowed_for_user":
            return Trouble(
                403,
                "Canvas does not let you authorize Easel",
                "Your Canvas account belongs to Canvas's site administration and may not authorize "
                f"applications. {nothing}",
                "Sign in with an ordinary account of your school.",
                "Canvas refuses site-admin staff whose role lacks the permission "
                "site_admin_self_token_create. Give the role that permission, or make the "
                "developer key trusted. An account's limits on personal access tokens have no part "
                "in it.",
            )
        case "login_required" | "interaction_required":
            return Trouble(
                403,
                "Canvas wants to see you first",
                f"Canvas could not sign you in without asking you. {nothing}",
                "Sign in again; Canvas will ask you.",
                "Nothing is wrong: only a trusted developer key signs in without asking.",
            )
        case "temporarily_unavailable" | "server_error":
            return Trouble(
                503,
                "Canvas cannot sign you in now",
                f"Canvas reported trouble of its own. {nothing}",
                "Wait a minute and sign in again.",
                f"Canvas answered the authorization request with {error}.",
            )
        case _:
            code = error if ERROR_CODE.fullmatch(error) else "something that is no error code"
            log.warning("the authorization endpoint sent an error Easel does not know: %s", code)
            return Trouble(
                502,
                "Canvas did not sign you in",
                f"Canvas refused the sign-in for a reason Easel does not know. {nothing}",
                "Sign in again; if that does not help, tell whoever runs Easel at your school.",
                f"Canvas sent {code}. The developer key's redirect URI must be exactly "
                f"{redirect_uri}",
            )


@bp.post("/logout")
def logout() -> Response:
    """End this browser's sign-in; the person's last one ends Easel's access to Canvas too."""
    door = gateway.current()
    told = True
    if secret := gateway.current_secret():
        gateway.current_sign_in()  # now: afterwards nobody knows whose answers to forget
        told = door.storage.sign_out(secret, door.endpoint_for)
        gateway.forget_answers()  # last: a page in another tab may have asked meanwhile
    return signed_out(
        "You are signed out of Easel. This browser may still be signed in to Canvas.", told
    )


def signed_out(message: str, told: bool) -> Response:
    """The start page with a message, for a browser that is signed in no more.

    ``told`` is False when Canvas must still be told that Easel's access is over.
    """
    session.clear()
    current_app.session_interface.regenerate(session)  # type: ignore[attr-defined]
    flash(message)
    if not told:
        flash(
            "Canvas did not answer, so it does not know yet. Easel keeps the token sealed, to end "
            "its access and for nothing else, and tries again for seven days."
        )
    response = redirect(f"{gateway.current().settings.path_prefix}/")
    gateway.forget(response)
    return response
