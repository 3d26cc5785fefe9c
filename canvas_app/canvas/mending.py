"""Lenient decoding of malformed answers from Canvas: whatever is readable is kept.

Answers that decode normally never come here.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from canvas_app.canvas.models import Model

# Losing one of these is not reported: pages do not show it, or show that it is absent.
BESIDES = frozenset(
    {
        *("position", "course_color", "image_download_url", "size", "speed_grader_url", "locale"),
        *("effective_locale", "is_favorite", "new_activity", "course_code", "html_url", "attempt"),
        *("extra_attempts", "filename", "original_name", "total_students", "time_zone"),
    }
)
# A week inside the limits, so that adding a time zone, a day or a week still gives a date.
FIRST, LAST = datetime(1, 1, 8, tzinfo=UTC), datetime(9999, 12, 24, tzinfo=UTC)
EDGES = (b'"0001-', b'"9999-')
LONGEST_NUMBER = 300  # digits; Python reads at most 4,300
BEYOND = 1e300  # replaces every larger number

_YEAR = re.compile(r"\s*([-+]?)(\d{4,9})-\d\d-\d\d")
_NO_TEXT = re.compile(r"[\ud800-\udfff\x00-\x08\x0b\x0c\x0e-\x1f]")
_losses: ContextVar[list[str] | None] = ContextVar("losses", default=None)


@contextmanager
def losses() -> Iterator[list[str]]:
    """Collect the names of fields lost from objects while the context is open."""
    found: list[str] = []
    token = _losses.set(found)
    try:
        yield found
    finally:
        _losses.reset(token)


def report(lost: list[str]) -> None:
    """Report lost fields to the open collector, if a page would miss them."""
    collected = _losses.get()
    if collected is not None:
        collected += gaps(lost)


def gaps(lost: list[str]) -> list[str]:
    """The lost fields that a page might show."""
    return [name for name in lost if name not in BESIDES]


def at_the_edge(body: bytes, kind: Any) -> bool:
    """Whether a model's JSON may contain dates that some time zone cannot represent."""
    return (EDGES[0] in body or EDGES[1] in body) and is_model(kind)


def is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Model)


def inwards(raw: Any) -> Any:
    """Return decoded JSON with dates of the first and last representable week moved inwards.

    The time of day is kept. No real work is due then, and arithmetic on such dates would fail.
    """
    match raw:
        case list():
            return [inwards(inner) for inner in raw]
        case dict():
            return {
                key: _inwards(inner) if str(key).endswith(("_at", "_date")) else inwards(inner)
                for key, inner in raw.items()
            }
    return raw


def _inwards(raw: Any) -> Any:
    if not isinstance(raw, str) or not re.match(r"\d{4}-\d\d-\d\d(?!\d)", raw):
        return raw
    day = min(max(raw[:10], f"{FIRST.date()}"), f"{LAST.date()}")
    return f"{day}{raw[10:]}"


def read(body: bytes) -> Any:
    """Decode JSON with broken text: invalid UTF-8, lone surrogates, control characters.

    Each of these becomes U+FFFD. Raise ``ValueError`` or ``RecursionError`` if it is not JSON in
    any other respect.
    """
    text = body.decode("utf-8-sig", "replace")
    raw = json.loads(
        text, strict=False, parse_int=_int, parse_float=_float, parse_constant=lambda _: None
    )
    return _cleaned(raw)


def _int(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_NUMBER else BEYOND


def _float(digits: str) -> float:
    return max(-BEYOND, min(float(digits), BEYOND))


def _cleaned(raw: Any) -> Any:
    match raw:
        case str():
            return _NO_TEXT.sub("\ufffd", raw)
        case list():
            return [_cleaned(inner) for inner in raw]
        case dict():
            return {_cleaned(key): _cleaned(inner) for key, inner in raw.items()}
    return raw


def fit(raw: Any, kind: Any, lost: list[str]) -> Any:
    """Convert decoded JSON to a type; leave out fields that do not fit and collect their names.

    Raise ``msgspec.ValidationError`` when the value does not fit at all, or when a required field
    (the id) does not.
    """
    try:
        return msgspec.convert(raw, kind, strict=False)
    except msgspec.ValidationError as error:
        options = _options(kind)
        for option in options:
            if option is str and int in options and isinstance(raw, float):
                continue  # the id is missing
            found = _mended(raw, option, lost)
            if found is not None:
                return found
        raise error from None


def _options(kind: Any) -> list[Any]:
    """The member types of a union, without their metadata."""
    whole = get_origin(kind) in (Union, UnionType)
    options = get_args(kind) if whole else (kind,)
    return [get_args(one)[0] if get_origin(one) is Annotated else one for one in options]


def _mended(raw: Any, kind: Any, lost: list[str]) -> Any:
    """Return as much of a malformed value as fits the type; None if nothing does."""
    if isinstance(raw, dict) and is_model(kind):
        return _object(raw, kind, lost)
    if isinstance(raw, list) and get_origin(kind) is list:
        (inner,) = get_args(kind)
        return [found for value in raw for found in _kept(value, inner, lost)]
    if isinstance(raw, dict) and get_origin(kind) is dict:
        inner = get_args(kind)[1]
        return {key: found for key, value in raw.items() for found in _kept(value, inner, lost)}
    if kind is str and isinstance(raw, int | float) and not isinstance(raw, bool):
        return str(raw) if isinstance(raw, int) else f"{raw:.15g}"
    return clamped_moment(raw) if kind is datetime and isinstance(raw, str) else None


def _object(raw: dict[str, Any], kind: type[Model], lost: list[str]) -> Model:
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name in raw:
            try:
                values[field.name] = fit(raw[field.encode_name], field.type, lost)
            except msgspec.ValidationError:
                if field.required:
                    raise
                lost.append(field.name)
        elif field.required:
            raise msgspec.ValidationError(f"Object missing required field `{field.name}`")
    return kind(**values)


def _kept(raw: Any, kind: Any, lost: list[str]) -> Iterator[Any]:
    """Yield the value as far as it fits; nothing when it does not fit at all."""
    try:
        yield fit(raw, kind, lost)
    except msgspec.ValidationError:
        lost.append("an entry")


def clamped_moment(text: str) -> datetime | None:
    """Parse a moment msgspec rejects: a year of five digits or before 1, or a date without time."""
    year = _YEAR.match(text)
    if year is None:
        return None
    if year[1] == "-" or int(year[2]) == 0:
        return FIRST
    if int(year[2]) > LAST.year:
        return LAST
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
