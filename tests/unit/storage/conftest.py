"""A database with both engines, a clock that tests move, and scripted token endpoints."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from canvas_app.canvas.tokens import Token
from canvas_app.storage.storage import Storage

KEY = Fernet.generate_key().decode()


@dataclass
class Clock:
    now: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 8, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Scripted:
    """A token endpoint whose answers a test scripts; it remembers what it was asked."""

    refresh_with: Callable[[str], Token] | None = None
    revoke_with: Callable[[str], None] | None = None
    client_id: str = "10"
    time_limit: float = 10.0
    suspended: bool = False
    proved: list[str] = field(default_factory=list)
    refreshed: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)

    def refresh(self, refresh_token: str) -> Token:
        self.refreshed.append(refresh_token)
        assert self.refresh_with is not None, "nobody should have refreshed"
        return self.refresh_with(refresh_token)

    def refuses(self, access_token: str) -> bool:
        self.proved.append(access_token)
        return self.suspended

    def revoke(self, access_token: str) -> None:
        self.revoked.append(access_token)
        if self.revoke_with is not None:
            self.revoke_with(access_token)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new folder' / 'easel.db'}"
    url: str = request.getfixturevalue("postgres_url")
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()
    return url


@pytest.fixture
def open_storage(database_url: str, clock: Clock) -> Iterator[Callable[..., Storage]]:
    """Open the database once more, as another process would."""
    opened = []

    def open_one(*keys: str, **more: Any) -> Storage:
        storage = Storage(database_url, keys or (KEY,), **({"clock": clock} | more))
        opened.append(storage)
        return storage

    yield open_one
    for storage in opened:
        storage.close()


@pytest.fixture
def storage(open_storage: Callable[..., Storage]) -> Storage:
    storage = open_storage()
    storage.upgrade()
    return storage
