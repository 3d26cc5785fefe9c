"""Tokens show nothing of themselves."""

from canvas_app.canvas.tokens import Token


def test_repr_shows_no_secret() -> None:
    token = Token("1~access", "1~refresh")
    assert "access" not in repr(token).replace("access_token", "")
    assert "1~" not in f"{token} {token!r}"
