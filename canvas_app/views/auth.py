"""Signing in with Canvas (OAuth2 authorization code with PKCE) and signing out."""

import logging
import math
import posixpath
import re
import time
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from urllib.parse import unquote, urlencode, urlsplit

from flask import (
    Blueprint,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
)
from werkzeug.wrappers import Response

from canvas_app import audit
from canvas_app.canvas.api import SCOPES
from canvas_app.canvas.errors import CanvasError, Throttled, Unavailable
from canvas_app.canvas.oauth import InvalidClient, InvalidGrant, TokenAnswer
from canvas_app.current import (
    View,
    current_gateway,
    current_secret,
    current_sign_in,
    forget,
    forget_answers,
    remember,
)
from canvas_app.sessions import StoreAway
from canvas_app.settings import Environment
from canvas_app.storage.database import AWAY
from canvas_app.storage.storage import Identity
from canvas_app.troubles import Trouble, database_away, grant_these, sessions_away
from canvas_app.views import in_progress
from canvas_app.views.in_progress import STATE_LIVES, Started, Waiting
from canvas_app.waiting_line import ASK_AGAIN, CODE_SECONDS

log = logging.getLogger(__name__)
bp = Blueprint("auth", __name__)

SOONEST_AGAIN = 2.0  # seconds before a waiting page asks again
ERROR_CODE = re.compile("[a-z_]{1,60}")  # anybody may call /oauth/callback with anything


@bp.get("/login")
def login() -> Response:
    """Send the person to Canvas's authorization endpoint (RFC 6749 section 4.1.1).

    That reserves nothing at the token endpoint. Only when the codes that wait for it already take
    longer than a code lives does the person wait here instead.
    """
    if session.away:  # type: ignore[attr-defined]
        raise sessions_away("Nobody was signed in.", "sign in again")
    gateway = current_gateway()
    environment = asked_environment(request.args.get("environment") or "production")
    if wait := gateway.line_for(environment.name).full_for(client_address()):
        return waiting_page(wait)
    extra = {"force_login": "1"} if request.args.get("force_login") == "1" else {}
    scopes = gateway.scopes()
    if scopes:
        extra["scope"] = scopes
    client = gateway.oauth.create_client(environment.name)
    made = client.create_authorization_url(gateway.settings.redirect_uri(environment.name), **extra)
    in_progress.start(
        made["state"],
        Started(
            environment=environment.name,
            next=safe_next(request.args.get("next")),
            scopes=scopes,
            expires=time.time() + STATE_LIVES,
            code_verifier=made.get("code_verifier"),
        ),
    )
    try:
        current_app.session_interface.keep(session)  # type: ignore[attr-defined]
    except StoreAway as fault:  # without it nobody comes back from Canvas
        log.error("a sign-in cannot begin: %s", fault)
        raise sessions_away("Nobody was signed in.", "sign in again") from None
    return redirect(made["url"])


def client_address() -> str:
    """Where the request comes from, as far as TRUSTED_PROXIES tells."""
    return request.remote_addr or ""


def waiting_page(seconds: float) -> Response:
    """A page that asks again by itself, without a script."""
    again = math.ceil(min(max(seconds, SOONEST_AGAIN), ASK_AGAIN))
    text = render_template("waiting.html", minutes=math.ceil(seconds / 60))
    response = make_response(text, 503)
    response.headers["Retry-After"] = response.headers["Refresh"] = str(again)
    return response


def asked_environment(name: str) -> Environment:
    environment = current_gateway().settings.environment(name)
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


def refusals_logged(
    view: Callable[View, Response],
) -> Callable[View, Response]:
    """Tell the operator of each sign-in that ends with an error page, under its request id."""

    @wraps(view)
    def logged(*args: View.args, **kwargs: View.kwargs) -> Response:
        try:
            return view(*args, **kwargs)
        except Trouble as trouble:
            error = request.args.get("error", "")
            log.warning(
                "sign-in refused: %s; environment %s, Canvas's error %s (%s)%s. %s",
                trouble.title,
                (request.view_args or {}).get("environment", "-"),
                error[:60] or "-",
                request.args.get("error_description", "")[:200] or "-",
                f", {trouble.__cause__}" if trouble.__cause__ else "",
                " ".join(trouble.for_admin.split()),
            )
            raise

    return logged


