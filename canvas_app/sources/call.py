"""One call of a page, answered from the cache, by another page's call, or by Canvas."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, replace
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
from canvas_app.canvas.includes import OnIncludes, answered, included, sure
from canvas_app.canvas.mending import losses
from canvas_app.canvas.paging import Pages
from canvas_app.sources.answer import NotYet, Outcome
from canvas_app.sources.arrivals import Arrivals
from canvas_app.sources.cache import Cache
from canvas_app.sources.pool import PoolShare, share_of
from canvas_app.sources.refusals import REFUSAL_LIVES, contexts, is_refusal, read_readable
from canvas_app.sources.single_flight import SingleFlight
from canvas_app.sources.watch import PageWatch
from canvas_app.sources.wording import UNREAD, as_sentence, came, error_text, passing

# Seconds; an answer from further in the future was stored before a clock was set back.
CLOCKS_APART = -1.0
MARGIN = 0.25  # seconds before the page's deadline at which its calls to Canvas end


class Kept(msgspec.Struct):
    """An answer in the cache: when it came (seconds since 1970) and its value.

    ``left_out`` are the contexts that Canvas refused.
    """

    at: float
    body: msgspec.Raw
    left_out: tuple[str, ...] = ()
    unread: str = ""  # the sentence that says what could not be understood; else empty


UNPACK = msgspec.msgpack.Decoder(Kept)
FACTS = ("message", "method", "path", "status", "request_id", "canvas_message")  # of a refusal

UNDER_WAY: SingleFlight[Outcome] = SingleFlight()
"""What pages of this process are asking Canvas for, by namespace and request."""


@memoize
def unpacker(method: Callable[..., Any]) -> msgspec.msgpack.Decoder[Any]:
    """Return the decoder for a method's kept answers: its return type, a list for Pages."""
    returned = get_type_hints(method)["return"]
    listed = get_origin(returned) is Pages
    return msgspec.msgpack.Decoder(list[get_args(returned)[0]] if listed else returned)  # type: ignore[misc]


class Reader:
    """Reader of Canvas's answers for one person, cached or new, until one deadline.

    It holds no reference to the calls that use it, so a page leaves no reference cycle behind.
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
        on_includes: OnIncludes,
        watch: PageWatch,
    ) -> None:
        # Calls end a little before the page, so that the part of a list that came is still shown.
        margin = min(MARGIN, (deadline - clock()) / 10)
        self.api = CanvasAPI(api.client.with_deadline(deadline - margin))
        self.cache = cache
        self.owner = owner_key(owner)
        self.namespace = cache.namespace(self.owner)
        self.now = now
        self.on_includes = on_includes
        self.watch = watch
        self.includes_read = False  # True once an answer shows that Canvas reads includes
        # Two more than Canvas is sent at once, so that one starts as soon as another ends.
        most = max(1, api.client.throttle.max_parallel) + 2
        self._share: PoolShare[Outcome] = share_of(pool, self.owner, most)
        self._deadline = deadline
        self._cache_seconds = cache_seconds
        self._clock = clock

    def recent(self, at: float) -> bool:
        """Return whether an answer of that moment (seconds since 1970) still counts as fresh."""
        return CLOCKS_APART <= self.now().timestamp() - at <= self._cache_seconds

    def left(self) -> float:
        """Return the seconds until the deadline."""
        return self._deadline - self._clock()

    def submit(self, work: Callable[[], Outcome]) -> "Future[Outcome]":
        return self._share.submit(work, page=self)

    def kept(self, request: str, call: "partial[Any]", lasts: float = 0) -> Outcome | None:
        """Return the cached answer to a request; None when there is none that can be read.

        It counts as fresh for ``lasts`` seconds, if that is longer than for other answers.
        """
        kept = self._found(request)
        if kept is None:
            return None
        try:
            value = unpacker(call.func).decode(kept.body)
        except msgspec.MsgspecError:
            return None  # written by another version of Easel
        at = datetime.fromtimestamp(kept.at, UTC)
        age = (self.now() - at).total_seconds()
        came = Outcome(value, at, kept.unread, left_out=kept.left_out, unread=bool(kept.unread))
        if CLOCKS_APART <= age <= max(self._cache_seconds, lasts):
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
        """Store an answer under its owner and request."""
        if self._cache_seconds > 0:
            body = msgspec.Raw(msgspec.msgpack.encode(value))
            packed = msgspec.msgpack.encode(Kept(at.timestamp(), body, left_out, unread))
            self.cache.put(self.namespace, request, packed)

    def remember(self, name: str, value: Any) -> None:
        """Store under a name what a page has made of several answers."""
        self.keep(name, self.now(), value)

    def recall(self, name: str, type: Any) -> Any:
        """Return what was remembered under a name, as this type; None when nothing was."""
        found = self._found(name)
        try:
            return msgspec.msgpack.decode(found.body, type=type) if found else None
        except msgspec.MsgspecError:
            return None  # written by another version of Easel

    def keep_trouble(self, request: str, at: datetime, said: str) -> None:
        """Store why a cached answer could not be renewed, so that the next page can show it."""
        self.keep(trouble_key(request), at, said)

    def keep_refusal(self, request: str, at: datetime, error: AuthorizationError) -> None:
        """Store that Canvas denies this to the person, so that no page asks again at once."""
        self.keep(refused_key(request), at, {name: getattr(error, name) for name in FACTS})

    def refusal(self, request: str) -> Outcome | None:
        """Return Canvas's refusal while it counts as fresh; None when there is none."""
        found = self._found(refused_key(request))
        if found is None or not self.recent(found.at):
            return None
        try:
            facts = msgspec.msgpack.decode(found.body, type=dict[str, Any])
        except msgspec.MsgspecError:
            return None  # written by another version of Easel
        at = datetime.fromtimestamp(found.at, UTC)
        return Outcome(at=at, error=AuthorizationError(**facts, at=at))

    def _found(self, request: str) -> Kept | None:
        if self._cache_seconds <= 0:
            return None
        found = self.cache.get(self.namespace, request)
        try:
            return UNPACK.decode(found) if found is not None else None
        except msgspec.MsgspecError:
            return None

    def release(self, request: str, _: object) -> None:
        """Release the renewal claim. Done-callback of the renewing call."""
        self.cache.release(self.namespace, request)


