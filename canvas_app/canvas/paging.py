"""Canvas's lists: every row once, in order, and whether the list is certainly complete."""

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import chain, islice
from threading import Lock
from typing import Any, Generic, TypeVar

import msgspec

from canvas_app.canvas import mending
from canvas_app.canvas.errors import CanvasError, MalformedAnswer

_T = TypeVar("_T")

_BUILDING = Lock()
_PARAMETERS = re.compile(r'(?:\s*+;\s*+[^\s=;,]++\s*+(?:=\s*+(?:"[^"]*+"|[^\s;,"]*+))?+)*+')
_PAGE = re.compile(r"([?&]page=)(\d{1,9})(?=&|$)")
_PER_PAGE = re.compile(r"[?&]per_page=(\d{1,9})(?=&|$)")
_PARAMETER = re.compile(r';\s*([^\s=;,]+)\s*(?:=\s*(?:"([^"]*)"|([^\s;,"]*)))?')


def links(header: str | None) -> dict[str, str]:
    """Read a ``Link`` header into ``{rel: URL}`` (RFC 8288): any case, any order of parameters.

    A URL ends at its ``>``, so it may contain ``;`` and ``,``; the first of equal rels wins.
    """
    found: dict[str, str] = {}
    for url, parameters in _links(header or ""):
        for name, quoted, plain in _PARAMETER.findall(parameters):
            if name.lower() == "rel":
                for rel in (quoted or plain).lower().split():
                    found.setdefault(rel, url)
    return found


def _links(header: str) -> Iterator[tuple[str, str]]:
    """Return each URL with the text of its parameters, in one pass; skip unterminated links."""
    at = 0
    while (start := header.find("<", at)) >= 0 and (end := header.find(">", start)) >= 0:
        parameters = _PARAMETERS.match(header, end + 1)
        at = parameters.end() if parameters else end + 1
        yield header[start + 1 : end], header[end + 1 : at]


@dataclass(frozen=True, slots=True)
class RawPage(Generic[_T]):
    """One page: its rows, its links' targets (path and query), and the number of malformed rows.

    ``lost`` counts the values left out of its rows.
    """

    rows: list[_T]
    links: dict[str, str]
    odd: int = 0
    lost: int = 0

    def number(self, rel: str) -> int | None:
        """Return the page number in a link; None when it has none (bookmarks)."""
        return _page_number(self.links[rel]) if rel in self.links else None


Fetch = Callable[[str], RawPage[_T]]


def decode_page(body: bytes, type: Any, path: str) -> tuple[list[Any], dict[str, str], int]:
    """Decode a page; return its rows, links found in the body, and the number of malformed rows.

    The list is the whole body or a member of an object (``{"quizzes": [...], "meta": {"pagination":
    ...}}``): the one named like the path's last segment, or the only list. A row that does not fit
    ``type`` is left out and counted; values left out of a row are reported to
    :func:`.mending.losses`. Raise ``msgspec.MsgspecError`` when there is no list at all.
    """
    try:
        if not mending.at_the_edge(body, type):
            return decoder(list[type]).decode(body), {}, 0
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    raw = _anything(body, type)
    wrapped: dict[str, str] = {}
    if isinstance(raw, dict):
        wrapped = _links_in_body(raw)
        raw = _list_in(raw, path)
    if not isinstance(raw, list):
        raise msgspec.ValidationError("Expected a list")
    rows, odd = [], 0
    for row in raw:
        lost: list[str] = []
        try:
            rows.append(mending.fit(row, type, lost))
        except msgspec.ValidationError:
            odd += 1
        else:
            mending.report(lost)
    return rows, wrapped, odd


def decode_one(body: bytes, type: Any) -> Any:
    """Decode one object; report values left out of it to :func:`.mending.losses`."""
    try:
        if not mending.at_the_edge(body, type):
            return decoder(type).decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    lost: list[str] = []
    found = mending.fit(_anything(body, type), type, lost)
    mending.report(lost)
    return found


