"""One person's many tabs do not hold up the others."""

import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import pytest
import requests

from tests.conftest import StandIn

from .conftest import RunningEasel, running_gunicorn
from .conftest import sign_in as sign_in_to
from .test_sign_in_shared import sign_in

pytestmark = pytest.mark.anyday

TABS = 32


@pytest.fixture
def gunicorn(canvas: StandIn, tmp_path: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    with running_gunicorn(tmp_path, canvas, CACHE_SECONDS="3600", LOG_LEVEL="WARNING") as running:
        yield running


def test_others_are_served_while_thirty_tabs_wait(
    canvas: StandIn, gunicorn: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    """Canvas is slow: cached pages and those that ask it nothing answer before the tabs do."""
    url, _ = gunicorn
    busy, other = sign_in(canvas, url, "dozen"), sign_in(canvas, url, "teacher")
    assert other.get(f"{url}/", timeout=30).ok
    canvas.control(latency=5)

    with ThreadPoolExecutor(TABS) as pool:
        tabs = [
            pool.submit(
                requests.get, f"{url}/upcoming?week={week}", cookies=busy.cookies, timeout=120
            )
            for week in range(TABS)
        ]
        wait(tabs, timeout=60, return_when=FIRST_COMPLETED)  # a tab that found no place in line
        for path in ("/account", "/", "/healthz", "/readyz"):
            assert other.get(f"{url}{path}", timeout=30).ok

        assert not all(tab.done() for tab in tabs)
        canvas.control(latency=0)
        answers = [tab.result() for tab in tabs]

    assert {answer.status_code for answer in answers} == {200, 429}
    refused = [answer for answer in answers if answer.status_code == 429]
    assert all(int(answer.headers["Retry-After"]) <= 5 for answer in refused)
    assert all(answer.headers["Refresh"] == answer.headers["Retry-After"] for answer in refused)
    assert "Too many pages at once" in refused[0].text
    assert busy.get(f"{url}/upcoming", timeout=60).ok


def test_turn_ends_with_the_answer_however_it_ends(easel: RunningEasel) -> None:
    """After pages, twins, refusals and failures nobody's turn is still taken."""
    browser = sign_in_to(easel, "dozen")
    for path in ("/", "/upcoming.json", "/courses/1", "/courses/4101", "/courses/999.json"):
        browser.get(f"{easel.url}{path}", timeout=30)
    down = {"path": "/api/v1/courses/:id", "kind": "status", "status": 503, "times": None}
    easel.canvas.control(faults=[down])
    browser.get(f"{easel.url}/courses/4102", timeout=30)

    while easel.app.extensions["easel"].turns._at_once:  # the last answer's end is a moment away
        threading.Event().wait(0.01)
