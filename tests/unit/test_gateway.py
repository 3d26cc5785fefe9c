"""What a process shares, and that it can be closed."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from canvas_app import create_app
from canvas_app.gateway import Gateway
from canvas_app.settings import Environment, Settings


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    settings = Settings(
        environments=(Environment("production", "http://127.0.0.1:1", "1", "secret"),),
        public_url="http://127.0.0.1:8000",
        secret_key="0123456789abcdef" * 4,
        token_keys=(Fernet.generate_key().decode(),),
        instance_path=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'easel.sqlite'}",
    )
    made: Gateway = create_app(settings).extensions["easel"]
    return made


class Closing:
    """Stands for Redis, the buckets or the cache: counts how often it was closed."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_close_ends_the_pool_after_its_work(gateway: Gateway) -> None:
    """What was begun is finished, and nothing new begins."""
    begun = gateway.pool.submit(lambda: "done")

    gateway.close()

    assert begun.result(timeout=0) == "done"
    with pytest.raises(RuntimeError):
        gateway.pool.submit(lambda: None)


def test_close_leaves_no_connection_open(gateway: Gateway) -> None:
    """Each part is closed once: Redis, the buckets, the cache, each Canvas, the database."""
    parts = [Closing() for _ in range(4)]
    gateway.redis, gateway.buckets, gateway.cache, canvas = parts
    gateway._transports["production"] = canvas
    gateway.storage.ping()
    assert gateway.storage._reading.pool.checkedin() == 1

    gateway.close()

    assert [part.closed for part in parts] == [1, 1, 1, 1]
    assert gateway.storage._reading.pool.checkedin() == 0
