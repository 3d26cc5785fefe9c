"""Signing out: this browser, the last browser, a Canvas that does not answer."""

import pytest
import requests

from .conftest import RunningEasel, form_to, send, sign_in


def sign_out(easel: RunningEasel, browser: requests.Session) -> requests.Response:
    """Press Sign out on the account page."""
    page = browser.get(f"{easel.url}/account", timeout=10)
    return send(browser, page, form_to(page, "/logout"))


def signed_in(easel: RunningEasel, browser: requests.Session) -> bool:
    answer = browser.get(f"{easel.url}/account", allow_redirects=False, timeout=10)
    return answer.status_code == 200


def test_sign_out_revokes(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")

    page = sign_out(easel, browser)

    assert page.url == f"{easel.url}/"
    assert "signed out" in page.text
    assert not signed_in(easel, browser)
    assert easel.canvas.stats()["revocations"] == 1


def test_other_browser_stays_signed_in(easel: RunningEasel) -> None:
    first, second = sign_in(easel, "dozen"), sign_in(easel, "dozen")
    before = easel.canvas.stats()["revocations"]

    sign_out(easel, first)

    assert not signed_in(easel, first)
    assert signed_in(easel, second)
    assert easel.canvas.stats()["revocations"] == before


def test_old_cookie_is_worth_nothing(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    thief = easel.browser()
    for name in ("easel_sign_in", "easel_session"):
        if name in browser.cookies:
            thief.cookies.set(name, browser.cookies[name], domain="127.0.0.1")

    sign_out(easel, browser)

    assert not signed_in(easel, thief)


def test_expired_token_is_revoked_too(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    easel.canvas.control(expire_tokens="all")

    sign_out(easel, browser)

    assert not signed_in(easel, browser)


def test_canvas_down_signs_out_all_the_same(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    down = {"method": "*", "path": "/login/oauth2/token", "kind": "status", "status": 503}
    easel.canvas.control(
        faults=[down | {"method": method, "times": None} for method in ("DELETE", "POST")]
    )

    page = sign_out(easel, browser)

    assert page.ok
    assert "tries again for seven days" in page.text
    assert not signed_in(easel, browser)
    assert easel.canvas.stats()["revocations"] == 0

    easel.canvas.control(faults=[])
    door = easel.app.extensions["easel"]
    door.storage.tend(door.endpoint_for)
    assert easel.canvas.stats()["revocations"] == 1


def test_sign_out_needs_the_form(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")

    bare = browser.post(f"{easel.url}/logout", timeout=10)
    foreign = browser.post(
        f"{easel.url}/logout", headers={"Sec-Fetch-Site": "cross-site"}, timeout=10
    )
    link = browser.get(f"{easel.url}/logout", timeout=10)

    assert (bare.status_code, foreign.status_code, link.status_code) == (400, 400, 405)
    assert "form is too old" in bare.text
    assert signed_in(easel, browser)


def test_outbox_in_trouble_stops_nothing(
    easel: RunningEasel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    door = easel.app.extensions["easel"]

    def fail(endpoint_for: object) -> None:
        raise RuntimeError("the database is gone")

    monkeypatch.setattr(door.storage.outbox, "run", fail)
    monkeypatch.setattr(door, "tended_at", float("-inf"))

    answer = requests.get(f"{easel.url}/healthz", timeout=10)
    door.pool.shutdown()

    assert answer.ok
    assert "the outbox could not be emptied" in caplog.text
