"""Signing in with Canvas and signing out.

The OAuth2 authorization code flow with PKCE, in the order and the words of RFC 6749 section 4.1:
authorization request, authorization response, error response, access token request.
"""

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
from canvas_app.canvas.errors import CanvasError, NoTurn, Throttled, Unavailable
from canvas_app.canvas.oauth import InvalidClient, InvalidGrant, TokenAnswer
from canvas_app.current import (
    View,
    current_gateway,
    current_secret,
    current_sign_in,
    forget,
    forget_answers,
    page_deadline,
    remember,
    token_endpoint,
)
from canvas_app.sessions import StoreAway
from canvas_app.settings import Environment
from canvas_app.storage.database import AWAY
from canvas_app.storage.notes import SCOPES_MISSING
from canvas_app.storage.storage import Identity
from canvas_app.troubles import Trouble
from canvas_app.views import in_progress, launches
from canvas_app.views.error_words import logged_words_of
from canvas_app.views.in_progress import STATE_LIVES, Started, Waiting
from canvas_app.views.languages import gettext
from canvas_app.views.setup import note_administrator
from canvas_app.waiting_line import ASK_AGAIN, CODE_SECONDS

log = logging.getLogger(__name__)
bp = Blueprint("auth", __name__)

SOONEST_AGAIN = 2.0  # seconds until a waiting page reloads
ERROR_CODE = re.compile("[a-z_]{1,60}")  # anybody may call /oauth/callback, with any text

# The page of each error code: RFC 6749 section 4.1.2.1, RFC 8707 section 2, OpenID Connect Core
# section 3.1.2.6, and Canvas's own ``client_not_allowed_for_user``.
ERROR_PAGES = {
    "access_denied": "access_denied",
    "invalid_scope": "invalid_scope",
    "unauthorized_client": "unauthorized_client",
    "unsupported_response_type": "invalid_request",
    "invalid_request": "invalid_request",
    "invalid_target": "invalid_request",
    "client_not_allowed_for_user": "client_not_allowed_for_user",
    "login_required": "login_required",
    "interaction_required": "login_required",
    "temporarily_unavailable": "temporarily_unavailable",
    "server_error": "temporarily_unavailable",
}


@bp.get("/login")
def login() -> Response:
    """Send the person to Canvas's authorization endpoint.

    This reserves nothing at the token endpoint. If the codes that wait for it already would take
    longer than a code lives, the person waits here before going to Canvas.
    """
    environment = asked_environment(request.args.get("environment") or "production")
    return to_canvas(environment, safe_next(request.args.get("next")))


def to_canvas(
    environment: Environment, wanted: str, expected: tuple[int, int | None] | None = None
) -> Response:
    """Begin a sign-in that ends at ``wanted``, one of our paths.

    ``expected`` is the person a launch named, as (global id, id in this Canvas); nobody else may
    sign in then.
    """
    if session.away:  # type: ignore[attr-defined]
        raise Trouble("sessions_away", unfinished="sign_in")
    gateway = current_gateway()
    expect_success(environment)
    if wait := gateway.line_for(environment.name).full_for(audit.client_address()):
        return waiting_page(wait)
    address = authorization_request(environment, wanted, expected)
    try:
        current_app.session_interface.keep(session)  # type: ignore[attr-defined]
    except StoreAway as fault:  # the state is in the session, and without it the callback fails
        log.error("a sign-in cannot begin: %s", fault)
        raise Trouble("sessions_away", unfinished="sign_in") from None
    return redirect(address)


def expect_success(environment: Environment) -> None:
    """Raise the Trouble that would end this sign-in anyway, before the person types a password."""
    gateway = current_gateway()
    if not gateway.storage.takes_writes():
        raise Trouble("database_away", unfinished="sign_in")
    if error := gateway.token_watch_for(environment.name).failing():
        code = (
            "invalid_client" if isinstance(error, InvalidClient) else "token_endpoint_unavailable"
        )
        raise sign_in_failed(code, not_sent=True) from error


