"""Canvas's token endpoint: exchange a code or a refresh token for a token, and revoke one."""

import json
import logging
import re
import time
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

from canvas_app.canvas.agent import USER_AGENT
from canvas_app.canvas.errors import (
    AuthenticationError,
    CanvasError,
    InvalidRequest,
    MalformedAnswer,
    Throttled,
    Unavailable,
)
from canvas_app.canvas.tokens import Token
from canvas_app.canvas.transport import Answer, Transport

log = logging.getLogger("canvas_app.canvas")

PATH = "/login/oauth2/token"
SELF = "/api/v1/users/self"
LARGEST_TOKEN_ANSWER = 1 << 20  # bytes; a token answer has about 500
LONGEST_NAME = 255  # characters, as in Canvas
LARGEST_ID = 2**63 - 1  # because Canvas keeps ids in eight bytes
# The characters of a token (RFC 6749, appendix A.12) except the space, which no header can carry.
VISIBLE = re.compile(r"[\x21-\x7e]+")
SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")  # because some proxies turn numbers into text
LONGEST_LIFE = 10 * 365 * 24 * 3600  # seconds; anything longer is a mistake


class InvalidGrant(AuthenticationError):
    """The code or refresh token is used, expired, revoked or another key's (RFC 6749 5.2)."""


class InvalidClient(Unavailable):
    """Canvas refuses the developer key itself: a problem of the operator, not of the person."""


@dataclass(frozen=True)
class TokenAnswer:
    """Canvas's answer to a code. ``real_user_*`` is set when an admin was acting as the user."""

    token: Token
    user_id: int
    user_name: str
    real_user_id: int | None = None
    real_user_name: str | None = None

    @property
    def global_id(self) -> int | None:
        """Return the user's id in every Canvas, as ``$Canvas.user.globalId`` of a launch."""
        return self.token.global_id


class Leave(Protocol):
    """Permission for one call, to be settled with what Canvas answered (``queue.Permit``)."""

    def settle(self, *, throttled: bool, remaining: float | None, cost: float | None) -> None: ...

    def forget(self) -> None: ...


class Queue(Protocol):
    """A queue in which calls wait for room at the token endpoint (``queue.TokenQueue``)."""

    def admit(self, deadline: float | None = None) -> Leave: ...


def _now() -> datetime:
    return datetime.now(UTC)


class TokenEndpoint:
    """``/login/oauth2/token`` of one Canvas, called with one developer key.

    ``time_limit`` is the seconds one call may take in all, from connecting to the last byte; only
    name resolution is not included. An empty ``client_secret`` means a public client. Every call
    has a connection of its own, and threads may share an endpoint. ``transport`` is shared with the
    API's calls; without one the endpoint makes its own. Codes and refresh tokens are exchanged
    through ``queue`` if there is one, within the same time.
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
        transport: Transport | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._transport = transport or Transport(base_url)
        self.url = self._transport.origin + PATH
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
        """Return whether the key has no secret; Canvas then rotates its refresh tokens."""
        return not self._client_secret

    def exchange(self, code: str, redirect_uri: str, code_verifier: str | None) -> TokenAnswer:
        """Exchange an authorization code (RFC 6749 4.1.3, RFC 7636 4.5); a code works only once.

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
        """Renew a token (RFC 6749 section 6); the former one stops working at once.

        Canvas overwrites the token. The refresh token is kept when the answer contains none. Raises
        the same errors as ``exchange``.
        """
        asked_at = self._clock()
        answer = self._post({"grant_type": "refresh_token", "refresh_token": refresh_token})
        return _token(answer, asked_at, refresh_token)

    def revoke(self, access_token: str) -> None:
        """Delete the token at Canvas, and its refresh token with it (canvas doc ``oauth.md``).

        Raises AuthenticationError when Canvas does not know the access token (any more).
        """
        headers = {"Authorization": f"Bearer {access_token}"}
        end = time.monotonic() + self.time_limit
        _read("DELETE", self._call("DELETE", None, headers, end))

    def refuses(self, access_token: str) -> bool:
        """Return whether Canvas's API rejects this access token: 401 with ``WWW-Authenticate``.

        Only a call tells, because a refresh succeeds for a suspended person too. Any other outcome,
        also no answer, does not count as a rejection. Takes half of ``time_limit`` at most.
        """
        headers = {"Authorization": f"Bearer {access_token}"}
        try:
            answer = self._call("GET", None, headers, time.monotonic() + self.time_limit / 2, SELF)
        except (Unavailable, MalformedAnswer):
            return False
        return answer.status == 401 and "WWW-Authenticate" in answer.headers

    def _post(self, form: dict[str, str]) -> dict[str, Any]:
        form["client_id"] = self.client_id
        if self._client_secret:
            form["client_secret"] = self._client_secret
        end = time.monotonic() + self.time_limit
        leave = self._queue.admit(end) if self._queue else None
        try:
            answer = self._call("POST", form, {}, end)
        except BaseException as error:
            if leave and isinstance(error, Unavailable) and error.delivery == "not_sent":
                leave.forget()
            elif leave:
                leave.settle(throttled=False, remaining=None, cost=None)
            raise
        if leave:
            leave.settle(
                throttled=_throttled(answer),
                remaining=answer.number("X-Rate-Limit-Remaining"),
                cost=answer.number("X-Request-Cost"),
            )
        return _read("POST", answer)

    def _call(
        self,
        method: str,
        form: dict[str, str] | None,
        headers: Mapping[str, str],
        end: float,
        path: str = PATH,
    ) -> Answer:
        """Send one call, until ``end`` at the latest; return its answer, of any status.

        Raises Unavailable, MalformedAnswer. Writes one log line, which contains nothing of what was
        sent.
        """
        sent = time.monotonic()
        try:
            answer = self._send(method, form, headers, end, path)
        except (Unavailable, MalformedAnswer) as error:
            log.info("%s %s failed: %s", method, path, error.message)
            raise
        facts = {
            "method": method,
            "path": path,
            "status": answer.status,
            "milliseconds": round(1000 * (time.monotonic() - sent), 1),
            "cost": answer.number("X-Request-Cost"),
            "canvas_request_id": answer.headers.get("X-Request-Context-Id"),
        }
        log.info("%s %s → %s, %s ms, cost %s, request %s", *facts.values(), extra=facts)
        return answer

    def _send(
        self,
        method: str,
        form: dict[str, str] | None,
        headers: Mapping[str, str],
        end: float,
        path: str,
    ) -> Answer:
        sent = {
            "User-Agent": self._user_agent,
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "close",
            **headers,
        }
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            return self._transport.send(
                method,
                path,
                headers=sent,
                body=None if form is None else urlencode(form).encode(),
                deadline=end,
                largest=LARGEST_TOKEN_ANSWER,
                fresh=True,
            )
        except Unavailable as error:
            # A code or refresh token works once: repeat it only if it certainly was not sent.
            error.repeat_is_safe = error.delivery == "not_sent"
            if time.monotonic() >= end:
                error.message = (
                    f"Canvas's token endpoint gave no complete answer within {self.time_limit:g} s."
                )
            raise


