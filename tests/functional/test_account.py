"""The account page: the connected account, what is stored, and each way to end it."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import requests
from sqlalchemy import inspect, text

from canvas_app.storage.schema import grants

from .conftest import RunningEasel, StartEasel, form_to, send, sign_in

pytestmark = pytest.mark.anyday


def press(easel: RunningEasel, browser: requests.Session, action: str) -> requests.Response:
    page = browser.get(f"{easel.url}/account", timeout=10)
    return send(browser, page, form_to(page, action))


def signed_in(easel: RunningEasel, browser: requests.Session) -> bool:
    answer = browser.get(f"{easel.url}/account", allow_redirects=False, timeout=10)
    return answer.status_code == 200


def rows(easel: RunningEasel, table: str) -> int:
    with easel.app.extensions["easel"].storage.engine.connect() as connection:
        assert table in inspect(connection).get_table_names()
        return int(connection.execute(text(f"select count(*) from {table}")).scalar_one())  # noqa: S608


def test_account_tells_what_easel_knows(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")

    page = browser.get(f"{easel.url}/account", timeout=10)

    assert easel.canvas.person("dozen")["name"] in page.text
    assert easel.canvas.url.removeprefix("http://") in page.text
    assert page.headers["Cache-Control"] == "private, no-store"


def test_account_tells_the_id_of_every_canvas(easel: RunningEasel) -> None:
    """The developer key has the same number, so the test looks at the field's place."""
    browser = sign_in(easel, "dozen")
    page = browser.get(f"{easel.url}/account", timeout=10).text

    stored = dict(re.findall(r'<dt>([^<]*)</dt><dd dir="auto">([^<]*)</dd>', page))
    assert stored["Canvas user"] == "1"
    assert stored["Canvas user, in every Canvas"] == "10000000000001"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "kept for 6 hours at most"),
        ({"keep_seconds": 3600.0}, "kept for 1 hour at most"),
        ({"cache_seconds": 0.0}, "answers are not kept"),
    ],
)
def test_account_tells_how_long_answers_are_kept(
    start_easel: StartEasel, changed: dict[str, float], said: str
) -> None:
    """The hours are those of the deployment's settings."""
    easel = start_easel(**changed)
    page = sign_in(easel, "dozen").get(f"{easel.url}/account", timeout=10)

    assert said in page.text


