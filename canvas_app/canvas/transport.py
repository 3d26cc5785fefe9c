"""Pooled connections to one Canvas: the token goes to that origin and nowhere else."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from canvas_app.canvas.errors import MalformedAnswer, Unavailable
from canvas_app.canvas.headers import number, request_id

LARGEST_ANSWER = 32 * 1024 * 1024  # bytes
LONGEST_CALL = 300.0  # seconds
CHUNK = 256 * 1024  # bytes
# What a path or query may hold as it is (RFC 3986 sections 3.3 and 3.4), [] as Rails writes them,
# and % of what is encoded.
_IN_TARGET = "%/:?@~!$&'()*+,;=[]"
SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What Canvas sent back; ``headers`` are looked up in any case, ``body`` is decompressed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def number(self, header: str) -> float | None:
        """A header as a number, or None when it is absent or odd."""
        return number(self.headers.get(header))

    @property
    def request_id(self) -> str | None:
        """Canvas's own id of the request, for its support desk."""
        return request_id(self.headers)


class Transport:
    """A pooled connection to one Canvas, shared by every client and thread of a process.

    It is requests' adapter without its session: no cookies (a shared jar hands one person's session
    to the next), no ``~/.netrc`` (it would replace our ``Authorization``), no proxies of the
    environment, no redirects.

    ``pool`` is the number of connections kept; the timeouts are seconds. Raises ``ValueError``
    unless ``base_url`` is an https origin, or http on loopback.
    """

    def __init__(
        self,
        base_url: str,
        *,
        pool: int = 40,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        largest_answer: int = LARGEST_ANSWER,
        verify: bool | str = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.origin = origin(base_url)
        self._pool = pool
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._largest_answer = largest_answer
        self._verify = verify
        self._clock = clock
        self._lock = threading.Lock()
        self._adapter: HTTPAdapter | None = None
        self._process = 0

    def __repr__(self) -> str:
        return f"Transport({self.origin!r})"

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        deadline: float | None = None,
    ) -> Answer:
        """Send one call to ``target`` (path and query) and read its whole answer, of any status.

        ``deadline`` is on the transport's clock. Raises ``Unavailable`` when no complete answer
        came, with what may have become of the call, and ``MalformedAnswer`` for one too large.
        """
        path = target.partition("?")[0]
        now = self._clock()
        end = now + LONGEST_CALL if deadline is None else min(deadline, now + LONGEST_CALL)
        left = end - now
        if left <= 0:
            raise Unavailable(
                "There was no time left to ask Canvas; nothing was sent.",
                delivery="not_sent",
                method=method,
                path=path,
                repeat_is_safe=True,
            )
        request = requests.PreparedRequest()
        request.method = method
        request.url = self.origin + target
        request.headers = requests.structures.CaseInsensitiveDict(headers)
        request.body = body
        request.hooks = {}
        if body is not None or method not in SAFE_METHODS:
            request.headers["Content-Length"] = str(len(body or b""))
        failure: tuple[str, bool] | None = None
        try:
            response = self._connections().send(
                request,
                stream=True,
                timeout=(min(self._connect_timeout, left), min(self._read_timeout, left)),
                verify=self._verify,
            )
            try:
                content = self._read(response.raw, end)
            finally:
                response.close()
            if content is not None:
                return Answer(response.status_code, response.raw.headers, content)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            failure = _describe(error)
        # Raised outside the except block: the library's errors quote URLs with their query.
        if failure is None:
            raise MalformedAnswer(
                f"Canvas's answer is larger than {self._largest_answer:,} bytes; it was not read.",
                method=method,
                path=path,
                status=response.status_code,
                request_id=request_id(response.headers),
                repeat_is_safe=method in SAFE_METHODS,
            )
        reason, never_sent = failure
        raise Unavailable(
            f"Canvas could not be reached: {reason}."
            if never_sent
            else f"Canvas gave no complete answer: {reason}.",
            delivery="not_sent" if never_sent else "may_have_happened",
            method=method,
            path=path,
            repeat_is_safe=never_sent or method in SAFE_METHODS,
        )

    def re_rooted(self, link: str, *, method: str = "GET", path: str = "") -> str:
        """Return the path and query of a link from Canvas, to be asked of Canvas's own origin.

        Canvas behind a proxy or with a vanity host names itself differently in its links; under
        ``/api/v1/`` they are taken as its own. Any other link raises ``MalformedAnswer``.
        """
        try:
            parts = urlsplit(urljoin(f"{self.origin}{path or '/'}", link.strip()))
        except ValueError:
            parts = urlsplit("")
        segments = parts.path.lower().replace("%2e", ".").split("/")
        if not parts.path.startswith("/api/v1/") or ".." in segments or "." in segments:
            raise MalformedAnswer(
                "Canvas's next link leads outside its API; it was not followed.",
                method=method,
                path=path,
                repeat_is_safe=True,
            )
        where, query = (quote(part, safe=_IN_TARGET) for part in (parts.path, parts.query))
        return urlunsplit(("", "", where, query, ""))

    def close(self) -> None:
        """Close every pooled connection; the next call opens new ones."""
        with self._lock:
            if self._adapter is not None:
                self._adapter.close()
            self._adapter = None

    def _connections(self) -> HTTPAdapter:
        """The pool of this process: a forked worker never shares its parent's sockets."""
        adapter = self._adapter  # read once: close() may take it away
        if adapter is not None and self._process == os.getpid():
            return adapter
        with self._lock:
            if self._adapter is None or self._process != os.getpid():
                self._adapter = HTTPAdapter(
                    pool_connections=1,
                    pool_maxsize=self._pool,
                    max_retries=urllib3.Retry(0, read=False),
                )
                self._process = os.getpid()
            return self._adapter

    def _read(self, raw: Any, end: float) -> bytes | None:
        """Read a body within the time; None when it is larger than allowed."""
        chunks: list[bytes] = []
        size = 0
        while chunk := raw.read1(CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._largest_answer:
                return None
            if self._clock() > end:
                raise TimeoutError
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def origin(base_url: str) -> str:
    """Return ``scheme://host[:port]`` of a Canvas root URL; anything else is a ``ValueError``."""
    parts = urlsplit(base_url)
    if parts.username is not None or parts.query or parts.fragment or parts.path not in ("", "/"):
        root, api, _ = base_url.lower().partition("/api")
        if api:
            end = base_url[len(root) :].rstrip("/")
            raise ValueError(f"Canvas's URL goes without {end}: {base_url[: len(root)]}")
        raise ValueError("Canvas's URL is its root, like https://canvas.example.edu")
    host = parts.hostname or ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and _loopback(host))):
        raise ValueError("Canvas's URL begins with https:// (http:// only on loopback)")
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{parts.port}" if parts.port else "")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _describe(error: BaseException) -> tuple[str, bool]:
    """Say in our own words what failed, and whether the call surely never left."""
    causes = list(_causes(error))
    if any(isinstance(cause, urllib3.exceptions.NameResolutionError) for cause in causes):
        return "its name is not known", True
    if any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in causes):
        return "the connection was refused", True
    if any(isinstance(cause, urllib3.exceptions.ConnectTimeoutError) for cause in causes):
        return "connecting took too long", True
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate was not accepted", True
    if any(isinstance(c, urllib3.exceptions.ReadTimeoutError | TimeoutError) for c in causes):
        return "it took too long", False
    return "the connection broke", False


def _causes(error: object) -> Iterable[BaseException]:
    """An error, what it wraps, and so on: requests keeps urllib3's inside its own."""
    seen = 0
    while isinstance(error, BaseException) and seen < 8:
        yield error
        seen += 1
        inner = getattr(error, "reason", None)
        error = inner if isinstance(inner, BaseException) else next(iter(error.args), None)
