"""Two Easel processes that share database and sessions: one sign-in, one refresh."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.fernet import Fernet
from requests.adapters import HTTPAdapter

from tests.conftest import ROOT, StandIn, free_port, stop

from .conftest import form_to, forms, send, wait_for

pytestmark = pytest.mark.anyday


@dataclass
class Deployment:
    """Two gunicorns; the first has the PUBLIC_URL."""

    urls: list[str]
    processes: list["subprocess.Popen[bytes]"]
    database: Path

    def view(self, which: int, cookies: dict[str, str]) -> requests.Response:
        """Look at the courses through one of them, as a proxy in front would."""
        return requests.get(
            f"{self.urls[which]}/courses.json",
            headers={"Host": self.urls[0].removeprefix("http://")},
            cookies=cookies,
            allow_redirects=False,
            timeout=90,
        )


@pytest.fixture
def two_easels(canvas: StandIn, valkey_url: str, tmp_path: Path) -> Iterator[Deployment]:
    """Two gunicorns of one deployment, sharing database and Valkey."""
    ports = [free_port(), free_port()]
    key = canvas.key("confidential")
    canvas.control(redirect_uris=[f"http://127.0.0.1:{ports[0]}/oauth/callback"])
    shared = {
        "CANVAS_URL": canvas.url,
        "CANVAS_CLIENT_ID": str(key["client_id"]),
        "CANVAS_CLIENT_SECRET": key["client_secret"],
        "PUBLIC_URL": f"http://127.0.0.1:{ports[0]}",
        "SECRET_KEY": "0123456789abcdef" * 4,
        "TOKEN_KEYS": Fernet.generate_key().decode(),
        "INSTANCE_PATH": str(tmp_path),
        "REDIS_URL": valkey_url,
        "CACHE_SECONDS": "0",
        "PAGE_DEADLINE": "60",
        "LOG_LEVEL": "WARNING",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "gunicorn"],
            cwd=ROOT,
            env=os.environ | shared | {"PORT": str(port)},
            start_new_session=True,  # so that a test can kill it with its workers
        )
        for port in ports
    ]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    try:
        for url in urls:
            wait_for(url)
        yield Deployment(urls, processes, tmp_path / "easel.sqlite")
    finally:
        for process in processes:
            stop(process)


class Through(HTTPAdapter):
    """Sends what is meant for the PUBLIC_URL to one of the processes, as a proxy in front would."""

    def __init__(self, public: str, inner: str) -> None:
        super().__init__()
        self.public, self.inner = public, inner

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:  # type: ignore[override]
        request.headers["Host"] = self.public.removeprefix("http://")
        request.url = str(request.url).replace(self.public, self.inner)
        answer = super().send(request, **more)
        answer.url = answer.url.replace(self.inner, self.public)
        return answer


def sign_in(canvas: StandIn, url: str, person: str) -> requests.Session:
    browser = requests.Session()
    page = to_consent(canvas, browser, url, person)
    page = send(browser, page, form_to(page, "/login/oauth2/accept"))
    assert page.ok
    return browser


def to_consent(
    canvas: StandIn, browser: requests.Session, url: str, person: str
) -> requests.Response:
    """Sign in at Canvas; return its consent page."""
    browser.headers["Connection"] = "close"  # an idle one may be closed just as it is used again
    page = browser.get(f"{url}/login", timeout=30)
    who = canvas.person(person)
    return send(
        browser,
        page,
        forms(page)[0],
        **{
            "pseudonym_session[unique_id]": who["login"],
            "pseudonym_session[password]": who["password"],
        },
    )


def wait_for_lease(database: Path) -> None:
    """Return once some process is refreshing."""
    end = time.monotonic() + 30
    connection = sqlite3.connect(database)
    try:
        while time.monotonic() < end:
            if connection.execute("select 1 from grants where lease_owner is not null").fetchone():
                return
            threading.Event().wait(0.02)
    finally:
        connection.close()
    raise AssertionError("nobody took the lease")


def end_lease(database: Path) -> None:
    """Let the dead process's lease expire now instead of half a minute later."""
    connection = sqlite3.connect(database, timeout=30)
    with connection:
        connection.execute("update grants set lease_until = connected_at")
    connection.close()


def test_sixteen_views_refresh_once(canvas: StandIn, two_easels: Deployment) -> None:
    cookies = sign_in(canvas, two_easels.urls[0], "dozen").cookies.get_dict()
    canvas.control(expire_tokens="all")
    before = canvas.stats()["refreshes"]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda turn: two_easels.view(turn % 2, cookies), range(16)))

    assert [answer.status_code for answer in answers] == [200] * 16
    assert all(answer.json()["complete"] for answer in answers)
    assert canvas.stats()["refreshes"] - before == 1


def test_killed_in_a_refresh_costs_a_wait(canvas: StandIn, two_easels: Deployment) -> None:
    cookies = sign_in(canvas, two_easels.urls[0], "dozen").cookies.get_dict()
    slow = {"method": "POST", "path": "/login/oauth2/token", "kind": "slow", "seconds": 60}
    canvas.control(expire_tokens="all", faults=[slow | {"times": 1}])

    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(two_easels.view, 0, cookies)
        wait_for_lease(two_easels.database)
        os.killpg(two_easels.processes[0].pid, signal.SIGKILL)
        end_lease(two_easels.database)
        answer = two_easels.view(1, cookies)

    assert isinstance(lost.exception(), requests.ConnectionError)
    assert answer.status_code == 200
    assert answer.json()["complete"] is True


def test_everybody_of_a_rush_gets_in(canvas: StandIn, two_easels: Deployment) -> None:
    """The token endpoint has room for four at once, and Easel does not know it before the first.

    Both processes count together: none of their exchanges is throttled, nobody is sent to Canvas a
    second time, and who has no room yet waits on Easel's page.
    """
    public = two_easels.urls[0]
    people = []
    for number in range(5):
        browser = requests.Session()
        browser.mount(public, Through(public, two_easels.urls[number % 2]))
        people.append((browser, to_consent(canvas, browser, public, "dozen")))
    canvas.control(throttle={"token_endpoint_surcharge": 150})

    def come_in(person: tuple[requests.Session, requests.Response]) -> None:
        browser, consent = person
        page = send(browser, consent, form_to(consent, "/login/oauth2/accept"))
        for _ in range(60):
            if not page.url.endswith("/login/waiting"):
                assert page.status_code == 200
                assert page.url == f"{public}/"
                return
            threading.Event().wait(1)
            page = browser.get(page.url, timeout=60)
        raise AssertionError("waited for a minute")

    with ThreadPoolExecutor(5) as crowd:
        list(crowd.map(come_in, people))

    stats = canvas.stats()
    assert stats["throttled"] == 0
    assert stats["exchanges"] == 5
    for browser, _ in people:
        assert browser.get(f"{public}/courses.json", timeout=60).json()["complete"]
