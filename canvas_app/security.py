"""Browser security: response headers, the origin of each POST, and the one host name."""

import secrets
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from flask import Flask, Response, abort, g, redirect, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from canvas_app import audit
from canvas_app.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
DEFAULT_PORTS = {"http": 80, "https": 443}
YEAR = 365 * 24 * 3600  # seconds


def init_app(app: Flask, settings: Settings) -> None:
    """Check every request and give every response its security headers."""
    app.config.update(
        WTF_CSRF_TIME_LIMIT=None,  # a CSRF token is valid as long as its session
        WTF_CSRF_SSL_STRICT=False,  # this check would need a Referer; check_origin is stricter
        MAX_CONTENT_LENGTH=settings.max_form,
    )
    here = host(settings.public_url)

    @app.before_request
    def check_host() -> BaseResponse | None:
        if request.host.lower() == here or request.endpoint in app.config["ANY_HOST"]:
            return None
        if request.method not in ("GET", "HEAD"):
            abort(400, "This form belongs to another address of Easel.")
        query = request.query_string.decode("ascii", "replace")
        path = quote(request.path)
        return redirect(f"{settings.public_url}{path}" + (f"?{query}" if query else ""))

    @app.before_request
    def check_origin() -> None:
        if request.endpoint in app.config.get("ANY_ORIGIN", ()):
            return
        if request.method not in SAFE_METHODS and not from_here(origin(settings.public_url)):
            audit.note("csrf-refused", settings, detail="sent from another site")
            abort(400, "The form was sent from another site.")

    app.after_request(partial(add_headers, https=settings.https))
    CSRFProtect(app)  # after check_origin, so that a form from another site gets its own error
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.wsgi_app = PathPrefix(app.wsgi_app, settings.path_prefix)  # type: ignore[method-assign]
    if hops := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_port=0, x_prefix=0
        )


def add_headers(response: Response, *, https: bool) -> Response:
    """Add the security headers to a response."""
    headers = response.headers
    framed_by = g.get("framed_by", "")
    headers.setdefault("Content-Security-Policy", content_security_policy(csp_nonce(), framed_by))
    headers["X-Content-Type-Options"] = "nosniff"
    if not framed_by:
        headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if https:
        headers["Strict-Transport-Security"] = f"max-age={YEAR}"
    if request.endpoint != "static" or response.status_code >= 400:
        headers.setdefault("Cache-Control", "private, no-store")
    return response


def csp_nonce() -> str:
    """Return this response's nonce for its one ``<style>`` element (course colours)."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def content_security_policy(nonce: str, framed_by: str = "") -> str:
    """Return a policy for Easel's own files only: no inline code, no frame, no other site.

    No inline script and no style attribute is allowed. ``framed_by``: the origins of a Canvas that
    may show this answer in a frame.
    """
    ancestors = framed_by or "'none'"
    return (
        "default-src 'none'; script-src 'self'; "
        f"style-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
        f"form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
    )


def from_here(own: str) -> bool:
    """Return whether a form came from Easel's own pages, as far as the browser tells.

    Fetch Metadata decides; without it, ``Origin`` (RFC 6454). Programs that send neither still need
    the CSRF token.
    """
    if site := request.headers.get("Sec-Fetch-Site"):
        return site in ("same-origin", "none")
    sent = request.headers.get("Origin")
    return sent is None or sent == own


def origin(url: str) -> str:
    """Return scheme and host as browsers write an origin, without a default port."""
    return f"{urlsplit(url).scheme}://{host(url)}"


def host(url: str) -> str:
    """Return host and port as browsers send them: a default port is left out."""
    parts = urlsplit(url)
    if parts.port == DEFAULT_PORTS[parts.scheme]:
        return parts.netloc.lower().rpartition(":")[0]
    return parts.netloc.lower()


class PathPrefix:
    """Middleware that serves the app under PUBLIC_URL's path, whether or not a proxy removes it."""

    def __init__(self, app: "WSGIApplication", prefix: str) -> None:
        self.app = app
        self.prefix = prefix

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if self.prefix:
            environ["SCRIPT_NAME"] = self.prefix
            if path == self.prefix or path.startswith(f"{self.prefix}/"):
                environ["PATH_INFO"] = path.removeprefix(self.prefix) or "/"
        return self.app(environ, start_response)
