"""Compressed answers: smaller, and the shell of a streamed page still goes out at once."""

import gzip
import http.client
import zlib
from urllib.parse import urlsplit

import pytest

from .conftest import RunningEasel, sign_in

pytestmark = pytest.mark.anyday


def ask(
    easel: RunningEasel, cookies: dict[str, str], path: str, accept: str | None
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    """Ask with this Accept-Encoding, or with none at all; nothing is read or decompressed yet."""
    connection = http.client.HTTPConnection(urlsplit(easel.url).netloc, timeout=60)
    connection.putrequest("GET", path, skip_accept_encoding=True)
    connection.putheader("Cookie", "; ".join(f"{name}={cookies[name]}" for name in cookies))
    if accept is not None:
        connection.putheader("Accept-Encoding", accept)
    connection.endheaders()
    return connection, connection.getresponse()


def answer(
    easel: RunningEasel, cookies: dict[str, str], path: str, accept: str | None
) -> tuple[http.client.HTTPResponse, bytes]:
    connection, response = ask(easel, cookies, path, accept)
    body = response.read()
    connection.close()
    return response, body


@pytest.mark.parametrize("accept", ["gzip", "br;q=0.1, gzip", "*", "gzip;q=0.2, identity;q=0.1"])
def test_streamed_page_is_smaller(easel: RunningEasel, accept: str) -> None:
    cookies = sign_in(easel, "many").cookies.get_dict()
    answer(easel, cookies, "/courses", None)  # a page of what is kept is written in another way
    _, plain = answer(easel, cookies, "/courses", None)

    response, body = answer(easel, cookies, "/courses", accept)

    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert "accept-encoding" in response.headers["Vary"].lower()
    page = gzip.decompress(body)
    assert page.rstrip().endswith(b"</html>")
    assert page.count(b"<li") == plain.count(b"<li")
    assert len(body) < len(page) / 5


@pytest.mark.parametrize("accept", [None, "", "identity", "gzip;q=0", "gzip;q=0, *", "br;q=0"])
@pytest.mark.parametrize("path", ["/courses", "/courses.json", "/account"])
def test_nothing_unwanted_is_compressed(easel: RunningEasel, path: str, accept: str | None) -> None:
    if accept == "gzip;q=0, *" and path != "/courses":
        accept = "*;q=0"  # the rest may come in another encoding then
    cookies = sign_in(easel, "dozen").cookies.get_dict()

    response, body = answer(easel, cookies, path, accept)

    assert response.status == 200
    assert "Content-Encoding" not in response.headers
    assert "accept-encoding" in response.headers["Vary"].lower()
    assert body.rstrip()[-1:] in (b">", b"}")


@pytest.mark.parametrize("path", ["/courses.json", "/account", "/static/easel.css"])
def test_whole_answers_are_compressed(easel: RunningEasel, path: str) -> None:
    cookies = sign_in(easel, "many").cookies.get_dict()
    _, plain = answer(easel, cookies, path, None)

    response, body = answer(easel, cookies, path, "gzip, deflate, br, zstd")

    assert response.headers["Content-Encoding"] in ("gzip", "deflate", "br", "zstd")
    assert len(body) < len(plain) / 2


@pytest.mark.parametrize("path", ["/", "/courses", "/upcoming", "/submissions"])
def test_shell_comes_before_canvas_answers(easel: RunningEasel, path: str) -> None:
    cookies = sign_in(easel, "dozen").cookies.get_dict()
    slow = {"method": "GET", "path": "/api/v1/*", "kind": "slow", "seconds": 60, "times": None}
    easel.canvas.control(faults=[slow])

    connection, response = ask(easel, cookies, path, "gzip")
    shell = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(response.read1())

    assert b'<main id="main"' in shell, "the header is here; Canvas has answered nothing"
    # Which day it is on the start page depends on the zone that Canvas tells.
    assert (b"</h1>" in shell) is (path != "/")
    assert b"</html>" not in shell
    easel.canvas.control(faults=[])
    connection.close()
