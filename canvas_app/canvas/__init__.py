"""The Canvas client: a library that knows nothing of Flask nor of the rest of Easel."""

from canvas_app.canvas import models
from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.client import CanvasClient
from canvas_app.canvas.credentials import Credentials, PersonalToken
from canvas_app.canvas.errors import (
    AccessRefused,
    AuthenticationError,
    AuthorizationError,
    CanvasError,
    InvalidId,
    InvalidRequest,
    MalformedAnswer,
    MissingScope,
    NotFound,
    NoTurn,
    SignInRequired,
    Throttled,
    Unavailable,
)
from canvas_app.canvas.keypool import KeyPool
from canvas_app.canvas.oauth import InvalidClient, InvalidGrant
from canvas_app.canvas.paging import Pages
from canvas_app.canvas.parameters import api_path
from canvas_app.canvas.retry import INTERACTIVE, PATIENT, RetryPolicy
from canvas_app.canvas.throttle.queue import MemoryBuckets, Throttle
from canvas_app.canvas.transport import Transport

__all__ = [
    "INTERACTIVE",
    "PATIENT",
    "AccessRefused",
    "AuthenticationError",
    "AuthorizationError",
    "CanvasAPI",
    "CanvasClient",
    "CanvasError",
    "Credentials",
    "InvalidClient",
    "InvalidGrant",
    "InvalidId",
    "InvalidRequest",
    "KeyPool",
    "MalformedAnswer",
    "MemoryBuckets",
    "MissingScope",
    "NoTurn",
    "NotFound",
    "Pages",
    "PersonalToken",
    "RetryPolicy",
    "SignInRequired",
    "Throttle",
    "Throttled",
    "Transport",
    "Unavailable",
    "api_path",
    "models",
]
