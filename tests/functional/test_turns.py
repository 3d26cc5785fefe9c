"""One person's many tabs do not hold up the others."""

import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from canvas_app.turns import Turns
from tests.conftest import StandIn

from .conftest import RunningEasel, form_to, forms, running_gunicorn, send
from .conftest import sign_in as sign_in_to
from .test_feed import fetch, make_feed
from .test_metrics import told
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
    """While Canvas is slow, cached pages and pages that ask nothing answer before the tabs do."""
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


def arrive(canvas: StandIn, url: str, person: str) -> requests.Response:
    """Sign in as far as Easel's answer to the callback, which may be a waiting page."""
    browser, who = requests.Session(), canvas.person(person)
    page = browser.get(f"{url}/login", timeout=60)
    login = {
        "pseudonym_session[unique_id]": who["login"],
        "pseudonym_session[password]": who["password"],
    }
    page = send(browser, page, forms(page)[0], **login)
    return send(browser, page, form_to(page, "/login/oauth2/accept"))


def test_nobody_waits_for_threads_that_wait_for_canvas(canvas: StandIn, tmp_path: Path) -> None:
    """Canvas hangs on pages and sign-ins; meanwhile cached pages and monitors answer."""
    hangs = {"kind": "slow", "seconds": 4, "times": None}
    with (
        running_gunicorn(
            tmp_path, canvas, CACHE_SECONDS="3600", PAGE_DEADLINE="60", WEB_THREADS="16"
        ) as (url, _),
        ThreadPoolExecutor(24) as pool,
    ):
        other, *busy = (sign_in(canvas, url, person) for person in ("teacher", "dozen", "many"))
        assert other.get(f"{url}/courses", timeout=30).ok
        tokens = hangs | {"path": "/login/oauth2/token", "seconds": 7}
        canvas.control(faults=[hangs | {"path": "/api/*"}, tokens])
        pages = [
            pool.submit(requests.get, f"{url}/upcoming?week={week}", cookies=each.cookies)
            for each in busy
            for week in range(6)
        ]
        while told(url)["easel_threads_busy"][()] < 13:  # and the one that tells it
            threading.Event().wait(0.05)
        coming = [pool.submit(arrive, canvas, url, who) for who in ("ta", "observer", "newcomer")]
        wait(coming, timeout=60, return_when=FIRST_COMPLETED)

        kept = [other.get(f"{url}/courses{end}", timeout=30) for end in ("", ".json")]
        lacks = [other.get(f"{url}/courses/4101{end}", timeout=30) for end in ("", ".json")]
        monitors = [requests.get(f"{url}/{each}", timeout=30) for each in ("healthz", "readyz")]

        assert not any(page.done() for page in pages)
        assert [answer.status_code for answer in (*kept, *monitors)] == [200] * 4
        assert kept[1].json()["complete"] is True
        assert [answer.status_code for answer in lacks] == [429, 429]
        (waits,) = [each.result() for each in coming if each.done()]
        assert (waits.status_code, bool(waits.headers["Refresh"])) == (503, True)
        canvas.control(faults=[])
        assert all(page.result(timeout=60).ok for page in pages)
        ends = [urlsplit(each.result(timeout=60).url).path for each in coming]
        assert sorted(ends) == ["/", "/", "/login/waiting"]


def test_turn_ends_with_every_answer(easel: RunningEasel) -> None:
    """After pages, twins, refusals and failures no turn is still taken."""
    browser = sign_in_to(easel, "dozen")
    for path in ("/", "/upcoming.json", "/courses/1", "/courses/4101", "/courses/999.json"):
        browser.get(f"{easel.url}{path}", timeout=30)
    down = {"path": "/api/v1/courses/:id", "kind": "status", "status": 503, "times": None}
    easel.canvas.control(faults=[down])
    browser.get(f"{easel.url}/courses/4102", timeout=30)

    while easel.app.extensions["easel"].turns._at_once:  # the last answer's end is a moment away
        threading.Event().wait(0.01)


def full(easel: RunningEasel) -> Turns:
    """Let other people's pages take every turn."""
    gateway = easel.app.extensions["easel"]
    gateway.turns = Turns(8)
    while gateway.turns.take(object(), 0):
        pass
    gateway.turns._most_spare["hurried"] = 1
    turns: Turns = gateway.turns
    return turns


def test_own_lists_come_of_what_is_kept_or_load_again(easel: RunningEasel) -> None:
    browser = sign_in_to(easel, "dozen", path="/login?next=/account")
    assert browser.get(f"{easel.url}/courses", timeout=30).ok
    turns = full(easel)

    expected = {"courses": 200, "upcoming": 429, "upcoming.json": 429, "submissions.csv": 429}
    for path, status in expected.items():
        answer = browser.get(f"{easel.url}/{path}", timeout=30)
        assert answer.status_code == status, path
    assert "It loads by itself" in browser.get(f"{easel.url}/submissions", timeout=30).text
    account = browser.get(f"{easel.url}/account", timeout=30)
    mark = {"csrf_token": form_to(account, "/logout")["fields"]["csrf_token"]}
    assert browser.post(f"{easel.url}/planner/mark", data=mark, timeout=30).status_code == 429
    while turns._spare["hurried"]:  # the last answer's end is a moment away
        threading.Event().wait(0.01)


def test_feed_waits_for_no_turn(easel: RunningEasel) -> None:
    """It answers its stored calendar; the next request asks Canvas."""
    address = make_feed(easel, sign_in_to(easel, "dozen"))
    turns = easel.app.extensions["easel"].turns
    full(easel)

    assert fetch(address).status_code == 503

    easel.app.extensions["easel"].turns = turns
    assert fetch(address).status_code == 200


def test_sign_out_waits_for_no_thread(easel: RunningEasel) -> None:
    """The token waits in the outbox, as when Canvas does not answer."""
    browser = sign_in_to(easel, "dozen", path="/login?next=/account")
    account = browser.get(f"{easel.url}/account", timeout=30)
    turns = full(easel)
    while turns.take_spare("tokens"):
        pass

    page = send(browser, account, form_to(account, "/logout"))

    assert "tries again for seven days" in page.text
    assert easel.app.extensions["easel"].storage.outbox.waiting() == 1
