"""Two Easel processes that share database and sessions: one sign-in, one refresh."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from cryptography.fernet import Fernet

from tests.conftest import ROOT, StandIn, stop

from .conftest import form_to, forms, free_port, send


@pytest.fixture
def two_easels(canvas: StandIn, valkey_url: str, tmp_path: Path) -> Iterator[list[str]]:
    """The URLs of two gunicorns of one deployment; the first is its PUBLIC_URL."""
    ports = [free_port(), free_port()]
    key = canvas.key("confidential")
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
        )
        for port in ports
    ]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    try:
        for url in urls:
            wait_for(url)
        yield urls
    finally:
        for process in processes:
            stop(process)


def wait_for(url: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            requests.get(f"{url}/healthz", timeout=5)
            return
        except requests.ConnectionError:
            threading.Event().wait(0.1)
    raise AssertionError(f"{url} did not answer")


def sign_in(canvas: StandIn, url: str, person: str) -> requests.Session:
    browser = requests.Session()
    page = browser.get(f"{url}/login", timeout=30)
    who = canvas.person(person)
    page = send(
        browser,
        page,
        forms(page)[0],
        **{
            "pseudonym_session[unique_id]": who["login"],
            "pseudonym_session[password]": who["password"],
        },
    )
    page = send(browser, page, form_to(page, "/login/oauth2/accept"))
    assert page.ok
    return browser


def test_sixteen_views_refresh_once(canvas: StandIn, two_easels: list[str]) -> None:
    browser = sign_in(canvas, two_easels[0], "dozen")
    host = two_easels[0].removeprefix("http://")
    cookies = browser.cookies.get_dict()
    canvas.control(expire_tokens="all")
    before = canvas.stats()["refreshes"]

    def view(turn: int) -> requests.Response:
        return requests.get(
            f"{two_easels[turn % 2]}/courses.json",
            headers={"Host": host},
            cookies=cookies,
            allow_redirects=False,
            timeout=90,
        )

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(view, range(16)))

    assert [answer.status_code for answer in answers] == [200] * 16
    assert all(answer.json()["complete"] for answer in answers)
    assert canvas.stats()["refreshes"] - before == 1
