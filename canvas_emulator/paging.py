"""How Canvas cuts lists into pages and writes the Link header (``lib/api.rb``)."""

import base64
import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import quote_plus

import msgspec

Row = TypeVar("Row")

DEFAULT_PER_PAGE = 10
LINK_LIMIT = 6144
"""Characters that all links together may take; Canvas drops the rest (``lib/api.rb``)."""

_ORDER = ("current", "next", "prev", "first", "last")
_IMPORTANCE = ("next", "last", "prev", "current", "first")
_DROPPED = frozenset({"page", "per_page", "access_token", "api_key"})
_LEADING = re.compile(r"\s*[+-]?[0-9]+")


class InvalidPage(Exception):
    """The list has no such page; ``bookmarked`` says which kind of list it is."""

    def __init__(self, *, bookmarked: bool) -> None:
        super().__init__("invalid page")
        self.bookmarked = bookmarked


@dataclass(frozen=True)
class Paged:
    """One page of a list: rows ready for JSON, their Link header, and ``meta.pagination``."""

    rows: list[Any]
    link: str
    pagination: dict[str, Any]


class Skew(Protocol):
    """How far a list has moved while a client reads it: rows added, removed or repeated."""

    @property
    def overlap(self) -> int:
        """The number of rows of the page before that this page repeats."""

    @property
    def place(self) -> int:
        """The number of rows that stand before the removed ones."""

    def removed(self) -> int: ...
    def added(self) -> int: ...
    def delivered(self, page: int) -> None: ...


@dataclass(frozen=True)
class Request:
    """The parts of a request that paging needs."""

    url: str
    query: Sequence[tuple[str, str]]
    page: str | None
    per_page: str | None
    maximum: int = 100
    skew: Skew | None = None

    def size(self, default: int) -> int:
        """Return the number of rows of a page, 1 to ``maximum``; Canvas takes nonsense for 1."""
        if self.per_page is None:
            return min(default, self.maximum)
        return max(1, min(leading(self.per_page), self.maximum))


def leading(text: str) -> int:
    """Return the number a text begins with, or 0, like Ruby's ``to_i``: ``5x`` is 5."""
    found = _LEADING.match(text)
    return int(found[0]) if found else 0