def _anything(body: bytes, type: Any) -> Any:
    """Decode JSON; repair broken text, and move extreme dates inwards where the type needs it."""
    try:
        raw = decoder(Any).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            raw = mending.read(body)
        except ValueError:
            raise error from None
    return mending.inwards(raw) if mending.is_model(type) else raw


@lru_cache(maxsize=256)
def decoder(type: Any) -> msgspec.json.Decoder[Any]:
    """Return a JSON decoder for a type; only one thread at a time may build one.

    While msgspec analyses a Struct for the first time, another thread that decodes with it crashes
    the process (0.22). The models are therefore analysed at import.
    """
    with _BUILDING:
        return msgspec.json.Decoder(type, strict=False)


def _list_in(answer: dict[str, Any], path: str) -> Any:
    word = path.rstrip("/").rpartition("/")[2]
    if isinstance(answer.get(word), list):
        return answer[word]
    lists = [v for k, v in answer.items() if isinstance(v, list) and k not in ("links", "linked")]
    return lists[0] if len(lists) == 1 else None


def _links_in_body(answer: dict[str, Any]) -> dict[str, str]:
    meta = answer.get("meta")
    pagination = meta.get("pagination") if isinstance(meta, dict) else None
    if not isinstance(pagination, dict):
        return {}
    rels = ("current", "next", "prev", "first", "last")
    return {rel: pagination[rel] for rel in rels if isinstance(pagination.get(rel), str)}


class Pages(Generic[_T]):
    """A lazy list: iterate over its rows; no request is sent before the first.

    ``complete`` is None until the list was read to its end, then whether it is certainly complete;
    ``why`` gives the reason when it is not. ``pages_expected`` is None when Canvas does not say.
    Memory is bounded by two rounds of ``parallel`` pages. Threads may not share one ``Pages``.
    ``uneven`` lists have longer, shorter or empty pages even when nothing changed, because Canvas
    adds and removes rows after it cut the pages.
    """

    def __init__(
        self,
        fetch: Fetch[_T],
        first: str,
        *,
        path: str,
        parallel: int,
        max_pages: int,
        uneven: bool = False,
    ) -> None:
        self._reading: _Reading[_T] = _Reading(fetch, first, path, parallel, max_pages, uneven)
        # The generator holds no reference to self, so an abandoned list is freed at once.
        self._rows = self._reading.rows()

    def __iter__(self) -> Iterator[_T]:
        return self._rows

    def __next__(self) -> _T:
        return next(self._rows)

    def __repr__(self) -> str:
        return f"Pages({self._reading.path!r}, read={self.pages_read}, complete={self.complete})"

    @property
    def complete(self) -> bool | None:
        return self._reading.complete

    @property
    def why(self) -> str:
        return "; ".join(self._reading.why)

    @property
    def unread(self) -> bool:
        """Whether all pages came and only malformed values are missing."""
        return bool(self._reading.unread) and self._reading.why == self._reading.unread

    @property
    def pages_read(self) -> int:
        return self._reading.pages_read

    @property
    def pages_expected(self) -> int | None:
        return self._reading.pages_expected


