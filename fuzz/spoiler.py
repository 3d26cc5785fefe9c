"""A proxy between Easel and the stand-in Canvas that spoils answers while a page is loaded."""

import http.client
import json
import socket
import sys
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from fuzz.answers import Answer, spoiled

SHARE = 0.45  # share of a load's answers that are spoiled
HOP = frozenset(
    {"connection", "transfer-encoding", "content-length", "keep-alive", "server", "date"}
)
TOKEN = "/login/oauth2/token"  # noqa: S105 - a path


@dataclass
class Load:
    """One load of a page, and how each of its answers was spoiled."""

    number: int
    seed: int
    ways: list[str] = field(default_factory=list)
    _seen: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def spoil(self, asked: str, answer: Answer) -> Answer:
        """Return the answer, spoiled or not; the same seed and number always do the same."""
        with self._lock:
            self._seen[asked] += 1
            random = Random(f"{self.seed}:{self.number}:{asked}:{self._seen[asked]}")
        if random.random() > SHARE:
            return answer
        changed = spoiled(random, answer)
        with self._lock:
            self.ways.append(f"{asked}: {'; '.join(changed.ways)}")
        return changed


class Spoiler:
    """The proxy. ``loads`` holds, by user id, the loads whose answers are spoiled now."""

    def __init__(self, canvas_url: str) -> None:
        self.canvas = urlsplit(canvas_url)
        self.loads: dict[str, Load] = {}
        self.spoiled = 0
        self._owners: dict[str, str] = {}
        self._lock = threading.Lock()
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.spoiler = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Spoiler":
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def pass_on(self, method: str, path: str, token: str, answer: Answer) -> Answer:
        """Return what Easel gets in place of this answer."""
        if path.startswith(TOKEN) and answer.status == 200:
            with suppress(ValueError, KeyError, TypeError):
                told = json.loads(answer.body)
                token = f"Bearer {told['access_token']}"
                self._owners[token] = str(told["user"]["id"])
        load = self.loads.get(self._owners.get(token, ""))
        if load is None:
            return answer
        changed = load.spoil(f"{method} {path}", answer)
        if changed is not answer:
            with self._lock:
                self.spoiled += 1
        return changed


class Server(ThreadingHTTPServer):
    spoiler: Spoiler
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore connections that Easel has closed; other exceptions are errors of this program."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Forwards a request unchanged, and its answer as the spoiler returns it."""

    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        canvas = self.server.spoiler.canvas
        self.upstream = http.client.HTTPConnection(canvas.hostname or "", canvas.port, timeout=60)

    def finish(self) -> None:
        self.upstream.close()
        with suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        sent = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
        sent["Accept-Encoding"] = "identity"
        given = self._ask(body, sent)
        token = self.headers.get("Authorization", "")
        self._send(self.server.spoiler.pass_on(self.command, self.path, token, given))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = answer

    def _ask(self, body: bytes, headers: dict[str, str]) -> Answer:
        for again in (True, False):
            try:
                self.upstream.request(self.command, self.path, body or None, headers)
                found = self.upstream.getresponse()
                kept = tuple(each for each in found.getheaders() if each[0].lower() not in HOP)
                return Answer(found.status, kept, found.read())
            except (http.client.HTTPException, OSError):
                self.upstream.close()  # the idle connection was closed; a new one works
                if not again:
                    raise
        raise AssertionError

    def _send(self, answer: Answer) -> None:
        if answer.raw is not None:
            self.wfile.write(answer.raw)
            self.close_connection = True
            return
        length = answer.length if answer.length is not None else str(len(answer.body))
        lines = [f"HTTP/1.1 {answer.status} Said", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        if self.close_connection:  # the client asked for it
            lines.append("Connection: close")
        head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
        body = b"" if self.command == "HEAD" or answer.status in (204, 304) else answer.body
        self.wfile.write(head + body[: answer.cut])
        if answer.length is not None or answer.cut is not None or answer.status < 200:
            self.close_connection = True
