"""Easel names itself to Canvas, also when it runs from its source."""

import importlib
from collections.abc import Iterator
from importlib import metadata

import pytest

from canvas_app.canvas import agent


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    importlib.reload(agent)


def test_name_and_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are written as a product (RFC 9110 section 10.1.5)."""
    monkeypatch.setattr(metadata, "version", lambda name: {"easel": "7.1"}[name])

    assert importlib.reload(agent).USER_AGENT == "Easel/7.1"


def test_not_installed_has_a_name_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Canvas refuses calls without a User-Agent."""

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)

    assert importlib.reload(agent).USER_AGENT == "Easel"
