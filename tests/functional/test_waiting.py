"""Waiting with a code until the token endpoint has room."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from canvas_app.canvas.oauth import TokenEndpoint
from canvas_app.canvas.throttle.queue import MemoryBuckets

from .conftest import RunningEasel, form_to, send, sign_in, to_consent
from .test_sign_in import wait_until

pytestmark = pytest.mark.anyday


class Clock:
    """A monotonic clock that can be moved on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def clock(easel: RunningEasel) -> Clock:
    """Give Easel buckets with a clock that the test moves."""
    clock = Clock()
    gateway = easel.app.extensions["easel"]
    gateway.buckets = MemoryBuckets(clock=clock)
    gateway.line_for("production").clock = lambda: time.time() + clock.ahead
    return clock


def pass_on(easel: RunningEasel, clock: Clock, seconds: float) -> None:
    """Let time pass, for Canvas and for Easel."""
    easel.canvas.control(clock={"advance": seconds})
    clock.ahead += seconds


@dataclass
class Person:
    """Somebody on Canvas's consent page, in a browser that Canvas knows."""

    easel: RunningEasel
    browser: requests.Session
    consent: requests.Response

    def agree(self) -> requests.Response:
        """Come back to Easel with a code; return the page it shows."""
        form = form_to(self.consent, "/login/oauth2/accept")
        return send(self.browser, self.consent, form)

    def ask_again(self) -> requests.Response:
        """Load the waiting page again, as it does by itself."""
        return self.browser.get(f"{self.easel.url}/login/waiting", timeout=30)


def at_canvas(easel: RunningEasel, *logins: str) -> list[Person]:
    """Lead people to the consent page, then let others use up the token endpoint's room.

    Here every browser has the server's own address, so nobody could reach Canvas afterwards.
    """
    people = []
    for login in logins:
        browser = easel.browser()
        people.append(
            Person(easel, browser, to_consent(easel, login, browser, "/login?next=/courses"))
        )
    easel.canvas.control(throttle={"token_endpoint_surcharge": 200})
    for other in ("dozen", "many", "newcomer"):
        sign_in(easel, other)
    return people


def test_who_comes_back_with_a_code_waits_for_room(easel: RunningEasel, clock: Clock) -> None:
    """The page says for how long, reloads by itself, and then leads to the page that was wanted."""
    (person,) = at_canvas(easel, "teacher")

    page = person.agree()

    assert (page.status_code, page.url) == (503, f"{easel.url}/login/waiting")
    seconds = int(page.headers["Refresh"])
    assert 0 < seconds <= 20
    assert page.headers["Retry-After"] == str(seconds)
    assert "less than a minute" in page.text
    pass_on(easel, clock, 20)
    landed = person.ask_again()
    assert (landed.status_code, landed.url) == (200, f"{easel.url}/courses")
    assert easel.canvas.stats()["throttled"] == 0


def test_strangers_keep_nobody_out(easel: RunningEasel, clock: Clock) -> None:
    """Twenty people get in, one every twenty seconds, beside a stranger a second at /login."""
    waiting = at_canvas(easel, *["teacher"] * 20)
    pages = [person.agree() for person in waiting]
    assert {page.status_code for page in pages} == {503}
    assert "7 minutes" in pages[-1].text
    for _ in range(50):
        answer = requests.get(f"{easel.url}/login", allow_redirects=False, timeout=30)
        assert answer.status_code == 302, "being sent to Canvas reserves nothing"

    inside = 0
    for _ in range(42):  # every ten seconds each page asks again
        pass_on(easel, clock, 10)
        requests.get(f"{easel.url}/login", allow_redirects=False, timeout=30)
        still = [each for each in waiting if each.ask_again().url != f"{easel.url}/courses"]
        inside += len(waiting) - len(still)
        waiting = still

    assert inside == 20
    assert easel.canvas.stats()["throttled"] == 0
    assert easel.canvas.stats()["exchanges"] == 23


def test_stranger_with_false_codes_gets_every_second_turn(
    easel: RunningEasel, clock: Clock
) -> None:
    """Addresses take turns in the line, so one that fills it does not keep the others out."""
    at_canvas(easel)
    line = easel.app.extensions["easel"].line_for("production")
    for number in range(100):
        line.turn_in("198.51.100.7", str(number))

    assert line.turn_in("192.0.2.1", "a person") < 60
    assert line.full_for("192.0.2.1") == 0
    assert line.full_for("198.51.100.7") > 0


