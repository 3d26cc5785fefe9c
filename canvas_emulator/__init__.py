"""A stand-in Canvas for testing any client: OAuth2, the API, paging, throttling and faults.

The docstrings of this package and of its tests name the source of each fact: ``Canvas: Planner``
is the page of that name in Canvas's API documentation, ``submission.rb`` is a file of canvas-lms.
"""

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from flask import Flask, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from canvas_emulator import control, faults, oauth, resource
from canvas_emulator.clock import Clock
from canvas_emulator.lti import platform
from canvas_emulator.quota import bucket_of
from canvas_emulator.state import State

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

logger = logging.getLogger(__name__)

SECRET = re.compile(
    r"\b(access_token|client_secret|code|code_verifier|refresh_token|session_token|state)=[^&]*"
)


def create_emulator(
    clock: Clock | None = None,
    redirect_uris: Sequence[str] = (),
    start: datetime | None = None,
    sleep: Callable[[float], object] | None = None,
) -> Flask:
    """Return a stand-in Canvas as a WSGI application.

    ``redirect_uris`` are registered with every developer key, in addition to the key's own.
    ``start`` is the time at which its clock begins and around which the dates of its campus lie;
    it is ignored where ``clock`` is given. ``sleep`` takes the seconds of a latency and waits that
    long; the default wait ends early when a reset or a control request cancels it.
    """
    # Endpoints register themselves with the router when they are imported.
    import canvas_emulator.api  # noqa: F401

    app = Flask(__name__)
    state = State(clock or Clock(start), redirect_uris, sleep)
    app.extensions["emulator"] = state
    app.register_blueprint(oauth.blueprint)
    app.register_blueprint(control.blueprint)
    app.register_blueprint(platform.blueprint)

    @app.errorhandler(404)
    @app.errorhandler(405)
    def lacking(error: HTTPException) -> Response | HTTPException:
        # Where a rule matched the URL, the 404 is that page's own answer.
        return error if request.url_rule else resource.lacking(state, request)

    app.wsgi_app = Front(app.wsgi_app, state)  # type: ignore[method-assign]
    return app


