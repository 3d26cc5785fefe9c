"""An administrator who acts as somebody else: named on each page, for one hour, without a feed."""

import time

import requests
import time_machine
from sqlalchemy import text

from .conftest import RunningEasel, forms, sign_in, to_consent


def act(easel: RunningEasel, as_person: str = "dozen") -> requests.Session:
    """Sign in to Canvas as the administrator, act as somebody there, then sign in to Easel."""
    browser = easel.browser()
    to_consent(easel, "admin", browser)
    wanted = easel.canvas.person(as_person)["id"]
    browser.post(f"{easel.canvas.url}/users/{wanted}/masquerade", timeout=10)
    return sign_in(easel, "admin", browser)


def test_every_page_says_so(easel: RunningEasel) -> None:
    browser = act(easel)
    admin, student = (easel.canvas.person(key)["name"] for key in ("admin", "dozen"))

    for path in ("/", "/courses", "/account", "/nowhere"):
        page = browser.get(f"{easel.url}{path}", timeout=30)
        banner = page.text.partition('class="banner"')[2].partition("</p>")[0]
        assert f"<bdi>{admin}</bdi> is acting as <bdi>{student}</bdi>" in banner, path


def test_no_feed(easel: RunningEasel) -> None:
    browser = act(easel)
    page = browser.get(f"{easel.url}/account", timeout=30)
    token = next(form["fields"]["csrf_token"] for form in forms(page) if form["fields"])

    answer = browser.post(
        f"{easel.url}/account/feeds", data={"csrf_token": token, "kind": "work"}, timeout=30
    )

    assert answer.status_code == 403
    assert "While acting as somebody else" in answer.text


def test_over_after_an_hour(easel: RunningEasel) -> None:
    browser = act(easel)
    door = easel.app.extensions["easel"]

    with time_machine.travel(time.time() + 3599, tick=True):
        assert browser.get(f"{easel.url}/account", allow_redirects=False, timeout=30).ok
    with time_machine.travel(time.time() + 3601, tick=True):
        page = browser.get(f"{easel.url}/account", allow_redirects=False, timeout=30)
        assert door.storage.tend(door.endpoint_for) == 0

    assert (page.status_code, page.headers["Location"]) == (302, "/login?next=/account")
    assert easel.canvas.stats()["revocations"] == 1


def test_nameless_administrator_is_told_of_too(easel: RunningEasel) -> None:
    browser = act(easel)
    with easel.app.extensions["easel"].storage.engine.begin() as connection:
        connection.execute(text("UPDATE grants SET real_user_name = NULL"))

    page = browser.get(f"{easel.url}/account", timeout=30)

    assert "<bdi>Somebody else</bdi> is acting as" in page.text