def test_account_asks_canvas_nothing(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    before = easel.canvas.stats()["calls"]

    browser.get(f"{easel.url}/account", timeout=10)

    assert easel.canvas.stats()["calls"] == before


def test_public_client_is_told_of_its_limits(start_easel: StartEasel) -> None:
    public, confidential = start_easel(key="public"), start_easel()

    told = sign_in(public, "dozen").get(f"{public.url}/account", timeout=10)
    untold = sign_in(confidential, "dozen").get(f"{confidential.url}/account", timeout=10)

    assert "two hours" in told.text
    assert "two hours" not in untold.text


PAGES = ("/dashboard", "/courses", "/upcoming", "/submissions", "/courses/4101/grades")


def api_calls(easel: RunningEasel) -> int:
    calls = easel.canvas.stats()["calls"]
    return sum(sum(counts.values()) for route, counts in calls.items() if "/api/" in route)


@pytest.mark.parametrize("cause", ["suspended", "keys_off"])
@pytest.mark.parametrize("expired", [False, True])
def test_suspended_people_are_told_so(start_easel: StartEasel, cause: str, expired: bool) -> None:
    """One page says so, with hardly a call to Canvas, until Canvas lets them in again."""
    easel = start_easel(cache_seconds=0)
    browser = sign_in(easel, "dozen")
    whom: list[Any] = (
        ["confidential"] if cause == "keys_off" else [easel.canvas.person("dozen")["id"]]
    )
    easel.canvas.control(**{cause: whom})
    if expired:
        easel.canvas.control(expire_tokens="all")
    before, refreshes = api_calls(easel), easel.canvas.stats()["refreshes"]

    for name in PAGES:
        path = "/" if name == "/dashboard" else name
        page = unescape(browser.get(f"{easel.url}{path}", timeout=30).text)
        assert "Canvas refuses Easel's access for you" in page, path
        assert "may be suspended" in page
        assert "login?next" not in page
        assert browser.get(f"{easel.url}{name}.json", timeout=30).status_code == 403
    account = unescape(browser.get(f"{easel.url}/account", timeout=30).text)
    assert "Canvas refuses Easel's access for you" in account
    assert "You are connected" not in account
    assert easel.canvas.stats()["refreshes"] == refreshes + 1
    # Calls the first page had in flight, two that waited, and the one that tested the token.
    assert api_calls(easel) - before <= easel.app.extensions["easel"].settings.max_parallel + 3

    easel.canvas.control(**{cause: []})
    storage = easel.app.extensions["easel"].storage
    minutes_ago = datetime.now(UTC) - timedelta(minutes=6)
    with storage.engine.begin() as connection:
        connection.execute(grants.update().values(refused_at=minutes_ago))
    assert browser.get(f"{easel.url}/courses.json", timeout=30).json()["complete"]
    assert "You are connected" in browser.get(f"{easel.url}/account", timeout=30).text


def test_sign_out_everywhere(easel: RunningEasel) -> None:
    first, second = sign_in(easel, "dozen"), sign_in(easel, "dozen")
    other = sign_in(easel, "many")

    press(easel, first, "/account/sign-out-everywhere")

    assert not signed_in(easel, first)
    assert not signed_in(easel, second)
    assert signed_in(easel, other)


@pytest.mark.parametrize("action", ["/account/disconnect", "/account/delete"])
def test_disconnect_ends_everything(easel: RunningEasel, action: str) -> None:
    first, second = sign_in(easel, "dozen"), sign_in(easel, "dozen")
    before = easel.canvas.stats()["revocations"]

    page = press(easel, first, action)

    assert "disconnected" in page.text
    assert not signed_in(easel, first)
    assert not signed_in(easel, second)
    assert easel.canvas.stats()["revocations"] == before + 1
    assert rows(easel, "grants") == 0


@pytest.mark.parametrize(
    ("action", "method"),
    [
        ("/logout", "sign_out"),
        ("/account/sign-out-everywhere", "sign_out_everywhere"),
        ("/account/disconnect", "disconnect"),
        ("/account/delete", "delete_everything"),
    ],
)
def test_no_answer_is_left_behind(
    easel: RunningEasel, monkeypatch: pytest.MonkeyPatch, action: str, method: str
) -> None:
    """No answer stays in the cache if another tab loads a page at the same moment."""
    browser = sign_in(easel, "dozen")
    page = browser.get(f"{easel.url}/account", timeout=10)
    door = easel.app.extensions["easel"]
    original = getattr(door.storage, method)

    def meanwhile(*arguments: Any) -> Any:
        tab = easel.browser()
        tab.cookies.update(browser.cookies)
        assert tab.get(f"{easel.url}/courses.json", timeout=30).ok
        assert door.cache.bytes > 0
        return original(*arguments)

    monkeypatch.setattr(door.storage, method, meanwhile)
    send(browser, page, form_to(page, action))

    assert not signed_in(easel, browser)
    assert door.cache.bytes == 0


@pytest.mark.parametrize("path", ["sign-out-everywhere", "disconnect", "delete"])
def test_signed_out_people_end_nothing(easel: RunningEasel, path: str) -> None:
    browser = sign_in(easel, "dozen")

    answer = requests.post(f"{easel.url}/account/{path}", allow_redirects=False, timeout=10)

    assert answer.status_code == 403
    assert signed_in(easel, browser)


def test_canvas_down_disconnects_all_the_same(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    easel.canvas.control(
        faults=[
            {
                "method": "DELETE",
                "path": "/login/oauth2/token",
                "kind": "status",
                "status": 503,
                "times": None,
            }
        ]
    )

    press(easel, browser, "/account/disconnect")
    easel.canvas.control(faults=[])
    door = easel.app.extensions["easel"]
    door.storage.tend(door.endpoint_for)

    assert not signed_in(easel, browser)
