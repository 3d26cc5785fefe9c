"""Who is signed in with this request, and with which Canvas API."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial, wraps
from typing import ParamSpec
from urllib.parse import quote, urlsplit

from flask import Flask, Response, current_app, g, jsonify, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from itsdangerous import BadSignature
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import Throttled
from canvas_app.canvas.oauth import TokenEndpoint
from canvas_app.domain.features import Features
from canvas_app.gateway import Gateway
from canvas_app.sessions import LASTING, cookie_name
from canvas_app.sources.call import owner_key
from canvas_app.sources.sources import Sources
from canvas_app.sources.watch import PageWatch
from canvas_app.storage.storage import SignIn
from canvas_app.troubles import ScopesMissing, Trouble

View = ParamSpec("View")


SIGN_IN_DAYS = 180
TOKENS_AGAIN = 2.0  # seconds to wait when all threads for the token endpoint are taken


def init_app(app: Flask) -> None:
    """End each request's turns when its response is sent."""
    app.after_request(end_turn_with)
    app.teardown_request(end_turn)


def current_gateway() -> Gateway:
    """The gateway of the app that serves this request."""
    gateway: Gateway = current_app.extensions["easel"]
    return gateway


def current_secret() -> str | None:
    """Return the secret in the sign-in cookie, if its signature is valid and recent enough."""
    cookie = request.cookies.get(cookie_name("easel_sign_in", current_gateway().settings))
    if not cookie:
        return None
    try:
        return current_gateway().signer.unsign(cookie, max_age=SIGN_IN_DAYS * 24 * 3600).decode()
    except BadSignature:
        return None


def current_sign_in() -> SignIn | None:
    """Return who is signed in with this browser, or None. Never asks Canvas."""
    if "sign_in" not in g:
        secret = current_secret()
        found = current_gateway().storage.signed_in(secret) if secret else None
        if found and current_gateway().settings.environment(found.identity.environment) is None:
            found = None  # the deployment no longer offers that Canvas
        g.sign_in = found
    sign_in: SignIn | None = g.sign_in
    return sign_in


def required_sign_in() -> SignIn:
    """Return who is signed in; only for views behind ``login_required``. Raises LookupError."""
    sign_in = current_sign_in()
    if sign_in is None:
        raise LookupError("nobody is signed in: this view lacks login_required")
    return sign_in


def remember(response: BaseResponse, secret: str) -> None:
    """Set the sign-in cookie. It only refers to a row in the database, which decides."""
    settings = current_gateway().settings
    response.set_cookie(
        cookie_name("easel_sign_in", settings),
        current_gateway().signer.sign(secret).decode(),
        max_age=SIGN_IN_DAYS * 24 * 3600,
        secure=settings.https,
        httponly=True,
        samesite="Lax",
    )


def forget(response: BaseResponse) -> None:
    """Delete the sign-in cookie."""
    settings = current_gateway().settings
    response.delete_cookie(
        cookie_name("easel_sign_in", settings),
        secure=settings.https,
        httponly=True,
        samesite="Lax",
    )


def wants_json() -> bool:
    """Return whether this request is for a page's JSON twin."""
    return request.path.endswith(".json")


def login_required(
    view: Callable[View, ResponseReturnValue],
) -> Callable[View, ResponseReturnValue]:
    """Serve a view to signed-in people only: others sign in first, JSON twins answer 401.

    Raises ScopesMissing when the grant lacks scopes that Easel's pages need today.
    """

    @wraps(view)
    def covered(*args: View.args, **kwargs: View.kwargs) -> ResponseReturnValue:
        if missing := current_gateway().missing_scopes(required_sign_in()):
            raise ScopesMissing(missing)
        take_turn()
        return view(*args, **kwargs)

    return any_sign_in_required(covered)


def any_sign_in_required(
    view: Callable[View, ResponseReturnValue],
) -> Callable[View, ResponseReturnValue]:
    """Like ``login_required``, but for any grant: for views that make no calls to Canvas."""

    @wraps(view)
    def guarded(*args: View.args, **kwargs: View.kwargs) -> ResponseReturnValue:
        if current_sign_in() is None:
            return to_login()
        # Now, because a streamed page makes its forms after the session has been saved.
        generate_csrf()
        session.setdefault(LASTING, True)
        return view(*args, **kwargs)

    return guarded


def take_turn() -> None:
    """Wait until few enough of this person's pages are loading.

    If too many wait already, the page is made at once, from kept answers only. If too many are made
    so too, Trouble is raised; likewise for forms, and for tables, because people keep these.
    """
    owner, turns = required_sign_in().grant_id, current_gateway().turns
    if turns.take(owner, current_gateway().settings.page_deadline):
        g.turns_taken = [partial(turns.give_back, owner)]
    elif may_hurry() and turns.take_spare("hurried"):
        g.turns_taken = [partial(turns.give_back_spare, "hurried")]
        g.hurried, g.deadline = True, time.monotonic()
    else:
        raise Trouble("too_many_pages")


def may_hurry() -> bool:
    """Return whether this request is for a page or its twin."""
    return request.method in ("GET", "HEAD") and not request.path.endswith(".csv")


