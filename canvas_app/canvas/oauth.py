"""Canvas's token endpoint: trade a code or a refresh token for a token, and revoke one."""

import json
import logging
import re
import socket
import threading
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from canvas_app.canvas.agent import USER_AGENT
from canvas_app.canvas.errors import (
    AuthenticationError,
    CanvasError,
    Delivery,
    InvalidRequest,
    MalformedAnswer,
    Throttled,
    Unavailable,
)
from canvas_app.canvas.headers import number, request_id
from canvas_app.canvas.tokens import Token

log = logging.getLogger("canvas_app.canvas")

PATH = "/login/oauth2/token"
SELF = "/api/v1/users/self"
LARGEST_ANSWER = 1 << 20  # bytes; a token answer has some 500
LONGEST_NAME = 255  # characters, as in Canvas
LARGEST_ID = 2**63 - 1  # Canvas keeps ids in eight bytes
# What a token is made of (RFC 6749 appendix A.12), less the space, which no header can carry.
VISIBLE = re.compile(r"[\x21-\x7e]+")
SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")  # where a proxy makes text of numbers
LONGEST_LIFE = 10 * 365 * 24 * 3600  # seconds; what is longer is no ``expires_in``


class InvalidGrant(AuthenticationError):
    """The code or refresh token is used, expired, revoked or another key's (RFC 6749 5.2)."""


class InvalidClient(Unavailable):
    """Canvas refuses the developer key itself: the operator's trouble, not the person's."""


@dataclass(frozen=True)
class TokenAnswer:
    """What an exchanged code gives. ``real_user_*`` is set when an admin was acting as the user."""

    token: Token
    user_id: int
    user_name: str
    real_user_id: int | None = None
    real_user_name: str | None = None


class Leave(Protocol):
    """Leave for one call, to be settled with what Canvas answered (``queue.Admission``)."""

    def settle(self, *, throttled: bool, remaining: float | None, cost: float | None) -> None: ...

    def forget(self) -> None: ...


class Queue(Protocol):
    """What calls wait in for room at the token endpoint (``queue.TokenQueue``)."""

    def admit(self, deadline: float | None = None) -> Leave: ...


def _now() -> datetime:
    return datetime.now(UTC)


