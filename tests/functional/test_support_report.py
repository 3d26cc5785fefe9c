"""Every error page offers a report to copy; it holds what helps, and nothing secret."""

import html
import re

import pytest
import requests

from .conftest import RunningEasel, sign_in

REPORT = re.compile(r'<pre class="code panel" lang="en"[^>]*>(.*?)</pre>', re.S)


def reports(page: requests.Response) -> list[str]:
    return [html.unescape(text) for text in REPORT.findall(page.text)]


def test_refusal_of_canvas_has_two_forms(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    page = browser.get(f"{easel.url}/courses/999999", timeout=30)

    assert page.status_code == 404
    community, support = reports(page)
    assert "GET /api/v1/courses/:id" in community
    assert easel.canvas.url not in community
    assert "999999" not in community
    assert f"GET {easel.canvas.url}/api/v1/courses/999999" in support
    assert "404 The specified resource does not exist." in support
    assert re.search(r"Canvas's request id \(X-Request-Context-Id\): [0-9a-f-]{36}", support)
    assert f"Easel's request id: {page.headers['X-Request-Id']}" in support
    assert f"token belongs to: {easel.canvas.person('dozen')['id']}" in support
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", support)


def test_canvas_that_is_down(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    down = {"path": "/api/v1/courses/4101", "kind": "status", "status": 503, "times": None}
    easel.canvas.control(faults=[down])
    page = browser.get(f"{easel.url}/courses/4101", timeout=60)

    assert page.status_code == 503
    assert "Status and answer: 503" in reports(page)[1]


@pytest.mark.parametrize("path", ["/nowhere/at/all", "/oauth/callback?code=secretsecret1&state=x"])
def test_page_of_easel_s_own_has_one(easel: RunningEasel, path: str) -> None:
    page = easel.browser().get(f"{easel.url}{path}", timeout=30)

    [report] = reports(page)
    assert f"Status: {page.status_code}" in report
    assert page.headers["X-Request-Id"] in report
    assert "secretsecret1" not in report


def test_database_that_is_away_is_not_asked(
    easel: RunningEasel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page about it can still be made."""
    browser = sign_in(easel, "dozen")
    (easel.app.extensions["easel"].settings.instance_path / "easel.sqlite").write_bytes(b"x" * 9000)
    easel.app.extensions["easel"].storage.close()
    page = browser.get(f"{easel.url}/account", timeout=60)

    assert page.status_code in (500, 503)
    assert len(reports(page)) == 1


def test_no_token_in_any(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    settings = easel.app.extensions["easel"].settings
    cookies = [cookie.value or "" for cookie in browser.cookies]
    for path in ("/courses/999999", "/nowhere", "/courses/6001"):
        page = browser.get(f"{easel.url}{path}", timeout=30)
        for secret in (settings.production.client_secret, settings.secret_key, *cookies):
            assert secret not in "".join(reports(page))
