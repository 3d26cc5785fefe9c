"""What a page is gathered from: calls in parallel under one deadline, each with its own state."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache as memoize
from functools import partial
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import (
    AuthenticationError,
    AuthorizationError,
    CanvasError,
    MalformedAnswer,
    NotFound,
    Throttled,
    Unavailable,
)
from canvas_app.canvas.paging import Pages
from canvas_app.services.cache import Cache

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class Source:
    """How one part of a page stands: fresh, stale, partial, denied or failed.

    ``detail`` says in plain words what happened; ``refreshing`` that a newer answer is on its way.
    """

    name: str
    status: str
    fetched_at: datetime | None = None
    detail: str = ""
    refreshing: bool = False


class Kept(msgspec.Struct):
    """An answer in the cache: when it came (seconds since 1970) and what it was."""

    at: float
    body: msgspec.Raw


@dataclass(frozen=True)
class Answer:
    """What one call brought: its value or its error, and from when."""

    value: Any = None
    at: datetime | None = None
    why: str = ""  # why a list is partial
    error: CanvasError | None = None
    stale: bool = False
    refreshing: bool = False


@memoize
def answer_type(method: Callable[..., Any]) -> Any:
    """The type a method's answer is kept as: what it returns, a list for Pages."""
    returned = get_type_hints(method)["return"]
    return list[get_args(returned)[0]] if get_origin(returned) is Pages else returned  # type: ignore[misc]


class Part(Generic[T]):
    """One call of a source, under way."""

    def __init__(self, sources: "Sources", call: "partial[Any]") -> None:
        self._sources = sources
        self._call = call
        self._request = request_key(call)
        self._kept = sources.kept(self._request, call)
        self._future: Future[Answer] | None = None
        self._answer: Answer | None = None
        if self._kept is None:
            self._future = sources.submit(self._fetch)
        elif self._kept.stale and sources.cache.claim(sources.owner, self._request):
            sources.submit(self._renew)

    def answer(self) -> Answer:
        """Wait for the answer, until the deadline at most. Raise AuthenticationError."""
        if self._answer is None:
            self._answer = self._wait()
        if isinstance(self._answer.error, AuthenticationError):
            raise self._answer.error
        return self._answer

    def _wait(self) -> Answer:
        if self._kept is not None:
            return self._kept
        assert self._future is not None  # noqa: S101  (one of the two was made)
        try:
            return self._future.result(timeout=max(0.0, self._sources.left()))
        except FutureTimeout:
            self._future.cancel()
            return Answer(error=Unavailable("Canvas did not answer in the time a page may take."))

    def _renew(self) -> Answer:
        try:
            return self._fetch()
        finally:
            self._sources.cache.release(self._sources.owner, self._request)

    def _fetch(self) -> Answer:
        try:
            found = self._call.func(self._sources.api, *self._call.args, **self._call.keywords)
            why = ""
            if isinstance(found, Pages):
                found, why = self._read(found)
        except AuthenticationError as error:
            self._sources.cache.drop(self._sources.owner)
            return Answer(error=error)
        except CanvasError as error:
            return Answer(error=error)
        at = self._sources.now()
        if not why:
            self._sources.keep(self._request, at, found)
        return Answer(found, at, why)

    def _read(self, pages: "Pages[Any]") -> tuple[list[Any], str]:
        """Read a list to its end; when it breaks off, what came before is still worth showing."""
        rows: list[Any] = []
        try:
            for row in pages:
                rows.append(row)
        except AuthenticationError:
            raise
        except CanvasError as error:
            if not rows:
                raise
            expected = f" of {pages.pages_expected}" if pages.pages_expected else ""
            return rows, f"{pages.pages_read}{expected} pages came; then: {plain(error)}"
        if pages.complete is False:
            return rows, pages.why or "The list changed while it was read."
        return rows, ""


class Handle(Generic[T]):
    """A source of a page: one or more calls, read when the page needs them."""

    def __init__(self, name: str, parts: Iterable[Part[T]]) -> None:
        self.name = name
        self._parts = tuple(parts)

    def answers(self) -> list[Answer]:
        return [part.answer() for part in self._parts]

    @property
    def error(self) -> CanvasError | None:
        """The first error among its calls."""
        return next((a.error for a in self.answers() if a.error), None)

    def source(self) -> Source:
        """How it stands, once every call is answered or the deadline is over."""
        answers = self.answers()
        errors = [a.error for a in answers if a.error]
        came = [a.at for a in answers if a.at]
        reasons = dict.fromkeys([plain(e) for e in errors] + [a.why for a in answers if a.why])
        detail = " ".join(reasons)
        fetched_at = min(came, default=None)
        refreshing = any(a.refreshing for a in answers)
        if errors and len(errors) == len(answers):
            denied = all(isinstance(e, AuthorizationError) for e in errors)
            return Source(self.name, "denied" if denied else "failed", None, detail)
        if errors:
            detail = f"{len(answers) - len(errors)} of {len(answers)} parts came. {detail}"
        if detail:
            return Source(self.name, "partial", fetched_at, detail, refreshing)
        status = "stale" if any(a.stale for a in answers) else "fresh"
        return Source(self.name, status, fetched_at, "", refreshing)


