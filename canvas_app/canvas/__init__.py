"""The Canvas client: a library that knows nothing of Flask nor of the rest of Easel."""

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

__all__ = [
    "AuthenticationError",
    "AuthorizationError",
    "CanvasError",
    "InvalidRequest",
    "MalformedAnswer",
    "MissingScope",
    "NotFound",
    "SignInRequired",
    "Throttled",
    "Unavailable",
]
