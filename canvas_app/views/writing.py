"""How a write is answered: a redirect back, with what became of it and an Undo."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import flash, redirect, request
from werkzeug.wrappers import Response

from canvas_app.canvas.errors import AuthenticationError, CanvasError
from canvas_app.current import (
    current_gateway,
    forget_answers,
)
from canvas_app.services import planner_writes
from canvas_app.views.auth import safe_next

_T = TypeVar("_T")


def write(call: Callable[[], _T], attempt: str) -> tuple[_T | None, str]:
    """Do a write, and forget what was read before it; what it gave, or what became of it."""
    try:
        return call(), ""
    except AuthenticationError:
        raise
    except CanvasError as error:
        return None, planner_writes.what_became(error, attempt)
    finally:
        forget_answers()


def back(message: str, undo_at: str = "", undo: Mapping[str, str] | None = None) -> Response:
    """To the page the form stood on, with a message there and, where it can be, an Undo."""
    here = safe_next(request.form.get("next"))
    said: Any = message
    if undo_at:
        said = {"text": message, "action": undo_at, "fields": {**(undo or {}), "next": here}}
    flash(said)
    return redirect(f"{current_gateway().settings.path_prefix}{here}", 303)