@dataclass(slots=True)
class _Reading(Generic[_T]):
    """The state of reading one list, and the irregularities found so far."""

    fetch: Fetch[_T]
    first: str
    path: str
    parallel: int
    max_pages: int
    uneven: bool = False
    complete: bool | None = None
    why: list[str] = field(default_factory=list)
    pages_read: int = 0
    pages_expected: int | None = None
    rows_read: int = 0
    odd: int = 0
    lost: int = 0
    unread: list[str] = field(default_factory=list)
    repeats: int = 0
    keyed: bool = True
    asked: set[int] = field(default_factory=set)
    window: deque[frozenset[Any]] = field(default_factory=deque)

    def rows(self) -> Iterator[_T]:
        # A thread pool of its own: a call waiting for one person's bucket must not delay another
        # person's list, and a list read inside a pool must not wait for a thread of that pool.
        threads = ThreadPoolExecutor(self.parallel, "canvas-pages")
        try:
            page = self._arrived(self.first, self.fetch(self.first))
            last = _numbered_to(page)
            yield from (
                self._followed(page, threads)
                if last is None
                else self._numbered(page, last, threads)
            )
        except CanvasError as error:
            self.complete = False
            self._note(error.message)
            error.done = (
                f"Before that, {_counted(self.pages_read, 'page')} with "
                f"{_counted(self.rows_read, 'row')} had been read."
            )
            raise
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
        self.unread = [
            f"{_counted(count, what)} could not be understood and {'is' if count == 1 else 'are'} "
            "left out"
            for count, what in ((self.odd, "row"), (self.lost, "value"))
            if count
        ]
        for what in self.unread:
            self._note(what)
        if self.repeats:
            twice = _counted(self.repeats, "row")
            self._note(f"the list changed while it was read: {twice} came twice")
        self.complete = not self.why

    def _sent(self, threads: ThreadPoolExecutor, target: str) -> "Future[RawPage[_T]]":
        """Fetch in a thread with the reader's context, so that the log names the caller."""
        return threads.submit(copy_context().run, self.fetch, target)

    def _followed(self, page: RawPage[_T], threads: ThreadPoolExecutor) -> Iterator[_T]:
        """Follow ``next``; from the second row on, fetch one page ahead of the reader."""
        while True:
            rows = self._fresh(page)
            target = page.links.get("next")
            ahead: Future[RawPage[_T]] | None = None
            yield from rows[:1]
            if target is not None and self._may_ask(target):
                ahead = self._sent(threads, target)
            yield from rows[1:]
            if target is None:
                return
            self._refuse_loops(target)
            if ahead is None:
                raise self._ceiling()
            page = self._arrived(target, ahead.result())

    def _numbered(self, page: RawPage[_T], last: int, threads: ThreadPoolExecutor) -> Iterator[_T]:
        """Read the pages up to ``last`` in parallel, yield them in order, then check for changes.

        Easel writes these page numbers itself, the one exception to following ``next``. The first
        page is fetched again together with the last pages, so the check costs no extra round trip.
        """
        self.pages_expected = last
        per_page = _page_size(page.links["next"]) or len(page.rows) + page.odd
        keys = [_key(row) for row in page.rows]
        final = min(last, self.max_pages)
        numbers = range(page.number("next") or 2, final + 1)
        template = page.links["next"]
        targets = chain((_with_page(template, number) for number in numbers), [self.first])
        ahead = _Ahead(targets, 2 * self.parallel, partial(self._sent, threads))
        rows = self._fresh(page)
        self._check_size(page, per_page)
        yield from rows[:1]
        ahead.send()
        yield from rows[1:]
        for number in numbers:
            self._refuse_loops(page.links.get("next"))
            target, future = ahead.take()
            page = self._arrived(target, future.result())
            ahead.send()
            if page.number("last") not in (last, None) or not page.links:
                self._note("the list changed while it was read: its number of pages did")
            if number < final:
                self._check_size(page, per_page)
            yield from self._fresh(page)
        if last > final:
            raise self._ceiling()
        if "next" in page.links:
            self._note("the list changed while it was read: it grew at its end")
            yield from self._followed(RawPage([], page.links), threads)
        self._compare(keys, ahead.take()[1])

    def _arrived(self, target: str, page: RawPage[_T]) -> RawPage[_T]:
        """Count a page and remember its address, to detect loops."""
        self.asked.add(hash(target))
        if "current" in page.links:
            self.asked.add(hash(page.links["current"]))
        if not page.links and self.pages_read:
            self._note("a page came without the Link header that names the next one")
        elif not page.links and len(page.rows) + page.odd == _page_size(self.first):
            self._note("the first page is full and came without a Link header")
        ended = not page.rows and not page.odd and "next" not in page.links
        if ended and not self.uneven and (_page_number(target) or 1) > 1:
            # When rows vanish meanwhile, Canvas gives an empty page and calls it the last
            # (``lib/api.rb``). Bookmarks continue where the last page ended, so they lose nothing.
            self._note("the list changed while it was read: its last page came empty")
        self.pages_read += 1
        return page

    def _fresh(self, page: RawPage[_T]) -> list[_T]:
        """Return the rows that are not on one of the last few pages too.

        A list with repeated ids on one page (a feed of versions) is not deduplicated by id.
        """
        rows = page.rows
        self.odd += page.odd
        self.lost += page.lost
        keys = [_key(row) for row in rows]
        ids = frozenset(keys) - {None}
        if len(ids) < len(keys) - keys.count(None):
            self.keyed = False
        if self.keyed:
            known = {key for earlier in self.window for key in ids & earlier}
            if known:
                rows = [row for row, key in zip(rows, keys, strict=True) if key not in known]
                self.repeats += len(keys) - len(rows)
            self.window.append(ids)
            if len(self.window) > 2 * self.parallel:
                self.window.popleft()
        self.rows_read += len(rows)
        return rows

    def _may_ask(self, target: str) -> bool:
        return hash(target) not in self.asked and self.pages_read < self.max_pages

    def _refuse_loops(self, target: str | None) -> None:
        if target is not None and hash(target) in self.asked:
            raise MalformedAnswer(
                "Canvas's next link leads back to a page already read; the list never ends.",
                method="GET",
                path=self.path,
                repeat_is_safe=True,
            )

    def _ceiling(self) -> MalformedAnswer:
        return MalformedAnswer(
            f"The list is longer than the {self.max_pages:,} pages allowed; raise max_pages.",
            method="GET",
            path=self.path,
            repeat_is_safe=True,
        )

    def _check_size(self, page: RawPage[_T], per_page: int) -> None:
        if len(page.rows) + page.odd < per_page and not self.uneven:
            self._note("a page before the last is short: the list changed, or rows are hidden")

    def _compare(self, keys: Sequence[Any], again: Future[RawPage[_T]]) -> None:
        try:
            page = again.result()
        except CanvasError as error:
            self._note(f"whether the list changed could not be checked: {error.message}")
            return
        if [_key(row) for row in page.rows] != keys:
            self._note("the list changed while it was read: its first page is different now")

    def _note(self, why: str) -> None:
        if why not in self.why:
            self.why.append(why)


