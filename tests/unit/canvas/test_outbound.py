"""How calls leave this machine: a private certificate authority, a proxy, a deadline for all."""

import socket
import ssl
import threading
from contextlib import suppress

import pytest

from canvas_app.canvas import CanvasClient, Transport, Unavailable
from canvas_app.canvas.oauth import TokenEndpoint
from canvas_app.readiness import ask_canvas
from tests.certificates import NAME, school

VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "HTTPS_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """The authority's file, and a server's: key and certificate for the name and loopback."""
    return school(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def secure(scripted, reply, authority):
    """A scripted Canvas that speaks TLS with the school's certificate."""

    def script(call):
        return reply(
            {"id": "1"} if call.method != "POST" else {"access_token": "new", "expires_in": 60}
        )

    server = scripted(script)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority[1])
    listener = server.server
    accept = listener.get_request

    def wrapped():
        connection, address = accept()
        connection.settimeout(10)
        return context.wrap_socket(
            connection, server_side=True, do_handshake_on_connect=False
        ), address

    listener.get_request = wrapped
    listener.handle_error = lambda *_: None
    server.port = listener.server_port
    return server


class Proxy:
    """Takes CONNECT and leads every name to this machine."""

    def __init__(self, refuses=False):
        self.asked = []
        self.refuses = refuses
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://user:pass@127.0.0.1:{self.listener.getsockname()[1]}"
        self.sockets = []
        self.threads = [threading.Thread(target=self.serve, daemon=True)]
        self.threads[0].start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.start(self.tunnel, client)

    def start(self, target, *arguments):
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def tunnel(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(1)
        self.asked.append(head.decode())
        self.sockets.append(client)
        if self.refuses:
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        port = int(head.split()[1].rpartition(b":")[2])
        server = socket.create_connection(("127.0.0.1", port))
        self.sockets.append(server)
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.start(self.copy, client, server)
        self.copy(server, client)

    def copy(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def close(self):
        for each in (self.listener, *self.sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(10)
        for each in (self.listener, *self.sockets):
            each.close()


@pytest.fixture
def proxy():
    proxy = Proxy()
    yield proxy
    proxy.close()


def test_a_private_authority_is_trusted_when_named(secure, authority):
    url = f"https://127.0.0.1:{secure.port}"

    with CanvasClient(url, "1~secret", ca_bundle=authority[0]) as canvas:
        assert canvas.get("/api/v1/x") == {"id": "1"}
    with (
        CanvasClient(url, "1~secret") as canvas,
        pytest.raises(Unavailable, match="certificate"),
    ):
        canvas.get("/api/v1/x")


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_environment_names_an_authority(name, secure, authority, monkeypatch):
    monkeypatch.setenv(name, str(authority[0]))

    with CanvasClient(f"https://127.0.0.1:{secure.port}", "1~secret") as canvas:
        assert canvas.get("/api/v1/x") == {"id": "1"}


def test_an_authority_that_is_no_file_is_told():
    with pytest.raises(ValueError, match="/no/such"):
        CanvasClient("https://canvas.example.edu", "1~secret", ca_bundle="/no/such")


def test_all_three_senders_go_through_the_proxy(secure, authority, proxy):
    transport = Transport(f"https://{NAME}:{secure.port}", ca_bundle=authority[0], proxy=proxy.url)
    canvas = CanvasClient(transport.origin, "1~secret", transport=transport)
    endpoint = TokenEndpoint(transport.origin, "10", "client~secret", transport=transport)

    assert canvas.get("/api/v1/x") == {"id": "1"}
    assert endpoint.refresh("old").access_token == "new"
    assert ask_canvas(transport) == "not_a_canvas"  # an answer, but not from a Canvas

    transport.close()
    assert len(proxy.asked) == 3  # the token endpoint and the probe with connections of their own
    for head in proxy.asked:
        assert head.startswith(f"CONNECT {NAME}:{secure.port} HTTP/1.")
        assert "secret" not in head
        assert "Proxy-Authorization: Basic" in head
    assert "Proxy-Authorization" not in secure.calls[0].headers
    assert "pass" not in repr(transport)


def test_the_environment_names_a_proxy(secure, authority, proxy, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)

    with CanvasClient(f"https://{NAME}:{secure.port}", "1~s", ca_bundle=authority[0]) as canvas:
        assert canvas.get("/api/v1/x") == {"id": "1"}

    assert len(proxy.asked) == 1


def test_loopback_never_goes_through_a_proxy(secure, authority, proxy, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)

    with CanvasClient(
        f"https://127.0.0.1:{secure.port}", "1~secret", ca_bundle=authority[0]
    ) as canvas:
        assert canvas.get("/api/v1/x") == {"id": "1"}

    assert proxy.asked == []


@pytest.mark.parametrize("no_proxy", [NAME, ".example.edu", "a.org, example.edu", "*"])
def test_hosts_of_no_proxy_are_asked_directly(no_proxy, monkeypatch):
    def proxies():
        return Transport(f"https://{NAME}", proxy="http://proxy:1", no_proxy=no_proxy)._proxies

    assert proxies() == {}
    no_proxy = "other.example.org"
    assert proxies() == {"https": "http://proxy:1"}


def test_a_refusing_proxy_is_told_without_its_password():
    refusing = Proxy(refuses=True)
    transport = Transport(f"https://{NAME}", proxy=refusing.url)

    with pytest.raises(Unavailable, match="proxy") as caught:
        transport.send("POST", "/api/v1/x", headers={}, body=b"")

    refusing.close()
    assert caught.value.delivery == "not_sent"
    assert "pass" not in f"{caught.value} {caught.value.__context__!r}"
