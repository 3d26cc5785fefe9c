"""Answers to writes: a redirect back or, for a script, JSON, with an Undo."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import flash, redirect, request, session
from werkzeug.wrappers import Response

from canvas_app.canvas.errors import AuthenticationError, CanvasError
from canvas_app.current import (
    current_gateway,
    forget_answers,
)
from canvas_app.services import planner_writes
from canvas_app.views.answers import json_answer
from canvas_app.views.auth import safe_next
from canvas_app.views.languages import gettext

_T = TypeVar("_T")

LED_BACK = "led_back"  # session key: where the last form leads back: path, row, whether marked


def write(call: Callable[[], _T], attempt: str) -> tuple[_T | None, str]:
    """Make a write and forget cached answers; return its result, or the message of a failure.

    ``attempt`` says what was not done, and to what: "“Essay” was not marked done".
    """
    try:
        return call(), ""
    except AuthenticationError:
        raise
    except CanvasError as error:
        return None, planner_writes.what_became(error, attempt)
    finally:
        forget_answers()


def back(
    message: str,
    undo_at: str = "",
    undo: Mapping[str, str] | None = None,
    *,
    row: str = "",
    done: bool = True,
) -> Response:
    """Answer a form with a message and, if possible, an Undo.

    The browser returns to the page of the form, at the row with the id ``row``. A script that sent
    the form gets JSON instead: ``done``, ``message``, and ``undo`` with its ``action``, ``fields``
    and ``label``, or null.
    """
    here = safe_next(request.form.get("next"))
    prefix = current_gateway().settings.path_prefix
    if asked_by_script():
        again = {"action": f"{prefix}{undo_at}", "fields": undo, "label": gettext("Undo")}
        return json_answer({"done": done, "message": message, "undo": again if undo_at else None})
    said: Any = message
    if undo_at:
        said = {"text": message, "action": undo_at, "fields": {**(undo or {}), "next": here}}
    flash(said, "done" if done else "failed")
    if row:
        marked = done and request.endpoint == "planner.mark"
        session[LED_BACK] = [urlsplit(here).path, row, marked]
    return redirect(f"{prefix}{here}" + (f"#{row}" if row and "#" not in here else ""), 303)


def led_back_to() -> tuple[str, bool]:
    """Return the row to which a form has just led back on this page, once; else an empty text.

    The second value is whether the row was marked done or not done. That may have moved it to
    another piece of a long list.
    """
    path, row, marked = session.pop(LED_BACK, ("", "", False))
    return (str(row), bool(marked)) if path == request.path else ("", False)


def not_done(message: str, *, row: str = "") -> Response:
    """Answer a form whose write failed or was not tried."""
    return back(message, row=row, done=False)


def asked_by_script() -> bool:
    """Return whether a script sent the form and updates the page itself; browsers ask for HTML."""
    return request.accept_mimetypes.best == "application/json"