def numbered(
    request: Request,
    rows: Sequence[Row],
    default: int,
    render: Callable[[Row], Any] | None,
    keep: Callable[[Row], bool] | None,
    *,
    in_memory: bool = False,
    counted: bool = True,
) -> Paged:
    """Return a page of a list whose pages are 1, 2, 3...; a page past the end is empty.

    Past the end, ``last`` is the requested page for a list from the database, but the true last
    page for a list that Canvas holds in memory (``in_memory``; ``lib/api.rb``). Where Canvas does
    not count the rows (``counted=False``), it takes a page that is not full for the last one,
    while a full page links to a next one that may be empty (derived from the source). Raises
    InvalidPage for a page below 1.
    """
    size = request.size(default)
    page = _number(request.page)
    place, removed, fresh = _skewed(request, len(rows))
    total = len(rows) + fresh - removed
    start = (page - 1) * size - fresh
    stop = start + size
    if request.skew is not None and page > 1:
        start -= request.skew.overlap
    shown = _without(rows, place, removed, max(start, 0), max(stop, 0))
    part = _rendered(shown, render, keep)
    if start < 0 and fresh:
        part = _invented(_rendered(rows[:1], render, None)[0], min(-start, size), start) + part
    if request.skew is not None:
        request.skew.delivered(page)
    last = max(1, -(-total // size))
    pages = _numbers(page, last, in_memory)
    if not counted:
        pages |= _uncounted(page, stop <= total)
    counts = {
        "page": page,
        "template": _url(request, "{page}", size),
        "count": total,
        "page_count": last,
    }
    if not counted:
        del counts["count"], counts["page_count"]
    return _paged(request, part, pages, size, counts)


def _skewed(request: Request, total: int) -> tuple[int, int, int]:
    """Return where rows were removed, how many, and how many were added at the front."""
    if request.skew is None:
        return 0, 0, 0
    place = min(request.skew.place, total)
    return (
        place,
        min(request.skew.removed(), total - place),
        request.skew.added() if total else 0,
    )


def _numbers(page: int, last: int, in_memory: bool) -> dict[str, str | None]:
    """Return the page that each link names; None for a link that is left out."""
    return {
        "current": str(page),
        "next": str(page + 1) if page < last else None,
        "prev": str(page - 1) if page > 1 else None,
        "first": "1",
        "last": str(last if in_memory else max(page, last)),
    }


def _uncounted(page: int, full: bool) -> dict[str, str | None]:
    if full:
        return {"next": str(page + 1), "last": None}
    return {"next": None, "last": str(page)}


def bookmarked(
    request: Request,
    rows: Sequence[Row],
    key: Callable[[Row], Any],
    default: int,
    render: Callable[[Row], Any] | None,
    keep: Callable[[Row], bool] | None,
) -> Paged:
    """Return a page of a list sorted by ``key``, whose pages are named by opaque bookmarks.

    Raises InvalidPage for a page number above 1. A bookmark that cannot be read starts again at
    the first page, without an error (``bookmarked_collection/collection.rb``).
    """
    size = request.size(default)
    asked = request.page
    if asked is not None and leading(asked) > 1:
        raise InvalidPage(bookmarked=True)
    start, current = 0, "first"
    if asked is not None and asked.startswith("bookmark:"):
        try:
            place = _unsealed(asked.removeprefix("bookmark:"))
            start = bisect_right(rows, place, key=lambda row: _comparable(key(row)))
            current = asked
        except (ValueError, TypeError, binascii.Error, msgspec.DecodeError):
            start = 0
    stop = start + size
    following = None
    if stop < len(rows):
        following = "bookmark:" + _sealed(_comparable(key(rows[stop - 1])))
    if request.skew is not None:
        start = max(0, start - (request.skew.overlap if start else 0))
    part = _rendered(rows[start:stop], render, keep)
    # Canvas does not count these rows, so only the final page has a link to the last one.
    last = current if following is None else None
    pages = {"current": current, "next": following, "first": "first", "last": last}
    return _paged(request, part, pages, size, {})


def _paged(
    request: Request,
    rows: list[Any],
    pages: dict[str, str | None],
    size: int,
    counts: dict[str, Any],
) -> Paged:
    """Return a page with its links, for the header and for JSON:API's ``meta.pagination``."""
    urls = {
        relation: _url(request, value, size)
        for relation, value in pages.items()
        if value is not None
    }
    return Paged(rows, link_header(request, pages, size), {"per_page": size} | urls | counts)


def link_header(request: Request, pages: dict[str, str | None], per_page: int) -> str:
    """Return the Link header: current, next, prev, first and last, joined by commas without spaces.

    When they are longer than LINK_LIMIT together, the less important ones are left out.
    """
    links: dict[str, str] = {}
    length = 0
    for relation in _IMPORTANCE:
        value = pages.get(relation)
        if value is None:
            continue
        link = f'<{_url(request, value, per_page)}>; rel="{relation}"'
        if length + len(link) > LINK_LIMIT:
            break
        length += len(link)
        links[relation] = link
    return ",".join(links[relation] for relation in _ORDER if relation in links)


def _url(request: Request, page: str, per_page: int) -> str:
    return f"{request.url}?{_query(request.query)}page={page}&per_page={per_page}"


def _query(parameters: Iterable[tuple[str, str]]) -> str:
    """Return the query that links keep, encoded again and sorted as Rails's ``to_query`` does it.

    Rails keeps only the last value of a parameter that is repeated without brackets.
    """
    groups: dict[str, list[str]] = {}
    for name, value in parameters:
        if name not in _DROPPED:
            group = groups.setdefault(name, [])
            if not name.endswith("[]"):
                group.clear()
            group.append(f"{quote_plus(name)}={quote_plus(value)}")
    kept = sorted("&".join(group) for group in groups.values())
    return "&".join(kept) + "&" if kept else ""


def _number(page: str | None) -> int:
    if page is None:
        return 1
    if leading(page) < 1:
        raise InvalidPage(bookmarked=False)
    return leading(page)


def _without(rows: Sequence[Row], place: int, count: int, start: int, stop: int) -> Sequence[Row]:
    """Return rows ``start`` to ``stop`` of the list that lacks ``count`` rows at ``place``."""
    if start >= place:
        return rows[start + count : stop + count]
    rest = rows[place + count : max(stop, place) + count]
    return [*rows[start : min(stop, place)], *rest]


def _rendered(
    rows: Sequence[Row],
    render: Callable[[Row], Any] | None,
    keep: Callable[[Row], bool] | None,
) -> list[Any]:
    kept = rows if keep is None else [row for row in rows if keep(row)]
    return list(kept) if render is None else [render(row) for row in kept]


def _invented(model: Any, count: int, start: int) -> list[Any]:
    """Return rows that arrived at the front during the reading: copies with ids of their own."""
    if not isinstance(model, dict):
        return [model] * count
    return [model | {"id": 900_000_000 - start - place} for place in range(count)]


def _comparable(key: Any) -> list[Any]:
    parts = key if isinstance(key, tuple | list) else (key,)
    return [
        part.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        if isinstance(part, datetime)
        else part
        for part in parts
    ]


def _sealed(key: list[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def _unsealed(text: str) -> list[Any]:
    return msgspec.json.decode(base64.b64decode(text + "=" * (-len(text) % 4), b"-_"), type=list)
