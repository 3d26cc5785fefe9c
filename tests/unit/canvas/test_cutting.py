"""A call is cut when its time is up, whatever the other side does."""

import socket
import threading
import time

import pytest

from canvas_app.canvas import Transport, Unavailable


@pytest.mark.parametrize(
    "pieces",
    [
        [b"H"] + [b"T"] * 200,
        [b"HTTP/1.1 200 OK\r\n"] + [b"X-A: b\r\n"] * 200,
        [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"] + [b" "] * 200,
    ],
    ids=["status", "headers", "body"],
)
@pytest.mark.parametrize("fresh", [True, False])
def test_a_dripping_server_is_cut(pieces, fresh):
    """Each byte comes well within the read timeout; all of them would take 20 s."""
    ends = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            for piece in pieces:
                try:
                    connection.sendall(piece)
                except OSError:
                    return
                if ends.wait(0.1):
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    transport = Transport(f"http://127.0.0.1:{listener.getsockname()[1]}")
    begun = time.monotonic()

    with pytest.raises(Unavailable, match="too long"):
        transport.send("GET", "/api/v1/x", headers={}, deadline=begun + 0.4, fresh=fresh)

    took = time.monotonic() - begun
    ends.set()
    thread.join()
    listener.close()
    transport.close()
    assert took < 15


def test_a_kept_connection_is_cut_too(scripted, reply):
    """The second call uses the first one's connection, which no longer says when it was made."""
    slow = threading.Event()
    server = scripted(
        lambda call: (slow.wait(20) if call.target == "/api/v1/slow" else None, reply({}))[1]
    )
    transport = Transport(server.url)
    transport.send("GET", "/api/v1/x", headers={})
    begun = time.monotonic()

    with pytest.raises(Unavailable, match="too long"):
        transport.send("GET", "/api/v1/slow", headers={}, deadline=begun + 0.3)

    assert time.monotonic() - begun < 15
    slow.set()
    transport.close()
