"""What a page is gathered from: calls in parallel under one deadline, each with its own state."""

import copy
import hashlib
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Executor, Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache as memoize
from functools import partial
from threading import Lock
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import (
    AuthenticationError,
    AuthorizationError,
    CanvasError,
    MalformedAnswer,
    MissingScope,
    NotFound,
    Throttled,
    Unavailable,
)
from canvas_app.canvas.includes import Told, answered, included, sure
from canvas_app.canvas.mending import losses
from canvas_app.canvas.models import Course
from canvas_app.canvas.paging import Pages
from canvas_app.sources.cache import Cache
from canvas_app.sources.flights import Flights
from canvas_app.sources.pool import Lanes, share_of
from canvas_app.sources.refusals import REMEMBERED, contexts, note, read_readable

log = logging.getLogger(__name__)

T = TypeVar("T")


CLOCKS_APART = -1.0  # seconds: what claims to be younger was kept before a clock was set back
EVERYTHING = "all"  # the name that asks Canvas again for each source
UNREAD = "A part of Canvas's answer could not be understood and is left out."
LANDING = 0.25  # seconds before the page's deadline at which its calls to Canvas end


@dataclass(frozen=True)
class Source:
    """How one part of a page stands: fresh, stale, partial, denied or failed.

    ``detail`` says in plain words what happened; ``refreshing`` that a newer answer is on its way.
    What concerns one course names it. ``note`` says what Canvas keeps from the person of what is
    here otherwise; ``unread`` that nothing is missing but what nobody could read, so that asking
    again helps nothing. ``waiting`` is a status of early views only: not yet here. ``for_admin``
    speaks to whoever runs Easel, when the set-up is why something is missing.
    """

    name: str
    status: str
    fetched_at: datetime | None = None
    detail: str = ""
    refreshing: bool = False
    course_id: str | None = None
    course_name: str | None = None
    note: str = ""
    for_admin: str = ""
    unread: bool = False

    @property
    def here(self) -> bool:
        """Whether nothing of it is missing."""
        return self.status in ("fresh", "stale")


@dataclass(frozen=True)
class Standing:
    """A page's sources in one sentence: ``up_to_date`` ``of`` so many courses, or else parts.

    ``as_of`` is the age of the oldest answer on the page.
    """

    up_to_date: int
    of: int
    unit: str  # course or part
    as_of: datetime | None


class Kept(msgspec.Struct):
    """An answer in the cache: when it came (seconds since 1970) and what it was."""

    at: float
    body: msgspec.Raw
    left_out: tuple[str, ...] = ()
    unread: str = ""  # what could not be understood of it


UNPACK = msgspec.msgpack.Decoder(Kept)


@dataclass(frozen=True)
class Answer:
    """What one call brought: its value or its error, and from when."""

    value: Any = None
    at: datetime | None = None
    why: str = ""  # why a list is partial
    error: CanvasError | None = None
    stale: bool = False
    refreshing: bool = False
    trouble: str = ""  # why the newest attempt to renew a stale answer failed
    left_out: tuple[str, ...] = ()  # the contexts Canvas refuses
    unread: bool = False  # all came; what ``why`` names could not be understood


FLIGHTS: Flights[Answer] = Flights()
"""What any page of this process is asking Canvas for; shelves never have the same name."""


class NotYet(Unavailable):
    """An early view of a page does not wait for this answer."""


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


