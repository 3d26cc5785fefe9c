"""Whether Canvas answered ``include[]``, or never read it.

A developer key that enforces scopes without *Allow Include Parameters*, which is how Canvas makes
one, loses ``include`` and ``includes`` before any controller reads them, all but ``uuid``. No error
says so (canvas-lms ``lib/authentication_methods.rb``), the answers are merely smaller. They tell it
by a field that was asked for and is *absent* on every row: one that is empty or null was answered.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from msgspec import UNSET


def included(call: "partial[Any]") -> tuple[str, ...]:
    """What a call of a :class:`~canvas_app.canvas.api.CanvasAPI` method asks Canvas to include."""
    return tuple(call.keywords.get("include", ()))


def answered(call: "partial[Any]", value: Any) -> bool | None:
    """Whether Canvas read the includes of a call; None when its answer cannot tell.

    ``value`` is the object or the list of rows that came. Only the field that the endpoint names
    in ``tells`` counts: Canvas writes that one for everybody, while others (totals, counts) depend
    on the person. No row, and only stubs of closed courses, tell nothing.
    """
    tells: str = getattr(call.func, "tells", "")
    if not tells or not included(call):
        return None
    rows = value if isinstance(value, list) else [value]
    found = list(_came(rows, tells.split(".")))
    return any(found) if found else None


def _came(rows: Iterable[Any], path: list[str]) -> Iterator[bool]:
    """For each row that can tell: whether the field at the path is there."""
    for row in rows:
        for name in path[:-1]:
            row = getattr(row, name, None)
        if row is not None and not _silent(row, path[-1]):
            yield getattr(row, path[-1], UNSET) is not UNSET


def _silent(row: Any, name: str) -> bool:
    """Whether Canvas leaves the field out of this row, whatever is asked.

    A closed course is a stub of two keys; ``can_submit`` is written for no quiz
    (``lib/api/v1/assignment.rb``).
    """
    if name == "can_submit":
        return "online_quiz" in (row.submission_types or ())
    return bool(getattr(row, "access_restricted_by_date", None))


def sure(call: "partial[Any]") -> bool:
    """Whether the endpoint's telltale is there for everybody, at any moment."""
    return not getattr(call.func, "own", False)


OnIncludes = Callable[[tuple[str, ...], bool], None]
"""Hears of each answer that tells: what was asked for, and whether Canvas read it."""