def authorization_request(
    environment: Environment,
    wanted: str,
    expected: tuple[int, int | None] | None,
    scopes: str | None = None,
) -> str:
    """Begin a sign-in; return the URL of its authorization request (RFC 6749 section 4.1.1).

    ``scopes`` defaults to everything that Easel's pages need.
    """
    gateway = current_gateway()
    extra = {"force_login": "1"} if request.args.get("force_login") == "1" else {}
    scopes = gateway.scopes() if scopes is None else scopes
    if scopes:
        extra["scope"] = scopes
    client = gateway.oauth.create_client(environment.name)
    made = client.create_authorization_url(gateway.settings.redirect_uri(environment.name), **extra)
    in_progress.start(
        made["state"],
        Started(
            environment=environment.name,
            next=wanted,
            scopes=scopes,
            expires=time.time() + STATE_LIVES,
            code_verifier=made.get("code_verifier"),
            expected=expected,
        ),
    )
    address: str = made["url"]
    return address


def waiting_page(seconds: float) -> Response:
    """Return a page that reloads by itself, without a script."""
    again = math.ceil(min(max(seconds, SOONEST_AGAIN), ASK_AGAIN))
    text = render_template("waiting.html", minutes=math.ceil(seconds / 60))
    response = make_response(text, 503)
    response.headers["Retry-After"] = response.headers["Refresh"] = str(again)
    return response


def asked_environment(name: str) -> Environment:
    environment = current_gateway().settings.environment(name)
    if environment is None:
        raise Trouble("unknown_environment")
    return environment


