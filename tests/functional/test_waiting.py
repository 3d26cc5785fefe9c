"""Waiting at /login while the token endpoint has no room."""

import time

import pytest
import requests

from canvas_app.canvas.throttle import MemoryBuckets

from .conftest import RunningEasel, sign_in


class Clock:
    """Monotonic time that can be moved on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def clock(easel: RunningEasel) -> Clock:
    """Give Easel buckets whose clock the test may move on."""
    clock = Clock()
    easel.app.extensions["easel"].buckets = MemoryBuckets(clock=clock)
    return clock


def fill(easel: RunningEasel) -> None:
    """Sign three people in at a Canvas that charges 200 for each exchange."""
    easel.canvas.control(throttle={"token_endpoint_surcharge": 200})
    for person in ("dozen", "many", "newcomer"):
        sign_in(easel, person)


def test_waits_here_until_canvas_has_room(easel: RunningEasel, clock: Clock) -> None:
    fill(easel)
    browser = easel.browser()

    page = browser.get(f"{easel.url}/login?next=/courses", timeout=30)

    assert (page.status_code, page.url) == (503, f"{easel.url}/login?next=/courses")
    seconds = int(page.headers["Refresh"])
    assert 0 < seconds <= 20
    assert page.headers["Retry-After"] == str(seconds)
    assert f"{seconds} second" in page.text
    assert easel.canvas.stats()["throttled"] == 0

    easel.canvas.control(clock={"advance": seconds})
    clock.ahead += seconds
    sign_in(easel, "teacher", browser, "/login?next=/courses")
    assert browser.get(f"{easel.url}/courses", timeout=30).ok
    assert easel.canvas.stats()["throttled"] == 0


def test_only_as_many_are_sent_as_there_is_room_for(easel: RunningEasel, clock: Clock) -> None:
    fill(easel)
    easel.canvas.control(clock={"advance": 21})
    clock.ahead += 21

    answers = [
        requests.get(f"{easel.url}/login", allow_redirects=False, timeout=30) for _ in range(3)
    ]

    assert [answer.status_code for answer in answers] == [302, 503, 503]


def test_cheap_exchanges_keep_nobody_waiting(easel: RunningEasel) -> None:
    for _ in range(5):
        sign_in(easel, "dozen")

    answer = requests.get(f"{easel.url}/login", allow_redirects=False, timeout=30)

    assert answer.status_code == 302
