"""Probes: run by one thread, kept for a while, and not waited for beyond the time limit."""

import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from canvas_app.canvas.transport import Transport
from canvas_app.readiness import Probe, ask_canvas


def soon() -> float:
    return time.monotonic() + 10


def test_what_hangs_is_asked_once() -> None:
    go_on, asked = threading.Event(), []

    def hang() -> str:
        asked.append(1)
        go_on.wait(10)
        return "ok"

    probe = Probe("it", hang, failed="failed")
    for _ in range(3):
        probe.start()
        assert probe.answer(time.monotonic()) == "failed"
    go_on.set()

    assert probe.answer(soon()) == "ok"
    assert asked == [1]


def test_answer_is_kept_and_the_last_one_stands_in() -> None:
    now, go_on = [100.0], threading.Event()
    answers = iter(["first", "second"])

    def ask() -> str:
        told = next(answers)
        if told == "second":
            go_on.wait(10)
        return told

    probe = Probe("it", ask, failed="failed", every=30.0, clock=lambda: now[0])
    probe.start()
    assert probe.answer(now[0] + 10) == "first"
    now[0] += 29
    probe.start()
    assert probe.answer(now[0]) == "first"
    now[0] += 1
    probe.start()
    assert probe.answer(now[0], last=True) == "first"
    assert probe.answer(now[0]) == "failed"
    go_on.set()

    assert probe.answer(now[0] + 10) == "second"


def test_change_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    works = [False]

    def ask() -> bool:
        if not works[0]:
            raise ConnectionError("secret of the driver")
        return True

    probe = Probe("the database", ask, failed=False)
    for each in (False, False, True, True):
        works[0] = each
        probe.start()
        assert probe.answer(soon()) is each

    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "secret" not in caplog.text


def test_another_web_site_is_not_a_canvas() -> None:
    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<h1>Shop</h1>")

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Shop) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        transport = Transport(f"http://127.0.0.1:{server.server_port}")

        assert ask_canvas(transport) == "not_a_canvas"
        transport.close()


def test_nobody_listens_for_canvas() -> None:
    assert ask_canvas(Transport("http://127.0.0.1:1")) == "unreachable"
