"""Tables for spreadsheets: CSV whose cells are shown and never run."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from canvas_app.domain.calendar import local

# What spreadsheets take for the start of a formula, full-width forms too (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "|", "%")
Cell = str | float | bool | datetime | None


def csv_text(names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """RFC 4180 with a byte order mark, by which spreadsheets know UTF-8; every text is quoted."""
    return "\ufeff" + "".join(csv_lines(names, rows))


def csv_lines(
    names: Sequence[str], rows: Iterable[Sequence[Cell]], together: int = 64
) -> Iterator[str]:
    """The lines of such a file, so many ``together``, the first with the names of the columns."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(names)
    for number, row in enumerate(rows, 1):
        writer.writerow([cell(value) for value in row])
        if number % together == 0:
            yield written.getvalue()
            written.seek(0)
            written.truncate()
    yield written.getvalue()


def cell(value: Cell) -> str | float:
    """A value as a spreadsheet may have it: numbers as they are, moments in UTC, text defused."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return value
        case datetime():
            return local(value, UTC).isoformat(" ", "seconds")[:19]
        case _:
            return defused(value)


def defused(text: str) -> str:
    """A text that would be run as a formula gets an apostrophe before it, so that it is shown."""
    text = text.replace("\x00", "")
    return f"'{text}" if text.lstrip(" \u00a0\u200b\ufeff").startswith(FORMULA) else text
