"""The Canvas client: a library that knows nothing of Flask nor of the rest of Easel."""

from canvas_app.canvas.client import CanvasClient
from canvas_app.canvas.errors import (
    AuthenticationError,
    AuthorizationError,
    CanvasError,
    InvalidRequest,
    MalformedAnswer,
    MissingScope,
    NotFound,
    SignInRequired,
    Throttled,
    Unavailable,
)
from canvas_app.canvas.keypool import KeyPool
from canvas_app.canvas.paging import Pages
from canvas_app.canvas.parameters import api_path
from canvas_app.canvas.retry import INTERACTIVE, PATIENT, RetryPolicy
from canvas_app.canvas.transport import Transport

__all__ = [
    "INTERACTIVE",
    "PATIENT",
    "AuthenticationError",
    "AuthorizationError",
    "CanvasClient",
    "CanvasError",
    "InvalidRequest",
    "KeyPool",
    "MalformedAnswer",
    "MissingScope",
    "NotFound",
    "Pages",
    "RetryPolicy",
    "SignInRequired",
    "Throttled",
    "Transport",
    "Unavailable",
    "api_path",
]
