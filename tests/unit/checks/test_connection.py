"""What a call without a token shows about the server at CANVAS_URL."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from canvas_app.canvas.transport import Answer
from canvas_app.checks import connection
from canvas_app.checks.connection import Reached
from canvas_app.checks.finding import Finding

URL = "https://canvas.example.edu"
NOON = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
DATE = "Mon, 02 Mar 2026 12:00:00 GMT"
CANVAS = {"WWW-Authenticate": 'Bearer realm="canvas-lms"', "Date": DATE}


def reached(status: int = 401, body: bytes = b"", off: float = 0, **headers: str) -> Reached:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reached(Answer(status, named, body), at=NOON + timedelta(seconds=off), seconds=0.2)


def judged(found: Reached, tls: Finding | None = None) -> dict[str, str]:
    return {each.code: each.level for each in connection.judge_connection(URL, found, tls)}


def test_canvas_is_known_by_its_refusal() -> None:
    found = Reached(Answer(401, CANVAS, b"{}"), at=NOON)

    assert judged(found) == {
        "canvas_unreachable": "ok",
        "tls": "ok",
        "not_a_canvas": "ok",
        "clock": "ok",
    }


@pytest.mark.parametrize(
    "found",
    [
        reached(403, b"403 Forbidden (Rate Limit Exceeded)\n"),
        reached(403, X_Canvas_Meta="q=0;"),
    ],
)
def test_canvas_that_refuses_otherwise(found: Reached) -> None:
    assert judged(found)["not_a_canvas"] == "ok"


@pytest.mark.parametrize(
    "found",
    [
        reached(200, b"<html>Welcome to our school"),
        reached(404),
        reached(401, WWW_Authenticate='Basic realm="intranet"'),
        reached(0),
    ],
)
def test_other_web_sites_are_no_canvas(found: Reached) -> None:
    assert judged(found)["not_a_canvas"] == "error"


def test_vanity_name_is_told() -> None:
    sent_on = reached(301, Location="https://school.instructure.com/api/v1/users/self?x=secret")
    found = connection.judge_connection(URL, sent_on, None)

    assert "https://school.instructure.com" in found[-1].message
    assert "secret" not in f"{found}"


def test_canvas_in_maintenance_is_unreachable() -> None:
    assert judged(reached(503))["canvas_unreachable"] == "error"


@pytest.mark.parametrize(
    ("why", "word"),
    [
        ("Canvas could not be reached: its name is not known.", "DNS"),
        ("Canvas could not be reached: the proxy did not let the call through.", "HTTPS_PROXY"),
        ("Canvas could not be reached: the connection was refused.", "firewall"),
    ],
)
def test_remedy_fits_what_failed(why: str, word: str) -> None:
    [found] = connection.judge_connection(URL, Reached(None, why), None)

    assert (found.code, found.level) == ("canvas_unreachable", "error")
    assert word in found.remedy


@pytest.mark.parametrize(
    ("off", "level", "words"),
    [
        (0, "ok", "agrees"),
        (-4, "ok", "agrees"),
        (30, "warning", "30 s ahead of"),
        (-30, "warning", "30 s behind"),
        (600, "error", "600 s ahead of"),
    ],
)
def test_clock_against_canvas(off: float, level: str, words: str) -> None:
    found = connection.judge_clock(reached(off=off, Date=DATE))

    assert (found.code, found.level) == ("clock", level)
    assert words in found.message


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}, {"Date": ""}])
def test_canvas_without_a_time(headers: dict[str, Any]) -> None:
    assert connection.judge_clock(reached(**headers)).level == "warning"


@pytest.mark.parametrize(
    ("number", "bundle", "words"),
    [
        (20, None, "CA_BUNDLE"),
        (18, "/etc/ssl/school.pem", "none of those in CA_BUNDLE"),
        (10, None, "no longer valid"),
        (9, None, "not yet valid"),
        (62, None, "another name"),
        (26, None, "26"),
    ],
)
def test_certificate_that_is_refused(number: int, bundle: str | None, words: str) -> None:
    found = connection.judge_certificate("canvas.example.edu", number, bundle)

    assert (found.code, found.level) == ("tls", "error")
    assert words in found.message + found.remedy


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("WRONG_VERSION_NUMBER", "does not speak TLS"),
        ("UNSUPPORTED_PROTOCOL", "could not agree on TLS"),
        ("", "no reason given"),
    ],
)
def test_handshake_that_fails(reason: str, words: str) -> None:
    found = connection.judge_handshake(URL, reason)

    assert (found.code, found.level) == ("tls", "error")
    assert words in found.message