class RefusedContexts:
    """Contexts that Canvas refused a person recently, remembered even if no answers are cached.

    With ``again`` all of them are asked for once more, because the person wants a new answer.
    """

    def __init__(self, reader: Reader, again: bool) -> None:
        self._reader = reader
        self._again = again

    def refused(self, code: str) -> bool:
        found = (
            None
            if self._again
            else self._reader.cache.get(self._reader.namespace, refusal_key(code))
        )
        try:
            at = msgspec.msgpack.decode(found, type=float) if found is not None else None
        except msgspec.MsgspecError:
            return False
        return at is not None and 0 <= self._reader.now().timestamp() - at <= REFUSAL_LIVES

    def remember(self, code: str) -> None:
        at = msgspec.msgpack.encode(self._reader.now().timestamp())
        self._reader.cache.put(self._reader.namespace, refusal_key(code), at)


@dataclass(frozen=True)
class Terms:
    """How a page uses the cache for a call.

    ``again``: ask Canvas in any case. ``renew``: ask Canvas if the kept answer is stale. ``lasts``:
    seconds for which an answer counts as fresh, if that is longer than usual. ``keep=False``: do
    not use the cache at all.
    """

    again: bool = False
    renew: bool = False
    lasts: float = 0
    keep: bool = True


class Call:
    """One call of a page: answered from the cache, by another page's call, or by its own.

    What the cache holds and ``again`` (the person asked for this source anew) decide:

    ========  ========  =========================================================================
    kept      again     what happens
    ========  ========  =========================================================================
    fresh     no        the kept answer; Canvas is not asked
    stale     no        the kept answer at once; Canvas is asked behind it, by one page of all
    refused   no        the refusal, while an answer of its age would count as fresh
    nothing   no        Canvas is asked
    any       yes       Canvas is asked; the kept answer stands in if that fails for now
    ========  ========  =========================================================================

    Asking joins the same question of another page where one is under way. If that page ran out
    of time and this one has some left, Canvas is asked once more.
    """

    def __init__(self, reader: Reader, call: "partial[Any]", terms: Terms) -> None:
        self._reader = reader
        self._method = call
        self._terms = terms
        self._key = request_key(call)
        self._kept = reader.kept(self._key, call, terms.lasts) if terms.keep else None
        if self._kept is None and terms.keep and not terms.again:
            self._kept = reader.refusal(self._key)
        renew = terms.renew and self._kept is not None and self._kept.stale
        self._again = again = terms.again or renew
        reader.watch.asked(self._kept)
        self._future: Future[Outcome] | None = None
        self._own = False
        # For each gap in the answer, whether the reason is that it could not be understood.
        self._unread: list[bool] = []
        self._answer: Outcome | None = None
        self._read: bool | None = None
        self._arrivals: Arrivals[Any] = Arrivals()
        if self._kept is None or again:
            self._join()
        elif self._kept.stale and reader.cache.claim(reader.namespace, self._key):
            self._join().add_done_callback(partial(reader.release, self._key))

    def answer(self, *, wait: bool = True) -> Outcome:
        """Return the answer, waiting no longer than the deadline. Raise AuthenticationError.

        Without ``wait`` the outcome of a call that has not ended is :class:`NotYet`.
        """
        if self._answer is None:
            if not wait and not self._here():
                return Outcome(error=NotYet("Canvas has not answered yet."))
            self._answer = self._arrival()
            self._judge(self._answer)
        if isinstance(self._answer.error, AuthenticationError):
            raise self._answer.error
        return self._answer

    def arriving(self, *, wait: bool = True) -> Iterator[Any]:
        """Yield a list's rows as they come; those of another page's call only when it has ended.

        If the list breaks off, the kept answer that stands in for it follows in full, so rows may
        come twice.
        """
        come = self._arrivals
        if not wait and not self._here():
            yield from come.rows
            return
        given = 0
        while self._future is not None and not self._here() and self._reader.left() > 0:
            part = come.after(given, self._reader.left())
            yield from part
            given += len(part)
        answer = self.answer()
        if answer.error is None:
            yield from answer.value[given:] if answer.value is come.rows else answer.value

    def dropped(self) -> tuple[str, ...]:
        """Return the includes that Canvas did not read, once the answer is here; else empty.

        Some answers show this only in the person's own work. For these, another answer of the page
        that shows it for certain decides.
        """
        if self._read is not False or (self._reader.includes_read and not sure(self._method)):
            return ()
        return included(self._method)

    def _judge(self, answer: Outcome) -> None:
        if answer.error is None:
            self._read = answered(self._method, answer.value)
            if self._read and sure(self._method):
                self._reader.includes_read = True

    def _here(self) -> bool:
        """Return whether the answer can be read without waiting."""
        if self._future is None or (self._kept is not None and not self._again):
            return True
        if self._future.done() and self._had_less_time(self._future.result()):
            self._join()
        return self._future.done()

    def _join(self) -> "Future[Outcome]":
        reader = self._reader
        key = (reader.namespace, self._key)
        self._arrivals.expect()
        self._future, self._own = UNDER_WAY.join(key, lambda: reader.submit(self._fetch))
        self._future.add_done_callback(self._arrivals.end)
        return self._future

    def _arrival(self) -> Outcome:
        if self._kept is not None and not self._again:
            return self._kept
        answer = self._result()
        if self._had_less_time(answer):
            self._join()
            answer = self._result()
        broken_off = answer.why and not answer.unread
        if self._kept is not None and (broken_off or passing(answer.error)):
            trouble = error_text(answer.error) if answer.error else answer.why
            return replace(self._kept, stale=True, refreshing=False, trouble=trouble)
        return answer

    def _had_less_time(self, answer: Outcome) -> bool:
        """Return whether another page's call ran out of time while this page still has some."""
        passed = isinstance(answer.error, Unavailable | Throttled)
        return passed and not self._own and self._reader.left() > MARGIN

    def _result(self) -> Outcome:
        assert self._future is not None  # noqa: S101 - joined before
        try:
            return self._future.result(timeout=max(0.0, self._reader.left()))
        except FutureTimeout:
            return Outcome(error=Unavailable("Canvas did not answer in the time a page may take."))

    def _fetch(self) -> Outcome:
        reader = self._reader
        if self._terms.keep and not self._again:
            kept = reader.kept(self._key, self._method)
            if kept is not None and not kept.stale:
                return kept  # another page's call has brought it meanwhile
        if reader.left() <= 0:
            return Outcome(error=Unavailable("There was no time left to ask Canvas."))
        try:
            found, why, left_out = self._asked()
        except AuthenticationError as error:
            reader.cache.drop(reader.owner)
            return Outcome(error=without_frames(error))
        except CanvasError as error:
            if self._kept is not None:
                self._not_renewed(error)
            if self._terms.keep and is_refusal(error):  # the next grant may have a missing scope
                reader.keep_refusal(self._key, reader.now(), error)
            return Outcome(at=reader.now(), error=without_frames(error))
        at = reader.now()
        self._tell(found)
        if self._kept and ended_links(self._kept.value, found):
            reader.cache.drop(reader.owner)
        unread = bool(why) and all(self._unread)
        if self._terms.keep and (unread or not why):
            reader.keep(self._key, at, found, left_out, why)
        elif self._kept is not None:
            reader.keep_trouble(self._key, at, why)
        return Outcome(found, at, why, left_out=left_out, unread=unread)

    def _asked(self) -> tuple[Any, str, tuple[str, ...]]:
        """Ask Canvas; return the value, why it is incomplete, and the contexts Canvas refuses."""
        self._unread.clear()
        codes = contexts(self._method)
        if not codes:
            return (*self._ask(self._method), ())
        named: str = self._method.func.contexts  # type: ignore[attr-defined]
        gathered = read_readable(
            lambda some: self._ask(partial(self._method, **{named: some})),
            codes,
            RefusedContexts(self._reader, self._again),
            error_text,
        )
        return gathered.rows, gathered.why, tuple(gathered.left_out)

    def _ask(self, call: "partial[Any]") -> tuple[Any, str]:
        try:
            with losses() as lost:
                found = call.func(self._reader.api, *call.args, **call.keywords)
            if isinstance(found, Pages):
                rows, why = self._read_list(found)
                self._unread += [found.unread] if why else []
                return rows, why
        except CanvasError as error:
            self._unread.append(isinstance(error, AuthorizationError))  # the other parts are here
            raise
        self._unread += [True] if lost else []
        return found, UNREAD if lost else ""

    def _tell(self, found: Any) -> None:
        """Report whether Canvas read the includes; once it does, drop the owner's cached answers.

        Otherwise a page would mix answers with and without includes after the developer key was
        changed.
        """
        read = answered(self._method, found) if sure(self._method) else None
        if read is None:
            return
        self._reader.on_includes(included(self._method), read)
        if read and self._kept and answered(self._method, self._kept.value) is False:
            self._reader.cache.drop(self._reader.owner)

    def _not_renewed(self, error: CanvasError) -> None:
        """Store the error beside the cached answer; drop an answer the person may no longer see."""
        reader = self._reader
        if isinstance(error, AuthorizationError | NotFound):
            reader.cache.discard(reader.namespace, self._key)
        else:
            reader.keep_trouble(self._key, reader.now(), error_text(error))

    def _read_list(self, pages: "Pages[Any]") -> tuple[list[Any], str]:
        """Return a list's rows and why some are missing; if it breaks off, the rows before that."""
        self._arrivals.begin()
        rows = self._arrivals.rows
        try:
            for row in pages:
                self._arrivals.add(row)
        except AuthenticationError:
            raise
        except CanvasError as error:
            if not rows:
                raise
            return rows, f"{came(pages.pages_read, pages.pages_expected)} {error_text(error)}"
        if pages.complete is False:
            return rows, as_sentence(pages.why) or "The list changed while it was read."
        return rows, ""