class Front:
    """WSGI middleware that every request passes before Canvas's own work.

    In order: the check for a User-Agent, the throttle, the latency and the faults. Requests to
    ``/_emulator/`` bypass it.
    """

    def __init__(self, pages: "WSGIApplication", state: State) -> None:
        self._pages = pages
        self._state = state

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith("/_emulator/"):
            return self._pages(environ, start_response)
        _take_host(environ)
        request = Request(environ)
        began = time.monotonic()
        label = self._label(request)
        stats = self._state.stats  # a reset during this request replaces state.stats
        try:
            response = self._admit(request, label)
        except ConnectionResetError:
            stats.answered(label, "reset")
            raise
        stats.answered(label, str(response.status_code))
        _tell(request, response, time.monotonic() - began)
        if self._state.settings.lowercase_headers:
            start_response = _lowered(start_response)
        return response(environ, start_response)

    def _label(self, request: Request) -> str:
        """Return the label by which statistics, costs and latencies name the route.

        For an API path it looks up the route and leaves it in ``emulator.route`` of the
        environment.
        """
        method = "GET" if request.method == "HEAD" else request.method
        if not request.path.startswith("/api/") or request.path.startswith("/api/lti/"):
            return f"{method} {request.path}"
        found = resource.router.match(request.method, resource.raw_path(request))
        request.environ["emulator.route"] = found
        return f"{method} {found[0].template}" if found else f"{method} (unknown)"

    def _admit(self, request: Request, label: str) -> Response:
        """Throttle as ``request_throttle.rb`` does: reserve, work, settle, report what remains."""
        state = self._state
        stats = state.stats
        if state.settings.require_user_agent and not request.headers.get("User-Agent"):
            return _no_user_agent()
        token = resource.throttled_token(request)
        session = request.cookies.get(oauth.COOKIE)
        session = session if session in state.sessions else None
        bucket = bucket_of(token, session, request.remote_addr or "")
        admitted = state.quotas.reserve(bucket)
        cost = 0.0
        is_api = "emulator.route" in request.environ
        if is_api:
            stats.began()
        try:
            if admitted:
                response = self._produce(request, label, token)
                cost = state.costs.of(label)
                if label == "POST /login/oauth2/token":
                    cost += state.quotas.limits.token_endpoint_surcharge
            else:
                stats.count("throttled")
                response = _throttled(state.quotas.limits.status)
        finally:
            if is_api:
                stats.ended()
            remaining = state.quotas.settle(bucket, cost)
        if response.mimetype != "text/html" or not is_api:
            throttled = not admitted or response.status_code == 429
            self._annotate(response, remaining, None if throttled else cost, bucket)
        response.headers.update(request.environ.get("emulator.headers", {}))
        return response

    def _annotate(
        self, response: Response, remaining: float, cost: float | None, bucket: str
    ) -> None:
        headers = response.headers
        headers["X-Request-Context-Id"] = str(uuid.uuid4())
        headers.setdefault("Content-Security-Policy", "frame-ancestors 'self';")
        headers["Referrer-Policy"] = "no-referrer-when-downgrade"
        if "X-Canvas-Meta" in headers:
            headers["X-Canvas-Meta"] += f"rlr={remaining};"
        if not bucket.startswith("session "):
            headers["X-Rate-Limit-Remaining"] = str(remaining)
            if cost is not None:
                headers["X-Request-Cost"] = str(cost)

    def _produce(self, request: Request, label: str, token: str | None) -> Response:
        """Return Canvas's answer after its latency, or what an armed fault makes of it."""
        state = self._state
        armed = state.faults  # a reset during the wait arms others for later requests
        named = label in state.latency.routes
        latency = state.latency.of(label)
        if latency > 0 and (named or "emulator.route" in request.environ):
            state.sleep(latency)
        if not armed:
            return self._answer(request, None)
        row = state.tokens.of(token) if token else None
        fault = armed.take(request, row.person_id if row else None)
        skew = armed.skew(request, fault)
        if fault is None:
            return self._answer(request, skew)
        if fault.kind == "slow":
            state.sleep(fault.seconds)
        if fault.handled:
            self._answer(request, skew)
        replacement = faults.instead(fault, request)
        if replacement is not None:
            return replacement
        return faults.spoil(fault, request, self._answer(request, skew))

    def _answer(self, request: Request, skew: faults.Skew | None) -> Response:
        state = self._state
        if "emulator.route" not in request.environ:
            return Response.from_app(self._pages, request.environ, buffered=True)
        if request.method not in {"GET", "HEAD"}:
            state.campus_touched = True
        try:
            return resource.respond(state, request, skew)
        except Exception:
            logger.exception("%s failed", request.path)
            error = {"message": "An error occurred.", "error_code": "internal_server_error"}
            return resource.written(request, {"errors": [error]}, 500)


def _take_host(environ: "WSGIEnvironment") -> None:
    """Take the host from a target in absolute form instead of ``Host`` (RFC 9112, 3.2.2)."""
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if not target.startswith("/") and (host := urlsplit(target).netloc):
        environ["HTTP_HOST"] = host
        environ["PATH_INFO"] = environ.get("PATH_INFO") or "/"


def _tell(request: Request, response: Response, seconds: float) -> None:
    """Log one line for a request (``--verbose``) without the secrets in its query."""
    if not logger.isEnabledFor(logging.INFO):
        return
    query = SECRET.sub(r"\1=...", request.query_string.decode("ascii", "replace"))
    logger.info(
        "%s %s%s %s, %.0f ms, cost %s, remaining %s",
        request.method,
        resource.raw_path(request),
        f"?{query}" if query else "",
        response.status_code,
        1000 * seconds,
        response.headers.get("X-Request-Cost", "-"),
        response.headers.get("X-Rate-Limit-Remaining", "-"),
    )


def _lowered(start_response: "StartResponse") -> "StartResponse":
    """Send header names in lower case, as hosted Canvas has done since 2024-06-19."""

    def lowered(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        return start_response(status, [(name.lower(), value) for name, value in headers], *more)

    return lowered


def _no_user_agent() -> Response:
    message = (
        "You are not authorized to access this site because you have not provided a valid user "
        "agent."
    )
    return Response(
        msgspec.json.encode({"error": "Forbidden", "message": message}),
        403,
        content_type="application/json; charset=utf-8",
    )


def _throttled(status: int) -> Response:
    reason = "Forbidden" if status == 403 else "Too Many Requests"
    text = f"{status} {reason} (Rate Limit Exceeded)\n"
    answer = Response(text, status, content_type="text/plain; charset=utf-8")
    # _annotate replaces this value with the real one, except for web sessions.
    answer.headers["X-Rate-Limit-Remaining"] = "0.0"
    return answer
