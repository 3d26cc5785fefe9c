"""Counters for operators, in Prometheus's format, by route template and never by path."""

import os
import time

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from canvas_app.canvas.agent import USER_AGENT
from canvas_app.logs import route_template

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LONGEST_QUEUE = 3600.0  # seconds; more means a wrong clock
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})  # because anybody may invent others


class Metrics:
    """One app's counters."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._count_requests()
        self._count_calls()
        self._count_outcomes()
        info = Gauge(
            "easel_info",
            "The version that serves",
            ("version",),
            registry=self.registry,
            multiprocess_mode="max",
        )
        info.labels(USER_AGENT.partition("/")[2] or "unknown").set(1)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(name, text, labels, registry=self.registry)

    def _count_requests(self) -> None:
        self.requests = self._counter(
            "easel_requests", "Requests answered", "method", "route", "status"
        )
        self.seconds = self._histogram(
            "easel_request_seconds", "Time until the answer began", "route"
        )
        self.queued = self._histogram(
            "easel_queue_seconds", "Time requests waited between the proxy and a thread"
        )

    def _count_calls(self) -> None:
        self.calls = self._counter(
            "easel_canvas_calls",
            "Calls Canvas answered; throttled ones it refused for a full bucket",
            "canvas",
            "throttled",
        )
        self.cost = self._counter(
            "easel_canvas_cost", "What those calls cost in Canvas's units", "canvas"
        )
        self.waits = self._histogram(
            "easel_canvas_wait_seconds", "Time calls waited for room in the bucket", "canvas"
        )
        self.token_calls = self._counter(
            "easel_token_calls",
            "Exchanges and renewals at Canvas's token endpoint, by what became of them",
            "environment",
            "kind",
            "outcome",
        )

    def _count_outcomes(self) -> None:
        self.outages = self._counter(
            "easel_redis_outages",
            "Times Redis went away and each process paced its calls by itself",
        )
        self.includes = self._counter(
            "easel_includes_dropped",
            "Answers without what was to be included: the developer key allows no includes",
            "environment",
        )
        self.launches = self._counter(
            "easel_launches",
            "Launches from inside Canvas (LTI), by what became of them",
            "outcome",
        )
        self.database_faults = self._counter(
            "easel_database_faults", "Requests that ended because the database could not be used"
        )

    def token_called(self, environment: str, kind: str, outcome: str) -> None:
        """Count one call of the token endpoint; ``outcome`` is ok or the error's kind."""
        self.token_calls.labels(environment, kind, outcome).inc()

    # The throttle's ``queue.Observer``; its origins are Canvas's URLs and never name a person.

    def admitted(self, origin: str, waited: float) -> None:
        self.waits.labels(origin).observe(waited)

    def settled(self, origin: str, throttled: bool, cost: float) -> None:
        self.calls.labels(origin, "yes" if throttled else "no").inc()
        self.cost.labels(origin).inc(max(0.0, cost))

    def redis_lost(self) -> None:
        self.outages.inc()

    def includes_dropped(self, environment: str) -> None:
        self.includes.labels(environment).inc()

    def text(self) -> bytes:
        """Return all counters, of all processes if gunicorn runs several."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self.registry)
        everybody = CollectorRegistry()
        MultiProcessCollector(everybody)  # type: ignore[no-untyped-call]
        return generate_latest(everybody)


def queue_seconds(sent: str, now: float) -> float | None:
    """Return a request's age by its proxy's ``X-Request-Start``; None without a valid one.

    Proxies write seconds, milliseconds or microseconds since 1970, some with ``t=`` before it.
    """
    try:
        began = float(sent.strip().removeprefix("t="))
    except ValueError:
        return None
    while began > 1e11:  # seconds reach that in the year 5138
        began /= 1000
    waited = now - began
    return waited if 0 <= waited < LONGEST_QUEUE else None


def init_app(app: Flask, *, behind_proxy: bool = False) -> None:
    """Count every request; ``behind_proxy``: measure the wait that the proxy reports."""
    metrics = app.extensions["easel.metrics"] = Metrics()

    @app.before_request
    def queue() -> None:
        waited = queue_seconds(request.headers.get("X-Request-Start", ""), time.time())
        if behind_proxy and waited is not None:
            metrics.queued.observe(waited)

    @app.after_request
    def count(response: Response) -> Response:
        method = request.method if request.method in METHODS else "other"
        metrics.requests.labels(method, route_template(), str(response.status_code)).inc()
        metrics.seconds.labels(route_template()).observe(
            time.monotonic() - g.get("began", time.monotonic())
        )
        return response