@bp.get("/oauth/callback", defaults={"environment": "production"})
@bp.get("/oauth/callback/<any(beta, test):environment>")
@refusals_logged
def callback(environment: str) -> Response:
    """Take the person back from Canvas: check the state, exchange the code, sign them in.

    Each environment comes back to an address of its own, where no other one's state counts.
    """
    if session.away:  # type: ignore[attr-defined]
        raise sessions_away(so_far(), "load this page again")
    state, error = request.args.get("state", ""), request.args.get("error")
    if in_progress.started_under(state, environment) is None:
        return without_sign_in(state, environment, error)
    started = in_progress.finish(state)
    if error:
        raise refused(error, environment)
    if in_progress.expired(started):
        raise Trouble(
            400,
            "This sign-in took too long",
            f"It was started more than 50 minutes ago. {so_far()}",
            "Sign in again.",
            "If everybody sees this, look at the clocks of Easel's machines.",
        )
    code = request.args.get("code")
    if not code:
        raise Trouble(
            400,
            "Canvas sent no code",
            f"Canvas sent you back without the code that signs you in. {so_far()}",
            "Sign in again.",
            "If everybody sees this, look whether a proxy before Easel cuts the query off.",
        )
    now = current_gateway().line_for(environment).clock()
    return exchange_in_turn(Waiting(started=started, code=code, came_at=now))


def so_far() -> str:
    """What a sign-in that failed has left as it was."""
    if current_sign_in() is not None:
        return "Nothing was changed: you are still signed in as before."
    return "Nobody was signed in and nothing was stored."


def without_sign_in(state: str, environment: str, error: str | None) -> Response:
    """Answer a callback for which this browser has no sign-in in progress."""
    path = in_progress.led_to(state)
    if path is not None and current_sign_in() is not None:
        return redirect(current_gateway().settings.public_url + path)  # the address loaded again
    if error == "client_not_allowed_for_user" and not state and session.get(in_progress.STARTED):
        raise refused(error, environment)  # Canvas loses the state of this one alone
    again = "Start again from Easel's start page, in one browser, with cookies allowed."
    if path is not None:
        raise Trouble(
            400,
            "This sign-in was already used",
            "This address has signed in once and cannot do so again. Nothing was changed.",
            "Sign in again.",
            "Nothing is wrong: browsers load an address again when they are reopened.",
        )
    if not state:
        raise Trouble(
            400,
            "This sign-in has no state",
            f"The address you came back with has no state, so it may not be yours. {so_far()}",
            again,
            "If everybody sees this, look whether a proxy before Easel cuts the query off.",
        )
    if in_progress.STARTED not in session:
        raise Trouble(
            400,
            "This sign-in was not started here",
            "This browser has no sign-in in progress: its session ended or its cookies are gone, "
            f"or the sign-in began in another browser. {so_far()}",
            again,
            "If everybody sees this, look whether PUBLIC_URL is the address people really use.",
        )
    raise Trouble(
        400,
        "This sign-in is not the one you started",
        f"The state Canvas sent back is none that this browser was given. {so_far()}",
        again,
        "Old bookmarks and links somebody else sent end here. If everybody sees this, look "
        "whether PUBLIC_URL is the address people really use.",
    )


@bp.get("/login/waiting")
@refusals_logged
def wait_for_exchange() -> Response:
    """The page of who came back with a code, until there is room for its exchange."""
    if session.away:  # type: ignore[attr-defined]
        raise sessions_away("Your sign-in is not finished.", "load this page again")
    waiting = in_progress.waiting()
    if (
        waiting is None
        or current_gateway().settings.environment(waiting.started.environment) is None
    ):
        return redirect(f"{current_gateway().settings.path_prefix}/")
    return exchange_in_turn(waiting)


def exchange_in_turn(waiting: Waiting) -> Response:
    """Exchange a code when it is its turn; until then show a page that waits for it.

    A code that would not live until then is dropped: Canvas gives another one, without asking for
    the password again, once there is room.
    """
    started = waiting.started
    line = current_gateway().line_for(started.environment)
    wait = line.turn_in(client_address(), waiting.ticket)
    if wait > waiting.came_at + CODE_SECONDS - line.clock():
        line.leave(client_address(), waiting.ticket)
        in_progress.wait_no_longer()
        return redirect(to_canvas_again(started))
    if wait == 0 and line.leave(client_address(), waiting.ticket):
        try:
            answer = exchange(waiting.code, started)
        except Throttled:  # the code is not used: nothing was sent, or Canvas did nothing
            wait = line.turn_in(client_address(), waiting.ticket)
        else:
            in_progress.wait_no_longer()
            return signed_in(answer, started)
    in_progress.wait(waiting)
    if request.endpoint == "auth.wait_for_exchange":
        return waiting_page(wait)
    return redirect(f"{current_gateway().settings.path_prefix}/login/waiting", 303)


def to_canvas_again(started: Started) -> str:
    """/login, as it was asked for."""
    query = urlencode({"environment": started.environment, "next": started.next})
    return f"{current_gateway().settings.path_prefix}/login?{query}"


