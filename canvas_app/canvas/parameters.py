"""Paths and parameters as Canvas reads them."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

from canvas_app.canvas.errors import InvalidId

_NO_ID = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")  # control characters and lone surrogates


def api_path(*segments: str | int) -> str:
    """Return ``/api/v1/...`` of words and ids: ``api_path("courses", course_id, "users")``.

    Whatever an id holds (``sis_course_id:A/1.b``) it stays one segment, so it cannot lead a call
    elsewhere. Raises ``InvalidId``, a ``ValueError`` too, for an id that is empty, a dot segment
    or has control characters.
    """
    return "/api/v1/" + "/".join(segment(part) for part in segments)


def segment(value: str | int) -> str:
    """Percent-encode one path segment, ``.`` too, because Rails reads a format after it."""
    text = str(value)
    if not text.strip() or _NO_ID.search(text):
        raise InvalidId("An id is not empty and has no control characters")
    # Some proxies decode %2F and then resolve dot segments.
    if {".", ".."} & set(text.replace("\\", "/").split("/")):
        raise InvalidId("An id is not a dot segment and has none")
    return quote(text, safe="~:").replace(".", "%2E")


def pairs(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Spell parameters Rails's way: ``include[]=a``, ``assignment[name]=b``, ``true``, UTC dates.

    None is left out. Raises ``ValueError`` for a datetime without a zone.
    """
    return [pair for name, value in params.items() for pair in _spelled(str(name), value)]


def _spelled(name: str, value: Any) -> Iterator[tuple[str, str]]:
    match value:
        case None:
            return
        case bool():
            yield name, "true" if value else "false"
        case Mapping():
            for key, inner in value.items():
                yield from _spelled(f"{name}[{key}]", inner)
        case list() | tuple():
            for inner in value:
                yield from _spelled(name if name.endswith("[]") else f"{name}[]", inner)
        case set() | frozenset():
            yield from _spelled(name, sorted(value))
        case datetime():
            if value.tzinfo is None:
                raise ValueError(f"{name} is a time without a zone")
            yield name, value.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"
        case date():
            yield name, value.isoformat()
        case _:
            yield name, str(value)
