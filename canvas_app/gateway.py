"""The one door between Flask and the rest: who is signed in, with which Canvas client."""

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial, wraps
from threading import Lock
from typing import Any, ParamSpec
from urllib.parse import quote, urlsplit

from authlib.integrations.flask_client import OAuth
from flask import Flask, Response, current_app, g, jsonify, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from itsdangerous import BadSignature, TimestampSigner
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from canvas_app.canvas.api import SCOPES, CanvasAPI
from canvas_app.canvas.client import CanvasClient
from canvas_app.canvas.oauth import TokenEndpoint
from canvas_app.canvas.throttle.queue import (
    Buckets,
    MemoryBuckets,
    Throttle,
    TokenQueue,
    Watch,
)
from canvas_app.canvas.transport import Transport
from canvas_app.includes import IncludesWatch
from canvas_app.sessions import LASTING, cookie_name
from canvas_app.settings import Environment, Settings, SettingsError
from canvas_app.sources.cache import Cache, MemoryCache
from canvas_app.sources.cache_redis import RedisCache
from canvas_app.sources.call import owner_key
from canvas_app.sources.sources import Sources
from canvas_app.storage import SignIn, Storage
from canvas_app.storage.database import AWAY
from canvas_app.storage.seal import AnswerSeal
from canvas_app.turns import Turns
from canvas_app.waiting_line import MemoryTickets, RedisTickets, WaitingLine

View = ParamSpec("View")
log = logging.getLogger(__name__)

SIGN_IN_DAYS = 180
CACHE_BYTES = 32 * 2**20
TEND_EVERY = 300.0  # seconds
POOL_THREADS = 40  # measured: the steadiest size for one process