def test_full_line_is_told_before_canvas_is_asked(easel: RunningEasel, clock: Clock) -> None:
    """When waiting codes fill nine minutes, nobody is sent to Canvas for one that would expire."""
    at_canvas(easel)
    line = easel.app.extensions["easel"].line_for("production")
    for number in range(30):
        line.turn_in("127.0.0.1", str(number))

    page = requests.get(f"{easel.url}/login?next=/courses", allow_redirects=False, timeout=30)

    assert page.status_code == 503
    assert "minute" in page.text
    assert int(page.headers["Refresh"]) <= 20


def test_code_that_will_not_live_is_dropped(easel: RunningEasel, clock: Clock) -> None:
    """The person goes to Canvas again, which still knows them, and types no password again."""
    (person,) = at_canvas(easel, "teacher")
    assert person.agree().status_code == 503
    line = easel.app.extensions["easel"].line_for("production")
    pass_on(easel, clock, 535)
    for number in range(30):
        line.turn_in("127.0.0.1", f"earlier {number}")
    places = line._tickets
    places._seen = {name: places._seen[name] for name in sorted(places._seen, key=len)[::-1]}

    again = person.browser.get(f"{easel.url}/login/waiting", allow_redirects=False, timeout=30)
    assert urlsplit(again.headers["Location"]).path == "/login"
    assert parse_qs(urlsplit(again.headers["Location"]).query)["next"] == ["/courses"]

    places._seen = {}
    person.consent = person.browser.get(f"{easel.url}{again.headers['Location']}", timeout=30)
    landed = person.agree()
    assert landed.url == f"{easel.url}/courses"


def test_page_that_is_closed_loses_its_place(easel: RunningEasel, clock: Clock) -> None:
    """People who do not come back for a while hold up nobody behind them."""
    closed, open_ = at_canvas(easel, "teacher", "many")
    closed.agree()
    open_.agree()
    pass_on(easel, clock, 30)
    assert open_.ask_again().status_code == 503
    pass_on(easel, clock, 50)

    assert open_.ask_again().url == f"{easel.url}/courses"


def test_two_tabs_of_a_waiting_page_exchange_once(easel: RunningEasel, clock: Clock) -> None:
    """The code is used once, and both tabs end signed in."""
    (person,) = at_canvas(easel, "teacher")
    person.agree()
    pass_on(easel, clock, 20)

    with ThreadPoolExecutor(2) as tabs:
        list(
            tabs.map(
                lambda _: requests.get(
                    f"{easel.url}/login/waiting", cookies=person.browser.cookies, timeout=30
                ),
                range(2),
            )
        )

    assert easel.canvas.stats()["exchanges"] == 4


def test_throttled_exchange_goes_back_in_line(easel: RunningEasel) -> None:
    """Canvas did not look at the code, so it can be sent again."""
    full = {"path": "/login/oauth2/token", "kind": "status", "status": 429, "times": 1}
    browser = easel.browser()
    page = to_consent(easel, "dozen", browser, "/login?next=/courses")
    easel.canvas.control(faults=[full])
    page = send(browser, page, form_to(page, "/login/oauth2/accept"))

    assert page.status_code == 503
    wait_until(
        lambda: browser.get(f"{easel.url}/login/waiting", timeout=30).url == f"{easel.url}/courses"
    )


def test_who_got_no_turn_goes_back_in_line(easel: RunningEasel) -> None:
    """Canvas answers none of the exchanges before theirs: nothing was sent, the code is good."""
    gateway = easel.app.extensions["easel"]
    endpoint_for = gateway.endpoint_for

    def hasty(name: str) -> TokenEndpoint:
        endpoint: TokenEndpoint = endpoint_for(name)
        endpoint.time_limit = 0.5
        return endpoint

    gateway.endpoint_for = hasty
    browser = easel.browser()
    page = to_consent(easel, "dozen", browser, "/login?next=/courses")
    unanswered = [gateway.queue_for("production").admit() for _ in range(2)]

    page = send(browser, page, form_to(page, "/login/oauth2/accept"))

    assert page.status_code == 503
    assert page.url == f"{easel.url}/login/waiting"
    for permit in unanswered:
        permit.settle(throttled=False, remaining=600, cost=1)
    wait_until(
        lambda: browser.get(f"{easel.url}/login/waiting", timeout=30).url == f"{easel.url}/courses"
    )
    assert easel.canvas.stats()["exchanges"] == 1


def test_nothing_waits_without_a_code(easel: RunningEasel) -> None:
    """The address alone leads to the start page."""
    answer = requests.get(f"{easel.url}/login/waiting", allow_redirects=False, timeout=30)

    assert answer.headers["Location"] == "/"


def test_cheap_exchanges_keep_nobody_waiting(easel: RunningEasel) -> None:
    for _ in range(5):
        sign_in(easel, "dozen")

    answer = requests.get(f"{easel.url}/login", allow_redirects=False, timeout=30)

    assert answer.status_code == 302