class TokenEndpoint:
    """``/login/oauth2/token`` of one Canvas, spoken to with one developer key.

    ``time_limit`` is the seconds one call may take in all, from connecting to the last byte; only
    the resolver's own time is beyond it. An empty ``client_secret`` means a public client. Every
    call has a connection of its own, so threads may share an endpoint. Codes and refresh tokens
    are traded through ``queue`` when there is one, within the same time.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        time_limit: float = 10.0,
        user_agent: str = USER_AGENT,
        queue: Queue | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.url = base_url.rstrip("/") + PATH
        self.client_id = client_id
        self.time_limit = time_limit
        self._client_secret = client_secret
        self._user_agent = user_agent
        self._queue = queue
        self._clock = clock

    def __repr__(self) -> str:
        return f"TokenEndpoint({self.url!r}, client_id={self.client_id!r})"

    @property
    def public(self) -> bool:
        """Whether the key has no secret; Canvas then rotates its refresh tokens."""
        return not self._client_secret

    def exchange(self, code: str, redirect_uri: str, code_verifier: str | None) -> TokenAnswer:
        """Trade an authorization code (RFC 6749 4.1.3, RFC 7636 4.5); it serves once.

        Raises InvalidGrant, InvalidClient, Unavailable, Throttled, InvalidRequest, MalformedAnswer.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
        }
        if code_verifier:
            form["code_verifier"] = code_verifier
        asked_at = self._clock()
        answer = self._post(form)
        user = _object(answer.get("user"))
        real_user = _object(answer["real_user"]) if answer.get("real_user") else {}
        return TokenAnswer(
            token=_token(answer, asked_at),
            user_id=_id(user),
            user_name=_name(user) or "",
            real_user_id=_id(real_user) if real_user else None,
            real_user_name=_name(real_user),
        )

    def refresh(self, refresh_token: str) -> Token:
        """Renew (RFC 6749 section 6). Canvas overwrites the token: the former one dies at once.

        The refresh token is kept when the answer brings none. Raises as ``exchange`` does.
        """
        asked_at = self._clock()
        answer = self._post({"grant_type": "refresh_token", "refresh_token": refresh_token})
        return _token(answer, asked_at, refresh_token)

    def revoke(self, access_token: str) -> None:
        """Delete the token at Canvas, its refresh token with it (canvas doc ``oauth.md``).

        Raises AuthenticationError when Canvas does not know the access token (any more).
        """
        with _Limit(self.time_limit) as limit:
            answer = self._call("DELETE", None, {"Authorization": f"Bearer {access_token}"}, limit)
        _read("DELETE", *answer)

    def refuses(self, access_token: str) -> bool:
        """Whether Canvas's API rejects this access token: 401 with ``WWW-Authenticate``.

        A refresh succeeds for a suspended person too, so only a call tells. Whatever else comes
        of it, no answer among it, rejects nothing. Takes half of ``time_limit`` at most.
        """
        headers = {"Authorization": f"Bearer {access_token}"}
        try:
            with _Limit(self.time_limit / 2) as limit:
                answer, _ = self._call("GET", None, headers, limit, SELF)
        except Unavailable:
            return False
        return answer.status_code == 401 and "WWW-Authenticate" in answer.headers

    def _post(self, form: dict[str, str]) -> dict[str, Any]:
        form["client_id"] = self.client_id
        if self._client_secret:
            form["client_secret"] = self._client_secret
        with _Limit(self.time_limit) as limit:
            leave = self._queue.admit(limit.ends) if self._queue else None
            try:
                response, body = self._call("POST", form, {}, limit)
            except BaseException as error:
                if leave and isinstance(error, Unavailable) and error.delivery == "not_sent":
                    leave.forget()
                elif leave:
                    leave.settle(throttled=False, remaining=None, cost=None)
                raise
            if leave:
                leave.settle(
                    throttled=_throttled(response, body),
                    remaining=_number(response, "X-Rate-Limit-Remaining"),
                    cost=_number(response, "X-Request-Cost"),
                )
        return _read("POST", response, body)

    def _call(
        self,
        method: str,
        form: dict[str, str] | None,
        headers: Mapping[str, str],
        limit: "_Limit",
        path: str = PATH,
    ) -> tuple[requests.Response, bytes]:
        """Send one call; return its answer, of any status, with its body. Raises Unavailable.

        Writes one log line, which holds nothing of what was sent.
        """
        sent = time.monotonic()
        try:
            answer = self._send(method, form, headers, limit, path)
        except Unavailable as error:
            log.info("%s %s failed: %s", method, path, error.message)
            raise
        facts = {
            "method": method,
            "path": path,
            "status": answer[0].status_code,
            "milliseconds": round(1000 * (time.monotonic() - sent), 1),
            "cost": _number(answer[0], "X-Request-Cost"),
            "canvas_request_id": answer[0].headers.get("X-Request-Context-Id"),
        }
        log.info("%s %s → %s, %s ms, cost %s, request %s", *facts.values(), extra=facts)
        return answer

    def _send(
        self,
        method: str,
        form: dict[str, str] | None,
        headers: Mapping[str, str],
        limit: "_Limit",
        path: str,
    ) -> tuple[requests.Response, bytes]:
        with _session(limit) as session:
            try:
                with session.request(
                    method,
                    self.url.removesuffix(PATH) + path,
                    data=form,
                    headers={
                        "User-Agent": self._user_agent,
                        "Accept": "application/json",
                        "Connection": "close",
                        **headers,
                    },
                    allow_redirects=False,
                    stream=True,
                    timeout=(self.time_limit, self.time_limit),
                ) as response:
                    body = response.raw.read(LARGEST_ANSWER + 1, decode_content=True)
            # urllib3 raises its own errors while the body is read; neither text is passed on,
            # for it may quote the request. A ValueError comes of a Location that is no URL, which
            # requests reads though nothing is followed.
            except (requests.RequestException, OSError, HTTPError, ValueError) as fault:
                raise self._no_answer(method, fault, limit) from None
        if limit.over():  # the connection was cut, which can look like an early end
            raise self._no_answer(method, TimeoutError(), limit)
        return response, body

    def _no_answer(self, method: str, fault: Exception, limit: "_Limit") -> Unavailable:
        what = (
            f"gave no complete answer within {self.time_limit:g} s"
            if limit.over() or isinstance(fault, requests.Timeout)
            else f"could not be asked ({type(fault).__name__})"
        )
        delivery: Delivery = (
            "not_sent" if isinstance(fault, requests.ConnectTimeout) else "may_have_happened"
        )
        return Unavailable(
            f"Canvas's token endpoint {what}.", method=method, path=PATH, delivery=delivery
        )


def _throttled(response: requests.Response, body: bytes) -> bool:
    return response.status_code == 429 or (
        response.status_code == 403 and b"rate limit exceeded" in body[:1000].lower()
    )


def _number(response: requests.Response, header: str) -> float | None:
    return number(response.headers.get(header))


