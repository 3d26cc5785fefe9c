"""One page and status for whatever goes wrong: each Canvas error, each HTTP error, our own."""

import logging
from random import randint
from typing import Any

from flask import (
    Flask,
    Response,
    flash,
    g,
    jsonify,
    make_response,
    render_template,
    request,
    session,
)
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from canvas_app import addresses, audit
from canvas_app.canvas import errors
from canvas_app.canvas.api import SCOPES
from canvas_app.canvas.oauth import InvalidClient
from canvas_app.current import (
    current_gateway,
    current_sign_in,
    forget,
    login_url,
    to_login,
    wants_json,
)
from canvas_app.services.pages import failed_twin
from canvas_app.storage.database import AWAY
from canvas_app.troubles import (
    ScopesMissing,
    Trouble,
    database_away,
    grant_these,
    sessions_away,
    signed_out_meanwhile,
)

log = logging.getLogger(__name__)

AGAIN = "Load the page again in a minute."
TELL = "If it stays so, tell whoever runs Easel at your school and give the request id below."


def init_app(app: Flask) -> None:
    """Register every handler."""
    app.register_error_handler(Trouble, page)
    app.register_error_handler(ScopesMissing, consent_too_narrow)
    app.register_error_handler(errors.SignInRequired, sign_in_ended)
    app.register_error_handler(errors.CanvasError, canvas_error)
    app.register_error_handler(CSRFError, form_too_old)
    for fault in AWAY:
        app.register_error_handler(fault, database_failed)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, unexpected)


def page(trouble: Trouble) -> ResponseReturnValue:
    """The error page, or for a twin the same in JSON."""
    if wants_json():
        return twin(trouble)
    text = render_template(
        "error.html",
        title=trouble.title,
        happened=trouble.happened,
        what_to_do=trouble.what_to_do,
        for_admin=trouble.for_admin,
        status=trouble.status,
        again=may_help_again(trouble),
        login_url=login_url(),
        request_id=g.get("request_id", "-"),
        canvas_request_id=canvas_request_id(trouble),
    )
    response = make_response(text, trouble.status)
    if trouble.status == 429 and request.method == "GET":
        response.headers["Retry-After"] = response.headers["Refresh"] = str(randint(2, 5))  # noqa: S311
    return response


def canvas_request_id(trouble: Trouble) -> str:
    """How Canvas calls the request that led to this page; its support desk asks for it."""
    fault = trouble.__cause__
    return (fault.request_id or "") if isinstance(fault, errors.CanvasError) else ""


def may_help_again(trouble: Trouble) -> bool:
    """Whether loading the address again may help; a callback's state serves only once."""
    used = request.endpoint == "auth.callback" and not getattr(session, "away", False)
    return trouble.status in (502, 503, 504) and request.method == "GET" and not used


def twin(trouble: Trouble) -> Response:
    """A page that fails as a whole still answers its twin's shape."""
    answer = jsonify(failed_twin(trouble.happened, trouble.status))
    answer.status_code = trouble.status
    if trouble.status == 429:
        answer.headers["Retry-After"] = str(randint(2, 5))  # noqa: S311
    return answer


def consent_too_narrow(missing: ScopesMissing) -> ResponseReturnValue:
    """Easel's pages ask for more than the person agreed to: sign in again, and why."""
    if wants_json():
        return twin(
            Trouble(
                403,
                "Sign in again",
                "Easel's pages need more of Canvas than this sign-in was asked for. "
                f"Sign in again to agree to it: {' '.join(missing.scopes)}",
                "Sign in again.",
            )
        )
    text = render_template("consent.html", missing=missing.scopes, login_url=login_url())
    return make_response(text, 403)


def sign_in_ended(error: errors.SignInRequired) -> ResponseReturnValue:
    """Canvas has ended the grant: sign in again, and come back here."""
    log.info("Canvas ended a sign-in: %s", error)
    if request.method not in ("GET", "HEAD"):
        g.sign_in = None
        ended = make_response(page(signed_out_meanwhile("Canvas has ended Easel's access.")))
        forget(ended)
        return ended
    response = make_response(to_login())
    if not wants_json():
        flash("Canvas had ended Easel's access, so you signed in anew.")
    forget(response)
    return response


def canvas_error(error: errors.CanvasError) -> ResponseReturnValue:
    """The page for what Canvas answered."""
    log.warning("Canvas: %s", error)
    trouble = explain(error)
    trouble.__cause__ = error
    response = make_response(page(trouble))
    if isinstance(error, errors.Throttled):
        response.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    return response


