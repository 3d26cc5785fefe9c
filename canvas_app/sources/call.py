"""One call of a page: kept, under way for another page, or its own."""

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache as memoize
from functools import partial
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import (
    AuthenticationError,
    AuthorizationError,
    CanvasError,
    NotFound,
    Throttled,
    Unavailable,
)
from canvas_app.canvas.includes import Told, answered, included, sure
from canvas_app.canvas.mending import losses
from canvas_app.canvas.paging import Pages
from canvas_app.sources.answer import Answer, NotYet
from canvas_app.sources.cache import Cache
from canvas_app.sources.flights import Flights
from canvas_app.sources.pool import Lanes, share_of
from canvas_app.sources.refusals import REMEMBERED, contexts, read_readable
from canvas_app.sources.wording import UNREAD, came, passing, plain, sentence

CLOCKS_APART = -1.0  # seconds: what claims to be younger was kept before a clock was set back


LANDING = 0.25  # seconds before the page's deadline at which its calls to Canvas end


class Kept(msgspec.Struct):
    """An answer in the cache: when it came (seconds since 1970) and what it was."""

    at: float
    body: msgspec.Raw
    left_out: tuple[str, ...] = ()
    unread: str = ""  # what could not be understood of it


UNPACK = msgspec.msgpack.Decoder(Kept)


FLIGHTS: Flights[Answer] = Flights()
"""What any page of this process is asking Canvas for; shelves never have the same name."""


@memoize
def unpacker(method: Callable[..., Any]) -> msgspec.msgpack.Decoder[Any]:
    """What reads a method's kept answer: of the type it returns, a list for Pages."""
    returned = get_type_hints(method)["return"]
    listed = get_origin(returned) is Pages
    return msgspec.msgpack.Decoder(list[get_args(returned)[0]] if listed else returned)  # type: ignore[misc]


class Line:
    """One person's way to Canvas, and to what is kept of its answers to her, until one deadline.

    It knows no call that uses it, so a page leaves no reference cycle behind.
    """

    def __init__(
        self,
        api: CanvasAPI,
        cache: Cache,
        pool: Executor,
        *,
        deadline: float,
        owner: Iterable[object],
        cache_seconds: float,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        told: Told,
    ) -> None:
        # A list that breaks off at its own deadline still lands before the page's.
        landing = min(LANDING, (deadline - clock()) / 10)
        self.api = CanvasAPI(api.client.with_deadline(deadline - landing))
        self.cache = cache
        self.owner = owner_key(owner)
        self.shelf = cache.shelf(self.owner)
        self.now = now
        self.told = told
        self.includes_read = False  # whether an answer on this page shows that they are
        # Two more than may fly: they stand ready when one lands.
        most = max(1, api.client.throttle.max_parallel) + 2
        self._lanes: Lanes[Answer] = share_of(pool, self.owner, most)
        self._deadline = deadline
        self._cache_seconds = cache_seconds
        self._clock = clock

    def left(self) -> float:
        """Seconds until the deadline."""
        return self._deadline - self._clock()

    def submit(self, work: Callable[[], Answer]) -> "Future[Answer]":
        return self._lanes.submit(work, page=self)

    def kept(self, request: str, call: "partial[Any]") -> Answer | None:
        """What the cache holds for a request; None when nothing, or nothing readable."""
        kept = self._found(request)
        if kept is None:
            return None
        try:
            value = unpacker(call.func).decode(kept.body)
        except msgspec.MsgspecError:
            return None  # written by another version of Easel
        at = datetime.fromtimestamp(kept.at, UTC)
        age = (self.now() - at).total_seconds()
        came = Answer(value, at, kept.unread, left_out=kept.left_out, unread=bool(kept.unread))
        if CLOCKS_APART <= age <= self._cache_seconds:
            return came
        failed = self._found(trouble_key(request))
        said = msgspec.msgpack.decode(failed.body, type=str) if failed else ""
        late = failed is not None and failed.at >= kept.at
        return replace(came, stale=True, refreshing=True, trouble=said if late else "")

    def keep(
        self,
        request: str,
        at: datetime,
        value: Any,
        left_out: tuple[str, ...] = (),
        unread: str = "",
    ) -> None:
        """Keep an answer under its owner and request."""
        if self._cache_seconds > 0:
            body = msgspec.Raw(msgspec.msgpack.encode(value))
            packed = msgspec.msgpack.encode(Kept(at.timestamp(), body, left_out, unread))
            self.cache.put(self.shelf, request, packed)

    def keep_trouble(self, request: str, at: datetime, said: str) -> None:
        """Keep why a kept answer could not be renewed, so that the next page can say it."""
        self.keep(trouble_key(request), at, said)

    def _found(self, request: str) -> Kept | None:
        if self._cache_seconds <= 0:
            return None
        found = self.cache.get(self.shelf, request)
        try:
            return UNPACK.decode(found) if found is not None else None
        except msgspec.MsgspecError:
            return None

    def release(self, request: str, _: object) -> None:
        """Let others renew an answer; the future that calls this has come."""
        self.cache.release(self.shelf, request)


