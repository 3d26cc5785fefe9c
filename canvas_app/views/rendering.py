"""What every template can use: filters, the header, and the versions of static files."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, g, request
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from canvas_app.canvas.errors import AuthenticationError
from canvas_app.current import current_gateway, current_sources
from canvas_app.domain.calendar import local
from canvas_app.domain.charts import ring
from canvas_app.services.asks import known_to_teach
from canvas_app.settings import Environment
from canvas_app.views.children import remembered_child
from canvas_app.views.colors import readable
from canvas_app.views.safe_html import plain, rich, weblink
from canvas_app.views.streaming import FLUSH, access_refused, header_sign_in
from canvas_app.views.wording import (
    away,
    clock,
    course_named,
    day,
    late_by,
    moment,
    named,
    number,
    share,
    short_day,
    span,
    weekday,
    when,
    whole_day,
    worth,
)

log = logging.getLogger(__name__)


def compile_templates(app: Flask) -> None:
    """Compile every template now, so that processes forked later share them."""
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)


def init_app(app: Flask) -> None:
    """Give every template its filters and header data, and every static file its version."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = timedelta(days=365)

    @app.url_defaults
    def version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values["v"] = fingerprint(Path(app.static_folder or "") / values["filename"])

    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(GLOBALS)
    app.jinja_env.filters.update(FILTERS)


@lru_cache
def fingerprint(path: Path) -> str:
    """Return the part of a file's address that changes with its content, for long caching."""
    return sha256(path.read_bytes()).hexdigest()[:12]


def remembered(macro: Callable[..., Markup]) -> Callable[..., Markup]:
    """Wrap a macro so that it runs once in a page for the same arguments.

    A row's chip and colour bar are the same on hundreds of rows. Results are dropped with the page.
    """
    return lru_cache(maxsize=1024)(macro)


def fresh_id() -> str:
    """Return an id unused in this page, with which a row's link refers to the row's chips."""
    return f"told-{next(g.setdefault('ids', count(1)))}"


@pass_context
def row_id(context: Context, row: Any) -> Markup:
    """Return a row's id attribute, to which a form leads back; empty if the page has that id.

    An object may be in two lists of a page. An early view counts as a page of its own.
    """
    load = context.get("load")
    if g.get("rendering") is not load or "rows" not in g:
        g.rendering, g.rows = load, set()
    id_ = row.element_id
    if id_ in g.rows:
        return Markup("")
    g.rows.add(id_)
    return Markup(' id="{}"').format(id_)


def here(**more: str | Sequence[str]) -> str:
    """Return this page's address with its filters, without one-time parameters (``retry``).

    A parameter with several values is repeated.
    """
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "retry"]
    asked = urlencode([*query, *more.items()], doseq=True)
    return f"{request.script_root}{request.path}" + (f"?{asked}" if asked else "")


def environments() -> tuple[Environment, ...]:
    """Return the Canvas environments this deployment offers at sign-in."""
    return current_gateway().settings.environments


def teaches() -> bool:
    """Return whether the header links to the teachers' pages; False while that is unknown."""
    try:
        return known_to_teach(current_sources())
    except Exception:
        log.warning("the header cannot tell who teaches", exc_info=True)
        return False


def sign_in_over(failure: object) -> bool:
    """Return whether a page failed because Canvas no longer accepts this sign-in."""
    return isinstance(failure, AuthenticationError)


def facts(thing: Any) -> list[tuple[str, Any]]:
    """Return the names and values of a mapping or dataclass, for a list of what Easel stores."""
    if is_dataclass(thing):
        pairs = [(field.name, getattr(thing, field.name)) for field in fields(thing)]
    else:
        pairs = list(dict(thing or {}).items())
    return [
        (str(name).replace("_", " ").capitalize(), moment(value) if _dated(value) else value)
        for name, value in pairs
    ]


def _dated(value: Any) -> bool:
    return isinstance(value, datetime)


#: What every template may call.
GLOBALS: dict[str, Any] = {
    "FLUSH": FLUSH,
    "fresh_id": fresh_id,
    "header_sign_in": header_sign_in,
    "here": here,
    "remembered": remembered,
    "remembered_child": remembered_child,
    "ring_share": ring,
    "row_id": row_id,
    "access_refused": access_refused,
    "sign_in_over": sign_in_over,
    "teaches": teaches,
    "environments": environments,
}
#: What every template may put behind a ``|``.
FILTERS: dict[str, Any] = {
    "when": when,
    "day": day,
    "short_day": short_day,
    "whole_day": whole_day,
    "clock": clock,
    "moment": moment,
    "number": number,
    "rich": rich,
    "plain": plain,
    "readable": readable,
    "facts": facts,
    "late_by": late_by,
    "weblink": weblink,
    "worth": worth,
    "local": local,
    "named": named,
    "course_named": course_named,
    "away": away,
    "weekday": weekday,
    "span": span,
    "share": share,
}
