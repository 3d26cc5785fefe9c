"""Calls to Canvas for one person: throttled, authorized, and repeated only when it is safe."""

import copy
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, get_args, overload
from urllib.parse import parse_qs, quote, urlencode

import msgspec

from canvas_app.canvas import mending
from canvas_app.canvas.agent import USER_AGENT
from canvas_app.canvas.answers import decoding_fault, error_of, json_of, malformed
from canvas_app.canvas.credentials import Credentials, credentials_of
from canvas_app.canvas.errors import (
    AuthenticationError,
    CanvasError,
    MalformedAnswer,
    Unavailable,
)
from canvas_app.canvas.paging import Pages, RawPage, decode_one, decode_page, links
from canvas_app.canvas.parameters import api_path, pairs, segment
from canvas_app.canvas.retry import INTERACTIVE, Attempts, RetryPolicy
from canvas_app.canvas.throttle.level import RESERVATION
from canvas_app.canvas.throttle.queue import MemoryBuckets, Permit, Throttle
from canvas_app.canvas.transport import Answer, Transport

_T = TypeVar("_T")

log = logging.getLogger("canvas_app.canvas")
calls_log = logging.getLogger("canvas_app.canvas.calls")  # one line is logged for each answer

# String ids: ids of other shards exceed 2^53 (Canvas doc page "Object IDs, SIS IDs").
ACCEPT = "application/json+canvas-string-ids, application/json"
MAX_PAGES = 10_000

_WORD = re.compile(r"v1|[a-z_]*")
EnrollmentTask = Literal["conclude", "delete", "inactivate", "deactivate"]
ENROLLMENT_TASKS = get_args(EnrollmentTask)


@dataclass(frozen=True)
class _Call:
    """A call as it is sent, once or several times; ``target`` is its path and query."""

    method: str
    target: str
    deadline: float | None
    body: bytes | None = field(default=None, repr=False)
    content_type: str | None = None

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


