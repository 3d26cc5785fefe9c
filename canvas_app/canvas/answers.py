"""The meaning of an answer from Canvas: its JSON, or the error it stands for."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from canvas_app.canvas.errors import (
    AuthenticationError,
    AuthorizationError,
    CanvasError,
    InvalidRequest,
    MalformedAnswer,
    MissingScope,
    NotFound,
    Throttled,
    Unavailable,
    canvas_message,
)
from canvas_app.canvas.headers import finite_number
from canvas_app.canvas.transport import REPEATABLE_METHODS, Answer

LONGEST_RETRY_AFTER = 60.0  # seconds
LONGEST_DATE = 100  # characters


def error_of(method: str, path: str, answer: Answer, throttled: bool, token: str) -> CanvasError:
    """Return the error that an answer other than 2xx stands for."""
    facts = _facts(method, path, answer, token)
    said = (facts["canvas_message"] or "").lower()
    if throttled:
        return Throttled(
            "Canvas asks to slow down; the call was not carried out.",
            retry_after=_retry_after(answer),
            repeat_is_safe=True,
            **facts,
        )
    match status := answer.status:
        case 401 if "WWW-Authenticate" in answer.headers:
            return AuthenticationError(
                "Canvas does not accept the access token.", repeat_is_safe=True, **facts
            )
        case 401 if "insufficient scopes" in said:
            return MissingScope(
                "The access token was not granted the scope for this call; an administrator adds"
                " it to the developer key, then sign in again.",
                **facts,
            )
        case 401 | 403:
            return AuthorizationError("Canvas does not allow this person to do that.", **facts)
        case 404:
            return NotFound("Canvas has no such thing, or does not show it here.", **facts)
        case _ if 300 <= status < 400:
            return MalformedAnswer(
                "Canvas answered with a redirect, which is not followed; check Canvas's URL.",
                repeat_is_safe=method in REPEATABLE_METHODS,
                **facts,
            )
        case _ if status < 500:
            return InvalidRequest("Canvas refuses the call as it is.", **facts)
    return _in_trouble(method, answer, facts)


def _in_trouble(method: str, answer: Answer, facts: dict[str, Any]) -> Unavailable:
    return Unavailable(
        "Canvas is in trouble and did not answer properly.",
        delivery="may_have_happened",
        retry_after=_retry_after(answer),
        repeat_is_safe=method in REPEATABLE_METHODS,
        **facts,
    )


def _facts(method: str, path: str, answer: Answer, token: str) -> dict[str, Any]:
    """Return what every error tells of its call, without the token, which Canvas may quote."""
    said, report = canvas_message(answer.body, answer.headers.get("Content-Type", "").lower())
    request_id = answer.request_id
    if report is not None:
        request_id = f"{request_id or 'unknown'}, error report {report}"
    return {
        "method": method,
        "path": path,
        "status": answer.status,
        "request_id": request_id,
        "canvas_message": said.replace(token, "…") if said else None,
    }


def _retry_after(answer: Answer) -> float:
    """Return ``Retry-After`` in seconds (RFC 9110 section 10.2.3), at most 60; 0 without one."""
    value = answer.headers.get("Retry-After", "")[:LONGEST_DATE]
    seconds = finite_number(value)
    if seconds is None:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (
            ValueError,
            TypeError,
            OverflowError,
        ):  # not a date, or one without a zone or outside Python's range
            return 0.0
    return max(0.0, min(seconds, LONGEST_RETRY_AFTER))


def json_of(answer: Answer, method: str, path: str) -> bytes:
    """Return the JSON of an answer, without the guard ``while(1);`` of older Canvas."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if "json" not in kind:
        page = " It may be a sign-in or maintenance page." if "html" in kind else ""
        raise malformed(
            f"Canvas answered with {kind or 'no content type'} instead of JSON.{page}",
            answer,
            method,
            path,
        )
    return answer.body.removeprefix(b"while(1);")


def malformed(message: str, answer: Answer, method: str, path: str) -> MalformedAnswer:
    return MalformedAnswer(
        message,
        method=method,
        path=path,
        status=answer.status,
        request_id=answer.request_id,
        repeat_is_safe=method in REPEATABLE_METHODS,
    )


def decoding_fault(error: Exception) -> str:
    """Return where decoding failed; msgspec names types and places, never values."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return "its text is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
