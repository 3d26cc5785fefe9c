"""What the log tells operators about sign-ins: refusals, calls, and the audit log."""

import re
from typing import Any

import pytest

from .conftest import RunningEasel, StartEasel, form_to, send, sign_in, to_consent
from .test_sign_in import authorization_request, come_back

pytestmark = pytest.mark.anyday


def lines_of(capsys: pytest.CaptureFixture[str], word: str) -> list[str]:
    return [line for line in capsys.readouterr().err.splitlines() if word in line]


def test_refused_sign_in_is_told(easel: RunningEasel, capsys: pytest.CaptureFixture[str]) -> None:
    """One warning has Canvas's code and words, the environment, the request id and the remedy."""
    browser = easel.browser()
    state = authorization_request(easel, browser)["state"]

    page = come_back(
        easel,
        browser,
        state=state,
        error="unauthorized_client",
        error_description="Client does not have access to the specified Canvas account.\nFORGED",
    )

    (line,) = lines_of(capsys, "sign-in refused")
    assert " WARNING " in line
    assert "unauthorized_client (Client does not have access" in line
    assert "environment production" in line
    assert "Switch the developer key on for this account" in line
    shown = re.search(r"Request id ([0-9a-f]{16})", page.text)
    assert shown is not None
    assert f"[{shown[1]}]" in line


@pytest.mark.parametrize(
    "query", [{"state": "none"}, {"error": "invalid_scope"}, {"code": "0" * 128}, {}], ids=str
)
def test_each_refusal_has_one_line(
    easel: RunningEasel, capsys: pytest.CaptureFixture[str], query: dict[str, str]
) -> None:
    """Also for strangers' visits; what they send is shortened and contains no code."""
    come_back(easel, easel.browser(), **query, error_description="x" * 5000)

    (line,) = lines_of(capsys, "sign-in refused")
    assert len(line) < 1000
    assert "0" * 128 not in line


def test_refused_exchange_names_canvas_request(
    easel: RunningEasel, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line and the page give the id Canvas's support desk asks for."""
    browser = easel.browser()
    state = authorization_request(easel, browser)["state"]
    page = come_back(easel, browser, code="0" * 128, state=state)

    (line,) = lines_of(capsys, "sign-in refused")
    found = re.search(r"request ([0-9a-f-]{36})", line)
    assert found is not None
    assert found[1] in page.text


def test_error_page_names_canvas_request(easel: RunningEasel) -> None:
    """It is shown beside Easel's own request id."""
    browser = sign_in(easel, "dozen")

    page = browser.get(f"{easel.url}/courses/999999", timeout=30)

    assert page.status_code == 404
    assert re.search(
        r"Canvas&#39;s request id [0-9a-f-]{36}|Canvas's request id [0-9a-f-]{36}", page.text
    )


def test_calls_of_the_token_endpoint_are_told(
    easel: RunningEasel, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their line has method, path, status, time and cost, as every call's, but no content."""
    browser = sign_in(easel, "dozen")
    easel.canvas.control(expire_tokens="all")
    browser.get(f"{easel.url}/courses", timeout=30)
    account = browser.get(f"{easel.url}/account", timeout=30)
    send(browser, account, form_to(account, "/account/disconnect"))

    lines = lines_of(capsys, "/login/oauth2/token →")

    assert [line.split("] ")[1].split(",")[0] for line in lines] == [
        "POST /login/oauth2/token → 200",
        "POST /login/oauth2/token → 200",
        "DELETE /login/oauth2/token → 200",
    ]
    assert all(re.search(r" [\d.]+ ms, cost ", line) for line in lines)


def test_audit_log(easel: RunningEasel, capsys: pytest.CaptureFixture[str]) -> None:
    """Who agreed, signed in, sent a form without its token, signed out and disconnected."""
    user = str(easel.canvas.person("dozen")["id"])
    browser = sign_in(easel, "dozen")
    account = browser.get(f"{easel.url}/account", timeout=30)
    browser.post(f"{easel.url}/planner/notes", data={"title": "x"}, timeout=30)
    browser.post(f"{easel.url}/logout", headers={"Sec-Fetch-Site": "cross-site"}, timeout=30)
    send(browser, account, form_to(account, "/logout"))
    again = sign_in(easel, "dozen")
    account = again.get(f"{easel.url}/account", timeout=30)
    send(again, account, form_to(account, "/account/delete"))

    lines = lines_of(capsys, " easel.audit ")

    events = re.findall(r"event=([a-z-]+)", "\n".join(lines))
    assert events == [
        "consent",
        "sign-in",
        "csrf-refused",
        "csrf-refused",
        "sign-out",
        "consent",
        "sign-in",
        "delete-everything",
    ]
    assert all(f"user_id={user}" in line for line in lines if "csrf" not in line)
    assert not any(
        "127.0.0.1" in line or easel.canvas.person("dozen")["name"] in line for line in lines
    )


@pytest.mark.parametrize("wanted", [True, False])
def test_audit_log_holds_addresses_only_when_wanted(
    start_easel: StartEasel, capsys: pytest.CaptureFixture[str], wanted: bool
) -> None:
    """They are in it only with AUDIT_ADDRESS=on."""
    easel = start_easel(audit_address=wanted)
    sign_in(easel, "dozen")

    lines = lines_of(capsys, "event=sign-in")

    assert [("address=127.0.0.1" in line) for line in lines] == [wanted]


def test_denial_is_no_error_of_anybody(easel: RunningEasel, capsys: Any) -> None:
    """The log line says that the person pressed Cancel."""
    browser = easel.browser()
    page = to_consent(easel, "dozen", browser)
    send(browser, page, form_to(page, "/login/oauth2/deny"))

    (line,) = lines_of(capsys, "sign-in refused")
    assert "access_denied" in line
    assert "pressed Cancel" in line
