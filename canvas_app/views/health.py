"""Pages for monitoring: liveness, readiness and metrics."""

import hmac

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from canvas_app import metrics
from canvas_app.current import current_gateway
from canvas_app.storage.database import AWAY

bp = Blueprint("health", __name__)

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Answer 200: the process is alive."""
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Answer 200 if the database works, else 503; other problems are only reported."""
    body, status = current_gateway().readiness().report()
    return jsonify(body), status


@bp.get("/metrics")
def prometheus() -> ResponseReturnValue:
    """Return the metrics to whoever sends METRICS_TOKEN; if none is set, to this machine only.

    Behind a proxy the token is required, because there every request may come from this machine.
    """
    settings = current_gateway().settings
    token = settings.metrics_token
    if token is None:
        if settings.trusted_proxies:
            abort(404)
        # The requests of a proxy on this machine come from loopback too, whoever its clients are.
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
    text = counters.text(waiting_revocations(), current_gateway().cache.size())
    return Response(text, content_type=metrics.CONTENT_TYPE)


def waiting_revocations() -> int | None:
    """Return how many tokens wait to be revoked; None while the database does not tell."""
    try:
        return current_gateway().storage.outbox.waiting()
    except AWAY:
        return None