class _Ahead(Generic[_T]):
    """Pages fetched ahead: at most ``most`` at a time, taken in the order of the targets."""

    def __init__(
        self, targets: Iterator[str], most: int, send: "Callable[[str], Future[RawPage[_T]]]"
    ) -> None:
        self._targets = targets
        self._most = most
        self._send = send
        self._sent: deque[tuple[str, Future[RawPage[_T]]]] = deque()

    def send(self) -> None:
        """Send as many further calls as the limit allows."""
        for target in islice(self._targets, self._most - len(self._sent)):
            self._sent.append((target, self._send(target)))

    def take(self) -> "tuple[str, Future[RawPage[_T]]]":
        """Return the target and answer of the next page."""
        return self._sent.popleft()


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _key(row: Any) -> int | str | None:
    """Return what identifies a row: its ``row_key``, or its ``id``, if it has one."""
    if isinstance(row, dict):
        key = row.get("id")
    else:
        key = getattr(row, "row_key", None) or getattr(row, "id", None)
    return key if isinstance(key, int | str) else None


def _numbered_to(page: RawPage[Any]) -> int | None:
    """Return the last page's number if all links are alike except for their page numbers."""
    following, last = page.number("next"), page.number("last")
    if following is None or last is None or last < following:
        return None
    alike = _with_page(page.links["next"], 0) == _with_page(page.links["last"], 0)
    return last if alike else None


def _page_number(target: str) -> int | None:
    number = _PAGE.search(target)
    return int(number[2]) if number else None


def _page_size(target: str) -> int | None:
    size = _PER_PAGE.search(target)
    return int(size[1]) if size else None


def _with_page(target: str, number: int) -> str:
    return _PAGE.sub(rf"\g<1>{number}", target, count=1)