def ended_links(before: Any, now: Any) -> bool:
    """Return whether a new list lacks a student whom the person observed by the kept one.

    Then all that is kept of the person's answers goes, because some of it is about that student.
    """
    if not isinstance(before, list) or not isinstance(now, list):
        return False
    gone = {pair for row in before for pair in getattr(row, "watched", ())}
    return bool(gone.difference(pair for row in now for pair in getattr(row, "watched", ())))


def without_frames(error: CanvasError) -> CanvasError:
    """Return the error without its tracebacks, whose frames would keep the page in memory."""
    each: BaseException | None = error
    while each is not None:
        each.__traceback__ = None
        each = each.__context__
    return error


def owner_key(owner: Iterable[object]) -> str:
    """Return the owner's half of a cache key, hashed so that Redis's keys hold no name or id."""
    return hashlib.sha256(repr(tuple(map(str, owner))).encode()).hexdigest()


def request_key(call: "partial[Any]") -> str:
    """Return the request's half of a cache key: the endpoint and its arguments."""
    named = sorted(call.keywords.items())
    return f"{call.func.__qualname__}{call.args!r}{named!r}"


def trouble_key(request: str) -> str:
    """Return the cache key for the reason why an answer could not be renewed."""
    return f"trouble {request}"


def refused_key(request: str) -> str:
    """Return the cache key for Canvas's refusal of a request."""
    return f"denied {request}"


def refusal_key(code: str) -> str:
    """Return the cache key for when Canvas refused a context."""
    return f"refused {code.removeprefix('course_')}"
