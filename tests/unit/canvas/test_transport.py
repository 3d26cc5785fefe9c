"""The transport calls one origin, within limits, and says what happened to a call."""

import os
import socket
import time

import pytest

from canvas_app.canvas import transport as module
from canvas_app.canvas.circuit import Circuit
from canvas_app.canvas.errors import MalformedAnswer, Unavailable
from canvas_app.canvas.transport import Transport, canvas_origin


@pytest.fixture
def connect():
    transports = []

    def make(url, **options):
        transports.append(Transport(url, **options))
        return transports[-1]

    yield make
    for transport in transports:
        transport.close()


def send(transport, method="GET", target="/api/v1/x?secret=1", **options):
    return transport.send(method, target, headers={"Accept": "application/json"}, **options)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://canvas.example.edu/", "https://canvas.example.edu"),
        ("https://Canvas.example.edu:8443", "https://canvas.example.edu:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_origin_is_normalised(url, named):
    assert canvas_origin(url) == named


@pytest.mark.parametrize(
    "url",
    [
        "http://canvas.example.edu",
        "ftp://canvas.example.edu",
        "https://user:word@canvas.example.edu",
        "https://canvas.example.edu/api/v1",
        "https://canvas.example.edu/?a=1",
        "https://",
        "canvas.example.edu",
        "http://192.0.2.1",
    ],
)
def test_other_urls_are_refused(url):
    with pytest.raises(ValueError, match="Canvas's URL"):
        Transport(url)


def test_an_answer_arrives_whole(scripted, reply, connect):
    server = scripted(reply(["x" * 1000] * 1000, headers={"X-Request-Cost": "0.5"}, zipped=True))

    answer = send(connect(server.url))

    assert answer.status == 200
    assert len(answer.body) > 1_000_000
    assert answer.number("x-request-cost") == 0.5
    assert answer.number("absent") is None
    assert answer.number("content-type") is None
    assert "x" * 10 not in repr(answer)


def test_a_connection_is_used_again(scripted, reply, connect):
    server = scripted(reply({}))
    transport = connect(server.url)

    for _ in range(3):
        send(transport)

    assert len({call.peer for call in server.calls}) == 1


def test_a_body_is_sent_with_its_length(scripted, reply, connect):
    server = scripted(reply({}))
    transport = connect(server.url)

    send(transport, "POST", body=b"a=1")
    send(transport, "DELETE")

    assert server.calls[0].body == b"a=1"
    assert server.calls[1].headers["Content-Length"] == "0"


def test_a_child_process_opens_its_own_connections(scripted, reply, connect, monkeypatch):
    transport = connect(scripted(reply({})).url)
    first = transport._connections()

    monkeypatch.setattr(os, "getpid", lambda: 1)

    assert transport._connections() is not first


def test_too_large_an_answer_raises(scripted, reply, connect):
    server = scripted(reply("x" * 5000, headers={"X-Request-Context-Id": "abc"}))

    with pytest.raises(MalformedAnswer, match="larger than 4,000 bytes") as caught:
        send(connect(server.url, largest_answer=4000))

    assert caught.value.request_id == "abc"


def test_a_zipped_bomb_raises(scripted, reply, connect):
    server = scripted(reply("x" * 3_000_000, zipped=True))

    with pytest.raises(MalformedAnswer, match="larger"):
        send(connect(server.url, largest_answer=1_000_000))


@pytest.mark.parametrize("fault", [{"drop": True}, {"truncate": True}])
def test_a_broken_connection_is_told(fault, scripted, reply, connect):
    server = scripted(reply({}, **fault))

    with pytest.raises(Unavailable, match="connection broke") as caught:
        send(connect(server.url), "POST", body=b"a=1")

    assert caught.value.delivery == "may_have_happened"
    assert caught.value.repeat_is_safe is False
    assert "secret" not in f"{caught.value}{caught.value.__cause__}{caught.value.__context__}"


def test_a_refused_connection_was_not_sent(connect):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

    with pytest.raises(Unavailable, match="refused") as caught:
        send(connect(f"http://127.0.0.1:{port}"), "POST", body=b"a=1")

    assert caught.value.delivery == "not_sent"
    assert caught.value.repeat_is_safe is True
    assert caught.value.__context__ is None


def test_silence_ends_at_the_timeout(connect):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        transport = connect(f"http://127.0.0.1:{silent.getsockname()[1]}", read_timeout=0.05)

        with pytest.raises(Unavailable, match="took too long") as caught:
            send(transport)

    assert caught.value.delivery == "may_have_happened"
    assert caught.value.repeat_is_safe is True


def test_canvas_that_lets_calls_time_out_is_left_alone(connect, monkeypatch):
    """After two time-outs in a row the third call fails without being sent."""
    monkeypatch.setattr(module, "WAITED_IN_VAIN", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        transport = connect(url, read_timeout=0.1, circuit=Circuit(2, 1000.0))
        for _ in range(2):
            with pytest.raises(Unavailable, match="too long"):
                send(transport)

        with pytest.raises(Unavailable, match="did not answer the last calls") as caught:
            send(transport, "POST", body=b"x")

    assert (caught.value.delivery, caught.value.repeat_is_safe) == ("not_sent", True)


def test_sign_ins_are_sent_while_the_circuit_is_open(connect, scripted, reply):
    """Other people's slow pages must not prevent a sign-in."""
    server = scripted(reply({}))
    circuit = Circuit(1, 1000.0)
    circuit.failed()
    transport = connect(server.url, circuit=circuit)
    with pytest.raises(Unavailable, match="did not answer the last calls"):
        send(transport)

    assert send(transport, "POST", body=b"x", fresh=True).status == 200
    assert not circuit.is_open


def test_calls_with_hardly_any_time_tell_nothing_of_canvas(connect):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        circuit = Circuit(1, 1000.0)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        transport = connect(url, circuit=circuit)
        with pytest.raises(Unavailable):
            send(transport, deadline=time.monotonic() + 0.1)

    assert not circuit.is_open


def test_no_certificate_no_call(scripted, reply, connect):
    server = scripted(reply({}))

    with pytest.raises(Unavailable) as caught:
        send(connect(server.url.replace("http:", "https:")))

    assert caught.value.delivery == "not_sent"


def test_nothing_is_sent_after_the_deadline(scripted, reply, connect):
    server = scripted(reply({}))

    with pytest.raises(Unavailable, match="no time left") as caught:
        send(connect(server.url, clock=lambda: 100.0), deadline=99.0)

    assert caught.value.delivery == "not_sent"
    assert server.calls == []


def test_each_call_sent_is_told(scripted, reply, connect):
    """With its status and time; calls that were not sent are not reported."""
    told = []
    times = iter([100.0, 100.5, 101.0, 300.0])
    server = scripted(reply({}, status=404))
    transport = connect(
        server.url, clock=lambda: next(times), on_call=lambda *call: told.append(call)
    )

    send(transport, deadline=150.0)
    with pytest.raises(Unavailable):
        send(transport, deadline=150.0)

    assert told == [("GET", 404, 1.0)]


def test_call_without_an_answer_is_told_without_a_status(connect):
    told = []
    transport = connect("http://127.0.0.1:1", on_call=lambda *call: told.append(call))

    with pytest.raises(Unavailable):
        send(transport)

    ((method, status, seconds),) = told
    assert (method, status) == ("GET", None)
    assert seconds >= 0


def test_a_dripping_answer_ends_at_the_deadline(scripted, reply, connect):
    times = iter([100.0, 200.0])
    server = scripted(reply({}))

    with pytest.raises(Unavailable, match="took too long"):
        send(connect(server.url, clock=lambda: next(times)), deadline=150.0)


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("https://canvas.example.edu/api/v1/x?page=2", "/api/v1/x?page=2"),
        ("http://other.example.com:81/api/v1/x?page=2#f", "/api/v1/x?page=2"),
        ("/api/v1/x?a=b c", "/api/v1/x?a=b%20c"),
        ("?page=2", "/api/v1/list?page=2"),
        ("https://canvas.example.edu@evil.example/api/v1/x", "/api/v1/x"),
    ],
)
def test_links_are_re_rooted(link, target):
    transport = Transport("https://canvas.example.edu")

    assert transport.re_rooted(link, path="/api/v1/list") == target


@pytest.mark.parametrize(
    "link",
    [
        "https://canvas.example.edu/login",
        "https://evil.example/",
        "https://canvas.example.edu/api/v1/../../login",
        "https://canvas.example.edu/api/v1/%2e%2E/x",
        "javascript:alert(1)",
        "https://[broken/api/v1/x",
    ],
)
def test_other_links_raise(link):
    with pytest.raises(MalformedAnswer, match="not followed"):
        Transport("https://canvas.example.edu").re_rooted(link, path="/api/v1/list")


def test_closing_twice_is_fine(scripted, reply):
    transport = Transport(scripted(reply({})).url)
    send(transport)

    transport.close()
    transport.close()

    assert send(transport).status == 200
    transport.close()
    assert "127.0.0.1" in repr(transport)
