"""What all requests of a process share: settings, storage, connections to each Canvas."""

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any

from authlib.integrations.flask_client import OAuth
from flask import Flask
from itsdangerous import TimestampSigner

from canvas_app.canvas.api import FEATURE_SCOPES, LATEST_SCOPES, SCOPES, CanvasAPI
from canvas_app.canvas.circuit import Circuit
from canvas_app.canvas.client import CanvasClient
from canvas_app.canvas.oauth import TokenEndpoint
from canvas_app.canvas.retry import INTERACTIVE, RetryPolicy
from canvas_app.canvas.throttle.queue import (
    Buckets,
    MemoryBuckets,
    Observer,
    Throttle,
    TokenQueue,
)
from canvas_app.canvas.transport import OnCall, Transport
from canvas_app.domain.features import Features
from canvas_app.includes import IncludesWatch
from canvas_app.readiness import Readiness
from canvas_app.settings import Environment, Settings, SettingsError
from canvas_app.sources.cache import Cache, MemoryCache
from canvas_app.sources.cache_redis import RedisCache
from canvas_app.storage.database import AWAY, NEWEST
from canvas_app.storage.seal import AnswerSeal
from canvas_app.storage.storage import SignIn, Storage
from canvas_app.token_watch import TokenWatch, WatchedEndpoint
from canvas_app.turns import Turns
from canvas_app.waiting_line import MemoryTickets, RedisTickets, WaitingLine

log = logging.getLogger(__name__)

TIME_OUTS = 3  # failures in a row after which calls to a Canvas are no longer sent
CANVAS_AGAIN = 5.0  # seconds after which one call tries that Canvas again
TEND_EVERY = 300.0  # seconds between two runs of the outbox
POOL_THREADS = 40  # the size with the steadiest times, measured with one process