class CanvasClient:
    """One person's view of one Canvas.

    ``credentials`` is a personal access token or a ``Credentials`` object. ``deadline`` bounds
    every call, on the client's ``clock`` (seconds, monotonic). A transport given is shared and
    stays open; without one the client owns its own and closes it at the end of ``with``.
    ``ca_bundle`` is the file of a private certificate authority, see :class:`Transport`.

    Every call may raise ``CanvasError``; one line per call is logged on ``canvas_app.canvas``.
    """

    def __init__(
        self,
        base_url: str,
        credentials: str | Credentials,
        *,
        transport: Transport | None = None,
        throttle: Throttle | None = None,
        retry: RetryPolicy = INTERACTIVE,
        deadline: float | None = None,
        per_page: int = 100,
        max_pages: int = MAX_PAGES,
        user_agent: str = "",
        ca_bundle: str | Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._owns_transport = transport is None
        self.transport = transport or Transport(base_url, ca_bundle=ca_bundle, clock=clock)
        self.throttle = throttle or Throttle(MemoryBuckets(), self.transport.origin)
        self._credentials = credentials_of(credentials)
        self._retry = retry
        self._deadline = deadline
        self._per_page = per_page
        self._max_pages = max_pages
        self._user_agent = user_agent or USER_AGENT
        self._clock = clock
        self._sleep = sleep
        self._as_user: str | None = None

    @property
    def base_url(self) -> str:
        """Return Canvas's root URL, without a trailing slash."""
        return self.transport.origin

    def __repr__(self) -> str:
        scope = f", as_user={self._as_user!r}" if self._as_user else ""
        return f"CanvasClient({self.transport.origin!r}{scope})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the transport, unless it was passed in."""
        if self._owns_transport:
            self.transport.close()

    def as_user(self, user_id: str | int) -> "CanvasClient":
        """Return a client that acts as another user (Canvas doc page "Masquerading").

        This client does not change; the returned one can act as nobody else.
        """
        segment(user_id)
        if self._as_user is not None:
            raise ValueError("This client already acts as another user")
        other = self._twin()
        other._as_user = str(user_id)
        return other

    def with_deadline(self, deadline: float | None) -> "CanvasClient":
        """Return this client with another deadline."""
        other = self._twin()
        other._deadline = deadline
        return other

    def _twin(self) -> "CanvasClient":
        other = copy.copy(self)
        other._owns_transport = False
        return other

    @overload
    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        type: type[_T],
        deadline: float | None = None,
    ) -> _T: ...

    @overload
    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        deadline: float | None = None,
    ) -> Any: ...

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        type: Any = Any,
        deadline: float | None = None,
    ) -> Any:
        """Get one object, decoded as ``type``."""
        answer = self._exchange(self._call("GET", self._target(path, params), deadline))
        return self._decoded(answer, "GET", path, type)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        json: Any = None,
        type: Any = Any,
        deadline: float | None = None,
    ) -> Any:
        """Send any call; ``data`` is sent as a form, ``json`` as JSON. None for an empty answer.

        A write is repeated only when Canvas certainly did nothing with it; when it fails as
        ``Unavailable``, its ``delivery`` says what may have become of it.
        """
        if data is not None and json is not None:
            raise ValueError("Give data or json, not both")
        method = method.upper()
        body, content_type = None, None
        if data is not None:
            body = urlencode(pairs(data)).encode()
            content_type = "application/x-www-form-urlencoded"
        elif json is not None:
            body, content_type = msgspec.json.encode(json), "application/json"
        target = self._target(path, params)
        answer = self._exchange(self._call(method, target, deadline, body, content_type))
        if method == "HEAD" or answer.status == 204 or not answer.body.strip():
            return None
        return self._decoded(answer, method, path, type)

    @overload
    def paginate(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        type: type[_T],
        per_page: int | None = None,
        max_pages: int | None = None,
        deadline: float | None = None,
        uneven: bool = False,
    ) -> Pages[_T]: ...

    @overload
    def paginate(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        per_page: int | None = None,
        max_pages: int | None = None,
        deadline: float | None = None,
        uneven: bool = False,
    ) -> Pages[Any]: ...

    def paginate(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        type: Any = Any,
        per_page: int | None = None,
        max_pages: int | None = None,
        deadline: float | None = None,
        uneven: bool = False,
    ) -> Pages[Any]:
        """Return a lazy list of rows, each decoded as ``type``, in Canvas's order.

        ``uneven``: Canvas fills this list's pages unevenly, see :class:`Pages`.
        """
        asked = {"per_page": per_page or self._per_page} | dict(params or {})

        def fetch(target: str) -> RawPage[Any]:
            answer = self._exchange(self._call("GET", target, deadline))
            return self._page(answer, path, type)

        return Pages(
            fetch,
            self._target(path, asked),
            path=path,
            parallel=max(1, self.throttle.max_parallel),
            max_pages=max_pages or self._max_pages,
            uneven=uneven,
        )

    def remove_enrollment(
        self, course_id: str | int, enrollment_id: str | int, *, task: EnrollmentTask
    ) -> Any:
        """End an enrollment as ``task`` says; without a task Canvas would conclude it."""
        if task not in ENROLLMENT_TASKS:
            raise ValueError(f"task is one of {', '.join(ENROLLMENT_TASKS)}")
        where = api_path("courses", course_id, "enrollments", enrollment_id)
        return self.request("DELETE", where, params={"task": task})

    def _call(
        self,
        method: str,
        target: str,
        deadline: float | None,
        body: bytes | None = None,
        content_type: str | None = None,
    ) -> _Call:
        return _Call(method, target, _earlier(self._deadline, deadline), body, content_type)

    def _target(self, path: str, params: Mapping[str, Any] | None) -> str:
        """Return the path and query of a call."""
        if not path.startswith("/") or path.startswith("//") or set(path) & set("?#\\ \t\r\n"):
            raise ValueError("A path begins with one / and carries no query; use params")
        if {".", ".."} & set(path.lower().replace("%2e", ".").split("/")):
            raise ValueError("A path has no dot segments")
        if not path.startswith("/api/"):
            raise ValueError("A path begins with /api/v1, as in /api/v1/courses; see api_path()")
        asked = pairs(params or {})
        for name, _ in asked:
            if name == "access_token":
                raise ValueError("The token travels in the header only")
            if name == "as_user_id":
                raise ValueError("Use as_user() to act as another user")
        if self._as_user is not None:
            asked.append(("as_user_id", self._as_user))
        path = quote(path, safe="/%:@~!$&'()*+,;=")
        return f"{path}?{urlencode(asked)}" if asked else path

    def _exchange(self, call: _Call) -> Answer:
        """Send a call until it succeeds or its error is final; a rejected token is renewed once.

        Raises that error. Renewing counts neither as an attempt nor as a failure.
        """
        attempts = Attempts(self._retry, call.deadline, self._clock, self._sleep)
        try:
            with _unsent():
                token = self._credentials.access_token(call.deadline)
            outcome = self._repeated(call, token, attempts)
            if isinstance(outcome, AuthenticationError):
                token = self._renewed(token, call.deadline, outcome)
                outcome = self._repeated(call, token, attempts)
        except CanvasError as error:
            if not error.method:
                error.method, error.path = call.method, call.path
            raise
        if isinstance(outcome, AuthenticationError):
            raise outcome
        return outcome

    def _renewed(self, token: str, deadline: float | None, rejection: AuthenticationError) -> str:
        """Return another token for a rejected one. Errors carry what Canvas said."""
        try:
            with _unsent():
                return self._credentials.renewed(token, deadline)
        except AuthenticationError as error:
            if not error.method:
                error.status, error.request_id = rejection.status, rejection.request_id
                error.canvas_message = rejection.canvas_message
            raise

    def _repeated(
        self, call: _Call, token: str, attempts: Attempts
    ) -> Answer | AuthenticationError:
        """Send a call with one token until it succeeds or Canvas rejects the token.

        Raises any other final error.
        """
        while True:
            outcome = self._once(call, token)
            if isinstance(outcome, Answer | AuthenticationError):
                return outcome
            attempts.pause_after(outcome)

    def _once(self, call: _Call, token: str) -> Answer | CanvasError:
        """Send a call once, through the bucket; return the answer, or the error to judge."""
        permit = self.throttle.admit(token, call.deadline)
        sent = self._clock()
        try:
            answer = self.transport.send(
                call.method,
                call.target,
                headers=self._headers(call, token),
                body=call.body,
                deadline=call.deadline,
            )
        except Unavailable as error:
            if error.delivery == "not_sent":
                permit.forget()
            else:  # Canvas may still be working on it
                permit.settle(throttled=False, remaining=None, cost=RESERVATION)
            log.info("%s %s failed: %s", call.method, route(call.path), error.message)
            return error
        except BaseException:
            permit.settle(throttled=False, remaining=None, cost=RESERVATION)
            raise
        throttled = answer.status == 429 or (
            answer.status == 403 and b"rate limit exceeded" in answer.body[:1000].lower()
        )
        self._settle(permit, answer, throttled)
        if calls_log.isEnabledFor(logging.INFO):
            self._log(call, answer, 1000 * (self._clock() - sent))
        if 200 <= answer.status < 300:
            return answer
        return error_of(call.method, call.path, answer, throttled, token)

    def _headers(self, call: _Call, token: str) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": ACCEPT,
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": self._user_agent,
        }
        if call.content_type:
            headers["Content-Type"] = call.content_type
        return headers

    def _settle(self, permit: Permit, answer: Answer, throttled: bool) -> None:
        permit.settle(
            throttled=throttled,
            remaining=answer.number("X-Rate-Limit-Remaining"),
            cost=answer.number("X-Request-Cost"),
        )

    def _log(self, call: _Call, answer: Answer, milliseconds: float) -> None:
        facts = {
            "method": call.method,
            "path": route(call.path),
            "status": answer.status,
            "milliseconds": round(milliseconds, 1),
            "cost": answer.number("X-Request-Cost"),
            "remaining": answer.number("X-Rate-Limit-Remaining"),
            "canvas_request_id": answer.request_id,
        }
        calls_log.info(
            "%s %s → %s, %s ms, cost %s, remaining %s, request %s", *facts.values(), extra=facts
        )

    def _decoded(self, answer: Answer, method: str, path: str, type: Any) -> Any:
        body = json_of(answer, method, path)
        reason = ""
        try:
            return decode_one(body, type)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            reason = decoding_fault(error)
        raise malformed(f"Canvas's answer is not as expected: {reason}.", answer, method, path)

    def _page(self, answer: Answer, path: str, type: Any) -> RawPage[Any]:
        body = json_of(answer, "GET", path)
        reason = ""
        try:
            with mending.losses() as lost:
                rows, wrapped, odd = decode_page(body, type, path)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            reason = decoding_fault(error)
        if reason:
            raise malformed(f"Canvas's list is not as expected: {reason}.", answer, "GET", path)
        named = wrapped | links(answer.headers.get("Link"))
        targets: dict[str, str] = {}
        for rel in ("next", "current", "last"):
            if rel in named:
                try:
                    targets[rel] = self._scoped(
                        self.transport.re_rooted(named[rel], method="GET", path=path), path
                    )
                except MalformedAnswer:
                    if rel == "next":
                        raise
        return RawPage(rows, targets, odd, len(lost))

    def _scoped(self, target: str, path: str) -> str:
        """Keep a link within this client's masquerade: never drop it or use another user's."""
        query = target.partition("?")[2]
        named = parse_qs(query).get("as_user_id", []) if "as_user_id" in query else []
        if named == ([] if self._as_user is None else [self._as_user]):
            return target
        if self._as_user is not None and not named:
            joint = "&" if query else "?"
            return f"{target}{joint}{urlencode({'as_user_id': self._as_user})}"
        raise MalformedAnswer(
            "Canvas's next link acts as another user; it was not followed.",
            method="GET",
            path=path,
            repeat_is_safe=True,
        )


@lru_cache(maxsize=1024)
def route(path: str) -> str:
    """Return a path without its ids, for the log: ``/api/v1/courses/:id/assignments``.

    What follows ``pages`` or ``by_path`` is what somebody called a page or a folder.
    """
    words = path.split("/")
    shown = [word if _WORD.fullmatch(word) else ":id" for word in words]
    for place, word in enumerate(words):
        if word in ("pages", "by_path"):
            shown[place + 1 :] = [":id" for _ in words[place + 1 :]]
    return "/".join(shown)


@contextmanager
def _unsent() -> Iterator[None]:
    """Mark errors raised while a token is fetched, because the call itself was not sent."""
    try:
        yield
    except CanvasError as error:
        error.repeat_is_safe = True
        if isinstance(error, Unavailable):
            error.delivery = "not_sent"
        raise


def _earlier(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
