"""What machines ask: does the process live, may it get traffic, how is it doing."""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from canvas_app import metrics
from canvas_app.canvas.agent import USER_AGENT
from canvas_app.canvas.errors import MalformedAnswer, Unavailable
from canvas_app.canvas.transport import Transport
from canvas_app.current import current_gateway
from canvas_app.storage.database import AWAY
from canvas_app.storage.notes import INCLUDES_DROPPED

bp = Blueprint("health", __name__)

PROBE_EVERY = 30.0  # seconds
PROBE_LIMIT = 2.0  # seconds
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


@dataclass
class CanvasProbe:
    """Whether Canvas answered lately; asked at most every 30 s, by one request at a time."""

    transport: Transport
    asked_at: float = float("-inf")
    verdict: str = "unreachable"
    lock: Lock = field(default_factory=Lock, repr=False)

    def ask(self, now: float) -> str:
        """ "ok" when Canvas answers anything but a server error, else "unreachable"."""
        if now - self.asked_at >= PROBE_EVERY and self.lock.acquire(blocking=False):
            try:
                self.asked_at = now
                self.verdict = self.probe()
            finally:
                self.lock.release()
        return self.verdict

    def probe(self) -> str:
        status: int | None
        try:
            status = self.transport.send(
                "GET",
                "/login/oauth2/jwks",
                headers={"User-Agent": USER_AGENT},
                deadline=time.monotonic() + PROBE_LIMIT,
                fresh=True,
            ).status
        except MalformedAnswer as error:  # too large, yet an answer
            status = error.status
        except Unavailable:
            return "unreachable"
        return "ok" if status is not None and status < 500 else "unreachable"


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process lives."""
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Whether database and Redis answer; what else is amiss is told and leaves it at 200."""
    gateway = current_gateway()
    parts = {"database": works(gateway.storage.ping)}
    if gateway.redis is not None:
        parts["redis"] = works(gateway.redis.ping)
    probe = current_app.extensions.setdefault(
        "easel.canvas_probe", CanvasProbe(gateway.transport_for(gateway.settings.production.name))
    )
    ready = all(verdict == "ok" for verdict in parts.values())
    detail = dropped_includes() if ready else []
    answer = jsonify(
        status=("degraded" if detail else "ok") if ready else "failed",
        **parts,
        canvas=probe.ask(time.monotonic()),
        **({"detail": detail} if detail else {}),
    )
    answer.status_code = 200 if ready else 503
    return answer


def dropped_includes() -> list[str]:
    """A sentence for each environment whose Canvas drops what it is asked to include."""
    try:
        noted = current_gateway().storage.notes.about(INCLUDES_DROPPED)
    except AWAY:
        return []  # the next call says that the database is away
    return [
        f"Canvas ({note.environment}) drops include parameters, last at {note.last_at:%FT%TZ}: "
        "switch on Allow Include Parameters for Easel's developer key."
        for note in noted
    ]


def works(ask: Callable[[], object]) -> str:
    try:
        ask()
    except Exception:  # whatever the driver raises, the verdict is the same
        current_app.logger.exception("a readiness check failed")
        return "failed"
    return "ok"


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
