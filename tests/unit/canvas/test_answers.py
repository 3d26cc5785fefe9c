"""What an answer of Canvas means, judged only by its status, headers and body."""

import pytest
from urllib3 import HTTPHeaderDict

from canvas_app.canvas.answers import LONGEST_RETRY_AFTER, decoding_fault, error_of, json_of
from canvas_app.canvas.errors import (
    AuthenticationError,
    AuthorizationError,
    CanvasError,
    InvalidRequest,
    MalformedAnswer,
    MissingScope,
    NotFound,
    Throttled,
    Unavailable,
)
from canvas_app.canvas.transport import Answer

SCOPES = b'{"errors": [{"message": "Insufficient scopes on access token."}]}'
JSON = {"Content-Type": "application/json; charset=utf-8"}


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, HTTPHeaderDict(JSON | named), body)


def error(status: int, body: bytes = b"", method: str = "GET", **headers: str) -> CanvasError:
    return error_of(method, "/api/v1/courses", answer(status, body, **headers), False, "1~secret")


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        (error(401, WWW_Authenticate='Bearer realm="canvas-lms"'), AuthenticationError),
        (error(401, SCOPES), MissingScope),
        (error(401), AuthorizationError),
        (error(403), AuthorizationError),
        (error(404), NotFound),
        (error(302), MalformedAnswer),
        (error(400), InvalidRequest),
        (error(422), InvalidRequest),
        (error(500), Unavailable),
        (error(503), Unavailable),
    ],
)
def test_errors_by_status(found: CanvasError, kind: type[CanvasError]) -> None:
    """Only a header tells a rejected token from a missing permission (RFC 6750 section 3)."""
    assert type(found) is kind
    assert found.status is not None


def test_a_throttled_call_is_safe_to_repeat_whatever_it_is() -> None:
    """Canvas refuses it before any controller runs (request_throttle.rb)."""
    found = error_of("POST", "/x", answer(403, b"", Retry_After="3"), True, "1~secret")

    assert isinstance(found, Throttled)
    assert (found.repeat_is_safe, found.retry_after) == (True, 3.0)


@pytest.mark.parametrize(("method", "safe"), [("GET", True), ("HEAD", True), ("POST", False)])
def test_what_may_have_happened_is_repeated_for_reading_alone(method: str, safe: bool) -> None:
    found = error(502, method=method)

    assert found.repeat_is_safe is safe
    assert isinstance(found, Unavailable)
    assert found.delivery == "may_have_happened"


def test_the_error_names_the_report_and_no_token() -> None:
    body = b'{"errors": [{"message": "no: 1~secret"}], "error_report_id": 44}'

    found = error(500, body, X_Request_Context_Id="abc")

    assert found.request_id == "abc, error report 44"
    assert "1~secret" not in f"{found!r} {found} {found.canvas_message}"


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("7", 7, 7),
        ("-5", 0, 0),
        ("86400", LONGEST_RETRY_AFTER, LONGEST_RETRY_AFTER),
        ("soon", 0, 0),
        ("", 0, 0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0, 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_RETRY_AFTER, LONGEST_RETRY_AFTER),
        ("Fri, 31 Dec 9999 23:59:59", 0, 0),  # no zone: not comparable
    ],
)
def test_retry_after_has_two_forms_and_an_end(said: str, least: float, most: float) -> None:
    """Seconds or a date (RFC 9110 section 10.2.3), a minute at most."""
    found = error(503, Retry_After=said)

    assert isinstance(found, Unavailable)
    assert least <= found.retry_after <= most


def test_json_loses_its_guard() -> None:
    """Older Canvas wrote ``while(1);`` before JSON that begins with a bracket."""
    assert json_of(answer(200, b'while(1);[{"id": 1}]'), "GET", "/x") == b'[{"id": 1}]'


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("text/html; charset=utf-8", "sign-in or maintenance page"),
        ("text/plain", "text/plain instead of JSON"),
        ("", "no content type"),
    ],
)
def test_what_is_no_json_is_malformed(kind: str, words: str) -> None:
    with pytest.raises(MalformedAnswer, match=words):
        json_of(answer(200, b"<html>", Content_Type=kind), "GET", "/x")


def test_decoding_faults_show_no_values() -> None:
    assert decoding_fault(RecursionError("deep")) == "it is nested too deeply"
    assert (
        decoding_fault(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x")) == "its text is not UTF-8"
    )
