"""Counters for operators, in Prometheus's format, by route template and never by path."""

import os
import time
from collections.abc import Iterator
from functools import partial
from typing import Literal

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from canvas_app.canvas.agent import USER_AGENT
from canvas_app.logs import route_template
from canvas_app.sources.watch import PageWatch

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LONGEST_QUEUE = 3600.0  # seconds; a longer wait means that a clock is wrong
# All other methods are counted together, because anybody may invent some.
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
CANVAS_BUCKETS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 2.0, 4.0, 8.0, 20.0)  # seconds


class Metrics:
    """One app's counters."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._count_requests()
        self._count_pages()
        self._count_calls()
        self._count_outcomes()
        self._count_threads()
        info = self._gauge("easel_info", "The version that serves", "max", "version")
        info.labels(USER_AGENT.partition("/")[2] or "unknown").set(1)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, mode: Literal["max", "livesum"], *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry, multiprocess_mode=mode)

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

    def _count_pages(self) -> None:
        self.pages = self._counter(
            "easel_pages",
            "Pages made of Canvas's answers: fresh, stale, incomplete or failed",
            "route",
            "state",
        )
        self.lookups = self._counter(
            "easel_cache_lookups",
            "Questions of pages, by what the cache held: fresh, stale or none",
            "kept",
        )

    def _count_threads(self) -> None:
        self.threads = self._gauge("easel_threads", "Threads that serve requests", "livesum")
        self.busy = self._gauge("easel_threads_busy", "Threads that serve a request now", "livesum")

    def _count_calls(self) -> None:
        self.canvas_seconds = Histogram(
            "easel_canvas_seconds",
            "Time until Canvas's whole answer, by its status: 2xx to 5xx, or none without answer",
            ("method", "status"),
            registry=self.registry,
            buckets=CANVAS_BUCKETS,
        )
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
        self.lease_waits = self._counter(
            "easel_lease_waits", "Times somebody waited for a token that another process renewed"
        )
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

    def canvas_called(self, method: str, status: int | None, seconds: float) -> None:
        """Count one call that was sent to Canvas; ``status`` is None without a whole answer."""
        kind = f"{status // 100}xx" if status else "none"
        self.canvas_seconds.labels(method, kind).observe(seconds)

    def page_made(self, route: str, status: int, watch: PageWatch) -> None:
        """Count a page, unless it was refused to the person or redirects elsewhere."""
        if watch.state and (status < 300 or status >= 500):
            self.pages.labels(route, watch.state).inc()

    def looked_up(self, kept: str) -> None:
        """Count what the cache held for a question: fresh, stale or none."""
        self.lookups.labels(kept).inc()

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

    def text(self, outbox: int | None = None, cache_bytes: int | None = None) -> bytes:
        """Return all counters; if gunicorn runs several processes, those of all.

        ``outbox`` and ``cache_bytes`` are the present figures, None when they are not known.
        """
        now = CollectorRegistry()
        now.register(Now(outbox, cache_bytes))
        counted = self.registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            counted = CollectorRegistry()
            MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
        return generate_latest(counted) + generate_latest(now)


class Now(Collector):
    """Present figures that are the same whichever process is asked."""

    def __init__(self, outbox: int | None, cache_bytes: int | None) -> None:
        self._figures = (
            ("easel_outbox", "Tokens that wait to be revoked at Canvas", outbox),
            (
                "easel_cache_bytes",
                "Bytes of the cache; with Redis, all that Redis holds",
                cache_bytes,
            ),
        )

    def collect(self) -> Iterator[Metric]:
        for name, text, value in self._figures:
            family = GaugeMetricFamily(name, text)
            if value is not None:
                family.add_metric([], value)
            yield family


def queue_seconds(sent: str, now: float) -> float | None:
    """Return a request's age by its proxy's ``X-Request-Start``; None without a valid one.

    Proxies write seconds, milliseconds or microseconds since 1970, some with ``t=`` before it.
    """
    try:
        began = float(sent.strip().removeprefix("t="))
    except ValueError:
        return None
    while began > 1e11:  # as seconds since 1970 this is the year 5138
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
        if "page_watch" in g and request.method == "GET":
            # At close, because a streamed page is still being made at this point.
            response.call_on_close(
                partial(metrics.page_made, route_template(), response.status_code, g.page_watch)
            )
        return response