class Handle(Generic[T]):
    """A source of a page: one or more calls, read when the page needs them."""

    def __init__(
        self,
        name: str,
        parts: Iterable[Part],
        course: Course | None = None,
        *,
        courses: Mapping[str, Course] | None = None,
        wait: bool = True,
    ) -> None:
        self.name = name
        self._parts = tuple(parts)
        self._course = course
        self._courses = courses or {}
        self._wait = wait
        self._settled = ""
        self._needs: frozenset[str] | None = None
        self._said = ""

    def say(self, note: str) -> None:
        """Add a sentence to what is here; nothing counts as missing for it."""
        self._said = note

    def needs(self, *includes: str) -> None:
        """Name the includes the page wants of this source; without a word, all it asks for.

        The others may be missing without a sign: nothing shows them, or another call brought them.
        """
        self._needs = frozenset(includes)

    def dropped(self) -> tuple[str, ...]:
        """What this source was to include and Canvas dropped, each once; waits for the answers."""
        self.answers()
        return tuple(dict.fromkeys(name for part in self._parts for name in part.dropped()))

    def answers(self) -> list[Answer]:
        return [part.answer(wait=self._wait) for part in self._parts]

    @property
    def error(self) -> CanvasError | None:
        """The first error among its calls."""
        return next((a.error for a in self.answers() if a.error), None)

    @property
    def denied(self) -> bool:
        """Whether Canvas refuses this to the person; not for want of a scope."""
        error = self.error
        return isinstance(error, AuthorizationError) and not isinstance(error, MissingScope)

    def settle(self, detail: str) -> None:
        """Say why a refusal leaves nothing out: there is nothing to see yet."""
        self._settled = detail

    def source(self) -> Source:
        """How it stands, once every call is answered or the deadline is over."""
        state = self._state()
        if self._course is None:
            return state
        named = self._course.name or f"Course {self._course.id}"
        return replace(state, course_id=self._course.id, course_name=named)

    def _state(self) -> Source:
        answers = self.answers()
        errors = [a.error for a in answers if a.error]
        came = [a.at for a in answers if a.at and not a.error]
        fetched_at = min(came, default=None)
        if any(isinstance(error, NotYet) for error in errors):
            return Source(self.name, "waiting", fetched_at)
        reasons = dict.fromkeys([plain(e) for e in errors] + [a.why for a in answers if a.why])
        detail = " ".join(reasons)
        lost = [name for name in self.dropped() if self._needs is None or name in self._needs]
        refreshing = any(a.refreshing for a in answers)
        if errors and self._settled:
            refused_at = min((a.at for a in answers if a.at), default=None)
            return Source(self.name, "fresh", refused_at, self._settled)
        if errors and len(errors) == len(answers):
            denied = all(isinstance(e, AuthorizationError) for e in errors)
            return Source(self.name, "denied" if denied else "failed", None, detail)
        if errors:
            detail = f"{len(answers) - len(errors)} of {len(answers)} parts came. {detail}"
        names = {id_: course.name for id_, course in self._courses.items() if course.name}
        left_out = note([code for a in answers for code in a.left_out], names)
        left_out = " ".join(filter(None, (left_out, self._said)))
        if lost:
            detail = f"{detail} {hidden(lost)}".strip()
        if detail:
            advice = ALLOW_INCLUDES if lost else ""
            unread = not errors and not lost and all(a.unread for a in answers if a.why)
            return Source(
                self.name,
                "partial",
                fetched_at,
                detail,
                refreshing,
                note=left_out,
                for_admin=advice,
                unread=unread,
            )
        status = "stale" if any(a.stale for a in answers) else "fresh"
        trouble = " ".join(dict.fromkeys(a.trouble for a in answers if a.trouble))
        return Source(self.name, status, fetched_at, trouble, refreshing, note=left_out)


class Rows(Handle[T]):
    """A source that is a list; its calls' lists follow one another."""

    _mended: list[T] | None = None

    def mend(self, rows: list[T], *lost: str) -> None:
        """Put rows in place of those that came without their includes.

        Other calls made them whole, but for the includes that are ``lost``.
        """
        self._mended = rows
        self.needs(*lost)

    def rows(self) -> list[T]:
        """What came, in order; what failed is missing here and told by :meth:`source`."""
        if self._mended is not None:
            return self._mended
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


class Many(Handle[T]):
    """A source that is one object for each of its calls."""

    def values(self) -> list[T]:
        """The objects that came, in order; what failed is told by :meth:`source`."""
        return [answer.value for answer in self.answers() if not answer.error]


class Sources:
    """The sources of one page, for one person, until one deadline.

    ``owner`` begins each cache key and is nobody else's. ``cache_seconds`` 0 keeps nothing and
    shows nothing stale. ``again`` names the sources that Canvas is asked for whatever is kept.
    ``told`` hears whether Canvas reads the includes it is asked for.
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
        again: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        told: Told = lambda includes, read: None,
    ) -> None:
        self.line = Line(
            api,
            cache,
            pool,
            deadline=deadline,
            owner=owner,
            cache_seconds=cache_seconds,
            clock=clock,
            now=now,
            told=told,
        )
        self.api = self.line.api
        self.now = now
        self._again = frozenset(again)
        self._wait = True
        self._handles: list[Handle[Any]] = []
        self._parts: dict[str, Part] = {}
        self._lock = Lock()

    def start(
        self,
        name: str,
        *calls: "partial[Pages[T]]",
        course: Course | None = None,
        courses: Mapping[str, Course] | None = None,
    ) -> Rows[T]:
        """Start a list: each call a partial of a CanvasAPI method, all at once.

        ``course`` is what it is about, when that is one course; ``courses`` name those, by id,
        of which Canvas may keep some from the person.
        """
        parts = [self._part(name, call) for call in calls]
        handle: Rows[T] = Rows(name, parts, course, courses=courses, wait=self._wait)
        self._handles.append(handle)
        return handle

    def start_one(self, name: str, call: "partial[T]", course: Course | None = None) -> One[T]:
        """Start a single object."""
        handle: One[T] = One(name, [self._part(name, call)], course, wait=self._wait)
        self._handles.append(handle)
        return handle

    def start_many(self, name: str, *calls: "partial[T]") -> Many[T]:
        """Start several single objects that are one source together."""
        handle: Many[T] = Many(name, [self._part(name, call) for call in calls], wait=self._wait)
        self._handles.append(handle)
        return handle

    def states(self) -> tuple[Source, ...]:
        """Every source that was started, in order; waits for the slowest or the deadline."""
        return tuple(handle.source() for handle in self._handles)

    def early(self) -> "Sources":
        """The same page before all of it came: what is here is shown, nothing is waited for."""
        other = copy.copy(self)  # shares the calls, and what they bring
        other._handles = []
        other._wait = False
        return other

    def let_go(self) -> None:
        """Forget every call, now that the page is whole."""
        self._handles.clear()
        self._parts.clear()

    def kept(self, request: str, call: "partial[Any]") -> Answer | None:
        """What the cache holds for a request, whatever its age; Canvas is not asked."""
        return self.line.kept(request, call)

    def _part(self, name: str, call: "partial[Any]") -> Part:
        """The page's one part for a call: two sources with the same call share it."""
        request = request_key(call)
        with self._lock:
            if request not in self._parts:
                again = not self._again.isdisjoint((name, EVERYTHING))
                self._parts[request] = Part(self.line, call, again)
            return self._parts[request]


