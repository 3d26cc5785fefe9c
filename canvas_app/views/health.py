"""What machines ask: does the process live, may it get traffic, how is it doing."""

import hmac

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from canvas_app import metrics
from canvas_app.current import current_gateway

bp = Blueprint("health", __name__)

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process lives."""
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Whether the database answers; what else is amiss is told and leaves it at 200."""
    body, status = current_gateway().readiness().report()
    return jsonify(body), status


@bp.get("/metrics")
def prometheus() -> ResponseReturnValue:
    """Counters, for whoever has METRICS_TOKEN, or for this machine when there is none.

    With a proxy in front every request may come from this machine, so then the token is needed.
    """
    settings = current_gateway().settings
    token = settings.metrics_token
    if token is None:
        if settings.trusted_proxies:
            abort(404)
        # A proxy on this machine is at loopback, too; those it speaks for are not.
        forwarded = any(name in request.headers for name in FORWARDED)
        if forwarded or request.remote_addr not in ("127.0.0.1", "::1"):
            abort(404)
    else:
        sent = request.headers.get("Authorization", "")
        if not hmac.compare_digest(sent.encode(), f"Bearer {token}".encode()):
            answer = Response(
                "The metrics token is missing or wrong.\n", 401, mimetype="text/plain"
            )
            answer.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
            return answer
    counters: metrics.Metrics = current_app.extensions["easel.metrics"]
    return Response(counters.text(), content_type=metrics.CONTENT_TYPE)
