"""What the log says at a start if Canvas will let nobody sign in."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from canvas_app.checks import examination
from canvas_app.settings import Environment, Settings
from tests.factories import local_settings

NOBODY = "http://127.0.0.1:9"  # the discard port, where nobody listens


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return local_settings(
        tmp_path,
        environments=tuple(Environment(name, NOBODY, "1", "x") for name in ("production", "beta")),
    )


def test_each_environment_has_its_warning(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    examination.warn_of_access(settings)

    told = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert [line.partition(":")[0] for line in told] == ["production", "beta"]
    for line in told:
        assert "the connection was refused" in line
        assert "Check CANVAS_URL" in line


def test_mistake_of_its_own_is_only_logged(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> Iterator[None]:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(examination, "examine_access", fails)
    examination.warn_of_access(settings)

    assert "Canvas could not be looked at" in caplog.text