class Trouble(Exception):
    """What ends a request with an error page of its own: what happened and what to do.

    ``for_admin`` speaks to whoever runs Easel. Nothing in it is secret.
    """

    def __init__(
        self, status: int, title: str, happened: str, what_to_do: str, for_admin: str = ""
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.happened = happened
        self.what_to_do = what_to_do
        self.for_admin = for_admin


class ScopesMissing(Exception):
    """The pages need scopes that this person's grant was not given: she must consent anew."""

    def __init__(self, scopes: tuple[str, ...]) -> None:
        super().__init__("the pages need further scopes")
        self.scopes = scopes


@dataclass
class Gateway:
    """What all requests of a process share."""

    settings: Settings
    storage: Storage
    oauth: OAuth
    redis: Any | None
    buckets: Buckets
    cache: Cache
    pool: ThreadPoolExecutor
    turns: Turns
    signer: TimestampSigner = field(repr=False)
    includes_dropped: Callable[[str], None]
    tended_at: float = 0.0
    _transports: dict[str, Transport] = field(default_factory=dict, repr=False)
    _queues: dict[str, TokenQueue] = field(default_factory=dict, repr=False)
    _watches: dict[str, IncludesWatch] = field(default_factory=dict, repr=False)
    _lines: dict[str, WaitingLine] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)
    _emptying: Lock = field(default_factory=Lock, repr=False)

    def environment(self, name: str) -> Environment:
        """The environment of this name; KeyError when the deployment no longer offers it."""
        found = self.settings.environment(name)
        if found is None:
            raise KeyError(name)
        return found

    def endpoint_for(self, name: str) -> TokenEndpoint:
        """The token endpoint of an environment, spoken to with its developer key."""
        environment = self.environment(name)
        return TokenEndpoint(
            environment.canvas_url,
            environment.client_id,
            environment.client_secret,
            queue=self.queue_for(name),
        )

    def queue_for(self, name: str) -> TokenQueue:
        """The queue before an environment's token endpoint, shared by all threads."""
        with self._lock:
            if name not in self._queues:
                self._queues[name] = TokenQueue(self.buckets, self.environment(name).canvas_url)
            return self._queues[name]

    def line_for(self, name: str) -> WaitingLine:
        """The line of those who wait with a code for an environment's token endpoint."""
        queue = self.queue_for(name)
        with self._lock:
            if name not in self._lines:
                tickets = RedisTickets(self.redis, name) if self.redis else MemoryTickets()
                self._lines[name] = WaitingLine(queue, tickets)
            return self._lines[name]

    def transport_for(self, name: str) -> Transport:
        """The pooled connections to an environment; made on first use, so after any fork."""
        with self._lock:
            if name not in self._transports:
                url = self.environment(name).canvas_url
                self._transports[name] = Transport(url, pool=POOL_THREADS)
            return self._transports[name]

    def watch_for(self, name: str) -> IncludesWatch:
        """What hears whether an environment's Canvas reads include parameters."""
        with self._lock:
            if name not in self._watches:
                self._watches[name] = IncludesWatch(
                    name, self.storage.notes, count=self.includes_dropped, beside=self.pool.submit
                )
            return self._watches[name]

    def scopes(self) -> str:
        """The scopes a sign-in asks for, as one string; empty for an unscoped key."""
        if self.settings.scopes == "none":
            return ""
        wanted = SCOPES if self.settings.scopes == "auto" else self.settings.scopes
        return " ".join(wanted)

    def missing_scopes(self, sign_in: SignIn) -> tuple[str, ...]:
        """What a sign-in asks for today and this grant was not asked for (Canvas tells none)."""
        granted = sign_in.scopes.split()
        return tuple(scope for scope in self.scopes().split() if scope not in granted)

    def tend(self) -> None:
        """Try the outbox's revocations again, beside the requests, every few minutes."""
        now = time.monotonic()
        with self._lock:
            if now - self.tended_at < TEND_EVERY:
                return
            self.tended_at = now
        self._beside(self._empty_outbox)

    def _empty_outbox(self) -> None:
        # A run may take longer than the time between two: each row may wait for Canvas.
        if self._emptying.acquire(blocking=False):
            try:
                self.storage.outbox.run(self.endpoint_for)
            finally:
                self._emptying.release()

    def revoke_soon(self, revocation: int) -> None:
        """Try a row of the outbox now, beside the request; what fails waits there for a turn."""
        self._beside(self.storage.outbox.attempt, revocation, self.endpoint_for)

    def _beside(self, work: Callable[..., object], *arguments: object) -> None:
        def run() -> None:
            try:
                work(*arguments)
            except Exception:  # nobody reads this future; the outbox's next turn tries again
                log.exception("the outbox could not be emptied")

        self.pool.submit(run)

    def api_for(self, sign_in: SignIn, deadline: float) -> CanvasAPI:
        """A Canvas API that speaks as this person until the deadline (monotonic seconds)."""
        return self.api_of(sign_in.identity.environment, sign_in.grant_id, deadline)

    def api_of(self, name: str, grant_id: int, deadline: float) -> CanvasAPI:
        """A Canvas API that speaks with a grant; a calendar feed has no sign-in of its own."""
        environment = self.environment(name)
        transport = self.transport_for(name)
        client = CanvasClient(
            environment.canvas_url,
            self.storage.credentials(grant_id, self.endpoint_for(name)),
            transport=transport,
            throttle=Throttle(
                self.buckets, transport.origin, max_parallel=self.settings.max_parallel
            ),
            deadline=deadline,
        )
        return CanvasAPI(client)


def sessions_away(nothing: str, again: str) -> Trouble:
    """The page for what cannot be done while the sessions' store does not answer."""
    return Trouble(
        503,
        "Easel cannot do this just now",
        "The part of Easel that remembers forms and sign-ins in progress does not answer. "
        f"{nothing} If you were signed in, you still are.",
        f"Wait a minute and {again}.",
        "Redis (REDIS_URL) does not answer or, without it, the folder of session files "
        "(INSTANCE_PATH) cannot be written; /readyz and the log tell more.",
    )