@dataclass
class Gateway:
    """The objects that all requests of a process share."""

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
    token_called: Callable[[str, str, str], None]
    canvas_called: OnCall
    tended_at: float = 0.0
    _transports: dict[str, Transport] = field(default_factory=dict, repr=False)
    _queues: dict[str, TokenQueue] = field(default_factory=dict, repr=False)
    _watches: dict[str, IncludesWatch] = field(default_factory=dict, repr=False)
    _lines: dict[str, WaitingLine] = field(default_factory=dict, repr=False)
    _token_watches: dict[str, TokenWatch] = field(default_factory=dict, repr=False)
    _readiness: Readiness | None = field(default=None, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)
    _emptying: Lock = field(default_factory=Lock, repr=False)

    def environment(self, name: str) -> Environment:
        """Return the environment of this name; KeyError when the deployment no longer offers it."""
        found = self.settings.environment(name)
        if found is None:
            raise KeyError(name)
        return found

    def endpoint_for(self, name: str) -> TokenEndpoint:
        """Return an environment's token endpoint, called with its developer key."""
        environment = self.environment(name)
        endpoint = WatchedEndpoint(
            environment.canvas_url,
            environment.client_id,
            environment.client_secret,
            queue=self.queue_for(name),
            transport=self.transport_for(name),
        )
        endpoint.watch = self.token_watch_for(name)
        return endpoint

    def token_watch_for(self, name: str) -> TokenWatch:
        """Return the watch that tells whether an environment's token endpoint fails."""
        with self._lock:
            if name not in self._token_watches:
                count = partial(self.token_called, name)
                self._token_watches[name] = TokenWatch(count=count)
            return self._token_watches[name]

    def queue_for(self, name: str) -> TokenQueue:
        """Return the queue for an environment's token endpoint, shared by all threads."""
        with self._lock:
            if name not in self._queues:
                self._queues[name] = TokenQueue(self.buckets, self.environment(name).canvas_url)
            return self._queues[name]

    def line_for(self, name: str) -> WaitingLine:
        """Return the line of people whose codes wait for an environment's token endpoint."""
        queue = self.queue_for(name)
        with self._lock:
            if name not in self._lines:
                tickets = RedisTickets(self.redis, name) if self.redis else MemoryTickets()
                self._lines[name] = WaitingLine(queue, tickets)
            return self._lines[name]

    def transport_for(self, name: str) -> Transport:
        """Return the connections to an environment; made on first use, so after any fork."""
        with self._lock:
            if name not in self._transports:
                url = self.environment(name).canvas_url
                self._transports[name] = Transport(
                    url,
                    pool=POOL_THREADS,
                    ca_bundle=self.settings.ca_bundle,
                    proxy=self.settings.https_proxy,
                    no_proxy=self.settings.no_proxy,
                    circuit=Circuit(TIME_OUTS, CANVAS_AGAIN),
                    on_call=self.canvas_called,
                )
            return self._transports[name]

    def watch_for(self, name: str) -> IncludesWatch:
        """Return the watch that notes whether an environment's Canvas reads include parameters."""
        with self._lock:
            if name not in self._watches:
                self._watches[name] = IncludesWatch(
                    name, self.storage.notes, count=self.includes_dropped, beside=self.pool.submit
                )
            return self._watches[name]

    def readiness(self) -> Readiness:
        """Return the checks of ``/readyz``; made on first use, so after any fork."""
        transport = self.transport_for(self.settings.production.name)
        with self._lock:
            if self._readiness is None:
                self._readiness = Readiness(self.storage, self.redis, transport)
            return self._readiness

    def scopes(self) -> str:
        """Return the scopes a sign-in asks for, as one string; empty for an unscoped key."""
        if self.settings.scopes == "none":
            return ""
        if self.settings.scopes == "auto":
            return " ".join(Features(self.settings.features_off).needed(SCOPES))
        return " ".join(self.settings.scopes)

    def scopes_without_features(self) -> str:
        """Return the scopes that every sign-in needs, without those of single features."""
        return " ".join(scope for scope in self.scopes().split() if scope not in FEATURE_SCOPES)

    def fewer_scopes(self, asked: str) -> str | None:
        """Return what to ask for when the key does not grant what was asked for.

        The latest scopes are left out first, so that a key without them loses nothing else.
        """
        without_latest = " ".join(s for s in self.scopes().split() if s not in LATEST_SCOPES)
        steps = (without_latest, self.scopes_without_features())
        return next((step for step in steps if {*step.split()} < {*asked.split()}), None)

    def missing_scopes(self, sign_in: SignIn) -> tuple[str, ...]:
        """Return the scopes needed today that this grant was not asked for.

        Canvas does not tell which scopes a token has, so Easel stores what it asked for.
        """
        granted = sign_in.scopes.split()
        needed = self.scopes_without_features().split()
        return tuple(scope for scope in needed if scope not in granted)

    def tend(self) -> None:
        """Retry the outbox's revocations in a background thread, every few minutes."""
        now = time.monotonic()
        with self._lock:
            if now - self.tended_at < TEND_EVERY:
                return
            self.tended_at = now
        self._beside(self._empty_outbox)

    def _empty_outbox(self) -> None:
        # A run may take longer than the interval, because Canvas may be slow for each row.
        if self._emptying.acquire(blocking=False):
            try:
                self.storage.tend(self.endpoint_for)
            finally:
                self._emptying.release()

    def revoke_soon(self, revocation: int) -> None:
        """Try a row of the outbox now in another thread; if it fails, the next run retries it."""
        self._beside(self.storage.outbox.attempt, revocation, self.endpoint_for)

    def _beside(self, work: Callable[..., object], *arguments: object) -> None:
        def run() -> None:
            try:
                work(*arguments)
            except Exception:  # nobody reads the future's error; the outbox's next run tries again
                log.exception("the outbox could not be emptied")

        self.pool.submit(run)

    def close(self) -> None:
        """Wait until running calls have ended, then close every connection."""
        self.pool.shutdown()
        with self._lock:
            transports = list(self._transports.values())
        for each in (*transports, self.buckets, self.cache, self.redis, self.storage):
            if each is not None:
                each.close()

    def api_for(
        self, sign_in: SignIn, deadline: float, retry: RetryPolicy = INTERACTIVE
    ) -> CanvasAPI:
        """Return a Canvas API that acts as this person until the deadline (monotonic seconds)."""
        return self.api_of(sign_in.identity.environment, sign_in.grant_id, deadline, retry)

    def api_of(
        self, name: str, grant_id: int, deadline: float, retry: RetryPolicy = INTERACTIVE
    ) -> CanvasAPI:
        """Return a Canvas API for a grant. Calendar feeds use it, which have no sign-in."""
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
            retry=retry,
        )
        return CanvasAPI(client)


