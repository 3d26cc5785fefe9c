"""Mistyped addresses redirect to a page or to none; odd host names break nothing."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from werkzeug.routing import IntegerConverter

from canvas_app import addresses
from canvas_app.canvas.oauth import LARGEST_ID


@pytest.fixture
def browser() -> FlaskClient:
    app = Flask(__name__)
    addresses.init_app(app)
    app.add_url_rule("/courses/<int:number>", "course", lambda number: str(number))
    app.add_url_rule("/saved", "saved", lambda: "done", methods=["POST"])

    @app.errorhandler(404)
    def missing(_: Exception) -> ResponseReturnValue:
        return addresses.without_slash() or ("not found", 404)

    return app.test_client()


@pytest.mark.parametrize(
    ("number", "status"),
    [(0, 200), (LARGEST_ID, 200), (LARGEST_ID + 1, 404), (10**30, 404), ("-1", 404)],
)
def test_ids_are_those_a_row_can_have(browser: FlaskClient, number: object, status: int) -> None:
    """The database would refuse a longer id with an error of its own."""
    assert browser.get(f"/courses/{number}").status_code == status


def test_plain_routes_take_integers_of_werkzeugs_own_kind() -> None:
    """The converter stays one of integers, because links are built with it."""
    assert issubclass(addresses.Id, IntegerConverter)


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("/courses/7/", "/courses/7"),
        ("/courses/7//", "/courses/7"),
        ("/courses/7/?term=a%20b&x=%2F", "/courses/7?term=a%20b&x=%2F"),
    ],
)
def test_a_slash_too_many_leads_to_the_page(
    browser: FlaskClient, asked: str, leads_to: str
) -> None:
    answer = browser.get(asked)

    assert (answer.status_code, answer.headers["Location"]) == (308, leads_to)


@pytest.mark.parametrize("asked", ["/nothing/", "//other.example/", "/courses/x/", "/saved/"])
def test_no_page_no_way(browser: FlaskClient, asked: str) -> None:
    """Nobody is redirected to another site, or to an address without a GET."""
    assert browser.get(asked).status_code == 404


def test_a_form_is_never_sent_elsewhere(browser: FlaskClient) -> None:
    assert browser.post("/courses/7/").status_code in (404, 405)


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("easel.example.edu", "easel.example.edu"),
        ("a..b", addresses.NOBODY),
        ("x" * 64 + ".example", addresses.NOBODY),
        ("", ""),
    ],
)
def test_hosts_that_are_no_names_are_nobodys(given: str, seen: str) -> None:
    """An empty label, or one longer than 63 (RFC 1035 2.3.4), breaks every URL that is built."""
    environ = {"HTTP_HOST": given}
    app = addresses.HostName(lambda environ, start: [environ["HTTP_HOST"].encode()])

    assert list(app(environ, lambda *_: lambda _: None)) == [seen.encode()]  # type: ignore[arg-type, return-value]
