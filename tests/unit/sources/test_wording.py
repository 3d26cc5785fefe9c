"""What happened to a call, in plain words."""

import pytest

from canvas_app.canvas.errors import (
    AuthorizationError,
    InvalidRequest,
    MalformedAnswer,
    NotFound,
    Throttled,
    Unavailable,
)
from canvas_app.sources.wording import error_text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AuthorizationError("x"), "share"),
        (NotFound("x"), "did not find"),
        (Throttled("x"), "no more requests for you"),
        (MalformedAnswer("x"), "read"),
        (Unavailable("x"), "in time"),
        (Unavailable("x", status=503), "having problems"),
        (InvalidRequest("x"), "accept"),
    ],
)
def test_errors_in_plain_words(error, words):
    assert words in error_text(error)
