"""What protects the browser: headers, the origin of a POST, the one host name, the path prefix."""

from dataclasses import replace

import pytest
from flask import Flask, render_template_string, request
from flask.testing import FlaskClient

from canvas_app import security
from canvas_app.settings import Settings
from tests.factories import school_settings

SETTINGS = school_settings()
HOST = {"Host": "easel.example.edu"}


def browser_of(settings: Settings, *, csrf_tokens: bool = True) -> FlaskClient:
    app = Flask(__name__)
    app.config["WTF_CSRF_CHECK_DEFAULT"] = csrf_tokens
    app.secret_key = settings.secret_key
    app.config["ANY_HOST"] = frozenset({"health"})
    security.init_app(app, settings)
    app.add_url_rule("/health", "health", lambda: "fine")
    app.add_url_rule("/where", "where", lambda: f"{request.script_root}|{request.path}")
    app.add_url_rule("/who", "who", lambda: f"{request.remote_addr} {request.scheme}")
    app.add_url_rule("/nonce", "nonce", lambda: render_template_string("{{ csp_nonce() }}"))
    app.add_url_rule("/form", "form", lambda: "done", methods=["POST"])
    return app.test_client()


@pytest.fixture
def browser() -> FlaskClient:
    return browser_of(SETTINGS)


def test_headers(browser: FlaskClient) -> None:
    headers = browser.get("/where", headers=HOST).headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"


def test_no_hsts_without_https() -> None:
    browser = browser_of(replace(SETTINGS, public_url="http://127.0.0.1:8000"))

    headers = browser.get("/where", headers={"Host": "127.0.0.1:8000"}).headers

    assert "Strict-Transport-Security" not in headers


def test_nonce_is_the_responses_own(browser: FlaskClient) -> None:
    first, second = browser.get("/nonce", headers=HOST), browser.get("/nonce", headers=HOST)

    assert f"'nonce-{first.text}'" in first.headers["Content-Security-Policy"]
    assert first.text != second.text


def test_other_host_is_sent_here(browser: FlaskClient) -> None:
    answer = browser.get("/where?a=b%26c", headers={"Host": "other.example.edu"})

    assert answer.status_code == 302
    assert answer.headers["Location"] == "https://easel.example.edu/where?a=b%26c"


def test_path_of_another_host_is_no_header(browser: FlaskClient) -> None:
    answer = browser.get("/a%0d%0aSet-Cookie:b%3Fc", headers={"Host": "other.example.edu"})

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("https://easel.example.edu/a%0D%0ASet-Cookie")
    assert "Set-Cookie" not in answer.headers


def test_missing_files_page_is_kept_by_nobody(browser: FlaskClient) -> None:
    """It names who is signed in, as every page does, so no cache may keep it."""
    answer = browser.get("/static/none.css", headers=HOST)

    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_endless_form_is_refused_unread(browser: FlaskClient) -> None:
    sent = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=x"}

    answer = browser.post("/form", data=sent + b"a" * 2**20, headers=HOST | kind)

    assert answer.status_code == 413


def test_host_is_compared_as_browsers_send_it() -> None:
    browser = browser_of(replace(SETTINGS, public_url="https://Easel.example.edu:443"))

    assert browser.get("/where", headers={"Host": "EASEL.example.edu"}).status_code == 200


def test_health_answers_under_any_name(browser: FlaskClient) -> None:
    assert browser.get("/health", headers={"Host": "10.0.0.7:8000"}).status_code == 200


def test_form_to_another_host_is_refused(browser: FlaskClient) -> None:
    assert browser.post("/form", headers={"Host": "other.example.edu"}).status_code == 400


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 400),
        ({"Sec-Fetch-Site": "same-site"}, 400),
        ({"Origin": "https://easel.example.edu"}, 200),
        ({"Origin": "https://evil.example"}, 400),
        ({"Origin": "null"}, 400),
        ({"Origin": "https://easel.example.edu", "Sec-Fetch-Site": "cross-site"}, 400),
    ],
)
def test_origin_of_a_form(sent: dict[str, str], status: int) -> None:
    browser = browser_of(SETTINGS, csrf_tokens=False)

    assert browser.post("/form", headers=HOST | sent).status_code == status


def test_form_needs_its_token(browser: FlaskClient) -> None:
    assert browser.post("/form", headers=HOST).status_code == 400


@pytest.mark.parametrize("path", ["/easel/where", "/where"])
def test_path_prefix(path: str) -> None:
    browser = browser_of(replace(SETTINGS, public_url="https://easel.example.edu/easel"))

    assert browser.get(path, headers=HOST).text == "/easel|/where"


def test_other_host_keeps_the_prefix() -> None:
    browser = browser_of(replace(SETTINGS, public_url="https://easel.example.edu/easel"))

    answer = browser.get("/easel/where", headers={"Host": "other"})

    assert answer.headers["Location"] == "https://easel.example.edu/easel/where"


FORWARDED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}


def test_forwarded_headers_need_trust(browser: FlaskClient) -> None:
    assert browser.get("/who", headers=HOST | FORWARDED).text == "127.0.0.1 http"


def test_trusted_proxies() -> None:
    browser = browser_of(replace(SETTINGS, trusted_proxies=1))

    answer = browser.get(
        "/who", headers=FORWARDED | {"Host": "inner", "X-Forwarded-Host": "easel.example.edu"}
    )

    assert answer.text == "203.0.113.9 https"
