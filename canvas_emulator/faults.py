"""Faults that a control request arms, and how each of them spoils an answer."""

import errno
import re
import socket
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Lock
from typing import Annotated, Any, Literal

import msgspec
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request, Response

Kind = Literal[
    "status",
    "reset",
    "truncate",
    "slow",
    "html",
    "link_host",
    "link_loop",
    "link_missing",
    "link_odd",
    "empty_page",
    "repeat",
    "json_prefix",
    "redirect",
    "empty_token",
    "rewrite",
    "headers",
]

FOREIGN_HOST = "canvas.elsewhere.example"


class Fault(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A fault: which requests it strikes, and what happens to their answers.

    ``path`` is an fnmatch glob, and ``query`` names parameters that the request must have. The
    fault lets ``after`` matching requests pass and then strikes ``times`` times (null: until it is
    cleared). With ``handled`` Canvas does its work before a ``reset``, ``status`` or ``html``, so
    that the write happens but its answer is lost. ``location`` is the target of a ``redirect``, or
    the host that a ``link_host`` puts into the links; ``retry_after`` is the header that a proxy
    adds to a ``status``. ``rewrite`` holds pairs of a regular expression and its replacement, in
    characters that stand for bytes (Latin-1), which can produce values that no Canvas sends and
    bytes that are not UTF-8. ``headers`` replace those of the answer.
    """

    kind: Kind
    path: str = "*"
    method: str | None = None
    query: dict[str, str | int] = msgspec.field(default_factory=dict)
    person: int | None = None
    status: Annotated[int, msgspec.Meta(ge=200, le=599)] | None = None
    seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 5.0
    after: Annotated[int, msgspec.Meta(ge=0)] = 0
    times: Annotated[int, msgspec.Meta(ge=0)] | None = 1
    handled: bool = False
    location: str | None = None
    retry_after: str | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    rewrite: list[tuple[str, str]] = msgspec.field(default_factory=list)


class Drift(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A change of a numbered list that happens once page ``after_page`` of it was delivered.

    ``add`` rows arrive at its front, and ``remove`` rows vanish after its first ``place`` rows.
    """

    path: str
    remove: Annotated[int, msgspec.Meta(ge=0)] = 0
    place: Annotated[int, msgspec.Meta(ge=0)] = 0
    add: Annotated[int, msgspec.Meta(ge=0)] = 0
    after_page: int = 1


@dataclass
class _Armed:
    fault: Fault
    to_skip: int
    left: int | None


@dataclass
class _Moving:
    drift: Drift
    happened: bool = False


@dataclass(frozen=True)
class Skew:
    """How a request's list differs from the true one: a repeated row, or rows added or removed."""

    overlap: int = 0
    moving: _Moving | None = field(default=None)

    @property
    def place(self) -> int:
        return self.moving.drift.place if self.moving else 0

    def removed(self) -> int:
        return self.moving.drift.remove if self.moving and self.moving.happened else 0

    def added(self) -> int:
        return self.moving.drift.add if self.moving and self.moving.happened else 0

    def delivered(self, page: int) -> None:
        if self.moving is not None and page >= self.moving.drift.after_page:
            self.moving.happened = True


class Faults:
    """The armed faults and drifts, which wait for requests that match them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._armed: list[_Armed] = []
        self._moving: list[_Moving] = []

    def arm(self, faults: list[Fault]) -> None:
        """Arm more faults; an empty list clears all of them."""
        with self._lock:
            if not faults:
                self._armed = []
            self._armed += [_Armed(fault, fault.after, fault.times) for fault in faults]

    def drift(self, drift: Drift) -> None:
        with self._lock:
            self._moving.append(_Moving(drift, happened=drift.after_page < 1))

    def __bool__(self) -> bool:
        return bool(self._armed or self._moving)

    def take(self, request: Request, person_id: int | None) -> Fault | None:
        """Return the fault that strikes this request, or None, and count the strike."""
        with self._lock:
            for armed in self._armed:
                if not _meets(armed.fault, request, person_id) or armed.left == 0:
                    continue
                if armed.to_skip > 0:
                    armed.to_skip -= 1
                    continue
                if armed.left is not None:
                    armed.left -= 1
                return armed.fault
        return None

    def skew(self, request: Request, fault: Fault | None) -> Skew | None:
        """Return how this request's list differs from the true one, or None."""
        overlap = 1 if fault is not None and fault.kind == "repeat" else 0
        with self._lock:
            moving = next(
                (m for m in self._moving if fnmatchcase(request.path, m.drift.path)), None
            )
        return Skew(overlap, moving) if overlap or moving else None


def _meets(fault: Fault, request: Request, person_id: int | None) -> bool:
    if fault.method is not None and fault.method.upper() != request.method:
        return False
    if fault.person is not None and fault.person != person_id:
        return False
    if not fnmatchcase(request.path, fault.path):
        return False
    return all(str(value) in request.args.getlist(name) for name, value in fault.query.items())


def instead(fault: Fault, request: Request) -> Response | None:
    """Return the answer that replaces Canvas's own, or None for faults that spoil that one.

    Raises ConnectionResetError for a ``reset``.
    """
    if fault.kind == "status":
        answer = _status(fault.status or 503)
        if fault.retry_after is not None:
            answer.headers["Retry-After"] = fault.retry_after
        return answer
    if fault.kind == "html":
        return _html(fault.status or 503)
    if fault.kind == "redirect":
        to = fault.location or f"{request.host_url}login"
        return Response(b"", status=fault.status or 302, headers={"Location": to})
    if fault.kind == "reset":
        reset(request)
    return None


def spoil(fault: Fault, request: Request, response: Response) -> Response:
    """Return Canvas's answer as the fault leaves it."""
    if fault.kind.startswith("link_") and "Link" in response.headers:
        _spoil_link(fault, request, response.headers)
    elif fault.kind == "empty_page":
        _plain(response)
        response.set_data(b"[]")
    elif fault.kind == "json_prefix":
        response.set_data(b"while(1);" + _plain(response))
    elif fault.kind == "empty_token" and response.is_json:
        body = msgspec.json.decode(_plain(response))
        response.set_data(msgspec.json.encode(body | {"access_token": ""}))
    elif fault.kind == "headers":
        request.environ["emulator.headers"] = fault.headers
    elif fault.kind == "rewrite":
        body = _plain(response).decode("latin-1")
        for find, put in fault.rewrite:
            body = re.sub(find, put, body)
        response.set_data(body.encode("latin-1"))
    elif fault.kind == "truncate":
        _truncate(request, response)
    return response


def _status(status: int) -> Response:
    if status == 429:
        return Response(
            "429 Too Many Requests (Rate Limit Exceeded)\n",
            status,
            content_type="text/plain; charset=utf-8",
        )
    message: dict[str, Any] = {"message": "An error occurred."}
    code = {500: "internal_server_error", 502: "bad_gateway", 404: "not_found"}.get(status)
    body: dict[str, Any] = {"errors": [message | ({"error_code": code} if code else {})]}
    headers = {}
    if status == 401:
        headers = {"WWW-Authenticate": 'Bearer realm="canvas-lms"'}
        body = {"errors": [{"message": "Invalid access token."}]}
    elif status == 403:
        text = "user not authorized to perform that action"
        body = {"status": "unauthorized", "errors": [{"message": text}]}
    return Response(
        msgspec.json.encode(body),
        status,
        headers=headers,
        content_type="application/json; charset=utf-8",
    )


def _html(status: int) -> Response:
    text = "<!DOCTYPE html><html><body><h1>Page is temporarily unavailable</h1></body></html>"
    return Response(text, status, content_type="text/html; charset=utf-8")


def reset(request: Request) -> None:
    """Break the connection without an answer.

    Always raises ConnectionResetError, which makes the server give the request up.
    """
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        # With a linger of zero seconds, closing sends RST instead of FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionResetError(errno.ECONNRESET, "connection reset as asked")


def _spoil_link(fault: Fault, request: Request, headers: Headers) -> None:
    link = headers["Link"]
    if fault.kind == "link_missing":
        del headers["Link"]
    elif fault.kind == "link_host":
        there = fault.location or FOREIGN_HOST
        headers["Link"] = link.replace(f"://{request.host}/", f"://{there}/")
    elif fault.kind == "link_odd":
        # Some proxies decode ";" and ",", which Canvas percent-encodes; RFC 3986 allows both in a
        # query.
        headers["Link"] = re.sub(r"<([^>?]*)\?", r"<\1?via=a;b,c&", link)
    else:
        current = re.search(r'<([^>]*)>; rel="current"', link)
        if current is not None:
            again = f'<{current[1]}>; rel="next"'
            headers["Link"] = re.sub(r'<[^>]*>; rel="next"', lambda _: again, link)


def _plain(response: Response) -> bytes:
    data = response.get_data()
    if response.headers.pop("Content-Encoding", None) == "gzip":
        return zlib.decompress(data, wbits=31)
    return data


def _truncate(request: Request, response: Response) -> None:
    data = response.get_data()
    response.response = _half(data, request.environ.get("gunicorn.socket"))
    response.headers["Content-Length"] = str(len(data))


def _half(data: bytes, connection: Any) -> Iterator[bytes]:
    yield data[: len(data) // 2]
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