def init_app(app: Flask, settings: Settings, redis: Any | None) -> Gateway:
    """Make the shared objects. The database must have the newest schema by now."""
    storage = open_storage(settings)
    storage.close()  # workers forked from this process must not share its connections
    metrics = app.extensions["easel.metrics"]
    storage.on_lease_wait(metrics.lease_waits.inc)
    gateway = Gateway(
        settings=settings,
        storage=storage,
        oauth=oauth_clients(app, settings),
        redis=redis,
        buckets=buckets_for(redis, metrics),
        cache=cache_for(settings, redis),
        pool=ThreadPoolExecutor(POOL_THREADS, thread_name_prefix="canvas"),
        turns=Turns(settings.web_threads),
        signer=TimestampSigner(settings.secret_key, salt="easel.sign-in"),
        includes_dropped=metrics.includes_dropped,
        token_called=metrics.token_called,
        canvas_called=metrics.canvas_called,
    )
    app.extensions["easel"] = gateway
    for warning in settings.warnings():
        log.warning(warning)
    for environment in settings.environments[1:]:
        log.warning(
            "The developer key of the %s Canvas must list a redirect URI of its own: %s",
            environment.name,
            settings.redirect_uri(environment.name),
        )
    app.before_request(gateway.tend)
    return gateway


def storage_of(settings: Settings) -> Storage:
    """Return the storage that the settings name, whatever its schema."""
    return Storage(
        settings.database_url,
        settings.token_keys,
        pool=settings.database_pool,
        retention_days=settings.retention_days,
    )


def open_storage(settings: Settings) -> Storage:
    """Open the database if its schema fits this Easel; log a warning if it is a newer one.

    Raises SettingsError when the database cannot be reached, or its schema must be upgraded first.
    """
    storage = storage_of(settings)
    with or_unusable(storage):
        found = storage.schema_revision()
    if found is None or found < NEWEST:
        storage.close()
        schema = f"has the schema of an earlier Easel ({found}" if found else "is empty (no schema"
        raise SettingsError(
            [
                f"DATABASE_URL names a database that {schema}, needed is {NEWEST}): run easel "
                "upgrade. Easel's own server does so when it starts."
            ]
        )
    if found > NEWEST:
        log.warning(
            "A newer Easel has upgraded the database (schema %s, this Easel's is %s).",
            found,
            NEWEST,
        )
    return storage


def upgrade_database(settings: Settings) -> str | None:
    """Upgrade the schema; return the revision it had, None for an empty database.

    Raises SettingsError when the database cannot be reached.
    """
    storage = storage_of(settings)
    with or_unusable(storage):
        before = storage.schema_revision()
        storage.upgrade()
    storage.close()
    return before


@contextmanager
def or_unusable(storage: Storage) -> Iterator[None]:
    """If the database cannot be used, close the connections and raise SettingsError."""
    try:
        yield
    except (*AWAY, OSError) as fault:
        storage.close()
        cause = getattr(fault, "orig", None) or fault  # without what SQLAlchemy adds to it
        raise SettingsError(
            [
                f"DATABASE_URL names a database that cannot be used ({cause}): start it, or "
                "correct the address; a SQLite file needs a folder Easel may write to."
            ]
        ) from None


def cache_for(settings: Settings, redis: Any | None) -> Cache:
    """Return the cache of Canvas's answers: in Redis, encrypted, when several processes serve."""
    if redis is None:
        return MemoryCache(settings.cache_bytes, keep=settings.keep_seconds)
    return RedisCache(redis, AnswerSeal(settings.token_keys), keep=settings.keep_seconds)


def buckets_for(redis: Any | None, observer: Observer) -> Buckets:
    """Return the levels of Canvas's buckets: in Redis, if processes share one person's calls."""
    if redis is None:
        return MemoryBuckets(observer=observer)
    from canvas_app.canvas.throttle.redis import RedisBuckets

    return RedisBuckets(redis, observer=observer)


def oauth_clients(app: Flask, settings: Settings) -> OAuth:
    """Return Authlib's client for each environment, which builds the authorization requests."""
    oauth = OAuth(app)
    for environment in settings.environments:
        oauth.register(
            environment.name,
            client_id=environment.client_id,
            authorize_url=f"{environment.canvas_url}/login/oauth2/auth",
            client_kwargs={"code_challenge_method": "S256"} if settings.pkce else {},
        )
    return oauth