def database_away(nothing: str, again: str) -> Trouble:
    """The page for what cannot be done while the database does not answer or takes nothing."""
    return Trouble(
        503,
        "Easel cannot do this just now",
        "The part of Easel that remembers who is signed in does not answer or cannot be written. "
        f"{nothing}",
        f"Wait a minute and {again}.",
        "Check whether the database (DATABASE_URL, without it the file in INSTANCE_PATH) runs, has "
        "room on its disk and may be written; /readyz and the log tell more.",
    )


UNDONE = {
    "planner.mark": "The item was not marked.",
    "planner.add_note": "The note was not saved.",
    "planner.change_note": "The note was not changed.",
    "planner.delete_note": "The note was not deleted.",
    "courses.favorite": "The course's star was not changed.",
    "courses.nickname": "The nickname was not changed.",
    "feed.make": "No calendar feed was made.",
    "feed.end": "The calendar feed was not ended.",
    "account.disconnect": "Easel's access to Canvas was not ended just now.",
    "account.delete_everything": "Nothing was deleted just now.",
    "auth.logout": "There was no sign-in left to end.",
}


def signed_out(why: str = "This browser is signed out of Easel.") -> Trouble:
    """The page for a form that was sent when nobody was signed in any more."""
    undone = UNDONE.get(request.endpoint or "", "What you sent was not done.")
    return Trouble(
        403,
        "You are signed out",
        f"{why} {undone}",
        "Sign in, which leads you back to the page you were on, and do it again.",
    )


def grant_these(scopes: Iterable[str]) -> str:
    """What an administrator does when the developer key lacks scopes, with the list to paste."""
    return (
        "In Canvas (Admin, Developer Keys) switch on Allow Include Parameters for Easel's key and "
        "let it grant these scopes; then sign in again.\n" + "\n".join(scopes)
    )


def init_app(app: Flask, settings: Settings, redis: Any | None) -> Gateway:
    """Make what the process shares, and upgrade the database."""
    storage = open_storage(settings)
    storage.close()  # with gunicorn's preload this is the parent; connections must not be shared
    gateway = Gateway(
        settings=settings,
        storage=storage,
        oauth=oauth_clients(app, settings),
        redis=redis,
        buckets=buckets_for(settings, app.extensions["easel.metrics"]),
        cache=cache_for(settings),
        pool=ThreadPoolExecutor(POOL_THREADS, thread_name_prefix="canvas"),
        turns=Turns(settings.web_threads),
        signer=TimestampSigner(settings.secret_key, salt="easel.sign-in"),
        includes_dropped=app.extensions["easel.metrics"].includes_dropped,
    )
    app.extensions["easel"] = gateway
    app.jinja_env.globals["current_sign_in"] = current_sign_in
    for warning in settings.warnings():
        log.warning(warning)
    for environment in settings.environments[1:]:
        log.warning(
            "The developer key of the %s Canvas must list a redirect URI of its own: %s",
            environment.name,
            settings.redirect_uri(environment.name),
        )
    app.before_request(gateway.tend)
    app.after_request(end_turn_with)
    app.teardown_request(end_turn)
    return gateway


def open_storage(settings: Settings) -> Storage:
    """The database, its schema up to date; raises SettingsError when it cannot be reached."""
    storage = Storage(settings.database_url, settings.token_keys)
    try:
        storage.upgrade()
    except (*AWAY, OSError) as fault:
        storage.close()
        cause = getattr(fault, "orig", None) or fault  # without SQLAlchemy's explanations
        raise SettingsError(
            [
                f"DATABASE_URL names a database that cannot be used ({cause}): start it, or mend "
                "the address; a SQLite file needs a folder Easel may write to."
            ]
        ) from None
    return storage


