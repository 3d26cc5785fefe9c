"""A page's sources: calls in parallel under one deadline, each with its own state."""

import copy
import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from typing import Any, Generic, TypeVar

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.errors import (
    AuthorizationError,
    CanvasError,
)
from canvas_app.canvas.includes import OnIncludes
from canvas_app.canvas.models import Course
from canvas_app.canvas.paging import Pages
from canvas_app.sources.answer import NotYet, Outcome, Source
from canvas_app.sources.cache import Cache
from canvas_app.sources.call import Call, Reader, Terms, request_key
from canvas_app.sources.refusals import is_refusal, left_out_note
from canvas_app.sources.watch import PageWatch
from canvas_app.sources.wording import (
    ALLOW_INCLUDES,
    error_text,
    hidden,
)

log = logging.getLogger(__name__)

_T = TypeVar("_T")


USUAL = Terms()
EVERYTHING = "all"  # among the names in ``again`` it means every source


class PageSource(Generic[_T]):
    """Source of a page: one or more calls, read when the page needs them."""

    def __init__(
        self,
        name: str,
        parts: Iterable[Call],
        course: Course | None = None,
        *,
        courses: Mapping[str, Course] | None = None,
        wait: bool = True,
    ) -> None:
        self.name = name
        self._calls = list(parts)
        self._course = course
        self._courses = courses or {}
        self._wait = wait
        self._settled = ""
        self._held = False
        self._needs: frozenset[str] | None = None
        self._said = ""
        self._seen: list[Outcome] | None = None
        self._about = ""

    def is_about(self, name: str) -> None:
        """Name the student whom it is about, if it is not the person's own."""
        self._about = name

    @property
    def waiting(self) -> bool:
        """Return whether an answer had not come when this early view was made."""
        return any(isinstance(answer.error, NotYet) for answer in self.answers())

    def add(self, part: Call) -> None:
        """Add a call, before any answer is read."""
        self._calls.append(part)

    def say(self, note: str) -> None:
        """Add a sentence to the source's detail without counting anything as missing."""
        self._said = note

    def needs(self, *includes: str) -> None:
        """Name the includes of this source that the page needs; by default all it asks for.

        If others are missing, nothing is reported: nothing shows them, or another call brought
        them.
        """
        self._needs = frozenset(includes)

    def dropped(self) -> tuple[str, ...]:
        """Return the includes asked for that Canvas dropped, each once; wait for the answers."""
        self.answers()
        return tuple(dict.fromkeys(name for part in self._calls for name in part.dropped()))

    def answers(self) -> list[Outcome]:
        """Return each call's answer. Those of an early view do not change once they were read.

        Otherwise an answer that comes while the view is made would be counted but not shown.
        """
        if self._wait:
            return [part.answer() for part in self._calls]
        if self._seen is None:
            self._seen = [part.answer(wait=False) for part in self._calls]
        return self._seen

    def answer(self, place: int) -> Outcome:
        """Return one call's answer without waiting for the calls after it."""
        return self._calls[place].answer() if self._wait else self.answers()[place]

    @property
    def error(self) -> CanvasError | None:
        """Return the first error among its calls."""
        return next((a.error for a in self.answers() if a.error), None)

    @property
    def denied(self) -> bool:
        """Return whether Canvas refuses this to the person; a missing scope is no such refusal."""
        return is_refusal(self.error)

    def hold(self) -> None:
        """Report this source as waiting, because only a later answer tells what a refusal means."""
        self._held = True

    def settle(self, detail: str) -> None:
        """Report this source as complete despite a refusal, because there is nothing to see.

        ``detail`` is the sentence that says why.
        """
        self._settled = detail

    def source(self) -> Source:
        """Return the source's state, once every call is answered or the deadline is over."""
        state = self._state()
        if self._about:
            state = replace(state, about=self._about)
        if self._course is None:
            return state
        named = self._course.name or f"Course {self._course.id}"
        return replace(state, course_id=self._course.id, course_name=named)

    def _state(self) -> Source:
        answers = self.answers()
        errors = [a.error for a in answers if a.error]
        came = [a.at for a in answers if a.at and not a.error]
        fetched_at = min(came, default=None)
        if self._held or any(isinstance(error, NotYet) for error in errors):
            return Source(self.name, "waiting", fetched_at)
        reasons = dict.fromkeys([error_text(e) for e in errors] + [a.why for a in answers if a.why])
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
        left_out = left_out_note([code for a in answers for code in a.left_out], names)
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


class ListSource(PageSource[_T]):
    """Source that is a list, joined from the lists of its calls."""

    _mended: list[_T] | None = None

    def mend(self, rows: list[_T], *lost: str) -> None:
        """Replace the rows, which came without their includes, by completed ones.

        ``lost`` are the includes that no other call brought either.
        """
        self._mended = rows
        self.needs(*lost)

    def arriving(self) -> Iterator[_T]:
        """Yield the rows as they come; in an early view only those that have come.

        A row may come twice, if an older answer stands in for one that broke off.
        """
        for part in self._calls:
            yield from part.arriving(wait=self._wait)

    def rows(self) -> list[_T]:
        """Return the rows that came, in order; :meth:`source` reports what is missing."""
        if self._mended is not None:
            return self._mended
        return [row for answer in self.answers() if not answer.error for row in answer.value]


