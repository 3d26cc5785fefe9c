"""HTTP over a plain socket: requests can be any bytes, but answers must be valid."""

import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

CONNECT_SECONDS = 20.0
EMPTY = frozenset({204, 304})


class Broken(Exception):
    """The bytes received are not a whole answer."""


@dataclass(frozen=True)
class Reply:
    """One answer; the names of headers are in lower case."""

    status: int
    headers: list[tuple[str, str]] = field(repr=False)
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        return next((value for each, value in self.headers if each == name), "")


class Wire:
    """A connection to a port of this machine; answers are read in order."""

    def __init__(self, port: int, seconds: float) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=CONNECT_SECONDS)
        self._socket.settimeout(seconds)
        self._held = b""
        self.ended = False

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def send(self, pieces: Iterable[bytes], pause: float = 0.0) -> None:
        """Send the pieces one after another; the server may have hung up."""
        with suppress(BrokenPipeError, ConnectionResetError):
            for number, piece in enumerate(pieces):
                if pause and number:
                    time.sleep(pause)
                self._socket.sendall(piece)

    def send_all(self, piece: bytes) -> None:
        """Send a piece; raises OSError if the server has hung up."""
        self._socket.sendall(piece)

    def read(self, method: str = "GET") -> Reply | None:
        """Return the next answer, or None if the connection ended before it.

        Raises TimeoutError if nothing comes in time, and Broken for an incomplete answer.
        """
        while True:
            head = self._until(b"\r\n\r\n")
            if head is None:
                return None
            status, headers = parsed(head)
            if status >= 200:
                break
        reply = Reply(status, headers, b"")
        if method == "HEAD" or status in EMPTY:
            return reply
        return Reply(status, headers, self._body(reply))

    def _body(self, reply: Reply) -> bytes:
        if "chunked" in reply.header("transfer-encoding"):
            body = b""
            while size := self._chunk_size():
                body += self._exactly(size + 2)[:-2]
            self._exactly(2)
            return body
        if reply.header("content-length"):
            return self._exactly(int(reply.header("content-length")))
        while self._more():
            pass
        body, self._held = self._held, b""
        return body

    def _chunk_size(self) -> int:
        line = self._until(b"\r\n")
        if line is None:
            raise Broken("the answer ended before its last chunk")
        return int(line.split(b";")[0], 16)

    def _until(self, mark: bytes) -> bytes | None:
        while mark not in self._held:
            if not self._more():
                if self._held.strip():
                    raise Broken(f"half an answer: {self._held[:80]!r}")
                return None
        found, _, self._held = self._held.partition(mark)
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._held) < size:
            if not self._more():
                raise Broken(f"{len(self._held)} bytes of a body instead of {size}")
        found, self._held = self._held[:size], self._held[size:]
        return found

    def _more(self) -> bool:
        try:
            piece = self._socket.recv(262_144)
        except ConnectionResetError:
            piece = b""
        self.ended = not piece
        self._held += piece
        return bool(piece)


def parsed(head: bytes) -> tuple[int, list[tuple[str, str]]]:
    """Return status and headers of an answer's head; raises Broken."""
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
        raise Broken(f"no status line: {first[:80]!r}")
    pairs = (line.partition(":") for line in lines)
    return int(rest[:3]), [(name.lower(), value.strip()) for name, _, value in pairs]
