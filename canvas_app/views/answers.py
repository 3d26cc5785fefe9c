"""How views answer: with a page whose shell is sent first, or with its JSON twin."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from flask import Response
from flask.typing import ResponseReturnValue

from canvas_app.canvas.errors import AccessRefused, AuthenticationError, CanvasError
from canvas_app.current import current_sources, hurried
from canvas_app.services.early_views import PageLoader
from canvas_app.services.pages import Page, failed_twin
from canvas_app.sources.sources import Sources
from canvas_app.sources.wording import error_text
from canvas_app.troubles import Trouble
from canvas_app.views.streaming import stream_page

MakePage = Callable[[Sources], Page]


def own_list(template: str, make: MakePage, **shell: Any) -> ResponseReturnValue:
    """Stream a page of the person's own lists; the shell is sent before Canvas is asked."""
    # The sources are made now, because the template runs after the request has been handled.
    loader = PageLoader(current_sources(), make)
    if hurried() and not loader.complete_now():
        raise Trouble("too_many_pages")
    return stream_page(template, load=loader.whole, early=loader.early_views, **shell)


def twin(
    make: MakePage,
    *further: str,
    data: str = "rows",
    shapes: Mapping[str, Callable[[Any], Any]] | None = None,
) -> Response:
    """Return a page's JSON twin: ``data``, ``complete``, ``sources`` and further parts of the page.

    ``shapes`` maps names of parts to the functions that convert them for JSON. If the page fails as
    a whole, the twin has the same keys, an ``error``, and Canvas's status.
    """
    try:
        page = make(current_sources())
    except CanvasError as error:
        if hurried():
            raise Trouble("too_many_pages") from error
        status = status_of(error)
        return json_answer(failed_twin(plain_failure(error), status), status)
    if hurried() and not page.complete:
        raise Trouble("too_many_pages")

    def part(name: str) -> Any:
        value, shape = getattr(page, name), (shapes or {}).get(name)
        return shape(value) if shape else value

    body = {
        "data": part(data),
        "complete": page.complete,
        "sources": [source_json(source) for source in page.sources],
        "standing": page.freshness,
    }
    return json_answer(body | {name: part(name) for name in further})


def flat_rows(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the rows as objects, with the fields of their submission merged into their own."""
    return [vars(row.submission) | without(row, "submission") for row in rows]


def flat_groups(groups: Iterable[Any]) -> list[dict[str, Any]]:
    """Return groups of rows, each row flattened as in ``flat_rows``."""
    return [without(group, "rows") | {"rows": flat_rows(group.rows)} for group in groups]


def without(thing: Any, name: str) -> dict[str, Any]:
    """Return the fields of a dataclass except one."""
    return {key: value for key, value in vars(thing).items() if key != name}


def json_answer(body: dict[str, Any], status: int = 200) -> Response:
    """Return JSON with datetimes in ISO 8601; not to be cached, because it is private."""
    answer = Response(msgspec.json.encode(body), status, mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def source_json(source: Any) -> dict[str, Any]:
    """Return a source as JSON, without fields that do not apply; ``detail`` includes the note."""
    facts: dict[str, Any] = msgspec.to_builtins(source)
    facts["detail"] = " ".join(filter(None, (facts["detail"], facts.pop("note"))))
    del facts["unread"]  # the detail contains it
    for name in ("refreshing", "course_id", "course_name", "for_admin", "about"):
        if not facts[name]:
            del facts[name]
    return facts


def plain_failure(error: CanvasError) -> str:
    if isinstance(error, AccessRefused):
        return (
            "Canvas refuses Easel's access for you: your account may be suspended, or Easel "
            "switched off. Ask your school's Canvas support."
        )
    if isinstance(error, AuthenticationError):
        return "Your connection to Canvas has ended. Sign in again."
    return error_text(error)


def status_of(error: CanvasError) -> int:
    """Return the HTTP status of a page that Canvas refused as a whole."""
    if isinstance(error, AccessRefused):
        return 403
    if isinstance(error, AuthenticationError):
        return 401
    return error.status if error.status in (403, 404) else 503