def _read(method: str, response: requests.Response, body: bytes) -> dict[str, Any]:
    """Return the JSON object of a good answer; raise what any other one means."""
    status = response.status_code
    facts: dict[str, Any] = {
        "method": method,
        "path": PATH,
        "status": status,
        "request_id": request_id(response.headers),
    }
    if 300 <= status < 400:
        # Canvas of about 2020 answered errors by a redirect that carries them in its query.
        told = parse_qs(urlsplit(response.headers.get("Location", "")).query)
        if "error" not in told:
            raise MalformedAnswer("Canvas's token endpoint redirects elsewhere.", **facts)
        raise _refusal(told["error"][0], told.get("error_description", [""])[0], facts)
    if status >= 500:
        raise Unavailable("Canvas's token endpoint has trouble of its own.", **facts)
    if _throttled(response, body):
        raise Throttled("Canvas's token endpoint is asked too often.", **facts)
    if len(body) > LARGEST_ANSWER:
        raise MalformedAnswer("Canvas's token endpoint gave far too long an answer.", **facts)
    answer = _decoded(body)
    if status == 200 and answer is not None:
        return answer
    if status < 400:
        raise MalformedAnswer("Canvas's token endpoint answered something else than JSON.", **facts)
    error_code = (answer or {}).get("error")
    if isinstance(error_code, str):
        raise _refusal(error_code, str((answer or {}).get("error_description", "")), facts)
    if status == 401:
        raise AuthenticationError("Canvas does not know this access token.", **facts)
    raise InvalidRequest("Canvas's token endpoint refused the call.", **facts)


def _refusal(error: str, description: str, facts: dict[str, Any]) -> CanvasError:
    """The error an RFC 6749 section 5.2 answer means."""
    if error == "invalid_grant" or (
        # Canvas before 2022 (canvas-lms ``lib/canvas/oauth/request_error.rb``).
        error == "invalid_request" and description == "refresh_token not found"
    ):
        return InvalidGrant("Canvas no longer accepts this code or refresh token.", **facts)
    if error in ("invalid_client", "unauthorized_client"):
        return InvalidClient(
            "Canvas does not accept Easel's developer key: look at its id, its secret, and "
            "whether it is on.",
            delivery="rejected",
            **facts,
        )
    return InvalidRequest("Canvas's token endpoint refused the call.", **facts)


def _decoded(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body.removeprefix(b"while(1);"))
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _malformed(what: str) -> MalformedAnswer:
    return MalformedAnswer(
        f"Canvas's token endpoint sent {what}.", method="POST", path=PATH, status=200
    )


def _token(answer: dict[str, Any], asked_at: datetime, kept: str | None = None) -> Token:
    """The token of an answer. Canvas may send null for it (scope ``userinfo``, hasty repeats)."""
    access_token = _secret(answer.get("access_token"))
    if access_token is None:
        raise _malformed("no access token")
    expires_in = answer.get("expires_in")
    if isinstance(expires_in, str) and SECONDS.fullmatch(expires_in):
        expires_in = float(expires_in)
    if expires_in is None:
        expires_at = None
    elif type(expires_in) in (int, float) and 0 <= expires_in <= LONGEST_LIFE:
        expires_at = asked_at + timedelta(seconds=expires_in)
    else:
        raise _malformed("an expires_in that is no number of seconds")
    return Token(access_token, _secret(answer.get("refresh_token")) or kept, expires_at)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _secret(value: object) -> str | None:
    return value if isinstance(value, str) and VISIBLE.fullmatch(value) else None


def _name(user: dict[str, Any]) -> str | None:
    """The user's name as it can be stored and shown, without control characters and halves."""
    name = _text(user.get("name"))
    if name is None:
        return None
    kept = (letter for letter in name if unicodedata.category(letter) not in ("Cc", "Cs"))
    return "".join(kept)[:LONGEST_NAME]


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _malformed("no user")
    return value


def _id(user: dict[str, Any]) -> int:
    told = str(user.get("id")).removesuffix(".0")
    if told.isascii() and told.isdigit() and len(told) < 20 and 0 < int(told) <= LARGEST_ID:
        return int(told)
    raise _malformed("a user without an id")


class _Limit:
    """Cuts a call's connection when its time is up, whatever it is waiting for.

    A read timeout alone never ends a server that sends a byte now and then.
    """

    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def over(self) -> bool:
        return time.monotonic() >= self.ends

    def watch(self, sock: socket.socket) -> None:
        # A duplicate, since TLS takes the original's descriptor away.
        with self._lock:
            self._sockets.append(sock.dup())
        if self.over():
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            for sock in self._sockets:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # closed by the other side already

    def __enter__(self) -> "_Limit":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            for sock in self._sockets:
                sock.close()
            self._sockets.clear()


def _session(limit: _Limit) -> requests.Session:
    """A session for one call: no cookies, no netrc or proxies, no retries, cut at the limit."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            limit.watch(sock)
            return sock

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            limit.watch(sock)
            return sock

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    adapter = HTTPAdapter(max_retries=0)
    adapter.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
