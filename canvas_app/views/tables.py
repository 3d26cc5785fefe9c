"""Large tables that are sent while they are made: JSON twins with pages, and CSV files."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import Response, request

from canvas_app.canvas.errors import CanvasError
from canvas_app.sources.answer import Source, complete
from canvas_app.views.answers import plain_failure, source_json
from canvas_app.views.csv_table import Cell, csv_lines

PER_PAGE, MOST_PER_PAGE = 50, 500
PART = 64  # rows in one part of the answer


@dataclass(frozen=True)
class Slice:
    """The rows of a table to show: one page of ``per_page``, counted from 1, or all of them."""

    page: int | None = None
    per_page: int = PER_PAGE

    @classmethod
    def from_query(cls) -> "Slice":
        """Read ``page`` and ``per_page`` of this request; what is not a whole number is ignored."""
        page = request.args.get("page", "")
        per_page = request.args.get("per_page", "")
        most = min(int(per_page[:9]), MOST_PER_PAGE) if per_page.isdecimal() else PER_PAGE
        number = int(page) if page.isdecimal() and len(page) < 10 else 0
        return cls(number or None, most or PER_PAGE)

    def of(self, rows: Sequence[Any]) -> Sequence[Any]:
        return rows[self.place()]

    def place(self) -> slice:
        """Return the slice of rows to show."""
        if self.page is None:
            return slice(None)
        first = (self.page - 1) * self.per_page
        return slice(first, first + self.per_page)


def json_stream(
    head: dict[str, Any], rows: Iterable[Any], tail: Callable[[], dict[str, Any]]
) -> Response:
    """Stream a twin's rows as they come: ``head``, then ``data``, then what ``tail`` returns.

    A failure after the first row can no longer change the status, so the tail reports it.
    """

    def parts() -> Iterator[bytes]:
        yield msgspec.json.encode(head)[:-1] + (b"," if head else b"") + b'"data":['
        last: dict[str, Any] = {}
        waiting: list[bytes] = []
        first = True
        try:
            for row in rows:
                waiting.append((b"" if first else b",") + msgspec.json.encode(row))
                first = False
                if len(waiting) >= PART:
                    yield b"".join(waiting)
                    waiting.clear()
            last = tail()
        except CanvasError as error:
            last = broken_off(error)
        yield b"".join(waiting) + b"]," + msgspec.json.encode(last)[1:]

    answer = Response(parts(), mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def broken_off(error: CanvasError) -> dict[str, Any]:
    """Return what follows the rows of a twin that failed before its last row."""
    said = plain_failure(error)
    source = {"name": "page", "status": "failed", "fetched_at": None, "detail": said}
    return {"complete": False, "sources": [source], "error": said}


def ending(sources: Iterable[Source]) -> dict[str, Any]:
    """Return the ``complete`` and ``sources`` of a twin."""
    found = tuple(sources)
    return {"complete": complete(found), "sources": [source_json(source) for source in found]}


def csv_stream(
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    lacks: Callable[[], Sequence[str]],
) -> Response:
    """Stream a CSV file's rows as they come.

    ``lacks`` is called after the last row and returns what is missing. Each sentence becomes a last
    line that begins with ``# INCOMPLETE``; a file without such a line is complete.
    """

    def parts() -> Iterator[str]:
        yield "\ufeff"
        try:
            yield from csv_lines(columns, rows, PART)
            missing = list(lacks())
        except CanvasError as error:
            missing = [plain_failure(error)]
        for said in missing:
            text = " ".join(said.split())
            yield f"# INCOMPLETE: {text}\r\n"

    answer = Response(parts(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def lacking_parts(sources: Iterable[Source]) -> list[str]:
    """Return what is missing from a table, one sentence for each source."""
    return [
        f"{source.name} ({source.status}) {source.detail}".rstrip()
        for source in sources
        if not source.here
    ]
