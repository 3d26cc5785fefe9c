"""Streamed pages are compressed part by part, and only for browsers that take it."""

import gzip
import zlib
from collections.abc import Iterator

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from canvas_app import compression

PAGE = "<p>Work that is due</p>" * 100


@pytest.fixture
def browser() -> FlaskClient:
    app = Flask(__name__)
    compression.init_app(app)

    def parts() -> Iterator[str]:
        yield "<html>"
        yield PAGE

    app.add_url_rule("/whole", "whole", lambda: PAGE)
    app.add_url_rule("/streamed", "streamed", lambda: Response(parts(), mimetype="text/html"))
    app.add_url_rule(
        "/packed",
        "packed",
        lambda: Response(parts(), mimetype="text/html", headers={"Content-Encoding": "br"}),
    )
    return app.test_client()


@pytest.mark.parametrize("path", ["/whole", "/streamed"])
def test_what_comes_can_be_unpacked(browser: FlaskClient, path: str) -> None:
    answer = browser.get(path, headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data).decode().endswith(PAGE)
    assert len(answer.data) < len(PAGE) / 5


@pytest.mark.parametrize("path", ["/whole", "/streamed"])
@pytest.mark.parametrize("takes", ["", "gzip;q=0", "identity"])
def test_who_takes_none_gets_none(browser: FlaskClient, path: str, takes: str) -> None:
    answer = browser.get(path, headers={"Accept-Encoding": takes})

    assert "Content-Encoding" not in answer.headers
    assert answer.text.endswith(PAGE)
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_what_is_packed_already_stays_as_it_is(browser: FlaskClient) -> None:
    answer = browser.get("/packed", headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "br"
    assert answer.text.endswith(PAGE)


def test_streamed_pages_are_not_held_back_by_a_proxy(browser: FlaskClient) -> None:
    assert browser.get("/streamed").headers["X-Accel-Buffering"] == "no"
    assert "X-Accel-Buffering" not in browser.get("/whole").headers


def test_each_part_can_be_read_as_soon_as_it_is_there() -> None:
    """The shell reaches the browser before Canvas has answered."""
    given = iter([b"shell", b"page"])
    packed = compression.gzip_parts(given)
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)

    assert reader.decompress(next(packed)) == b"shell"
    assert list(given) == [b"page"], "the second part was not asked for"
    rest = b"".join(packed)
    assert reader.decompress(rest) == b""
    assert reader.eof
