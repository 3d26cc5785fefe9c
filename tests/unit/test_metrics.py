"""Metrics: counted by template, bounded labels, summed over processes."""

import json
import re
import time
from pathlib import Path

import pytest
from flask import Flask

from canvas_app import metrics
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

    assert text(app) == "", "no process has written anything there"


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


def names_in(file: str) -> set[str]:
    return set(re.findall(r"easel_[a-z_]+", (ROOT / "deploy" / file).read_text()))


def test_dashboard_and_alerts_use_names_that_exist(app: Flask) -> None:
    counters: metrics.Metrics = app.extensions["easel.metrics"]
    known = {
        f"{family.name}{end}"
        for family in counters.registry.collect()
        for end in {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(
            family.type, ("",)
        )
    }
    board = json.loads((ROOT / "deploy/grafana.json").read_text())

    assert len(board["panels"]) == len({panel["id"] for panel in board["panels"]})
    for file in ("grafana.json", "alerts.yml"):
        assert names_in(file) <= known, file
    families = {re.sub("_(total|bucket)$", "", name) for name in names_in("grafana.json")}
    assert families == {family.name for family in counters.registry.collect()}


def test_each_alert_is_explained() -> None:
    alerts = re.findall(r"- alert: (\w+)", (ROOT / "deploy/alerts.yml").read_text())
    guide = (ROOT / "docs/operations.md").read_text()

    assert alerts
    assert [name for name in alerts if f"`{name}`" not in guide] == []