def cache_for(settings: Settings) -> Cache:
    """What is kept of Canvas's answers: in Redis, encrypted, when several processes serve."""
    if settings.redis_url is None:
        return MemoryCache(CACHE_BYTES)
    return RedisCache(settings.redis_url, AnswerSeal(settings.token_keys))


def buckets_for(settings: Settings, watch: Watch) -> Buckets:
    """The mirrors of Canvas's buckets: in Redis when several processes may serve one person."""
    if settings.redis_url is None:
        return MemoryBuckets(watch=watch)
    from canvas_app.canvas.throttle.redis import RedisBuckets

    return RedisBuckets(settings.redis_url, watch=watch)


def oauth_clients(app: Flask, settings: Settings) -> OAuth:
    """Authlib's client for each environment: it builds the authorization requests."""
    oauth = OAuth(app)
    for environment in settings.environments:
        oauth.register(
            environment.name,
            client_id=environment.client_id,
            authorize_url=f"{environment.canvas_url}/login/oauth2/auth",
            client_kwargs={"code_challenge_method": "S256"} if settings.pkce else {},
        )
    return oauth


def current() -> Gateway:
    """The gateway of the app that serves this request."""
    gateway: Gateway = current_app.extensions["easel"]
    return gateway


def current_secret() -> str | None:
    """The secret in the sign-in cookie, when its signature is ours and young enough."""
    cookie = request.cookies.get(cookie_name("easel_sign_in", current().settings))
    if not cookie:
        return None
    try:
        return current().signer.unsign(cookie, max_age=SIGN_IN_DAYS * 24 * 3600).decode()
    except BadSignature:
        return None


def current_sign_in() -> SignIn | None:
    """Who is signed in with this browser, or None. Never asks Canvas."""
    if "sign_in" not in g:
        secret = current_secret()
        found = current().storage.signed_in(secret) if secret else None
        if found and current().settings.environment(found.identity.environment) is None:
            found = None  # the deployment no longer offers that Canvas
        g.sign_in = found
    sign_in: SignIn | None = g.sign_in
    return sign_in


def required_sign_in() -> SignIn:
    """Who is signed in, behind ``login_required``."""
    sign_in = current_sign_in()
    if sign_in is None:
        raise LookupError("nobody is signed in: this view lacks login_required")
    return sign_in


def remember(response: BaseResponse, secret: str) -> None:
    """Set the sign-in cookie. Its row in the database decides; the cookie only names it."""
    settings = current().settings
    response.set_cookie(
        cookie_name("easel_sign_in", settings),
        current().signer.sign(secret).decode(),
        max_age=SIGN_IN_DAYS * 24 * 3600,
        secure=settings.https,
        httponly=True,
        samesite="Lax",
    )


def forget(response: BaseResponse) -> None:
    """Take the sign-in cookie back."""
    settings = current().settings
    response.delete_cookie(
        cookie_name("easel_sign_in", settings),
        secure=settings.https,
        httponly=True,
        samesite="Lax",
    )


def wants_json() -> bool:
    """Whether this request is for a page's JSON twin."""
    return request.path.endswith(".json")


def login_required(
    view: Callable[View, ResponseReturnValue],
) -> Callable[View, ResponseReturnValue]:
    """Serve a view to signed-in people only: others sign in first, twins answer 401.

    Raises ScopesMissing when the grant does not cover what Easel's pages need by now.
    """

    @wraps(view)
    def covered(*args: View.args, **kwargs: View.kwargs) -> ResponseReturnValue:
        if missing := current().missing_scopes(required_sign_in()):
            raise ScopesMissing(missing)
        take_turn()
        return view(*args, **kwargs)

    return any_sign_in_required(covered)


def any_sign_in_required(
    view: Callable[View, ResponseReturnValue],
) -> Callable[View, ResponseReturnValue]:
    """``login_required`` for views that ask Canvas nothing: whatever the grant covers will do."""

    @wraps(view)
    def guarded(*args: View.args, **kwargs: View.kwargs) -> ResponseReturnValue:
        if current_sign_in() is None:
            return to_login()
        # Now: a streamed page writes its forms when the session has long been saved.
        generate_csrf()
        session.setdefault(LASTING, True)
        return view(*args, **kwargs)

    return guarded