def safe_next(wanted: str | None) -> str:
    """Return where to go after signing in: one of our paths, or the start page.

    The path has exactly one leading slash, no backslash and no control character, because browsers
    read ``/\\host`` and ``//host`` as another site; and it must not sign in or out again.
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
    """Log each sign-in that ends with an error page, with its request id, for the operator."""

    @wraps(view)
    def logged(*args: View.args, **kwargs: View.kwargs) -> Response:
        try:
            return view(*args, **kwargs)
        except Trouble as trouble:
            words = logged_words_of(trouble)
            error = request.args.get("error", "")
            log.warning(
                "sign-in refused: %s; environment %s, Canvas's error %s (%s)%s. %s",
                words.title,
                (request.view_args or {}).get("environment", "-"),
                error[:60] or "-",
                request.args.get("error_description", "")[:200] or "-",
                f", {trouble.__cause__}" if trouble.__cause__ else "",
                " ".join(words.for_admin.split()),
            )
            raise

    return logged


@bp.get("/oauth/callback", defaults={"environment": "production"})
@bp.get("/oauth/callback/<any(beta, test):environment>")
@refusals_logged
def callback(environment: str) -> Response:
    """Handle Canvas's authorization response (RFC 6749 section 4.1.2).

    Each environment has its own redirect URI, which accepts no other environment's state.
    """
    if session.away:  # type: ignore[attr-defined]
        raise sign_in_failed("sessions_away", unfinished="callback")
    state, error = request.args.get("state", ""), request.args.get("error")
    if in_progress.started_under(state, environment) is None:
        return response_without_request(state, environment, error)
    started = in_progress.finish(state)
    if error == "invalid_scope" and (address := with_fewer_scopes(started)):
        return redirect(address)
    if error:
        raise error_response(error, environment)
    if in_progress.expired(started):
        raise sign_in_failed("state_expired")
    code = request.args.get("code")
    if not code:
        raise sign_in_failed("code_missing")
    now = current_gateway().line_for(environment).clock()
    return exchange_in_turn(Waiting(started=started, code=code, came_at=now))


def with_fewer_scopes(started: Started) -> str | None:
    """Return the address to ask again without the scopes that only single features need.

    The developer key may lack these; the pages of such features then say which are missing. None if
    they were left out already, or if the deployment sets its scopes itself.
    """
    gateway = current_gateway()
    fewer = gateway.fewer_scopes(started.scopes)
    if gateway.settings.scopes != "auto" or fewer is None:
        return None
    log.warning(
        "the developer key does not grant all scopes; Easel asks again without those of single "
        "features: %s",
        " ".join(sorted({*started.scopes.split()} - {*fewer.split()})),
    )
    environment = asked_environment(started.environment)
    return authorization_request(environment, started.next, started.expected, fewer)


def response_without_request(state: str, environment: str, error: str | None) -> Response:
    """Answer a callback for which this browser has no sign-in in progress."""
    path = in_progress.led_to(state)
    if path is not None:  # the person reloaded the callback's address
        if current_sign_in() is None:
            raise Trouble("state_used")
        return redirect(current_gateway().settings.public_url + path)
    if state:
        started = in_progress.STARTED in session
        raise sign_in_failed("state_unknown" if started else "not_started_here")
    if error == "client_not_allowed_for_user" and session.get(in_progress.STARTED):
        raise error_response(error, environment)  # Canvas sends no state with this error
    raise sign_in_failed("state_missing")


def error_response(error: str, environment: str) -> Trouble:
    """Show the page for an error code that Canvas sent back (RFC 6749 section 4.1.2.1)."""
    gateway = current_gateway()
    if error not in ERROR_PAGES:
        error = error if ERROR_CODE.fullmatch(error) else ""
        log.warning(
            "the authorization endpoint sent an error Easel does not know: %s",
            error or "something that is not an error code",
        )
    return sign_in_failed(
        ERROR_PAGES.get(error, "unknown_authorization_error"),
        error=error,
        redirect_uri=gateway.settings.redirect_uri(environment),
        asked=gateway.scopes(),
        scopes=gateway.scopes().split() or SCOPES,
    )


def sign_in_failed(code: str, **facts: object) -> Trouble:
    """Return a Trouble whose page also says whether an earlier sign-in is still valid."""
    return Trouble(code, signed_in=current_sign_in() is not None, **facts)


@bp.get("/login/waiting")
@refusals_logged
def wait_for_exchange() -> Response:
    """Show a person who came back with a code a waiting page, until the exchange has room."""
    if session.away:  # type: ignore[attr-defined]
        raise Trouble("sessions_away", unfinished="finishing")
    waiting = in_progress.waiting()
    if (
        waiting is None
        or current_gateway().settings.environment(waiting.started.environment) is None
    ):
        return redirect(f"{current_gateway().settings.path_prefix}/")
    return exchange_in_turn(waiting)


def exchange_in_turn(waiting: Waiting) -> Response:
    """Exchange a code when its turn has come; until then show a page that waits.

    A code that would expire before its turn is dropped. When there is room, Canvas issues another
    one without asking for the password again.
    """
    started = waiting.started
    line = current_gateway().line_for(started.environment)
    wait = line.turn_in(audit.client_address(), waiting.ticket)
    if wait > waiting.came_at + CODE_SECONDS - line.clock():
        line.leave(audit.client_address(), waiting.ticket)
        in_progress.wait_no_longer()
        return redirect(to_canvas_again(started))
    if wait == 0 and line.leave(audit.client_address(), waiting.ticket):
        try:
            answer = access_token_request(waiting.code, started)
        except (Throttled, NoTurn):  # the code can still be used: Canvas has not looked at it
            wait = line.turn_in(audit.client_address(), waiting.ticket)
        else:
            in_progress.wait_no_longer()
            return signed_in(answer, started)
    in_progress.wait(waiting)
    if request.endpoint == "auth.wait_for_exchange":
        return waiting_page(wait)
    return redirect(f"{current_gateway().settings.path_prefix}/login/waiting", 303)


def to_canvas_again(started: Started) -> str:
    """Return the /login address that was requested, or that of the launch that led there."""
    if started.expected is not None:
        return launches.ticket_url(started.environment, started.next, *started.expected)
    query = urlencode({"environment": started.environment, "next": started.next})
    return f"{current_gateway().settings.path_prefix}/login?{query}"


def signed_in(answer: TokenAnswer, started: Started) -> Response:
    """Store the grant and sign this browser in. Sign-ins begun in its other tabs may go on."""
    if started.expected is not None:
        launches.check_person(answer, started.environment, *started.expected)
    return entered(store(answer, started), started.next)


def entered(secret: str, wanted: str) -> Response:
    """Sign this browser in and redirect it to one of our paths."""
    gateway = current_gateway()
    if former := current_secret():  # an earlier sign-in, which this one replaces
        gateway.storage.sign_out(former, token_endpoint)
    kept = in_progress.carried_over()
    session.clear()
    session.update(kept)
    current_app.session_interface.regenerate(session)  # type: ignore[attr-defined]
    if known := gateway.storage.signed_in(secret):
        note_administrator(gateway.api_for(known, page_deadline()))
    response = redirect(gateway.settings.public_url + wanted)
    remember(response, secret)
    return response


def access_token_request(code: str, started: Started) -> TokenAnswer:
    """Exchange the code for tokens (RFC 6749 section 4.1.3); each failure has its own page.

    Raises Throttled or NoTurn when the code must wait for another turn.
    """
    gateway = current_gateway()
    redirect_uri = gateway.settings.redirect_uri(started.environment)
    endpoint = token_endpoint(started.environment)
    try:
        return endpoint.exchange(code, redirect_uri, started.code_verifier)
    except (Throttled, NoTurn):
        raise
    except InvalidGrant as fault:
        raise sign_in_failed("invalid_grant") from fault
    except InvalidClient as fault:
        raise sign_in_failed("invalid_client") from fault
    except Unavailable as fault:
        raise sign_in_failed("token_endpoint_unavailable") from fault
    except CanvasError as fault:
        log.warning("the token endpoint answered what Easel does not understand: %s", fault)
        raise sign_in_failed("token_answer_malformed") from fault


def store(answer: TokenAnswer, started: Started) -> str:
    """Store the grant and return the sign-in's secret; start revoking the token that it replaces.

    A grant that cannot be stored is revoked at Canvas, because nobody could use it any more.
    """
    gateway = current_gateway()
    identity = Identity(
        environment=started.environment,
        user_id=answer.user_id,
        user_name=answer.user_name,
        real_user_id=answer.real_user_id,
        real_user_name=answer.real_user_name,
        global_id=answer.global_id,
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
        raise Trouble("database_away", unfinished="sign_in") from None
    if revocation is not None:
        gateway.revoke_soon(revocation)
    forget_missing_scopes(started)
    audit.note("consent", gateway.settings, identity, started.scopes or "unscoped")
    audit.note("sign-in", gateway.settings, identity)
    return secret


def forget_missing_scopes(started: Started) -> None:
    """Delete the note that the developer key lacks scopes, once a sign-in has got all of them."""
    gateway = current_gateway()
    if started.scopes and started.scopes == gateway.scopes():
        with suppress(*AWAY):
            noted = gateway.storage.notes.about(SCOPES_MISSING)
            if any(note.environment == started.environment for note in noted):
                gateway.storage.notes.clear(started.environment, SCOPES_MISSING)


@bp.post("/logout")
def logout() -> Response:
    """End this browser's sign-in; if it was the person's last one, end Easel's access to Canvas."""
    gateway = current_gateway()
    revoked = True
    if secret := current_secret():
        # Now, because after the sign-out nothing tells whose it was and whose answers to forget.
        if sign_in := current_sign_in():
            audit.note("sign-out", gateway.settings, sign_in.identity)
        revoked = gateway.storage.sign_out(secret, token_endpoint)
        forget_answers()  # last, because a page in another tab may have cached answers meanwhile
    return signed_out(
        gettext("You are signed out of Easel. This browser may still be signed in to Canvas."),
        revoked,
    )


def signed_out(message: str, revoked: bool) -> Response:
    """Show the start page with a message after a sign-out.

    ``revoked`` is False when Canvas did not answer and Easel's access has yet to be revoked there.
    """
    session.clear()
    current_app.session_interface.regenerate(session)  # type: ignore[attr-defined]
    flash(message)
    if not revoked:
        flash(
            gettext(
                "Canvas did not answer, so Easel's access has not ended there yet. Easel keeps the "
                "token encrypted, only to end its access, and tries again for seven days."
            )
        )
    response = redirect(f"{current_gateway().settings.path_prefix}/")
    forget(response)
    return response
