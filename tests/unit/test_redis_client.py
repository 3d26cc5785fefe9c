"""One circuit breaker for all uses of Redis: while it does not answer, one call a second waits."""

import socket
from collections.abc import Iterator

import pytest
from redis import RedisError, ResponseError

from canvas_app.canvas.circuit import Circuit
from canvas_app.redis_client import GuardedRedis, RedisAway, open_redis


@pytest.fixture
def silent() -> Iterator[GuardedRedis]:
    """A client of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = open_redis(f"redis://127.0.0.1:{listener.getsockname()[1]}/0")
        yield client
        client.close()


def test_second_call_does_not_wait(silent: GuardedRedis) -> None:
    """For a single command as well as for several at once."""
    silent.circuit = Circuit(1, 1000.0)
    with pytest.raises(RedisError):
        silent.get("a")

    with pytest.raises(RedisAway):
        silent.get("a")
    several = silent.pipeline()
    several.get("a")
    with pytest.raises(RedisAway):
        several.execute()
    with pytest.raises(RedisAway):
        silent.register_script("return 1")()


def test_refusals_are_answers(valkey_url: str) -> None:
    client = open_redis(valkey_url)

    with pytest.raises(ResponseError):
        client.execute_command("NO SUCH COMMAND")

    assert client.ping()
    several = client.pipeline()
    several.set("easel:test", "1")
    several.delete("easel:test")
    assert several.execute() == [True, 1]
    client.close()


def test_restart_of_redis_is_not_noticed(valkey_url: str) -> None:
    """A kept connection that the server has closed is replaced once."""
    client = open_redis(valkey_url)
    other = open_redis(valkey_url)
    assert client.ping()

    other.client_kill_filter(_type="normal", skipme=True)

    assert client.ping()
    client.close()
    other.close()