def explain(error: errors.CanvasError) -> Trouble:
    """What happened and what to do, for each kind of Canvas error."""
    said = f"Canvas says: {error.canvas_message}" if error.canvas_message else ""
    match error:
        case errors.AccessRefused():
            return Trouble(
                403,
                "Canvas refuses Easel's access for you",
                "Your Canvas account may be suspended, or Easel may be switched off in your "
                "school's Canvas. Nothing was changed in Canvas.",
                "Signing in again does not help while that is so: ask your school's Canvas "
                "support. Easel asks Canvas again every few minutes and goes on by itself.",
                "Canvas renews this person's token and refuses it. Look in Canvas whether the "
                "person is suspended or has lost the login in this account, and whether the "
                "developer key is on and still has every scope (Admin, Developer Keys).",
            )
        case errors.AuthenticationError():
            return Trouble(
                502,
                "Canvas did not accept your sign-in",
                "Canvas refused the token Easel has for you, though it should still count.",
                f"Load the page again; if that does not help, sign out and in. {TELL}",
            )
        case errors.MissingScope():
            return Trouble(
                403,
                "Easel may not ask Canvas for this",
                "The developer key of this Easel does not cover what this page needs.",
                "You can do nothing about it; tell whoever runs Easel at your school.",
                f"Canvas refused {error.method} {error.path}. Set CANVAS_SCOPES=auto. "
                f"{grant_these(SCOPES)}",
            )
        case errors.AuthorizationError():
            return Trouble(
                403,
                "Canvas does not let you see this",
                "You are signed in, but your Canvas account may not see this page's content.",
                "If you think you should, ask the teacher or your school's Canvas support.",
                said,
            )
        case errors.NotFound():
            return Trouble(
                404,
                "Not found in Canvas",
                "Canvas has nothing at this address that you can see. "
                "It may have been deleted, or not be published yet.",
                "Go back, or begin at the start page.",
            )
        case errors.Throttled():
            return Trouble(
                503,
                "Canvas takes no more requests for a moment",
                "Canvas limits how much one person may ask at a time, and that is used up now.",
                f"Nothing is lost. {AGAIN}",
            )
        case InvalidClient():
            return Trouble(
                502,
                "Canvas does not accept this Easel",
                "Canvas refused Easel's own credentials when it renewed your sign-in. "
                "Your sign-in itself is not lost.",
                "You can do nothing about it; tell whoever runs Easel at your school.",
                "Look at CANVAS_CLIENT_ID and CANVAS_CLIENT_SECRET, and in Canvas whether the "
                "developer key is on (Admin, Developer Keys).",
            )
        case errors.Unavailable():
            return Trouble(
                503,
                "Canvas did not answer",
                "Canvas is down, slow, or cannot be reached from here.",
                f"{AGAIN} {TELL}",
            )
        case errors.InvalidRequest():
            return Trouble(
                502,
                "Canvas did not understand Easel",
                "Canvas refused what Easel asked for this page. That is Easel's mistake.",
                TELL,
                said,
            )
        case _:
            return Trouble(
                502,
                "Canvas gave an answer Easel does not understand",
                "What Canvas sent for this page cannot be read, so Easel shows nothing of it.",
                f"{AGAIN} {TELL}",
            )


def database_failed(error: Exception) -> ResponseReturnValue:
    """The database does not answer, is locked, full or read-only."""
    log.error("the database cannot be used", exc_info=error)
    return page(database_away("What you asked for was not done.", "try again"))


def form_too_old(error: CSRFError) -> ResponseReturnValue:
    """A form without its CSRF token, or with one of an earlier session."""
    if getattr(session, "away", False):
        return page(sessions_away("Nothing was done.", "send the form again"))
    sign_in = current_sign_in()
    settings = current_gateway().settings
    audit.note("csrf-refused", settings, sign_in.identity if sign_in else None, request.endpoint)
    if sign_in is None:
        return page(signed_out_meanwhile())
    return page(
        Trouble(
            400,
            "This form is too old",
            "The page you sent it from belongs to an earlier session. Nothing was done.",
            "Go back, load the page again, and repeat what you did.",
        )
    )


HTTP_TROUBLES: dict[int, tuple[str, str, str]] = {
    400: (
        "Easel cannot read this request",
        "The address or the form sent is not in order. Nothing was done.",
        "Go back, load the page again, and repeat what you did.",
    ),
    403: (
        "You may not see this",
        "This page is not for you.",
        "Go back, or begin at the start page.",
    ),
    404: (
        "Page not found",
        "Easel has no page at this address.",
        "Check that the address is complete, or begin at the start page.",
    ),
    413: (
        "That is too much at once",
        "What was sent is larger than any form of Easel's. Nothing was done.",
        "Go back, shorten it, and send it again.",
    ),
    405: (
        "That cannot be done here",
        "This address exists, but not for what was asked of it. Nothing was done.",
        "Go back, or begin at the start page.",
    ),
}


def http_error(error: HTTPException) -> ResponseReturnValue:
    """The page for an HTTP error; redirects pass as they are."""
    status = error.code or 500
    if error.response is not None or status < 400:
        return error
    if status == 404 and (there := addresses.without_slash()) is not None:
        return there
    title, happened, what_to_do = HTTP_TROUBLES.get(
        status, ("This request was refused", f"Easel answered {status} {error.name}.", AGAIN)
    )
    response = make_response(page(Trouble(status, title, happened, what_to_do)))
    kept: Any = error.get_headers()
    for name, value in kept:
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value  # Allow, Retry-After
    return response


def unexpected(error: Exception) -> ResponseReturnValue:
    """Easel's own mistake: the trace goes to the log, never to the page."""
    log.exception("a request failed", exc_info=error)
    return page(
        Trouble(
            500,
            "Easel failed",
            "Something in Easel went wrong while it made this page. The fault is written down.",
            f"{AGAIN} {TELL}",
            "Search Easel's log for the request id.",
        )
    )
