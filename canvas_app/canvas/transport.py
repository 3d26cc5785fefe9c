"""Pooled connections to one Canvas; the token is sent to that origin and nowhere else."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import should_bypass_proxies

from canvas_app.canvas.circuit import Circuit
from canvas_app.canvas.cutting import CONNECTIONS, cut_at
from canvas_app.canvas.errors import MalformedAnswer, Unavailable
from canvas_app.canvas.headers import finite_number, request_id

LARGEST_ANSWER = 32 * 1024 * 1024  # bytes
LONGEST_CALL = 300.0  # seconds
WAITED_IN_VAIN = 2.0  # seconds; an unanswered call this long counts as a time-out
CHUNK = 256 * 1024  # bytes
TOO_LONG = "it took too long"
# Characters left unchanged in a path or query (RFC 3986, sections 3.3 and 3.4), with [] as Rails
# writes them and the % of encoded ones.
_IN_TARGET = "%/:?@~!$&'()*+,;=[]"
REPEATABLE_METHODS = frozenset({"GET", "HEAD"})

OnCall = Callable[[str, int | None, float], None]
"""Gets the method, the answer's status (None without a whole answer) and the seconds it took."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Canvas's answer; ``headers`` are looked up in any case, ``body`` is decompressed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def number(self, header: str) -> float | None:
        """Return a header as a number, or None when it is absent or not a number."""
        return finite_number(self.headers.get(header))

    @property
    def request_id(self) -> str | None:
        """Return Canvas's own id of the request, for its support desk."""
        return request_id(self.headers)