def hurried() -> bool:
    """Return whether this page shows only kept answers, because too many pages wait for Canvas."""
    return bool(g.get("hurried"))


def token_endpoint(name: str) -> TokenEndpoint:
    """Return an environment's token endpoint, for which this request's thread may wait.

    Raises Throttled when too many threads wait for one already; nothing was sent then.
    """
    turns = current_gateway().turns
    if "waits_for_tokens" not in g:
        if not turns.take_spare("tokens"):
            raise Throttled(
                "Easel already waits for Canvas's token endpoint in as many threads as it may.",
                retry_after=TOKENS_AGAIN,
                repeat_is_safe=True,
            )
        g.waits_for_tokens = True
        turns_taken().append(partial(turns.give_back_spare, "tokens"))
    return current_gateway().endpoint_for(name)


def turns_taken() -> list[Callable[[], None]]:
    """Return the functions that give back this request's turns."""
    if "turns_taken" not in g:
        g.turns_taken = []
    taken: list[Callable[[], None]] = g.turns_taken
    return taken


def end_turn_with(response: BaseResponse) -> BaseResponse:
    """End the turns once the page has been sent, which may be streamed."""
    for give_back in g.pop("turns_taken", ()):
        response.call_on_close(give_back)
    return response


def end_turn(_: object = None) -> None:
    """End the turns of a request that had no response."""
    for give_back in g.pop("turns_taken", ()):
        give_back()


def to_login() -> Response | BaseResponse:
    """Redirect a person to sign in and come back here; answer a program with 401.

    For a form a Trouble is raised, whose page has a link, because browsers do not follow a form's
    redirect to Canvas (``form-action``).
    """
    if request.method not in ("GET", "HEAD"):
        raise Trouble("signed_out", form=request.endpoint)
    if wants_json():
        answer = jsonify(
            data=[],
            complete=False,
            sources=[],
            error="Sign in first: this address answers signed-in people only.",
        )
        answer.status_code = 401
        return answer
    return redirect(login_url())


def login_url() -> str:
    """Return the address for signing in and coming back to this page."""
    if request.path.startswith(("/oauth/", "/login")):
        wanted = "/"  # this address works only once, and may hold a code
    elif request.method == "GET":
        wanted = request.full_path.rstrip("?")
    else:
        wanted = page_of_form()
    return f"{current_gateway().settings.path_prefix}/login?next={quote(wanted, safe='/')}"


def page_of_form() -> str:
    """Return the page a form was sent from, according to the form itself or the browser."""
    with suppress(HTTPException):  # a form that cannot be read
        if named := request.form.get("next"):
            return named
    try:
        sent_from = urlsplit(request.referrer or "")
    except ValueError:  # not a URL, such as http://[
        return "/"
    if sent_from.netloc != request.host:
        return "/"
    path = sent_from.path.removeprefix(current_gateway().settings.path_prefix) or "/"
    return f"{path}?{sent_from.query}" if sent_from.query else path


def current_features() -> Features:
    """Return the features this deployment offers."""
    return Features(current_gateway().settings.features_off)


def page_deadline() -> float:
    """Return the moment by which this request must have all answers, in monotonic seconds."""
    if "deadline" not in g:
        g.deadline = time.monotonic() + current_gateway().settings.page_deadline
    deadline: float = g.deadline
    return deadline


def current_api() -> CanvasAPI:
    """Return the signed-in person's Canvas API; only behind ``login_required``."""
    if "canvas_api" not in g:
        g.canvas_api = current_gateway().api_for(required_sign_in(), page_deadline())
    api: CanvasAPI = g.canvas_api
    return api


def current_sources() -> Sources:
    """Return this request's sources, with cache, pool and deadline, for the person signed in."""
    sign_in = required_sign_in()
    gateway = current_gateway()
    return Sources(
        current_api(),
        gateway.cache,
        gateway.pool,
        deadline=page_deadline(),
        owner=owner(sign_in),
        cache_seconds=gateway.settings.cache_seconds,
        again=request.args.getlist("retry"),
        on_includes=gateway.watch_for(sign_in.identity.environment),
        watch=page_watch(),
    )


def page_watch() -> PageWatch:
    """Return this request's page watch, which the metrics read when it ends."""
    if "page_watch" not in g:
        g.page_watch = PageWatch(current_app.extensions["easel.metrics"].looked_up)
    watch: PageWatch = g.page_watch
    return watch


def owner(sign_in: SignIn) -> tuple[object, ...]:
    """Return the owner of a person's answers, with which every cache key of theirs begins."""
    identity = sign_in.identity
    return (
        identity.environment,
        identity.user_id,
        identity.real_user_id or "",
        sign_in.generation,
        sign_in.grant_id,
    )


def forget_answers(*owners: tuple[object, ...]) -> None:
    """Delete the cached answers of these owners, or of the person signed in."""
    sign_in = current_sign_in()
    for each in owners or ((owner(sign_in),) if sign_in else ()):
        current_gateway().cache.drop(owner_key(each))