def without_frames(error: CanvasError) -> CanvasError:
    """The error without its tracebacks: their frames know the page, which would know them."""
    each: BaseException | None = error
    while each is not None:
        each.__traceback__ = None
        each = each.__context__
    return error


def complete(sources: Iterable[Source]) -> bool:
    """Whether nothing is missing: every source is fresh or stale."""
    return all(source.here for source in sources)


def standing(sources: Iterable[Source]) -> Standing:
    """Count what is up to date: courses, where all that is missing concerns one, else sources."""
    sources = tuple(sources)
    as_of = min((s.fetched_at for s in sources if s.fetched_at), default=None)
    courses: dict[str, bool] = {}
    for source in sources:
        if source.course_id is not None:
            good = source.status == "fresh"
            courses[source.course_id] = courses.get(source.course_id, True) and good
    if courses and all(source.here for source in sources if source.course_id is None):
        return Standing(sum(courses.values()), len(courses), "course", as_of)
    fresh = sum(source.status == "fresh" for source in sources)
    return Standing(fresh, len(sources), "part", as_of)


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


def passing(error: CanvasError | None) -> bool:
    """Whether an older answer may stand in: Canvas did not take the right to see it away."""
    lasting = AuthenticationError | AuthorizationError | NotFound
    return error is not None and not isinstance(error, lasting)


def came(read: int, expected: int | None) -> str:
    """How much of a list is here: "3 of 5 pages came." """
    if expected:
        return f"{read} of {expected} pages came."
    return "The first page came." if read == 1 else f"The first {read} pages came."


def sentence(text: str) -> str:
    """The client's words as a sentence."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


HIDDEN = {
    "term": "terms",
    "total_scores": "course totals",
    "current_grading_period_scores": "totals of the current grading period",
    "favorites": "favourites",
    "course_progress": "progress in modules",
    "concluded": "which courses are over",
    "sections": "sections",
    "needs_grading_count": "how much waits for grading",
    "total_students": "numbers of students",
    "course_image": "course pictures",
    "restrict_quantitative_data": "which courses show letters only",
    "grading_scheme": "the grading scheme",
    "syllabus_body": "the syllabus",
    "teachers": "the teachers",
    "assignments": "assignments",
    "assignment": "titles and due dates",
    "submission": "what you handed in and your grades",
    "submission_comments": "comments",
    "submission_html_comments": "comments",
    "submission_history": "earlier attempts",
    "rubric_assessment": "ratings by rubric",
    "score_statistics": "how the class did",
    "can_submit": "whether you can hand in",
    "user": "whose work it is",
    "planner_overrides": "what you marked as done",
    "course": "names of courses",
}
"""What an include would have brought, in words for the person who looks at the page."""

ALLOW_INCLUDES = (
    "Canvas drops every include parameter of Easel's developer key, because the key enforces "
    "scopes and does not allow them. In Canvas (Admin, Developer Keys) edit the key and switch on "
    "Allow Include Parameters; nobody needs to sign in again."
)


def hidden(includes: Iterable[str]) -> str:
    """Say what the school's set-up keeps from the page."""
    words = list(dict.fromkeys(HIDDEN.get(name, name.replace("_", " ")) for name in includes))
    listed = " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
    return f"Your school's set-up of Easel hides this: {listed}."


def plain(error: CanvasError) -> str:
    """Say what happened in words for the person who looks at the page."""
    match error:
        case MissingScope():
            return (
                "The developer key of this Easel does not cover this. For whoever runs it: "
                "python -m canvas_app scopes prints the scopes the key must grant."
            )
        case AuthorizationError():
            return "Canvas does not share this with you."
        case NotFound():
            return "Canvas does not have this."
        case Throttled():
            return "Canvas takes no more requests for you at this moment. Try again soon."
        case MalformedAnswer():
            return "Canvas gave an answer that could not be read."
        case Unavailable(status=None):
            return "Canvas did not answer in time."
        case Unavailable():
            return "Canvas has trouble of its own at the moment."
        case _:
            return "Canvas did not accept the request."