class Transport:
    """A pooled connection to one Canvas, shared by every client and thread of a process.

    It is requests' adapter without its session: no cookies (a shared jar hands one person's session
    to the next), no ``~/.netrc`` (it would replace our ``Authorization``), no redirects.

    ``pool`` is the number of connections kept; the timeouts are seconds. ``ca_bundle`` is a PEM
    file of the certificate authorities to trust, by default the one that ``REQUESTS_CA_BUNDLE`` or
    ``SSL_CERT_FILE`` names. ``proxy`` is the URL of an outbound proxy and ``no_proxy`` names hosts
    that need none, by default ``HTTPS_PROXY`` and ``NO_PROXY``; loopback is always asked directly.

    With a ``circuit`` a Canvas that lets calls time out is left alone for a while: ``send`` raises
    ``Unavailable`` at once. ``on_call`` is told of each call that was sent.

    Raises ``ValueError`` unless ``base_url`` is an https origin, or http on loopback, and for a
    ``ca_bundle`` that is no file.
    """

    def __init__(
        self,
        base_url: str,
        *,
        pool: int = 40,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        largest_answer: int = LARGEST_ANSWER,
        ca_bundle: str | Path | None = None,
        proxy: str | None = None,
        no_proxy: str | None = None,
        circuit: Circuit | None = None,
        on_call: OnCall | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.circuit = circuit
        self._on_call = on_call
        self.origin = canvas_origin(base_url)
        self._pool = pool
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._largest_answer = largest_answer
        self._verify = authorities(ca_bundle)
        self._proxies = proxies_for(self.origin, proxy, no_proxy)
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
        largest: int | None = None,
        fresh: bool = False,
    ) -> Answer:
        """Send one call to ``target`` (path and query) and read its whole answer, of any status.

        ``deadline`` is on the transport's clock; ``largest`` is the limit of an answer in bytes.
        With ``fresh`` the call has a connection of its own, because the other side may close a kept
        one just when a call that must not be sent twice goes out. Such calls carry sign-ins and are
        sent even while the circuit is open: pages that Canvas answers slowly must lock nobody out.

        Raises ``Unavailable`` when no complete answer came, with what may have become of the call,
        and ``MalformedAnswer`` for one too large.
        """
        path = target.partition("?")[0]
        now = self._clock()
        end = now + LONGEST_CALL if deadline is None else min(deadline, now + LONGEST_CALL)
        if why := self._not_to_be_sent(end - now, guarded=not fresh):
            raise Unavailable(
                why, delivery="not_sent", method=method, path=path, repeat_is_safe=True
            )
        request = self._prepared(method, target, headers, body)
        most = self._largest_answer if largest is None else largest
        connections = self._adapter_for(1) if fresh else self._connections()
        try:
            outcome = self._outcome(connections, request, end, end - now, most)
        finally:
            if fresh:
                connections.close()
        self._tell_circuit(outcome, now)
        if self._on_call:
            self._on_call(method, outcome.status, self._clock() - now)
        if isinstance(outcome, Answer):
            return outcome
        # Raised outside any except block, because the library's errors quote URLs with their query.
        outcome.method, outcome.path = method, path
        outcome.repeat_is_safe = outcome.repeat_is_safe or method in REPEATABLE_METHODS
        raise outcome

    def _not_to_be_sent(self, left: float, *, guarded: bool) -> str:
        """Return why a call that has ``left`` seconds cannot be sent; empty when it can."""
        if left <= 0:
            return "There was no time left to ask Canvas; nothing was sent."
        if guarded and self.circuit and not self.circuit.enter():
            return (
                "Canvas did not answer the last calls, so it was not asked; "
                "it is asked again within a few seconds."
            )
        return ""

    def _tell_circuit(
        self, outcome: "Answer | MalformedAnswer | Unavailable", began: float
    ) -> None:
        """Count consecutive time-outs; a call that had hardly any time left is not counted."""
        if self.circuit is None:
            return
        if not isinstance(outcome, Unavailable):
            self.circuit.succeeded()
        elif self._clock() - began >= WAITED_IN_VAIN:
            self.circuit.failed()

    def _prepared(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> requests.PreparedRequest:
        request = requests.PreparedRequest()
        request.method = method
        request.url = self.origin + target
        request.headers = requests.structures.CaseInsensitiveDict(headers)
        request.body = body
        request.hooks = {}
        if body is not None or method not in REPEATABLE_METHODS:
            request.headers["Content-Length"] = str(len(body or b""))
        return request

    def _outcome(
        self,
        connections: HTTPAdapter,
        request: requests.PreparedRequest,
        end: float,
        left: float,
        most: int,
    ) -> Answer | MalformedAnswer | Unavailable:
        """Send a call and read its answer; return it, or the error that explains why there is none.

        ``end`` is on the transport's clock, ``left`` the seconds until then, ``most`` in bytes.
        """
        try:
            with cut_at(time.monotonic() + left) as cut:
                response = connections.send(
                    request,
                    stream=True,
                    timeout=(min(self._connect_timeout, left), min(self._read_timeout, left)),
                    verify=self._verify,
                    proxies=self._proxies,
                )
                try:
                    content = self._read(response.raw, end, most)
                finally:
                    response.close()
            if cut.over:
                raise TimeoutError  # a cut connection can look like a body that ended early
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            reason, never_sent = _describe(error)
            if never_sent:
                return Unavailable(
                    f"Canvas could not be reached: {reason}.",
                    delivery="not_sent",
                    repeat_is_safe=True,
                )
            reason = TOO_LONG if cut.over else reason
            return Unavailable(f"Canvas gave no complete answer: {reason}.")
        if content is None:
            return MalformedAnswer(
                f"Canvas's answer is larger than {most:,} bytes; it was not read.",
                status=response.status_code,
                request_id=request_id(response.headers),
            )
        return Answer(response.status_code, response.raw.headers, content)

    def re_rooted(self, link: str, *, method: str = "GET", path: str = "") -> str:
        """Return the path and query of a link from Canvas, for use at Canvas's own origin.

        A Canvas behind a proxy or with a vanity host has another host name in its links; those
        under ``/api/v1/`` are accepted as its own. Any other link raises ``MalformedAnswer``.
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
        """Return this process's pool; a forked worker must not share its parent's sockets."""
        adapter = self._adapter  # read once, because close() may remove it
        if adapter is not None and self._process == os.getpid():
            return adapter
        with self._lock:
            if self._adapter is None or self._process != os.getpid():
                self._adapter = self._adapter_for(self._pool)
                self._process = os.getpid()
            return self._adapter

    def _adapter_for(self, size: int) -> HTTPAdapter:
        return _Adapter(
            pool_connections=1, pool_maxsize=size, max_retries=urllib3.Retry(0, read=False)
        )

    def _read(self, raw: Any, end: float, most: int) -> bytes | None:
        """Read a body within the time; return None when it is larger than allowed."""
        chunks: list[bytes] = []
        size = 0
        while chunk := raw.read1(CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > most:
                return None
            if self._clock() > end:
                raise TimeoutError
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


class _Adapter(HTTPAdapter):
    """requests' adapter with connections that can be cut at a call's deadline."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = CONNECTIONS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = CONNECTIONS
        return manager


def authorities(ca_bundle: str | Path | None) -> str | bool:
    """Return the file of authorities to trust; True for those that come with ``certifi``."""
    if ca_bundle and not Path(ca_bundle).is_file():
        raise ValueError(f"ca_bundle is no file of certificates: {ca_bundle}")
    named = (os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"))
    return str(ca_bundle or next(filter(None, named), "")) or True


def proxies_for(url: str, proxy: str | None, no_proxy: str | None) -> dict[str, str]:
    """Return the outbound proxy for a URL as requests takes it; empty when none is needed."""
    if proxy is None:
        proxy = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY")
    host = urlsplit(url).hostname or ""
    direct = no_proxy is not None and "*" in no_proxy.replace(" ", "").split(",")
    if not proxy or _loopback(host) or direct or should_bypass_proxies(url, no_proxy):
        return {}
    return {"https": proxy}


def canvas_origin(base_url: str) -> str:
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
    """Describe in our own words what failed, and whether the call certainly never left."""
    causes = list(_causes(error))
    if any(isinstance(cause, urllib3.exceptions.NameResolutionError) for cause in causes):
        return "its name is not known", True
    if any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in causes):
        return "the connection was refused", True
    if any(isinstance(cause, urllib3.exceptions.ConnectTimeoutError) for cause in causes):
        return "connecting took too long", True
    if any(isinstance(cause, urllib3.exceptions.ProxyError) for cause in causes):
        return "the proxy did not let the call through", True
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate was not accepted", True
    if any(isinstance(c, urllib3.exceptions.ReadTimeoutError | TimeoutError) for c in causes):
        return TOO_LONG, False
    return "the connection broke", False


def _causes(error: object) -> Iterable[BaseException]:
    """Yield an error and the errors it wraps, because requests keeps urllib3's inside its own."""
    seen = 0
    while isinstance(error, BaseException) and seen < 8:
        yield error
        seen += 1
        inner = getattr(error, "reason", None)
        error = inner if isinstance(inner, BaseException) else next(iter(error.args), None)
