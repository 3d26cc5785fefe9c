"""Clients that send slowly, read nothing or never hang up do not hold up the others."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import requests

from .conftest import running_gunicorn

pytestmark = pytest.mark.anyday

DONE = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
SILENT = b""
POST = b"POST /logout HTTP/1.1\r\nHost: 127.0.0.1\r\n"
DRIPPED = {
    "head": (b"GET /healthz HTTP/1.1\r\nX-Long: ", b"x"),
    "body": (POST + b"Content-Length: 100000\r\n\r\n", b"x"),
    "chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "a body too large": (POST + b"Content-Length: 9000000\r\n\r\n", b"x"),
}


@pytest.fixture(scope="module")
def gunicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    instance: Path = tmp_path_factory.mktemp("gunicorn")
    with running_gunicorn(instance, LOG_LEVEL="WARNING") as (url, _):
        yield "127.0.0.1", int(url.rpartition(":")[2])


def answer_to(address: tuple[str, int], sent: bytes) -> bytes:
    """Return all that comes back until the server hangs up."""
    with socket.create_connection(address, timeout=30) as client:
        client.sendall(sent)
        received = b""
        while piece := client.recv(65536):
            received += piece
        return received


@pytest.mark.parametrize("sent", [DONE, SILENT], ids=["done", "silent"])
def test_clients_that_do_not_hang_up_hold_up_nobody(gunicorn: tuple[str, int], sent: bytes) -> None:
    """gunicorn alone would be busy with 48 of these for 15 s at least."""
    host, port = gunicorn
    with ExitStack() as held:
        for _ in range(48):
            client = held.enter_context(socket.create_connection((host, port), timeout=10))
            client.sendall(sent)

        assert requests.get(f"http://{host}:{port}/healthz", timeout=8).ok


@pytest.mark.parametrize("what", DRIPPED)
def test_clients_that_send_a_byte_at_a_time_hold_up_nobody(
    gunicorn: tuple[str, int], what: str
) -> None:
    """gunicorn alone would wait for them in all its threads for as long as they send."""
    begin, drop = DRIPPED[what]
    over = threading.Event()
    with ExitStack() as held:
        clients = [
            held.enter_context(socket.create_connection(gunicorn, timeout=10)) for _ in range(48)
        ]

        def drip() -> None:
            while not over.wait(0.2):
                for client in clients:
                    with suppress(OSError):
                        client.sendall(drop)

        for client in clients:
            client.sendall(begin)
        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            for _ in range(5):
                assert requests.get(f"http://127.0.0.1:{gunicorn[1]}/healthz", timeout=8).ok
        finally:
            over.set()
            dripping.join()


def test_more_connections_than_are_served_make_room(gunicorn: tuple[str, int]) -> None:
    """The oldest unfinished request is dropped for a new one."""
    with ExitStack() as held:
        for _ in range(510):
            client = held.enter_context(socket.create_connection(gunicorn, timeout=10))
            client.sendall(b"GET /hea")

        assert requests.get(f"http://127.0.0.1:{gunicorn[1]}/healthz", timeout=8).ok


def test_requests_in_one_piece_are_answered_in_order(gunicorn: tuple[str, int]) -> None:
    """A client may send its next request before the first is answered (RFC 9112 9.3.2)."""
    first = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

    received = answer_to(gunicorn, first + first + DONE)

    assert received.count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411 Length Required"),
        (b"GET / HTTP/1.1\r\n" + b"X: " + b"x" * 70_000, b"431 Request Header Fields Too Large"),
        (POST + b"Content-Length: 9000000\r\n\r\n", b"400 BAD REQUEST"),
        (POST + b"Content-Length: -1\r\n\r\n", b"400 Bad Request"),
        (b"\r\n\r\n\r\n\r\n", b"400 Bad Request"),
    ],
)
def test_requests_that_are_not_read_get_an_answer(
    gunicorn: tuple[str, int], sent: bytes, status: bytes
) -> None:
    """Each is refused at once, with a status that says why."""
    assert answer_to(gunicorn, sent).startswith(b"HTTP/1.1 " + status)


def test_a_client_that_asks_first_is_told_to_go_on(gunicorn: tuple[str, int]) -> None:
    """``Expect: 100-continue`` (RFC 9110 10.1.1): the body comes after the interim answer."""
    with socket.create_connection(gunicorn, timeout=30) as client:
        client.sendall(
            POST + b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        )
        assert client.recv(1000).startswith(b"HTTP/1.1 100 Continue")
        client.sendall(b"a=b")
        received = b""
        while piece := client.recv(65536):
            received += piece

    assert b"HTTP/1.1 400 BAD REQUEST" in received
