"""Find out whether Canvas read ``include[]`` or dropped it.

If a developer key enforces scopes without *Allow Include Parameters*, which is Canvas's default,
Canvas drops ``include`` and ``includes`` (all but ``uuid``) before any controller reads them.
There is no error (canvas-lms ``lib/authentication_methods.rb``); the answers are only smaller. It
shows in a requested field that is *absent* on every row; an empty or null field was read.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from msgspec import UNSET


def included(call: "partial[Any]") -> tuple[str, ...]:
    """Return what a call of a :class:`~canvas_app.canvas.api.CanvasAPI` method asks to include."""
    return tuple(call.keywords.get("include", ()))


def answered(call: "partial[Any]", value: Any) -> bool | None:
    """Return whether Canvas read the includes of a call; None when its answer cannot show it.

    ``value`` is the object or the list of rows that came. Only the field that the endpoint names
    in ``tells`` counts: Canvas writes that one for everybody, while others (totals, counts) depend
    on the person. An empty list shows nothing, nor does one with only stubs of closed courses.
    """
    tells: str = getattr(call.func, "tells", "")
    if not tells or not included(call):
        return None
    rows = value if isinstance(value, list) else [value]
    found = list(_came(rows, tells.split(".")))
    return any(found) if found else None


def _came(rows: Iterable[Any], path: list[str]) -> Iterator[bool]:
    """For each row that can show it: whether the field at the path is there."""
    for row in rows:
        for name in path[:-1]:
            row = getattr(row, name, None)
        if row is not None and not _silent(row, path[-1]):
            yield getattr(row, path[-1], UNSET) is not UNSET


def _silent(row: Any, name: str) -> bool:
    """Return whether Canvas leaves the field out of this row even if it is requested.

    A closed course is a stub of two keys, and quizzes have no ``can_submit``
    (``lib/api/v1/assignment.rb``).
    """
    if name == "can_submit":
        return "online_quiz" in (row.submission_types or ())
    return bool(getattr(row, "access_restricted_by_date", None))


def sure(call: "partial[Any]") -> bool:
    """Return whether Canvas writes the endpoint's ``tells`` field for everybody, at any moment."""
    return not getattr(call.func, "own", False)


OnIncludes = Callable[[tuple[str, ...], bool], None]
"""Called for each answer that shows it, with the includes and whether Canvas read them."""