class Refusals:
    """The contexts Canvas refused a person of late, also where no answers are kept.

    ``again`` forgets them all for one call: the person asked Canvas anew.
    """

    def __init__(self, line: Line, again: bool) -> None:
        self._line = line
        self._again = again

    def refused(self, code: str) -> bool:
        found = None if self._again else self._line.cache.get(self._line.shelf, refusal_key(code))
        try:
            at = msgspec.msgpack.decode(found, type=float) if found is not None else None
        except msgspec.MsgspecError:
            return False
        return at is not None and 0 <= self._line.now().timestamp() - at <= REMEMBERED

    def remember(self, code: str) -> None:
        at = msgspec.msgpack.encode(self._line.now().timestamp())
        self._line.cache.put(self._line.shelf, refusal_key(code), at)


class Part:
    """One call of a page, answered from the cache, by a call under way, or by one of its own.

    ``again`` asks Canvas whatever is kept; the kept answer stands in when that fails.
    """

    def __init__(self, line: Line, call: "partial[Any]", again: bool) -> None:
        self._line = line
        self._call = call
        self._again = again
        self._request = request_key(call)
        self._kept = line.kept(self._request, call)
        self._flight: Future[Answer] | None = None
        self._own = False
        self._unread: list[bool] = []  # for each gap, whether it is what could not be understood
        self._answer: Answer | None = None
        self._read: bool | None = None
        if self._kept is None or again:
            self._board()
        elif self._kept.stale and line.cache.claim(line.shelf, self._request):
            self._board().add_done_callback(partial(line.release, self._request))

    def answer(self, *, wait: bool = True) -> Answer:
        """The answer, waited for until the deadline at most. Raise AuthenticationError."""
        if self._answer is None:
            if not wait and not self._here():
                return Answer(error=NotYet("Canvas has not answered yet."))
            self._answer = self._arrival()
            self._judge(self._answer)
        if isinstance(self._answer.error, AuthenticationError):
            raise self._answer.error
        return self._answer

    def dropped(self) -> tuple[str, ...]:
        """The includes Canvas did not read, once the answer is here; empty when it read them.

        Where only the person's own work tells, any other answer on the page knows better.
        """
        if self._read is not False or (self._line.includes_read and not sure(self._call)):
            return ()
        return included(self._call)

    def _judge(self, answer: Answer) -> None:
        if answer.error is None:
            self._read = answered(self._call, answer.value)
            if self._read and sure(self._call):
                self._line.includes_read = True

    def _here(self) -> bool:
        """Whether nobody would wait for the answer."""
        if self._flight is None or (self._kept is not None and not self._again):
            return True
        if self._flight.done() and self._in_vain(self._flight.result()):
            self._board()
        return self._flight.done()

    def _board(self) -> "Future[Answer]":
        line = self._line
        key = (line.shelf, self._request)
        flight, self._own = FLIGHTS.board(key, lambda: line.submit(self._fetch))
        self._flight = flight
        return flight

    def _arrival(self) -> Answer:
        if self._kept is not None and not self._again:
            return self._kept
        answer = self._landed()
        if self._in_vain(answer):
            self._board()
            answer = self._landed()
        broken_off = answer.why and not answer.unread
        if self._kept is not None and (broken_off or passing(answer.error)):
            trouble = plain(answer.error) if answer.error else answer.why
            return replace(self._kept, stale=True, refreshing=False, trouble=trouble)
        return answer

    def _in_vain(self, answer: Answer) -> bool:
        """Whether another page asked, which had less time than this one has."""
        passed = isinstance(answer.error, Unavailable | Throttled)
        return passed and not self._own and self._line.left() > LANDING

    def _landed(self) -> Answer:
        assert self._flight is not None  # noqa: S101  (boarded before)
        try:
            return self._flight.result(timeout=max(0.0, self._line.left()))
        except FutureTimeout:
            return Answer(error=Unavailable("Canvas did not answer in the time a page may take."))

    def _fetch(self) -> Answer:
        line = self._line
        if not self._again:
            kept = line.kept(self._request, self._call)
            if kept is not None and not kept.stale:
                return kept  # another page's call landed while this one was boarding
        if line.left() <= 0:
            return Answer(error=Unavailable("There was no time left to ask Canvas."))
        try:
            found, why, left_out = self._asked()
        except AuthenticationError as error:
            line.cache.drop(line.owner)
            return Answer(error=without_frames(error))
        except CanvasError as error:
            if self._kept is not None:
                self._not_renewed(error)
            return Answer(at=line.now(), error=without_frames(error))
        at = line.now()
        self._tell(found)
        unread = bool(why) and all(self._unread)
        if unread or not why:
            line.keep(self._request, at, found, left_out, why)
        elif self._kept is not None:
            line.keep_trouble(self._request, at, why)
        return Answer(found, at, why, left_out=left_out, unread=unread)

    def _asked(self) -> tuple[Any, str, tuple[str, ...]]:
        """What Canvas gives, why it is not all, and the contexts it refuses."""
        self._unread.clear()
        codes = contexts(self._call)
        if not codes:
            return (*self._ask(self._call), ())
        named: str = self._call.func.contexts  # type: ignore[attr-defined]
        gathered = read_readable(
            lambda some: self._ask(partial(self._call, **{named: some})),
            codes,
            Refusals(self._line, self._again),
            plain,
        )
        return gathered.rows, gathered.why, tuple(gathered.left_out)

    def _ask(self, call: "partial[Any]") -> tuple[Any, str]:
        try:
            with losses() as lost:
                found = call.func(self._line.api, *call.args, **call.keywords)
            if isinstance(found, Pages):
                rows, why = self._read_list(found)
                self._unread += [found.unread] if why else []
                return rows, why
        except CanvasError as error:
            self._unread.append(isinstance(error, AuthorizationError))  # the others are here
            raise
        self._unread += [True] if lost else []
        return found, UNREAD if lost else ""

    def _tell(self, found: Any) -> None:
        """Pass on whether Canvas read the includes; what was kept without them goes when it does.

        Otherwise answers of both kinds would stand side by side after the key was changed.
        """
        read = answered(self._call, found) if sure(self._call) else None
        if read is None:
            return
        self._line.told(included(self._call), read)
        if read and self._kept and answered(self._call, self._kept.value) is False:
            self._line.cache.drop(self._line.owner)

    def _not_renewed(self, error: CanvasError) -> None:
        """Say so beside the kept answer; what may be seen no more goes."""
        line = self._line
        if isinstance(error, AuthorizationError | NotFound):
            line.cache.discard(line.shelf, self._request)
        else:
            line.keep_trouble(self._request, line.now(), plain(error))

    def _read_list(self, pages: "Pages[Any]") -> tuple[list[Any], str]:
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
            return rows, f"{came(pages.pages_read, pages.pages_expected)} {plain(error)}"
        if pages.complete is False:
            return rows, sentence(pages.why) or "The list changed while it was read."
        return rows, ""


def without_frames(error: CanvasError) -> CanvasError:
    """The error without its tracebacks: their frames know the page, which would know them."""
    each: BaseException | None = error
    while each is not None:
        each.__traceback__ = None
        each = each.__context__
    return error


def owner_key(owner: Iterable[object]) -> str:
    """The owner's half of a cache key; hashed, so that no name or id stands in Redis's keys."""
    return hashlib.sha256(repr(tuple(map(str, owner))).encode()).hexdigest()


def request_key(call: "partial[Any]") -> str:
    """The request's half of a cache key: the endpoint and what it was called with."""
    named = sorted(call.keywords.items())
    return f"{call.func.__name__}{call.args!r}{named!r}"


def trouble_key(request: str) -> str:
    """Under which key it is kept why a request could not be answered anew."""
    return f"trouble {request}"


def refusal_key(code: str) -> str:
    """Under which key it is kept when Canvas refused a context."""
    return f"refused {code.removeprefix('course_')}"