def take_turn() -> None:
    """Wait until this person has few enough pages in work; raise Trouble when too many wait."""
    owner = required_sign_in().grant_id
    if not current().turns.take(owner, current().settings.page_deadline):
        raise Trouble(
            429,
            "Too many pages at once",
            "Easel is still busy with other pages that wait for Canvas, so this one was not begun.",
            "It loads by itself in a few seconds.",
            "If people often see this, Canvas is slow, or WEB_THREADS is low for so many people.",
        )
    g.turn = owner


def end_turn_with(response: BaseResponse) -> BaseResponse:
    """Let the next page begin once this one is sent, which may be streamed."""
    if "turn" in g:
        response.call_on_close(partial(current().turns.give_back, g.pop("turn")))
    return response


def end_turn(_: object = None) -> None:
    """Let the next page begin after a request that had no response."""
    if "turn" in g:
        current().turns.give_back(g.pop("turn"))


def to_login() -> Response | BaseResponse:
    """Send a person to sign in and back here; tell a program that it must.

    A form gets a page instead, as a Trouble: browsers do not follow it to Canvas (``form-action``).
    """
    if request.method not in ("GET", "HEAD"):
        raise signed_out()
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
    """Where to sign in and come back to this page from."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else page_of_form()
    return f"{current().settings.path_prefix}/login?next={quote(wanted, safe='/')}"


def page_of_form() -> str:
    """The page a form was sent from, as the form itself or the browser tells."""
    with suppress(HTTPException):  # a form that cannot be read
        if named := request.form.get("next"):
            return named
    try:
        sent_from = urlsplit(request.referrer or "")
    except ValueError:  # no URL, as http://[
        return "/"
    if sent_from.netloc != request.host:
        return "/"
    path = sent_from.path.removeprefix(current().settings.path_prefix) or "/"
    return f"{path}?{sent_from.query}" if sent_from.query else path


def page_deadline() -> float:
    """When this request must have what it will show, in monotonic seconds."""
    if "deadline" not in g:
        g.deadline = time.monotonic() + current().settings.page_deadline
    deadline: float = g.deadline
    return deadline


def current_api() -> CanvasAPI:
    """The Canvas API of the person signed in; only behind ``login_required``."""
    if "canvas_api" not in g:
        g.canvas_api = current().api_for(required_sign_in(), page_deadline())
    api: CanvasAPI = g.canvas_api
    return api


def current_sources() -> Sources:
    """What this request's page is gathered with: cache, pool and deadline, for this person."""
    sign_in = required_sign_in()
    door = current()
    return Sources(
        current_api(),
        door.cache,
        door.pool,
        deadline=page_deadline(),
        owner=owner(sign_in),
        cache_seconds=door.settings.cache_seconds,
        again=request.args.getlist("retry"),
        told=door.watch_for(sign_in.identity.environment),
    )


def owner(sign_in: SignIn) -> tuple[object, ...]:
    """Whose answers these are: nobody else's cache key begins so."""
    identity = sign_in.identity
    return (
        identity.environment,
        identity.user_id,
        identity.real_user_id or "",
        sign_in.generation,
        sign_in.grant_id,
    )


def forget_answers_of(*owner: object) -> None:
    """Drop what is kept of Canvas's answers for a grant; ``owner`` is as ``owner()`` gives it."""
    environment, user_id, real_user_id, *grant = owner
    current().cache.drop(owner_key((environment, user_id, real_user_id or "", *grant)))


def forget_answers() -> None:
    """Drop what is kept of Canvas's answers to the person signed in."""
    if sign_in := current_sign_in():
        current().cache.drop(owner_key(owner(sign_in)))
