"""Metrics: counted by template, bounded labels, summed over processes."""

from pathlib import Path

import pytest
from flask import Flask

from canvas_app import metrics


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