def signed_in(answer: TokenAnswer, started: Started) -> Response:
    """Store the grant and sign this browser in; its other tabs may still be at Canvas."""
    gateway = current_gateway()
    secret = store(answer, started)
    if former := current_secret():  # the earlier sign-in, whose place this one takes
        gateway.storage.sign_out(former, gateway.endpoint_for)
    kept = in_progress.carried_over()
    session.clear()
    session.update(kept)
    current_app.session_interface.regenerate(session)  # type: ignore[attr-defined]
    response = redirect(gateway.settings.public_url + started.next)
    remember(response, secret)
    return response


def exchange(code: str, started: Started) -> TokenAnswer:
    """Trade the code for tokens at the token endpoint; each failure has its own page.

    Raises Throttled when the code must wait for another turn.
    """
    gateway = current_gateway()
    settings = gateway.settings
    try:
        return gateway.endpoint_for(started.environment).exchange(
            code, settings.redirect_uri(started.environment), started.code_verifier
        )
    except InvalidGrant as fault:
        raise Trouble(
            400,
            "Canvas no longer knows this sign-in",
            f"The code Canvas gave is used, unknown or older than ten minutes. {so_far()}",
            "Sign in again.",
            "If every sign-in ends here, this Canvas may drop the PKCE challenge and then refuse "
            "the verifier: set CANVAS_PKCE=off.",
        ) from fault
    except InvalidClient as fault:
        raise Trouble(
            502,
            "Canvas does not accept this Easel",
            f"Canvas refused Easel's own credentials. {so_far()}",
            "You can do nothing about it; tell whoever runs Easel at your school.",
            "Look at CANVAS_CLIENT_ID and CANVAS_CLIENT_SECRET, and in Canvas whether the "
            "developer key is on (Admin, Developer Keys).",
        ) from fault
    except Throttled:
        raise
    except Unavailable as fault:
        raise Trouble(
            503,
            "Canvas did not answer",
            f"Canvas did not answer when Easel asked it to finish your sign-in. {so_far()}",
            "Wait a minute and sign in again.",
            "Look at /readyz and the log, and whether Easel's machine reaches CANVAS_URL.",
        ) from fault
    except CanvasError as fault:
        log.warning("the token endpoint answered what Easel does not understand: %s", fault)
        raise Trouble(
            502,
            "Canvas gave an answer Easel does not understand",
            f"Your sign-in could not be finished. {so_far()}",
            "Sign in again; if that does not help, tell whoever runs Easel at your school.",
            "Check that CANVAS_URL is the root of a Canvas; Easel's log has the details.",
        ) from fault


def store(answer: TokenAnswer, started: Started) -> str:
    """Store the grant; return the sign-in's secret. A token it replaced is revoked meanwhile.

    What the database does not take is ended at Canvas, for nobody could use it any more.
    """
    gateway = current_gateway()
    identity = Identity(
        environment=started.environment,
        user_id=answer.user_id,
        user_name=answer.user_name,
        real_user_id=answer.real_user_id,
        real_user_name=answer.real_user_name,
    )
    environment = gateway.environment(started.environment)
    try:
        secret, revocation = gateway.storage.sign_in(
            identity, answer.token, scopes=started.scopes, client_id=environment.client_id
        )
    except AWAY as fault:
        log.error("a sign-in could not be stored: %s", fault)
        with suppress(CanvasError):
            gateway.endpoint_for(started.environment).revoke(answer.token.access_token)
        raise database_away("Nobody was signed in.", "sign in again") from None
    if revocation is not None:
        gateway.revoke_soon(revocation)
    audit.note("consent", gateway.settings, identity, started.scopes or "unscoped")
    audit.note("sign-in", gateway.settings, identity)
    return secret


def refused(error: str, environment: str) -> Trouble:
    """The page for an error Canvas sent back (RFC 6749 section 4.1.2.1, and Canvas's own)."""
    gateway = current_gateway()
    redirect_uri = gateway.settings.redirect_uri(environment)
    nothing = so_far()
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
                ("" if gateway.scopes() else "The key enforces scopes: set CANVAS_SCOPES=auto. ")
                + grant_these(gateway.scopes().split() or SCOPES),
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
    gateway = current_gateway()
    told = True
    if secret := current_secret():
        # Now: afterwards nobody knows who it was, nor whose answers to forget.
        if sign_in := current_sign_in():
            audit.note("sign-out", gateway.settings, sign_in.identity)
        told = gateway.storage.sign_out(secret, gateway.endpoint_for)
        forget_answers()  # last: a page in another tab may have asked meanwhile
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
    response = redirect(f"{current_gateway().settings.path_prefix}/")
    forget(response)
    return response
