"""Error pages with a status for each Canvas error, HTTP error and error of our own.

The words are in ``templates/errors/``, one file for each code.
"""

import logging
from random import randint
from typing import Any

from flask import (
    Flask,
    Response,
    current_app,
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
    hurried,
    login_url,
    to_login,
    wants_json,
)
from canvas_app.outages import Outage
from canvas_app.services.pages import failed_twin
from canvas_app.storage.database import AWAY
from canvas_app.troubles import STATUS, ScopesMissing, Trouble
from canvas_app.views.answers import json_answer
from canvas_app.views.error_words import words_of
from canvas_app.views.languages import gettext
from canvas_app.views.support import offered_reports
from canvas_app.views.writing import asked_by_script

log = logging.getLogger(__name__)
DATABASE = Outage(log, "the database cannot be used")

CODES: dict[type[errors.CanvasError], str] = {
    errors.AuthenticationError: "token_refused",
    errors.AccessRefused: "access_refused",
    errors.AuthorizationError: "not_allowed",
    errors.MissingScope: "scope_missing",
    errors.NotFound: "not_found_in_canvas",
    errors.InvalidRequest: "canvas_refused_request",
    errors.Throttled: "throttled",
    errors.Unavailable: "canvas_unavailable",
    InvalidClient: "invalid_client_at_renewal",
    errors.CanvasError: "canvas_answer_malformed",
}


def init_app(app: Flask) -> None:
    """Register every handler."""
    app.register_error_handler(Trouble, error_page)
    app.register_error_handler(ScopesMissing, consent_too_narrow)
    app.register_error_handler(errors.SignInRequired, sign_in_ended)
    app.register_error_handler(errors.CanvasError, canvas_error)
    app.register_error_handler(CSRFError, form_too_old)
    for fault in AWAY:
        app.register_error_handler(fault, database_failed)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, unexpected)


def error_page(trouble: Trouble) -> ResponseReturnValue:
    """Return the error page, or JSON for a twin and for a form that a script sent."""
    if wants_json():
        return error_twin(trouble)
    if form_of_script():
        return error_in_place(trouble)
    text = render_template(
        "error.html",
        words=words_of(trouble),
        status=trouble.status,
        again=may_help_again(trouble),
        login_url=login_url(),
        request_id=g.get("request_id", "-"),
        canvas_request_id=canvas_request_id(trouble),
        reports=offered_reports(trouble.__cause__, trouble.status),
    )
    response = make_response(text, trouble.status)
    if trouble.status == 429 and request.method == "GET":
        response.headers["Retry-After"] = response.headers["Refresh"] = some_seconds()
    return response


def form_of_script() -> bool:
    """Return whether a script sent the form, and shows the response in place."""
    return request.method == "POST" and asked_by_script()


def error_in_place(trouble: Trouble) -> Response:
    """Return the words of the error page as JSON, for a script.

    ``go`` is the address for signing in, if that helps.
    """
    words = words_of(trouble)
    go = None
    if trouble.code in ("signed_out", "consent_too_narrow"):
        go = {"href": login_url(), "label": gettext("Sign in with Canvas")}
    message = f"{words.happened} {words.what_to_do}"
    body = {"done": False, "message": message, "undo": None, "go": go}
    return json_answer(body, trouble.status)


def error_twin(trouble: Trouble) -> Response:
    """Return an error in the JSON twin's own shape, for a page that fails as a whole."""
    answer = jsonify(failed_twin(words_of(trouble).happened, trouble.status))
    answer.status_code = trouble.status
    if trouble.status == 429:
        answer.headers["Retry-After"] = some_seconds()
    return answer


def canvas_request_id(trouble: Trouble) -> str:
    """Return Canvas's id of the failed request, for which its support desk asks."""
    fault = trouble.__cause__
    return (fault.request_id or "") if isinstance(fault, errors.CanvasError) else ""


