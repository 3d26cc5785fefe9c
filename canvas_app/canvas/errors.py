"""What can go wrong between us and Canvas: one tree of errors, each telling what to do next.

    CanvasError                 whatever came instead of an answer
        AuthenticationError     the token is not accepted
            SignInRequired      only signing in again helps
            AccessRefused       fresh tokens are refused too
            InvalidGrant        the token endpoint knows the code or refresh token no more
        AuthorizationError      the token is good, this is not allowed
            MissingScope        the token lacks a scope
        NotFound                there is no such thing, or it is hidden
        InvalidRequest          Canvas refuses the call as it is
            InvalidId           an id that is none; nothing was asked (also a ValueError)
        Throttled               too many calls; ``retry_after`` tells how long to wait
        Unavailable             no answer, or a 5xx; ``delivery`` tells what became of the call
            NoTurn              the calls before it got no answer, so it was not sent
            InvalidClient       Canvas refuses the developer key
        MalformedAnswer         not Canvas's JSON, or not to be trusted

``InvalidGrant`` and ``InvalidClient`` belong to the token endpoint and live in ``oauth``.
"""

import json
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal

Delivery = Literal["not_sent", "rejected", "may_have_happened"]

LONGEST_MESSAGE = 500
LONGEST_REPORT = 19  # digits of an ``error_report_id``
MOST_SENTENCES = 20
DEEPEST_REPORT = 8  # levels of nested objects and lists; Canvas uses three


class CanvasError(Exception):
    """A call to Canvas that did not return what was asked for.

    ``method`` and ``path`` (never the query) name the call, ``status`` is Canvas's or None when no
    answer came, ``request_id`` is Canvas's ``X-Request-Context-Id`` for its support desk, ``at`` is
    the time in UTC, ``repeat_is_safe`` says whether sending the call again can do no harm,
    ``canvas_message`` is what Canvas itself said, and ``done`` what had been read before.
    """

    def __init__(
        self,
        message: str,
        *,
        method: str = "",
        path: str = "",
        status: int | None = None,
        request_id: str | None = None,
        at: datetime | None = None,
        repeat_is_safe: bool = False,
        canvas_message: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.method = method
        self.path = path
        self.status = status
        self.request_id = request_id
        self.at = at or datetime.now(UTC)
        self.repeat_is_safe = repeat_is_safe
        self.canvas_message = canvas_message
        self.done = ""

    def __str__(self) -> str:
        parts = [self.message]
        if self.canvas_message:
            parts.append(f"Canvas said: “{self.canvas_message}”.")
        if self.done:
            parts.append(self.done)
        facts = " ".join(part for part in (self.method, self.path) if part)
        if self.status is not None:
            facts = f"{facts} answered {self.status}".strip()
        facts = ", ".join(
            part
            for part in (
                facts,
                self.at.isoformat(timespec="seconds"),
                f"request {self.request_id}" if self.request_id else "",
            )
            if part
        )
        return f"{' '.join(parts)} ({facts})"


class AuthenticationError(CanvasError):
    """Canvas does not accept the token: 401 with ``WWW-Authenticate``."""


class SignInRequired(AuthenticationError):
    """The grant is over; only signing in with Canvas again helps."""


class AccessRefused(AuthenticationError):
    """Canvas refuses fresh tokens too; neither renewing nor signing in again helps.

    The person is suspended or has no login in this account any more, or the developer key is off:
    a refresh looks at none of these (canvas-lms ``access_token.rb``).
    """


class AuthorizationError(CanvasError):
    """The token is good, the person may not do this: 403, or 401 without ``WWW-Authenticate``."""


class MissingScope(AuthorizationError):
    """The access token was not granted the scope this call needs; renewing it does not help."""


class NotFound(CanvasError):
    """Canvas has no such object, or does not show it to this person."""


class InvalidRequest(CanvasError):
    """Canvas understood the call and refuses it as it is: 400, 422 and other 4xx."""


class InvalidId(InvalidRequest, ValueError):
    """An id for a path is invalid, even if Canvas sent it; the call was not sent."""


class Throttled(CanvasError):
    """The person's bucket is full; ``retry_after`` is the wait in seconds."""

    def __init__(self, message: str, *, retry_after: float = 1.0, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.retry_after = retry_after


class Unavailable(CanvasError):
    """No answer, or a 5xx.

    ``delivery`` tells a writer what became of the call: ``not_sent`` (it never left),
    ``rejected`` (Canvas refused it undone) or ``may_have_happened``. ``retry_after`` is the wait
    Canvas asked for, in seconds; 0 when it asked for none.
    """

    def __init__(
        self,
        message: str,
        *,
        delivery: Delivery = "may_have_happened",
        retry_after: float = 0.0,
        **facts: Any,
    ) -> None:
        super().__init__(message, **facts)
        self.delivery: Delivery = delivery
        self.retry_after = retry_after


class NoTurn(Unavailable):
    """Canvas left the calls before this one unanswered until its time was over; it was not sent."""


class MalformedAnswer(CanvasError):
    """An answer that is not valid Canvas JSON: HTML, too large, a foreign link, a loop of pages."""


def canvas_message(body: bytes, content_type: str) -> tuple[str | None, int | None]:
    """Return what Canvas said and its ``error_report_id``, whatever shape the body has.

    Shapes: ``errors`` as list of objects or strings, as object of fields, as string; ``message``;
    ``error`` with ``error_description``; plain text (canvas-lms ``application_controller.rb``,
    Instructure's iOS client). HTML is never quoted.
    """
    if "json" not in content_type:
        text = body[:LONGEST_MESSAGE].decode("utf-8", "replace").strip()
        return (text or None) if content_type.startswith("text/plain") else None, None
    try:
        answer = json.loads(body.removeprefix(b"while(1);"))
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(answer, dict):
        return None, None
    report = answer.get("error_report_id")
    found = _texts(answer.get("errors"))
    if not found:
        found = [
            answer[key]
            for key in ("message", "error", "error_description")
            if isinstance(answer.get(key), str)
        ]
    text = "; ".join(dict.fromkeys(found))[:LONGEST_MESSAGE]
    text = text.encode("utf-8", "replace").decode()  # JSON may hold a lone surrogate
    told = str(report)  # a number, or text where ids were requested as text
    counts = told.isascii() and told.isdigit() and len(told) <= LONGEST_REPORT
    return text or None, int(told) if counts else None


def _texts(errors: Any) -> list[str]:
    """Flatten Canvas's ``errors`` into sentences that name the field each is about.

    This is not recursive, and stops at a message's length, because nesting may have no limit.
    """
    found: list[str] = []
    waiting = [(errors, "", 0)]
    while waiting and len(found) < MOST_SENTENCES:
        error, field, depth = waiting.pop()
        inner: list[tuple[Any, str]] = []
        match error:
            case str():
                found.append(f"{field}: {error}" if field else error)
            case list():
                inner = [(each, field) for each in error[:MOST_SENTENCES]]
            case {"message": str(message)}:
                found.append(f"{field}: {message}" if field else message)
            case dict():
                inner = [
                    (each, f"{field}.{name}" if field else name)
                    for name, each in islice(error.items(), MOST_SENTENCES)
                ]
        if depth < DEEPEST_REPORT:
            waiting += [(each, name, depth + 1) for each, name in reversed(inner)]
    return found
