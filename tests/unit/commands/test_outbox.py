"""``easel outbox`` revokes what waits, and says whether something still does."""

from types import SimpleNamespace

import pytest
from click.testing import CliRunner

import canvas_app
from canvas_app.commands.outbox import outbox_command
from canvas_app.settings import SettingsError


class Gateway:
    """Stands for the program's gateway; so many revocations fail at Canvas."""

    def __init__(self, waiting: int) -> None:
        self.closed = False
        self.storage = SimpleNamespace(tend=lambda endpoint_for: waiting if endpoint_for else -1)

    def endpoint_for(self, environment: str) -> None:
        """Never asked here."""

    def close(self) -> None:
        self.closed = True


def run(monkeypatch: pytest.MonkeyPatch, waiting: int) -> tuple[int, str, Gateway]:
    gateway = Gateway(waiting)
    app = SimpleNamespace(extensions={"easel": gateway})
    monkeypatch.setattr(canvas_app, "create_app", lambda: app)
    shown = CliRunner().invoke(outbox_command)
    return shown.exit_code, shown.output, gateway


def test_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    status, said, gateway = run(monkeypatch, 0)

    assert (status, said) == (0, "Nothing waits to be revoked.\n")
    assert gateway.closed


def test_what_waits_is_an_exit_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that disconnects everybody must learn that Canvas has not been told."""
    status, said, gateway = run(monkeypatch, 3)

    assert (status, said) == (1, "Still waiting for Canvas: 3. The log says why.\n")
    assert gateway.closed


def test_wrong_settings_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong() -> None:
        raise SettingsError(["CANVAS_URL is not set"])

    monkeypatch.setattr(canvas_app, "create_app", wrong)

    shown = CliRunner().invoke(outbox_command)

    assert shown.exit_code == 1
    assert "CANVAS_URL" in shown.output
