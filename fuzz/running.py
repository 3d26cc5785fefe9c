"""Run Easel under gunicorn with the stand-in Canvas, and sign people in."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests

from bench.stand_in import ROOT, StandIn
from canvas_app import create_app
from canvas_app.gateway import upgrade_database
from canvas_app.settings import Settings
from fuzz.cases import Visitor
from fuzz.pages import Page

START_SECONDS = 90.0
PATIENCE = 90.0  # seconds after which an answer counts as missing
WAITING = 180.0  # seconds a sign-in may wait for its turn at the token endpoint


@dataclass(frozen=True)
class Easel:
    """A running gunicorn: its address, worker and log."""

    url: str
    port: int
    log: Path
    master: "subprocess.Popen[bytes]" = field(repr=False)
    worker: int
    routes: tuple[tuple[str, str], ...] = field(repr=False)
    folder: Path = field(repr=False)

    def workers(self) -> list[int]:
        """Return the ids of the worker processes: always the same one, unless it died."""
        path = Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children")
        return [int(each) for each in path.read_text().split()]


def own_settings(canvas: StandIn, canvas_url: str, port: int, folder: Path) -> dict[str, str]:
    keys = requests.get(f"{canvas.url}/_emulator/keys", timeout=30).json()
    key = next(each for each in keys if each["kind"] == "confidential")
    return {
        "CANVAS_URL": canvas_url,
        "CANVAS_CLIENT_ID": str(key["client_id"]),
        "CANVAS_CLIENT_SECRET": str(key["client_secret"]),
        "INSTANCE_PATH": str(folder),
        "PORT": str(port),
        "LOG_LEVEL": "WARNING",
    }


@contextmanager
def easel(canvas: StandIn, canvas_url: str, port: int, **settings: str) -> Iterator[Easel]:
    """Run Easel on a port and stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="easel-fuzz-") as name:
        folder = Path(name)
        # Leave out this machine's own settings of Easel, and those that measure coverage.
        own = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
        environ = {
            each: value
            for each, value in os.environ.items()
            if each not in own and "COV" not in each
        }
        given = own_settings(canvas, canvas_url, port, folder) | settings
        url = f"http://127.0.0.1:{port}"
        canvas.control(redirect_uris=[f"{url}/oauth/callback"])
        with (folder / "log").open("wb") as log:
            master = subprocess.Popen(
                [sys.executable, "-m", "gunicorn"], cwd=ROOT, env=environ | given, stderr=log
            )
        try:
            wait_for(f"{url}/healthz", master, folder / "log")
            path = Path(f"/proc/{master.pid}/task/{master.pid}/children")
            worker = int(path.read_text().split()[0])
            yield Easel(url, port, folder / "log", master, worker, routes(given), folder)
        finally:
            master.terminate()
            try:
                master.wait(20)
            except subprocess.TimeoutExpired:
                master.kill()
                master.wait()


def wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.RequestException:
            threading.Event().wait(0.1)
    raise RuntimeError(f"Easel did not start: {log.read_text(errors='replace')[-2000:]}")


def routes(settings: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Return method and path template of every route of Easel."""
    read = Settings.from_environ(settings)
    with tempfile.TemporaryDirectory(prefix="easel-routes-") as name:
        folder = Path(name)
        own = replace(read, instance_path=folder, database_url=f"sqlite:///{folder / 'a.sqlite'}")
        upgrade_database(own)
        app = create_app(own)
        found = sorted(
            (method, rule.rule)
            for rule in app.url_map.iter_rules()
            for method in (rule.methods or set()) & {"GET", "POST"}
        )
        app.extensions["easel"].close()
    return tuple(found)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def bare_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["Connection"] = "close"  # the server may close an idle one as it is reused
    return session


def sign_in(easel_url: str, login: str, password: str) -> requests.Session | None:
    """Sign in through Canvas's login form and consent page; return None if that fails."""
    session = bare_session()
    page = session.get(f"{easel_url}/login", timeout=120)
    end = time.monotonic() + WAITING
    for _ in range(40):
        at = urlsplit(page.url)
        if page.url.startswith(easel_url):
            if page.status_code == 503 and "Refresh" in page.headers and time.monotonic() < end:
                threading.Event().wait(float(page.headers["Refresh"]))
                page = session.get(page.url, timeout=120)
                continue
            return session if page.ok and "/login" not in at.path else None
        form = Page(page.text).form("accept") or next(iter(Page(page.text).forms), None)
        if form is None:
            return None
        fields = dict(form.fields)
        for name in fields:
            if "unique_id" in name:
                fields[name] = login
            elif "password" in name:
                fields[name] = password
        page = session.post(urljoin(page.url, form.action), fields, timeout=120)
    return None


class Person:
    """A person of the stand-in Canvas, who can sign in again whenever a sign-in has ended."""

    def __init__(self, easel_url: str, key: str, facts: dict[str, object]) -> None:
        self.key = key
        self.id = str(facts["id"])
        self.visitor = Visitor(key)
        self.sign_ins = 0
        self._easel_url = easel_url
        self._login, self._password = str(facts["login"]), str(facts["password"])

    def enter(self) -> requests.Session:
        """Sign in, with up to eight attempts; raises RuntimeError if all fail."""
        for _ in range(8):
            session = sign_in(self._easel_url, self._login, self._password)
            if session is not None:
                self.sign_ins += 1
                page = session.get(f"{self._easel_url}/account", timeout=120)
                form = Page(page.text).form("/logout")
                cookie = "; ".join(
                    f"{each.name}={each.value}" for each in session.cookies if "easel" in each.name
                )
                csrf = form.fields.get("csrf_token", "") if form else ""
                self.visitor = Visitor(self.key, cookie, csrf)
                return session
            threading.Event().wait(1)
        raise RuntimeError(f"{self.key} cannot sign in any more")


def everybody(canvas: StandIn, house: Easel, keys: Iterable[str]) -> list[Person]:
    """Return people of the stand-in Canvas, who have not signed in yet."""
    told = requests.get(f"{canvas.url}/_emulator/people", timeout=30).json()
    facts = {each["key"]: each for each in told}
    return [Person(house.url, key, facts[key]) for key in keys]
