"""Logs: text or JSON, a request id, and nothing that looks like a secret."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet

from canvas_app import logs
from tests.factories import school_settings

SETTINGS = school_settings()


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    """Leave the root logger as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    "secret",
    [
        "Bearer abc",
        "Authorization: Bearer 1234~shortish",
        "access_token=tiny-but-secret",
        '"refresh_token": "tiny-but-secret"',
        "/oauth/callback?code=0123456789abcdef&state=abcdefgh1",
        "1234~0123456789abcdefABCDEF",
        "a1" * 64,
        "vErIfIeR-_0123456789-0123456789-0123456789-01234",
        pytest.param(Fernet.generate_key().decode(), id="fernet"),
    ],
)
def test_secrets_are_taken_out(secret: str) -> None:
    shown = logs.redact(f"before {secret} after")

    assert shown.startswith("before ")
    assert "[redacted]" in shown
    for part in ("abc", "tiny", "0123456789", "a1a1"):
        assert part not in shown.removeprefix("before").replace("abcdefgh", "")


@pytest.mark.parametrize(
    "plain",
    [
        "GET /api/v1/courses/:course_id/assignments → 200",
        "the state of things: fine",
        "request 0123456789abcdef answered",
        "a_long_name_of_a_function_that_says_what_it_does",
    ],
)
def test_plain_text_stays(plain: str) -> None:
    assert logs.redact(plain) == plain


def test_text_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(SETTINGS)
    token = logs.current_request_id.set("a-request")

    logging.getLogger("easel.test").info("said %s", "Bearer something")
    logs.current_request_id.reset(token)

    line = capsys.readouterr().err
    assert "INFO easel.test [a-request] said Bearer [redacted]" in line


def test_message_forges_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(SETTINGS)

    logging.getLogger("easel.test").warning("Canvas said: %s", "no\r\n2026 INFO forged\x1b[2J\x85")

    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(r"Canvas said: no\x0d\x0a2026 INFO forged\x1b[2J\x85")


def test_json_line_with_trace(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(replace(SETTINGS, log_format="json"))

    try:
        raise ValueError("access_token=very-secret-thing")
    except ValueError:
        logging.getLogger("easel.test").exception("failed")

    line = capsys.readouterr().err
    record = json.loads(line)
    assert record["level"] == "ERROR"
    assert record["logger"] == "easel.test"
    assert record["message"] == "failed"
    assert "ValueError" in record["exc_info"]
    assert "very-secret-thing" not in line


def test_talkative_libraries_are_held() -> None:
    logs.configure(replace(SETTINGS, log_level="DEBUG"))

    assert not logging.getLogger("authlib").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("urllib3.connectionpool").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("urllib3.connection").isEnabledFor(logging.WARNING)
    assert logging.getLogger("canvas_app").isEnabledFor(logging.DEBUG)


def test_configured_twice_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(SETTINGS)
    logs.configure(SETTINGS)

    logging.getLogger("easel.test").info("once")

    assert capsys.readouterr().err.count("once") == 1


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "-",
        "~",
        "1~",
        " ",
        "state ",
        'state="',
        "Bearer ",
        "code:",
        "=",
        "12~a",
        "a" * 39 + ".",
    ],
)
def test_any_length_is_redacted_in_one_pass(piece: str) -> None:
    """Twice the length takes twice the time, whatever strangers send."""
    logs.redact(piece * (2_000_000 // len(piece)))
    logs.redact(f"Bearer{' ' * 2_000_000}")
    logs.redact(f"state{' ' * 2_000_000}")


def test_long_message_is_shortened(capsys: pytest.CaptureFixture[str]) -> None:
    """Its beginning stays, and no part of a token is left at the cut."""
    logs.configure(SETTINGS)
    token = "x1" * 32

    logging.getLogger("easel.test").warning("%s", "so " * 5323 + token + " more" * 10_000)

    line = capsys.readouterr().err
    assert len(line) < 17_000
    assert "x1" not in line
    assert "more characters)" in line


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_everything_long_is_shortened(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Tracebacks and the fields beside the message, too; JSON stays JSON."""
    logs.configure(replace(SETTINGS, log_format=log_format))

    try:
        raise ValueError("so long " * 10_000)
    except ValueError:
        logging.getLogger("easel.test").exception("it broke", extra={"method": "GET " * 10_000})

    written = capsys.readouterr().err
    assert len(written) < 34_000
    if log_format == "json":
        assert json.loads(written)["message"] == "it broke"
