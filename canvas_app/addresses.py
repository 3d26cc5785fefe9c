"""Mistyped addresses: ids that are too large, surplus slashes, invalid hosts."""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Flask, current_app, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, ValidationError
from werkzeug.wrappers import Response

from canvas_app.canvas.oauth import LARGEST_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NOBODY = "unnamed.invalid"  # RFC 2606: a host name of nobody


def init_app(app: Flask) -> None:
    """Set up ``<int:…>`` and the check of hosts; call this before any route is registered."""
    app.url_map.converters["int"] = Id
    app.wsgi_app = HostName(app.wsgi_app)  # type: ignore[method-assign]


class Id(IntegerConverter):
    """A whole number up to 2^63 - 1. An address with a larger one does not exist."""

    regex = "[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        number = int(value)
        if number > LARGEST_ID:
            raise ValidationError
        return number


def without_slash() -> Response | None:
    """Return a redirect from an address that ends in a slash to its page; None if it has none.

    It leads only to one of our paths, and keeps the query, so that nobody is sent to another site.
    """
    path = f"/{request.path.strip('/')}"
    adapter = current_app.create_url_adapter(request)
    if request.method not in ("GET", "HEAD") or not request.path.endswith("/") or not adapter:
        return None
    try:
        adapter.match(path, method="GET")
    except HTTPException:
        return None
    query = request.query_string.decode("ascii", "replace")
    return redirect(f"{request.script_root}{quote(path)}" + (f"?{query}" if query else ""), 308)


class HostName:
    """Middleware that replaces an invalid ``Host`` by a host name that belongs to nobody.

    Without a valid host not even an error page can be made, because addresses cannot be built.
    """

    def __init__(self, app: "WSGIApplication") -> None:
        self.app = app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        try:
            environ.get("HTTP_HOST", "").lower().encode("idna")
        except UnicodeError:  # an empty label, or one longer than 63
            environ["HTTP_HOST"] = NOBODY
        return self.app(environ, start_response)
