"""Clients that say nothing, take nothing or never hang up do not hold up the others."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from .conftest import running_gunicorn

DONE = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
SILENT = b""


@pytest.fixture
def gunicorn(tmp_path: Path) -> Iterator[tuple[str, int]]:
    with running_gunicorn(tmp_path, LOG_LEVEL="WARNING") as (url, _):
        yield "127.0.0.1", int(url.rpartition(":")[2])


@pytest.mark.parametrize("sent", [DONE, SILENT], ids=["done", "silent"])
def test_clients_that_do_not_hang_up_hold_up_nobody(gunicorn: tuple[str, int], sent: bytes) -> None:
    """Left to itself gunicorn would be busy with 48 of these for 15 s at least."""
    host, port = gunicorn
    with ExitStack() as held:
        for _ in range(48):
            client = held.enter_context(socket.create_connection((host, port), timeout=10))
            client.sendall(sent)

        assert requests.get(f"http://{host}:{port}/healthz", timeout=8).ok