class Rows(Handle[T]):
    """A source that is a list; its calls' lists follow one another."""

    def rows(self) -> list[T]:
        """What came, in order; what failed is missing here and told by :meth:`source`."""
        return [row for answer in self.answers() if not answer.error for row in answer.value]


class One(Handle[T]):
    """A source that is one object."""

    def value(self) -> T | None:
        found: T | None = self.answers()[0].value
        return found

    def required(self) -> T:
        """The object; raise the CanvasError that stands in its place."""
        answer = self.answers()[0]
        if answer.error:
            raise answer.error
        found: T = answer.value
        return found


class Sources:
    """The sources of one page, for one person, until one deadline.

    ``owner`` is (environment, user id, real user id or "", grant generation): the half of each
    cache key that nobody else shares. ``cache_seconds`` 0 keeps nothing and shows nothing stale.
    Work on ``pool`` never waits for other work on it.
    """

    def __init__(
        self,
        api: CanvasAPI,
        cache: Cache,
        pool: Executor,
        *,
        deadline: float,
        owner: Iterable[object],
        cache_seconds: float = 60,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.api = api
        self.cache = cache
        self.owner = owner_key(owner)
        self.now = now
        self._pool = pool
        self._deadline = deadline
        self._cache_seconds = cache_seconds
        self._clock = clock
        self._handles: list[Handle[Any]] = []

    def start(self, name: str, *calls: "partial[Pages[T]]") -> Rows[T]:
        """Start a list: each call a partial of a CanvasAPI method, all at once."""
        handle: Rows[T] = Rows(name, [Part(self, call) for call in calls])
        self._handles.append(handle)
        return handle

    def start_one(self, name: str, call: "partial[T]") -> One[T]:
        """Start a single object."""
        handle: One[T] = One(name, [Part(self, call)])
        self._handles.append(handle)
        return handle

    def states(self) -> tuple[Source, ...]:
        """Every source that was started, in order; waits for the slowest or the deadline."""
        return tuple(handle.source() for handle in self._handles)

    def left(self) -> float:
        """Seconds until the deadline."""
        return self._deadline - self._clock()

    def submit(self, work: Callable[[], Answer]) -> "Future[Answer]":
        return self._pool.submit(work)

    def kept(self, request: str, call: "partial[Any]") -> Answer | None:
        """What the cache holds for a request; None when nothing, or nothing readable."""
        if self._cache_seconds <= 0:
            return None
        found = self.cache.get(self.owner, request)
        if found is None:
            return None
        try:
            kept = msgspec.msgpack.decode(found, type=Kept)
            value = msgspec.msgpack.decode(kept.body, type=answer_type(call.func))
        except msgspec.MsgspecError:
            return None  # written by another version of Easel
        at = datetime.fromtimestamp(kept.at, UTC)
        stale = (self.now() - at).total_seconds() > self._cache_seconds
        return Answer(value, at, stale=stale, refreshing=stale)

    def keep(self, request: str, at: datetime, value: Any) -> None:
        """Keep an answer under its owner and request."""
        if self._cache_seconds > 0:
            body = msgspec.Raw(msgspec.msgpack.encode(value))
            packed = msgspec.msgpack.encode(Kept(at.timestamp(), body))
            self.cache.put(self.owner, request, packed)


def complete(sources: Iterable[Source]) -> bool:
    """Whether nothing is missing: every source is fresh or stale."""
    return all(source.status in ("fresh", "stale") for source in sources)


def owner_key(owner: Iterable[object]) -> str:
    """The owner's half of a cache key; hashed, so that no name or id stands in Redis's keys."""
    return hashlib.sha256(repr(tuple(map(str, owner))).encode()).hexdigest()


def request_key(call: "partial[Any]") -> str:
    """The request's half of a cache key: the endpoint and what it was called with."""
    named = sorted(call.keywords.items())
    return f"{call.func.__name__}{call.args!r}{named!r}"


def plain(error: CanvasError) -> str:
    """Say what happened in words for the person who looks at the page."""
    match error:
        case AuthorizationError():
            return "Canvas does not show this to you."
        case NotFound():
            return "Canvas does not have this."
        case Throttled():
            return "Canvas asked to wait: too many requests for you at the moment. Try again soon."
        case MalformedAnswer():
            return "Canvas gave an answer that could not be read."
        case Unavailable(status=None):
            return "Canvas did not answer in time."
        case Unavailable():
            return "Canvas has trouble of its own at the moment."
        case _:
            return "Canvas did not accept the request."
