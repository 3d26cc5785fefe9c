"""The sources of one person with the live stand-in Canvas."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from canvas_app.canvas.api import CanvasAPI
from canvas_app.canvas.client import CanvasClient
from canvas_app.sources.cache import MemoryCache
from canvas_app.sources.sources import Sources


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as executor:
        yield executor


@pytest.fixture
def cache() -> MemoryCache:
    return MemoryCache(10_000_000)


@pytest.fixture
def sources_of(
    canvas: Any, pool: ThreadPoolExecutor, cache: MemoryCache
) -> Iterator[Callable[..., Sources]]:
    clients: list[CanvasClient] = []

    def make(who: str, *, seconds: float = 20.0, token: str = "", **options: Any) -> Sources:
        deadline = time.monotonic() + seconds
        client = CanvasClient(canvas.url, token or canvas.token(who), deadline=deadline)
        clients.append(client)
        options.setdefault("owner", ("production", who, "", 1))
        kept = options.pop("cache", cache)
        return Sources(CanvasAPI(client), kept, pool, deadline=deadline, **options)

    yield make
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def dropping(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Canvas whose key allows no includes: it answers as if none were requested."""

    def without_include(ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(self: CanvasClient, path: str, params: Any = None, **more: Any) -> Any:
            left = {name: value for name, value in (params or {}).items() if name != "include"}
            return ask(self, path, left, **more)

        return asked

    for name in ("paginate", "get"):
        monkeypatch.setattr(CanvasClient, name, without_include(getattr(CanvasClient, name)))