class ObjectSource(PageSource[_T]):
    """Source that is one object."""

    def value(self) -> _T | None:
        found: _T | None = self.answers()[0].value
        return found

    def required(self) -> _T:
        """Return the object, or raise the CanvasError that came instead."""
        answer = self.answers()[0]
        if answer.error:
            raise answer.error
        found: _T = answer.value
        return found


class ObjectsSource(PageSource[_T]):
    """Source that is one object for each of its calls."""

    def values(self) -> list[_T]:
        """Return the objects that came, in order; :meth:`source` reports what is missing."""
        return [answer.value for answer in self.answers() if not answer.error]


class Sources:
    """The sources of one page, for one person, until one deadline.

    ``owner`` begins each cache key and is unique to the person. With ``cache_seconds`` 0 nothing is
    cached and nothing stale is shown. ``again`` names the sources that Canvas is asked for even if
    they are cached. ``on_includes`` is called with whether Canvas reads the includes it is asked
    for; ``watch`` records the page's questions and outcome. Work on ``pool`` never waits for other
    work on it.
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
        on_includes: OnIncludes = lambda includes, read: None,
        watch: PageWatch | None = None,
    ) -> None:
        self.reader = Reader(
            api,
            cache,
            pool,
            deadline=deadline,
            owner=owner,
            cache_seconds=cache_seconds,
            clock=clock,
            now=now,
            on_includes=on_includes,
            watch=watch or PageWatch(),
        )
        self.api = self.reader.api
        self.now = now
        self._again = frozenset(again)
        self._wait = True
        self._handles: list[PageSource[Any]] = []
        self._calls: dict[str, Call] = {}
        self._recalled: dict[str, Any] = {}
        self._lock = Lock()

    def start(
        self,
        name: str,
        *calls: "partial[Pages[_T]]",
        course: Course | None = None,
        courses: Mapping[str, Course] | None = None,
        terms: Terms = USUAL,
    ) -> ListSource[_T]:
        """Start a list: each call is a partial of a CanvasAPI method, and all run in parallel.

        ``course`` is the course it is about, if it is about one. ``courses`` are, by id, the
        courses whose names a note about withheld calendars uses.
        """
        parts = [self._shared_call(name, call, terms) for call in calls]
        handle: ListSource[_T] = ListSource(name, parts, course, courses=courses, wait=self._wait)
        self._handles.append(handle)
        return handle

    def add(self, handle: ListSource[_T], call: "partial[Pages[_T]]", terms: Terms = USUAL) -> None:
        """Start a further call of a list whose answers nobody has read yet."""
        handle.add(self._shared_call(handle.name, call, terms))

    def start_one(
        self,
        name: str,
        call: "partial[_T]",
        course: Course | None = None,
        terms: Terms = USUAL,
    ) -> ObjectSource[_T]:
        """Start a single object."""
        handle: ObjectSource[_T] = ObjectSource(
            name, [self._shared_call(name, call, terms)], course, wait=self._wait
        )
        self._handles.append(handle)
        return handle

    def start_many(self, name: str, *calls: "partial[_T]") -> ObjectsSource[_T]:
        """Start several single objects that are one source together."""
        handle: ObjectsSource[_T] = ObjectsSource(
            name, [self._shared_call(name, call) for call in calls], wait=self._wait
        )
        self._handles.append(handle)
        return handle

    def states(self) -> tuple[Source, ...]:
        """Return the state of each source, in order; wait for the slowest call or the deadline."""
        states = tuple(handle.source() for handle in self._handles)
        if not any(state.status == "waiting" for state in states):  # not an early view
            self.reader.watch.made(states)
        return states

    def beside(self) -> "Sources":
        """Return sources with the same calls but an empty list of their own, for a separate use."""
        other = copy.copy(self)  # shares the calls and their answers
        other._handles = []
        return other

    def early(self) -> "Sources":
        """Return sources for an early view, which show what has come and do not wait."""
        other = self.beside()
        other._wait = False
        return other

    def forget_calls(self) -> None:
        """Drop all calls: the page is finished, and they would keep its answers in memory."""
        self._handles.clear()
        self._calls.clear()
        self._recalled.clear()

    def kept(self, request: str, call: "partial[Any]") -> Outcome | None:
        """Return the cached answer to a request, whatever its age; never ask Canvas."""
        return self.reader.kept(request, call)

    @property
    def waits(self) -> bool:
        """Return whether answers are waited for; False in an early view."""
        return self._wait

    def recent(self, at: float) -> bool:
        """Return whether an answer of that moment (seconds since 1970) still counts as fresh."""
        return self.reader.recent(at)

    def remember(self, name: str, value: Any) -> None:
        """Store under a name what the page made of several answers, in the person's cache."""
        self.reader.remember(name, value)

    def recall(self, name: str, type: "type[_T]") -> _T | None:
        """Return what was remembered under a name; the same value throughout the page.

        None if there is nothing, or if the person asked for everything anew.
        """
        if EVERYTHING in self._again:
            return None
        with self._lock:
            if name not in self._recalled:
                self._recalled[name] = self.reader.recall(name, type)
            found: _T | None = self._recalled[name]
            return found

    def _shared_call(self, name: str, call: "partial[Any]", terms: Terms = USUAL) -> Call:
        """Return the page's :class:`Call` for a request; sources with the same request share it."""
        request = request_key(call)
        with self._lock:
            if request not in self._calls:
                again = not self._again.isdisjoint((name, EVERYTHING))
                terms = replace(terms, again=again or terms.again)
                self._calls[request] = Call(self.reader, call, terms)
            return self._calls[request]