def _throttled(answer: Answer) -> bool:
    return answer.status == 429 or (
        answer.status == 403 and b"rate limit exceeded" in answer.body[:1000].lower()
    )


def _read(method: str, answer: Answer) -> dict[str, Any]:
    """Return the JSON object of a successful answer; raise the error any other one stands for."""
    status = answer.status
    facts: dict[str, Any] = {
        "method": method,
        "path": PATH,
        "status": status,
        "request_id": answer.request_id,
    }
    if 300 <= status < 400:
        # Canvas of about 2020 answered errors with a redirect that has them in its query.
        carried = _query(answer.headers.get("Location", ""))
        if "error" not in carried:
            raise MalformedAnswer("Canvas's token endpoint redirects elsewhere.", **facts)
        raise _refusal(carried["error"][0], carried.get("error_description", [""])[0], facts)
    if status >= 500:
        raise Unavailable("Canvas's token endpoint has trouble of its own.", **facts)
    if _throttled(answer):
        raise Throttled("Canvas's token endpoint is asked too often.", **facts)
    told = _decoded(answer.body)
    if status == 200 and told is not None:
        return told
    if status < 400:
        raise MalformedAnswer("Canvas's token endpoint answered something else than JSON.", **facts)
    error_code = (told or {}).get("error")
    if isinstance(error_code, str):
        raise _refusal(error_code, str((told or {}).get("error_description", "")), facts)
    if status == 401:
        raise AuthenticationError("Canvas does not know this access token.", **facts)
    raise InvalidRequest("Canvas's token endpoint refused the call.", **facts)


def _query(location: str) -> dict[str, list[str]]:
    try:
        return parse_qs(urlsplit(location).query)
    except ValueError:  # not a URL at all
        return {}


def _refusal(error: str, description: str, facts: dict[str, Any]) -> CanvasError:
    """Return the error that an RFC 6749 section 5.2 answer stands for."""
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
    """Return an answer's token. Canvas may send null for it (scope ``userinfo``, hasty repeats)."""
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
    return Token(
        access_token,
        _secret(answer.get("refresh_token")) or kept,
        expires_at,
        _global_id(answer.get("user")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _secret(value: object) -> str | None:
    return value if isinstance(value, str) and VISIBLE.fullmatch(value) else None


def _name(user: dict[str, Any]) -> str | None:
    """Return the user's name fit to store and show: no control characters or lone surrogates."""
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


def _global_id(user: object) -> int | None:
    """Return the user's id in every Canvas; None where Canvas sends no valid one."""
    told = user.get("global_id") if isinstance(user, dict) else None
    with suppress(MalformedAnswer):
        return _id({"id": told})
    return None
