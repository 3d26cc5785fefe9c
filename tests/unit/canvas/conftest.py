"""A small Canvas on loopback that answers exactly what a test scripts."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

TOKEN = "1234~scripted-secret"


@dataclass
class Call:
    """One call as the server saw it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    peer: Any = None


@dataclass
class Reply:
    """One answer; ``body`` other than bytes or str is sent as JSON; ``drop`` sends nothing."""

    body: Any = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    truncate: bool = False
    zipped: bool = False


Script = Callable[[Call], Reply]


class Scripted:
    """A server on 127.0.0.1; ``script`` decides each answer, ``calls`` keeps what came."""

    def __init__(self, script: Script | list[Reply]) -> None:
        self.calls: list[Call] = []
        self.lock = threading.Lock()
        self.script = script
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    @property
    def targets(self) -> list[str]:
        return [call.target for call in self.calls]

    def reply(self, call: Call) -> Reply:
        with self.lock:
            self.calls.append(call)
            if callable(self.script):
                return self.script(call)
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(size) if size else b""
                reply = scripted.reply(
                    Call(
                        self.command,
                        self.path,
                        dict(self.headers.items()),
                        body,
                        self.client_address,
                    )
                )
                if reply.drop:
                    self.close_connection = True
                    return
                content = reply.body
                headers = {"Content-Type": "application/json; charset=utf-8"}
                if not isinstance(content, bytes | str):
                    content = json.dumps(content)
                data = content.encode() if isinstance(content, str) else content
                if reply.zipped:
                    data = gzip.compress(data)
                    headers["Content-Encoding"] = "gzip"
                headers["Content-Length"] = str(len(data) + 10 * reply.truncate)
                self.send_response(reply.status)
                for name, value in (headers | reply.headers).items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD" and reply.status != 204:
                    self.wfile.write(data)
                self.close_connection = self.close_connection or reply.truncate

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    """Make scripted servers: ``scripted(function)`` or ``scripted(Reply(...), Reply(...))``."""
    servers: list[Scripted] = []

    def start(*replies: Any) -> Scripted:
        script = replies[0] if callable(replies[0]) else list(replies)
        servers.append(Scripted(script))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def secret() -> str:
    """The access token of scripted tests; it may show up nowhere."""
    return TOKEN
