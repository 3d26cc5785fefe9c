"""Tokens never show their text."""

from datetime import UTC, datetime, timedelta

import pytest

from canvas_app.canvas.tokens import Token, TokenState


def test_repr_shows_no_secret() -> None:
    token = Token("1~access", "1~refresh")
    assert "access" not in repr(token).replace("access_token", "")
    assert "1~" not in f"{token} {token!r}"


@pytest.mark.parametrize(
    ("left", "refresh_token", "state"),
    [
        (301, "r", "fresh"),
        (300, "r", "fresh"),
        (299, "r", "stale"),
        (1, "r", "stale"),
        (0, "r", "invalid"),
        (-1, "r", "invalid"),
        (-1, None, "fresh"),
        (None, "r", "fresh"),
    ],
)
def test_state_tells_what_to_do(
    left: int | None, refresh_token: str | None, state: TokenState
) -> None:
    """A token is renewed five minutes before its end; if it cannot be, it is sent unchanged."""
    now = datetime(2026, 11, 28, tzinfo=UTC)
    expires_at = None if left is None else now + timedelta(seconds=left)

    token = Token("a", refresh_token, expires_at)

    assert token.state(now, timedelta(minutes=5)) == state
