"""Mistyped addresses: ids that fit no row, surplus slashes, invalid hosts."""

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

NOBODY = "unnamed.invalid"  # RFC 2606: belongs to nobody


def init_app(app: Flask) -> None:
    """Set up ``<int:…>`` and the check of hosts; call this before any route is registered."""
    app.url_map.converters["int"] = Id
    app.wsgi_app = HostName(app.wsgi_app)  # type: ignore[method-assign]


class Id(IntegerConverter):
    """A whole number up to 2^63 - 1; an address with a longer one does not exist."""

    regex = "[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        number = int(value)
        if number > LARGEST_ID:
            raise ValidationError
        return number


def without_slash() -> Response | None:
    """Redirect an address that ends in a slash to its page; None when there is none.

    Only to one of our paths that has a page, with its query, so that nobody is sent to another
    site.
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

    Without a valid host no address can be built, so not even an error page.
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
