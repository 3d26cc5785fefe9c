"""/admin/setup: the doctor in the browser, for administrators of Canvas's root account."""

import re
from dataclasses import replace

import pytest
import requests

from .conftest import RunningEasel, StartEasel, sign_in

pytestmark = pytest.mark.anyday

CODES = re.compile(r'<strong class="code">([a-z_]+)</strong>')


def visit(easel: RunningEasel, who: str = "admin") -> requests.Response:
    browser = sign_in(easel, who)
    return browser.get(f"{easel.url}/admin/setup", timeout=60)


def parts(page: requests.Response) -> dict[str, list[str]]:
    """The findings under each heading."""
    found = {}
    for piece in page.text.split("<h2>")[1:]:
        found[piece.partition("</h2>")[0]] = CODES.findall(piece)
    return found


def test_everything_in_order(easel: RunningEasel) -> None:
    page = visit(easel)

    assert page.status_code == 200
    assert list(parts(page)) == ["In order"]
    assert set(parts(page)["In order"]) >= {
        "settings",
        "not_a_canvas",
        "redirect_uri",
        "wrong_secret",
        "includes_dropped",
        "database_read_only",
        "public_url",
        "proxy_headers",
    }
    assert "Everything is in order." in page.text
    # They are for the command line too, so they stay English.
    assert page.text.count('<span lang="en"') == len(parts(page)["In order"])


@pytest.mark.parametrize("who", ["dozen", "teacher", "observer", "newcomer"])
def test_others_are_refused(easel: RunningEasel, who: str) -> None:
    page = visit(easel, who)

    assert page.status_code == 403
    assert "For administrators of Canvas" in page.text
    assert CODES.findall(page.text) == []


def test_strangers_sign_in_first(easel: RunningEasel) -> None:
    answer = easel.browser().get(f"{easel.url}/admin/setup", timeout=30, allow_redirects=False)

    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/login?next=/admin/setup")


def test_who_is_no_administrator_any_more(easel: RunningEasel) -> None:
    """Canvas is asked each time, not once at sign-in."""
    browser = sign_in(easel, "admin")
    assert browser.get(f"{easel.url}/admin/setup", timeout=60).status_code == 200
    rewrite = {"path": "/api/v1/accounts", "kind": "rewrite", "times": None}

    easel.canvas.control(faults=[rewrite | {"rewrite": [(r"^.*$", "[]")]}])
    refused = browser.get(f"{easel.url}/admin/setup", timeout=60)
    sub_account = [('"parent_account_id": ?null', '"parent_account_id":1')]
    easel.canvas.control(faults=[rewrite | {"rewrite": sub_account}])
    of_a_part = browser.get(f"{easel.url}/admin/setup", timeout=60)

    assert (refused.status_code, of_a_part.status_code) == (403, 403)


def test_home_of_administrators_links_here(easel: RunningEasel) -> None:
    link = 'href="/admin/setup"'

    assert link in sign_in(easel, "admin").get(f"{easel.url}/", timeout=30).text
    assert link not in sign_in(easel, "dozen").get(f"{easel.url}/", timeout=30).text


def test_sign_in_does_not_wait_for_the_link(easel: RunningEasel) -> None:
    """Nor does it fail for it, because the link is only a hint."""
    down = {"path": "/api/v1/accounts", "kind": "status", "status": 503, "times": None}
    easel.canvas.control(faults=[down])
    browser = sign_in(easel, "admin")

    assert "/admin/setup" not in browser.get(f"{easel.url}/", timeout=30).text


@pytest.mark.parametrize(
    ("kind", "where"), [("scoped", "Could be better"), ("scoped_includes", "In order")]
)
def test_own_grant_shows_whether_includes_are_read(
    start_easel: StartEasel, kind: str, where: str
) -> None:
    """This page's own call shows it, even if nobody else has signed in."""
    page = visit(start_easel(kind, scopes="auto"))

    assert "includes_dropped" in parts(page)[where]
    assert "Not known yet" not in page.text


def test_scope_that_is_missing_refuses_and_says_why(start_easel: StartEasel) -> None:
    easel = start_easel("scoped", scopes=("url:GET|/api/v1/courses",))
    page = visit(easel)

    assert page.status_code == 403
    assert "url:GET|/api/v1/accounts" in page.text


def test_faults_stand_first_with_their_remedy(easel: RunningEasel) -> None:
    browser = sign_in(easel, "admin")
    gateway = easel.app.extensions["easel"]
    wrong = replace(gateway.settings.production, client_secret="not-the-secret-of-this-key")
    gateway.settings = replace(
        gateway.settings, environments=(wrong,), redis_url="redis://127.0.0.1:1/0"
    )

    page = browser.get(f"{easel.url}/admin/setup", timeout=60)

    assert next(iter(parts(page))) == "Does not work"
    assert parts(page)["Does not work"] == ["wrong_secret", "redis"]
    assert "CANVAS_CLIENT_SECRET" in page.text


def test_no_secret_and_no_path(easel: RunningEasel) -> None:
    browser = sign_in(easel, "admin")
    gateway = easel.app.extensions["easel"]
    settings = gateway.settings
    (settings.instance_path / "easel.sqlite").chmod(0o600)
    page = browser.get(f"{easel.url}/admin/setup", timeout=60)

    for secret in (
        settings.secret_key,
        settings.production.client_secret,
        *settings.token_keys,
        str(settings.instance_path),
        easel.canvas.token("admin"),
    ):
        assert secret not in page.text
