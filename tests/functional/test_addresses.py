"""Mistyped addresses end in a page of Easel's, never in a bare 500."""

import re
import socket
from urllib.parse import urlsplit

import pytest
import requests

from .conftest import RunningEasel, StartEasel, sign_in

pytestmark = pytest.mark.anyday

NUMBERS = (2**31, 2**63 - 1, 2**63, 2**64, 10**18, 10**19, int("9" * 300))


def raw(easel: RunningEasel, method: str, host: str) -> str:
    """The answer to a request whose ``Host`` no library would send."""
    with socket.create_connection(("127.0.0.1", urlsplit(easel.url).port or 0), 10) as connection:
        head = f"{method} /upcoming HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n"
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode("latin-1"))
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


@pytest.mark.parametrize(
    "host",
    ["a..b", ".", "..", "a" * 64, f"{'a' * 64}.b", "[", "a b", "é", "127.0.0.1:x", "x" * 300],
)
def test_host_that_is_no_name(easel: RunningEasel, host: str) -> None:
    """A form gets the page that refuses it, a page's address the way to the right host."""
    posted, got = raw(easel, "POST", host), raw(easel, "GET", host)

    assert posted.startswith("HTTP/1.1 400 ")
    assert "Easel cannot read this request" in posted
    assert got.startswith("HTTP/1.1 302 ")
    assert f"Location: {easel.url}/upcoming" in got


@pytest.mark.parametrize("number", [*NUMBERS, "٣"], ids=lambda number: str(number)[:22])
def test_unknown_ids(easel: RunningEasel, number: object) -> None:
    """Every address with an id answers an unknown id with a page that says so."""
    browser = sign_in(easel, "dozen")
    token = browser.get(f"{easel.url}/account", timeout=30).text
    found = re.search(r'name="csrf_token" value="([^"]*)"', token)
    assert found
    asked = 0
    for rule in easel.app.url_map.iter_rules():
        if "<int:" not in rule.rule:
            continue
        path = re.sub(r"<int:\w+>", str(number), rule.rule)
        posts = "POST" in (rule.methods or ())
        answer = browser.request(
            "POST" if posts else "GET",
            easel.url + path,
            data={"csrf_token": found[1]} if posts else None,
            allow_redirects=False,
            timeout=30,
        )
        asked += 1
        assert answer.status_code < 500, path
    assert asked > 9


ODD = (
    *("9223372036854775808", "9" * 5000, "-1", "٣", "1e999999", "NaN"),
    *("0001-01-01", "9999-12-31", "99999-W01", "\x00"),
)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: ascii(odd)[:22])
def test_odd_numbers_in_queries_and_forms(easel: RunningEasel, odd: str) -> None:
    """Whatever an address or a form has for a number or a date, the page says how it is taken."""
    browser = sign_in(easel, "dozen")
    page = browser.get(f"{easel.url}/account", timeout=30).text
    token = re.search(r'name="csrf_token" value="([^"]*)"', page)
    assert token
    for path, names in (
        ("/upcoming", ("week", "course", "without")),
        ("/submissions", ("course", "q")),
        ("/courses", ("term", "q")),
        ("/courses/4101/grades", ("period", "goal", "s4001", "score", "score_1")),
    ):
        for form in (path, f"{path}.json"):
            answer = browser.get(f"{easel.url}{form}", params=dict.fromkeys(names, odd), timeout=30)
            assert answer.status_code < 500, form
    forms = {
        "/planner/mark": {"item": f"assignment:{odd}:{odd}:0:1:x", "next": odd},
        "/planner/notes": {"title": "x", "day": odd, "time": odd, "course_id": odd, "course": odd},
        "/account/feeds": {"course": odd, "kind": "work", "once": odd},
    }
    for path, fields in forms.items():
        answer = browser.post(
            f"{easel.url}{path}",
            data=fields | {"csrf_token": token[1]},
            allow_redirects=False,
            timeout=30,
        )
        assert answer.status_code < 500, path


def test_slash_at_the_end(start_easel: StartEasel) -> None:
    """Every page and twin redirects to its address without the slash, keeping the query."""
    for prefix in ("", "/easel"):
        easel = start_easel(prefix=prefix)
        for rule in easel.app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.rule in ("/", "/static/<path:filename>"):
                continue
            path = re.sub(r"<int:\w+>", "4101", rule.rule)
            path = re.sub(r"<any\(\w+.*>", "beta", path)
            path = re.sub(r"<\w+>", "x", path)
            for slashes in ("/", "//"):
                answer = requests.get(
                    f"{easel.url}{path}{slashes}?a=b%26c&d=é",
                    allow_redirects=False,
                    timeout=10,
                )
                assert answer.status_code == 308, path
                assert answer.headers["Location"] == f"{prefix}{path}?a=b%26c&d=%C3%A9"


@pytest.mark.parametrize(
    "path", ["/nowhere/", "//evil.example/", "/\\evil.example/", "/%2F%2Fevil.example/", "/x.json/"]
)
def test_slash_after_nothing(easel: RunningEasel, path: str) -> None:
    answer = requests.get(f"{easel.url}{path}", allow_redirects=False, timeout=10)

    assert answer.status_code in (308, 404)
    assert "evil" not in urlsplit(answer.headers.get("Location", "")).netloc
    assert answer.status_code == 404 or answer.headers["Location"].startswith(f"{easel.url}/")


def test_form_with_a_slash_is_not_sent_on(easel: RunningEasel) -> None:
    answer = sign_in(easel, "dozen").post(f"{easel.url}/logout/", allow_redirects=False, timeout=10)

    assert answer.status_code in (400, 404)
