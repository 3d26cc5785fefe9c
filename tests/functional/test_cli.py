"""The command line: scopes to paste, the outbox by hand, new keys for old tokens."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from canvas_app.canvas.api import SCOPES
from canvas_app.settings import Settings
from tests import moment
from tests.conftest import ROOT

from .conftest import RunningEasel, StartEasel, form_to, send, sign_in

pytestmark = pytest.mark.anyday


def run(command: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "canvas_app", command],
        cwd=ROOT,
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        | moment.environ()
        | environ,
        capture_output=True,
        text=True,
        timeout=60,
    )


def environ(easel: RunningEasel, *keys: str) -> dict[str, str]:
    """The settings of a running Easel as an operator's shell has them."""
    settings: Settings = easel.app.extensions["easel"].settings
    return {
        "CANVAS_URL": settings.production.canvas_url,
        "CANVAS_CLIENT_ID": settings.production.client_id,
        "CANVAS_CLIENT_SECRET": settings.production.client_secret,
        "INSTANCE_PATH": str(settings.instance_path),
        "TOKEN_KEYS": ",".join(keys or settings.token_keys),
    }


def leave_a_revocation(easel: RunningEasel) -> None:
    """Sign somebody out while Canvas takes no revocation."""
    browser = sign_in(easel, "dozen")
    down = {"path": "/login/oauth2/token", "kind": "status", "status": 503, "times": None}
    easel.canvas.control(faults=[down | {"method": "DELETE"}])
    account = browser.get(f"{easel.url}/account", timeout=10)
    send(browser, account, form_to(account, "/logout"))


def test_scopes_are_printed_without_settings() -> None:
    done = run("scopes")

    assert done.returncode == 0, done.stderr
    assert tuple(done.stdout.splitlines()) == SCOPES


def test_scopes_are_what_auto_asks_for(start_easel: StartEasel) -> None:
    easel = start_easel(scopes="auto")

    assert easel.app.extensions["easel"].scopes().split() == run("scopes").stdout.split()


@pytest.mark.parametrize("command", ["outbox", "reseal"])
def test_missing_settings_are_named(command: str, tmp_path: Path) -> None:
    done = run(command, INSTANCE_PATH=str(tmp_path))

    assert done.returncode == 1
    assert "CANVAS_URL is missing" in done.stderr
    assert "Traceback" not in done.stderr


def test_outbox_by_hand(easel: RunningEasel) -> None:
    leave_a_revocation(easel)

    waits = run("outbox", **environ(easel))
    easel.canvas.control(faults=[])
    done = run("outbox", **environ(easel))

    assert (waits.returncode, done.returncode) == (1, 0), waits.stderr + done.stderr
    assert "Still waiting for Canvas: 1" in waits.stdout
    assert "Nothing waits" in done.stdout
    assert easel.canvas.stats()["revocations"] == 1


def test_keys_are_exchanged_without_a_sign_in(easel: RunningEasel, start_easel: StartEasel) -> None:
    browser = sign_in(easel, "dozen")
    settings: Settings = easel.app.extensions["easel"].settings
    new = Fernet.generate_key().decode()

    done = run("reseal", **environ(easel, new, *settings.token_keys))
    again = run("reseal", **environ(easel, *settings.token_keys))

    assert (done.returncode, done.stdout) == (0, "Sealed with the newest key: 1.\n"), done.stderr
    assert again.returncode == 1
    assert "must sign in again" in again.stdout
    after = start_easel(
        token_keys=(new,), database_url=settings.database_url, secret_key=settings.secret_key
    )
    page = browser.get(f"{after.url}/courses.json", timeout=30)
    assert page.json()["complete"] is True
