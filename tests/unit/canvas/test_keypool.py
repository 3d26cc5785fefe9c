"""A pool's tokens take turns, and a rejected one leaves."""

import pytest

from canvas_app.canvas.client import CanvasClient
from canvas_app.canvas.errors import AuthenticationError
from canvas_app.canvas.keypool import KeyPool


def test_tokens_take_turns():
    pool = KeyPool("a-secret", "b-secret", "a-secret")

    assert [pool.access_token() for _ in range(4)] == [
        "a-secret",
        "b-secret",
        "a-secret",
        "b-secret",
    ]
    assert "secret" not in repr(pool)


def test_a_rejected_token_leaves_the_pool(scripted, reply):
    def script(call):
        if call.headers["Authorization"] == "Bearer dead":
            return reply({}, 401, {"WWW-Authenticate": 'Bearer realm="canvas-lms"'})
        return reply({"id": "1"})

    server = scripted(script)

    with CanvasClient(server.url, KeyPool("dead", "good")) as canvas:
        assert [canvas.get("/api/v1/x") for _ in range(3)] == [{"id": "1"}] * 3

    assert len(server.calls) == 4


def test_an_empty_pool_says_so():
    pool = KeyPool("a")

    with pytest.raises(AuthenticationError, match="none of the pool"):
        pool.renewed("a")
    with pytest.raises(AuthenticationError):
        pool.renewed("a")


@pytest.mark.parametrize("tokens", [(), ("",), ("a", "")])
def test_a_pool_has_tokens(tokens):
    with pytest.raises(ValueError, match=r"at least one access token|is empty"):
        KeyPool(*tokens)
