"""The log for operators, as text or JSON, with a request id and without secrets."""

import logging
import re
import secrets
import sys
import time
from contextvars import ContextVar
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any, TextIO

from flask import Flask, Response, g, request
from pythonjsonlogger.json import JsonFormatter

from canvas_app.settings import Settings

current_request_id: ContextVar[str] = ContextVar("request_id", default="-")
access = logging.getLogger("easel.access")

CALLS_OF_CANVAS = "canvas_app.canvas.calls"

#: Loggers that write secrets (Authlib: the PKCE verifier; urllib3: query strings) at DEBUG.
HELD_AT_INFO = ("authlib", "urllib3", "requests", "httpx")
#: This logger writes the whole URL, and a trace, when Canvas's headers cannot be read.
HELD_AT_ERROR = ("urllib3.connection",)
#: This logger names each of its six plug-ins at every start.
HELD_AT_WARNING = ("alembic.runtime.plugins",)

# A second line of defence: nothing should log secrets, but what looks like one is removed.
SECRET = re.compile(
    r"""
    (?P<name>\b(?:access_token|refresh_token|client_secret|code_verifier|code|state)
        ["']?\s*[=:]\s*["']?) [^\s"'&,;}\\]{8,}
    | (?P<scheme>\bBearer\s+) [^\s"',}\\]+
    | \b\d+~[A-Za-z0-9]{16,}                               # Canvas: <shard>~<token>
    | (?<![A-Za-z0-9_~-])                                  # once a word, not at each letter
      (?=[A-Za-z_~-]*\d) [A-Za-z0-9_~-]{40,}={0,2}         # tokens, codes, hashes, sealed records
    """,
    re.VERBOSE,
)


LONGEST_RECORD = 16_000  # characters of a record, because what strangers send can be of any length
OF_TOKENS = re.compile(r"[A-Za-z0-9_~=-]")


def shorten(text: str) -> str:
    """Return the text or its beginning, which is never cut within what may be a token."""
    if len(text) <= LONGEST_RECORD:
        return text
    end = LONGEST_RECORD
    while end and OF_TOKENS.match(text[end - 1]):
        end -= 1
    return f"{text[:end]}… ({len(text) - end} more characters)"


def redact(text: str) -> str:
    """Return the text without anything that looks like a token, code or secret."""
    return SECRET.sub(lambda hit: f"{hit['name'] or hit['scheme'] or ''}[redacted]", text)


#: Control characters: a line break in Canvas's text would look like a new line of the log.
CONTROL_ESCAPES = {number: f"\\x{number:02x}" for number in (*range(32), *range(127, 160))}
CONTROL_ESCAPES |= {0x2028: "\\u2028", 0x2029: "\\u2029"}


class TextFormatter(logging.Formatter):
    """One line of text for each record, redacted, followed by its redacted traceback."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = record.message.translate(CONTROL_ESCAPES)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return redact(shorten(super().format(record)))


class JsonLineFormatter(JsonFormatter):
    """One redacted JSON object for each record."""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        shortened = {
            name: shorten(value) if isinstance(value, str) else value
            for name, value in log_data.items()
        }
        return dict(super().process_log_record(shortened))

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class StderrHandler(logging.StreamHandler[TextIO]):
    """A handler that writes to the current ``sys.stderr`` and adds the request id."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        record.request_id = current_request_id.get()
        super().emit(record)


class AuditFile(WatchedFileHandler):
    """A log file that is reopened when it was replaced; adds the request id."""

    def emit(self, record: logging.LogRecord) -> None:
        record.request_id = current_request_id.get()
        super().emit(record)


def configure(settings: Settings) -> None:
    """Send every logger's records through one redacting handler; may be called again."""
    handler = StderrHandler()
    if settings.log_format == "json":
        handler.setFormatter(
            JsonLineFormatter(
                "%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s",
                rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            )
        )
    else:
        handler.setFormatter(
            TextFormatter("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")
        )
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, StderrHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(settings.log_level)
    # The calls of one page would fill more than a kilobyte.
    told = settings.log_canvas == "on" or settings.log_canvas == settings.log_level.lower()
    logging.getLogger(CALLS_OF_CANVAS).setLevel(logging.NOTSET if told else logging.WARNING)
    audit_to(settings.audit_log, handler.formatter)
    for name in HELD_AT_INFO:
        logging.getLogger(name).setLevel(max(logging.INFO, root.level))
    for name in HELD_AT_ERROR:
        logging.getLogger(name).setLevel(max(logging.ERROR, root.level))
    for name in HELD_AT_WARNING:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def audit_to(path: Path | None, formatter: logging.Formatter | None) -> None:
    """Write the audit log to a file of its own, which may be moved while it is used (logrotate)."""
    audit = logging.getLogger("easel.audit")
    for old in [each for each in audit.handlers if isinstance(each, AuditFile)]:
        audit.removeHandler(old)
        old.close()
    audit.propagate = path is None
    audit.setLevel(logging.NOTSET if path is None else logging.INFO)  # whatever LOG_LEVEL says
    if path is not None:
        file = AuditFile(path, encoding="utf-8", delay=True)
        file.setFormatter(formatter)
        audit.addHandler(file)


def init_app(app: Flask) -> None:
    """Give each request an id, send it as ``X-Request-Id``, and write the access log."""

    @app.before_request
    def begin() -> None:
        g.began = time.monotonic()
        g.request_id = secrets.token_hex(8)
        current_request_id.set(g.request_id)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "-")
        record = {
            "method": request.method,
            "route": route_template(),
            "status": response.status_code,
        }
        began = g.get("began", time.monotonic())
        identity = g.get("request_id", "-")

        # At close, because a streamed page is still being written now.
        @response.call_on_close
        def log() -> None:
            current_request_id.set(identity)
            write_access(record, time.monotonic() - began)

        return response


def route_template() -> str:
    """Return the route's template. The path itself may hold a secret: a calendar feed's does."""
    return request.url_rule.rule if request.url_rule else "(no route)"


def write_access(record: dict[str, Any], seconds: float) -> None:
    """Write one line of the access log."""
    milliseconds = round(seconds * 1000)
    access.info(
        "%s %s → %s in %s ms",
        record["method"],
        record["route"],
        record["status"],
        milliseconds,
        extra=record | {"milliseconds": milliseconds},
    )
