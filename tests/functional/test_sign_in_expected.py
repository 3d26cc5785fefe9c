"""Nobody types a password for a sign-in that cannot succeed, because Easel says so before."""

import sqlite3

import requests

from .conftest import RunningEasel, form_to, send, sign_in, to_consent

TOKEN_ENDPOINT: dict[str, object] = {
    "method": "POST",
    "path": "/login/oauth2/token",
    "kind": "status",
}
TOKEN_ENDPOINT |= {"status": 503, "times": None}


def begin(easel: RunningEasel) -> requests.Response:
    return easel.browser().get(f"{easel.url}/login", allow_redirects=False, timeout=30)


def test_database_that_takes_no_writes_is_told_before_canvas(easel: RunningEasel) -> None:
    door = easel.app.extensions["easel"]
    with sqlite3.connect(
        door.settings.instance_path / "easel.sqlite", isolation_level=None
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = begin(easel)
        other.execute("ROLLBACK")

    assert refused.status_code == 503
    assert "DATABASE_URL" in refused.text
    assert begin(easel).status_code == 302


def test_token_endpoint_known_to_fail_is_told_before_canvas(easel: RunningEasel) -> None:
    """After two sign-ins have failed there; people who are signed in stay so."""
    signed_in = sign_in(easel, "many", path="/login?next=/account")
    watch = easel.app.extensions["easel"].token_watch_for("production")
    first = begin(easel)
    easel.canvas.control(faults=[TOKEN_ENDPOINT])
    for _ in range(2):
        browser = easel.browser()
        page = to_consent(easel, "dozen", browser)
        agree(browser, page)

    refused = begin(easel)

    assert first.status_code == 302
    assert watch.failing() is not None
    assert refused.status_code == 503
    assert "you were not sent there" in refused.text
    assert signed_in.get(f"{easel.url}/account", timeout=30).ok
    easel.canvas.control(faults=[])
    watch.heard(None)
    assert begin(easel).status_code == 302


def agree(browser: requests.Session, page: requests.Response) -> None:
    send(browser, page, form_to(page, "/accept"))