def may_help_again(trouble: Trouble) -> bool:
    """Return whether reloading may help. A callback's address works only once."""
    used = request.endpoint == "auth.callback" and not getattr(session, "away", False)
    return trouble.status in (502, 503, 504) and request.method == "GET" and not used


def consent_too_narrow(missing: ScopesMissing) -> ResponseReturnValue:
    """Ask for another sign-in, because the grant lacks scopes that Easel's pages need."""
    if wants_json():
        return error_twin(Trouble("consent_too_narrow", scopes=missing.scopes))
    if form_of_script():
        return error_in_place(Trouble("consent_too_narrow", scopes=missing.scopes))
    text = render_template("consent.html", missing=missing.scopes, login_url=login_url())
    return make_response(text, STATUS["consent_too_narrow"])


def sign_in_ended(error: errors.SignInRequired) -> ResponseReturnValue:
    """Ask for another sign-in, because Canvas has ended the grant; it leads back to this page."""
    log.info("Canvas ended a sign-in: %s", error)
    if request.method not in ("GET", "HEAD"):
        g.sign_in = None
        trouble = Trouble("signed_out", form=request.endpoint, ended_by_canvas=True)
        response = make_response(error_page(trouble))
    else:
        response = make_response(to_login())
        if not wants_json():
            flash(gettext("Canvas had ended Easel's access, so you signed in again."))
    forget(response)
    return response


def canvas_error(error: errors.CanvasError) -> ResponseReturnValue:
    """Return the page for an error from Canvas."""
    log.warning("Canvas: %s", error)
    if hurried() and isinstance(error, errors.Unavailable):
        return error_page(Trouble("too_many_pages"))
    response = make_response(error_page(trouble_of(error)))
    if isinstance(error, errors.Throttled):
        response.headers["Retry-After"] = str(max(1, round(error.retry_after)))
    return response


def trouble_of(error: errors.CanvasError) -> Trouble:
    """Return the code of a Canvas error: that of its class, or else of the nearest base class."""
    code = next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)
    trouble = Trouble(
        code,
        method=error.method,
        path=error.path,
        canvas_message=error.canvas_message,
        scopes=SCOPES,
    )
    trouble.__cause__ = error
    return trouble


def database_failed(error: Exception) -> ResponseReturnValue:
    """Return the page for a database that does not answer or is locked, full or read-only."""
    current_app.extensions["easel.metrics"].database_faults.inc()
    DATABASE.failed(error, str(getattr(error, "orig", None) or error).partition("\n")[0])
    return error_page(Trouble("database_away"))


def form_too_old(error: CSRFError) -> ResponseReturnValue:
    """Refuse a form without its CSRF token, or with one of an earlier session."""
    if getattr(session, "away", False):
        return error_page(Trouble("sessions_away", unfinished="form"))
    sign_in = current_sign_in()
    settings = current_gateway().settings
    audit.note("csrf-refused", settings, sign_in.identity if sign_in else None, request.endpoint)
    if sign_in is None:
        return error_page(Trouble("signed_out", form=request.endpoint))
    return error_page(Trouble("form_too_old"))


def http_error(error: HTTPException) -> ResponseReturnValue:
    """Return the page for an HTTP error; redirects pass unchanged."""
    status = error.code or 500
    if error.response is not None or status < 400:
        return error
    if status == 404 and (there := addresses.without_slash()) is not None:
        return there
    code = f"http_{status}" if f"http_{status}" in STATUS else "http_other"
    response = make_response(error_page(Trouble(code, status, reason=error.name)))
    kept: Any = error.get_headers()
    for name, value in kept:
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value  # Allow, Retry-After
    return response


def unexpected(error: Exception) -> ResponseReturnValue:
    """Show the page for an error in Easel itself. Its traceback goes only to the log."""
    log.exception("a request failed", exc_info=error)
    return error_page(Trouble("internal_error"))


def some_seconds() -> str:
    """Return a random time to come back after, so that people do not all return at once."""
    return str(randint(2, 5))  # noqa: S311 - no secret
