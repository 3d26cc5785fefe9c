"""CSV for spreadsheets, with cells that are shown and never run as formulas."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from canvas_app.domain.calendar import local

# Characters that start a formula in spreadsheets, also full-width (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "|", "%")
Cell = str | float | bool | datetime | None


def csv_text(names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return RFC 4180 text, all strings quoted, with a byte order mark that signals UTF-8."""
    return "\ufeff" + "".join(csv_lines(names, rows))


def csv_lines(
    names: Sequence[str], rows: Iterable[Sequence[Cell]], together: int = 64
) -> Iterator[str]:
    """Yield the lines of a CSV file, ``together`` at a time; the first holds the column names."""
    waiting: list[Sequence[Cell]] = [names]
    for row in rows:
        waiting.append(row)
        if len(waiting) >= together:
            yield csv_rows(waiting)
            waiting.clear()
    yield csv_rows(waiting)


def csv_rows(rows: Iterable[Sequence[Cell]]) -> str:
    """Return the lines of these rows."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_NONNUMERIC)
    for row in rows:
        writer.writerow([cell(value) for value in row])
    return written.getvalue()


def cell(value: Cell) -> str | float:
    """Return a value for a cell: numbers unchanged, moments in UTC, text that cannot run."""
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
    """Return the text; if a spreadsheet would run it as a formula, with an apostrophe before it."""
    text = text.replace("\x00", "")
    return f"'{text}" if text.lstrip(" \u00a0\u200b\ufeff").startswith(FORMULA) else text
