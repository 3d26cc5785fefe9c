"""Metrics: counted by template, bounded labels, summed over processes."""

import json
import re
import time
from pathlib import Path

import pytest
from flask import Flask, g
from prometheus_client.parser import text_string_to_metric_families

from canvas_app import metrics
from canvas_app.sources.answer import Source
from canvas_app.sources.watch import PageWatch, page_state
from tests.conftest import ROOT


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    metrics.init_app(app)
    app.add_url_rule("/feed/<secret>", "feed", lambda secret: "here")
    return app


def text(app: Flask) -> str:
    counters: metrics.Metrics = app.extensions["easel.metrics"]
    return counters.text().decode()


def test_routes_are_templates(app: Flask) -> None:
    app.test_client().get("/feed/very-secret")

    assert 'easel_requests_total{method="GET",route="/feed/<secret>",status="200"} 1.0' in text(app)
    assert "very-secret" not in text(app)


def test_invented_methods_are_one(app: Flask) -> None:
    app.test_client().open("/feed/x", method="FROBNICATE")

    assert 'method="other"' in text(app)
    assert "FROBNICATE" not in text(app)


def test_two_apps_count_apart(app: Flask) -> None:
    other = Flask(__name__)
    metrics.init_app(other)

    app.test_client().get("/feed/x")

    assert "easel_requests_total{" not in text(other)


def test_several_processes_are_summed(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))

    assert "easel_requests" not in text(app), "no process has written anything there"


@pytest.mark.parametrize(
    ("sent", "waited"),
    [
        ("t=1764000000.000", 2.0),
        ("1764000000000", 2.0),
        ("1764000000000000", 2.0),
        ("1764000100", None),  # the proxy's clock is ahead
        ("12", None),
        ("soon", None),
        ("", None),
    ],
)
def test_time_before_a_thread(sent: str, waited: float | None) -> None:
    assert metrics.queue_seconds(sent, 1764000002.0) == waited


@pytest.mark.parametrize(("behind_proxy", "counted"), [(True, 1.0), (False, 0.0)])
def test_strangers_tell_no_waiting_time(behind_proxy: bool, counted: float) -> None:
    app = Flask(__name__)
    metrics.init_app(app, behind_proxy=behind_proxy)
    app.add_url_rule("/", "start", lambda: "here")

    app.test_client().get("/", headers={"X-Request-Start": f"t={time.time()}"})

    assert f"easel_queue_seconds_count {counted}" in text(app)


ENDS = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
OF_PROMETHEUS = frozenset({"le", "instance", "job"})


def expressions(file: str) -> list[str]:
    """Return the Prometheus expressions in a file of deploy/."""
    text = (ROOT / "deploy" / file).read_text()
    if file.endswith(".json"):
        panels = json.loads(text)["panels"]
        assert len(panels) == len({panel["id"] for panel in panels})
        return [target["expr"] for panel in panels for target in panel["targets"]]
    return re.findall(r"^ +expr: (.+)$", text, re.MULTILINE)


def told_names(app: Flask) -> set[str]:
    """Return the names in the answer of /metrics."""
    return {
        f"{family.name}{end}"
        for family in text_string_to_metric_families(text(app))
        for end in ENDS.get(family.type, ("",))
    }


def labels_of(app: Flask) -> dict[str, frozenset[str]]:
    """Return the labels of each metric that has any."""
    counters: metrics.Metrics = app.extensions["easel.metrics"]
    return {
        each._name: frozenset(each._labelnames)  # type: ignore[attr-defined]
        for each in counters.registry._collector_to_names
    }


@pytest.mark.parametrize("file", ["grafana.json", "alerts.yml"])
def test_dashboard_and_alerts_use_names_that_exist(app: Flask, file: str) -> None:
    labels = labels_of(app)
    for expression in expressions(file):
        names = set(re.findall(r"easel_[a-z_]+", expression))
        assert names, expression
        assert names <= told_names(app), expression
        families = [re.sub("_(total|bucket|sum|count)$", "", name) for name in names]
        known = OF_PROMETHEUS.union(*(labels.get(family, ()) for family in families))
        named = re.findall(r"[{,]\s*(\w+)[=!]", expression)
        grouped = re.findall(r"by \(([^)]+)\)", expression)
        named += [label.strip() for each in grouped for label in each.split(",")]
        assert set(named) <= known, expression


def test_dashboard_shows_everything_that_is_told(app: Flask) -> None:
    shown = re.findall(r"easel_[a-z_]+", " ".join(expressions("grafana.json")))
    families = {re.sub("_(total|bucket|count)$", "", name) for name in shown}

    told = {family.name for family in text_string_to_metric_families(text(app))}
    assert families == {name for name in told if not name.endswith("_created")}


def test_no_label_names_a_person(app: Flask) -> None:
    """Routes, methods, statuses, Canvases and outcomes: what one person does is in none of them."""
    assert frozenset().union(*labels_of(app).values()) == {
        *("canvas", "environment", "kept", "kind", "method", "outcome", "route", "state"),
        *("status", "throttled", "version"),
    }


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (("fresh", "fresh"), "fresh"),
        (("fresh", "stale"), "stale"),
        (("stale", "partial"), "incomplete"),
        (("fresh", "denied"), "incomplete"),
        (("fresh", "failed"), "incomplete"),
        (("failed", "failed"), "failed"),
        ((), "fresh"),
    ],
)
def test_page_state_a_page(statuses: tuple[str, ...], state: str) -> None:
    assert page_state(tuple(Source("courses", status) for status in statuses)) == state


@pytest.mark.parametrize(
    ("status", "state", "counted"),
    [
        (200, "fresh", "fresh"),
        (503, "failed", "failed"),
        (200, "", ""),  # it asked Canvas nothing
        (404, "failed", ""),  # Canvas's answer to what the person wanted
        (302, "failed", ""),
    ],
)
def test_pages_are_counted(app: Flask, status: int, state: str, counted: str) -> None:
    watch = PageWatch()
    watch.state = state

    @app.get("/page/<int:number>")
    def page(number: int) -> tuple[str, int]:
        g.page_watch = watch
        return "here", status

    app.test_client().get("/page/7", buffered=True)

    found = re.findall(r'easel_pages_total{route="(.*)",state="(.*)"} 1.0', text(app))
    assert found == ([("/page/<int:number>", counted)] if counted else [])


@pytest.mark.parametrize(("status", "label"), [(200, "2xx"), (503, "5xx"), (None, "none")])
def test_calls_of_canvas_by_status(app: Flask, status: int | None, label: str) -> None:
    counters: metrics.Metrics = app.extensions["easel.metrics"]

    counters.canvas_called("GET", status, 0.3)

    bucket = f'easel_canvas_seconds_bucket{{le="0.35",method="GET",status="{label}"}} 1.0'
    assert bucket in text(app)


def test_unknown_figures_are_left_out(app: Flask) -> None:
    """As while the database does not answer."""
    counters: metrics.Metrics = app.extensions["easel.metrics"]

    told = counters.text(None, 5).decode()

    assert re.search(r"^easel_outbox ", told, re.MULTILINE) is None
    assert "easel_cache_bytes 5.0" in told


def test_each_alert_is_explained() -> None:
    alerts = re.findall(r"- alert: (\w+)", (ROOT / "deploy/alerts.yml").read_text())
    guide = (ROOT / "docs/operations.md").read_text()

    assert alerts
    assert [name for name in alerts if f"`{name}`" not in guide] == []
