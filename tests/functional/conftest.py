"""A running Easel with the live stand-in Canvas, and ways to sign in to it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import IO, Any
from urllib.parse import urljoin

import pytest
import requests
from cryptography.fernet import Fernet
from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from canvas_app import create_app
from canvas_app.gateway import upgrade_database
from canvas_app.settings import Environment, Settings
from tests.conftest import ROOT, StandIn, free_port, stop


class Forms(HTMLParser):
    """The forms of a page: method, action and fields, including buttons with a name.

    Select lists and text areas have the values that a browser would send unchanged.
    """

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self.list = self.box = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = given.get("method", "get").upper()
            self.forms.append({"method": method, "action": given.get("action", ""), "fields": {}})
        elif tag in ("input", "button") and given.get("name") and self.forms:
            self.forms[-1]["fields"][given["name"]] = given.get("value", "")
        elif tag == "select" and self.forms and given.get("name") not in self.forms[-1]["fields"]:
            self.list = given.get("name", "")
        elif tag == "option" and self.list:
            fields = self.forms[-1]["fields"]
            if "selected" in given or self.list not in fields:
                fields[self.list] = given.get("value", "")
        elif tag == "textarea" and self.forms:
            self.box = given.get("name", "")
            self.forms[-1]["fields"][self.box] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.list = ""
        elif tag == "textarea":
            self.box = ""

    def handle_data(self, data: str) -> None:
        if self.box:
            self.forms[-1]["fields"][self.box] += data


def forms(page: requests.Response) -> list[dict[str, Any]]:
    """Return the forms of the page as it stays, with those of its header."""
    parser = Forms()
    parser.feed(settled(page.text))
    return parser.forms


def form_to(page: requests.Response, action: str) -> dict[str, Any]:
    """Return the page's form whose action ends with ``action``."""
    found = [form for form in forms(page) if form["action"].endswith(action)]
    assert found, f"{page.url} has no form to {action}: {forms(page)}"
    return found[0]


def send(
    browser: requests.Session, page: requests.Response, form: dict[str, Any], **fields: str
) -> requests.Response:
    """Fill in a form and send it, as a browser does."""
    return browser.request(
        form["method"],
        urljoin(page.url, form["action"]),
        data=form["fields"] | fields,
        timeout=30,
    )


def last_view(text: str) -> str:
    """Return a page without its early views; a page that was sent at once is returned whole."""
    return text[max(0, text.rfind('<div class="arrived')) :]


def settled(text: str) -> str:
    """Return a page as it stays: the script removes the views shown while Canvas was answering."""
    before, came_early, _ = text.partition('<div class="waiting')
    return before + last_view(text) if came_early else text


class Quiet(WSGIRequestHandler):
    """Werkzeug's handler without its access log."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@dataclass
class RunningEasel:
    """An Easel that serves on a real socket."""

    url: str
    app: Flask
    canvas: StandIn
    server: BaseWSGIServer = field(repr=False)

    def browser(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        return session


def settings_for(canvas: StandIn, folder: Path, port: int, key: str = "confidential") -> Settings:
    """Return settings for an Easel with this port, folder and developer key."""
    folder.mkdir(exist_ok=True)
    developer_key = canvas.key(key)
    return Settings(
        environments=(
            Environment(
                "production",
                canvas.url,
                str(developer_key["client_id"]),
                "" if key == "public" else developer_key["client_secret"],
            ),
        ),
        public_url=f"http://127.0.0.1:{port}",
        secret_key="0123456789abcdef" * 4,
        token_keys=(Fernet.generate_key().decode(),),
        instance_path=folder,
        database_url=f"sqlite:///{folder / 'easel.sqlite'}",
        port=port,
        page_deadline=60,  # long enough for a busy machine; some tests set less
    )


StartEasel = Callable[..., RunningEasel]


@pytest.fixture
def start_easel(canvas: StandIn, tmp_path: Path) -> Iterator[StartEasel]:
    """Return a function that starts an Easel.

    Its ``key`` is the kind of developer key, ``prefix`` the path in its URL, ``canvas`` the
    stand-in Canvas (by default the shared one); other arguments are settings.
    """
    running: list[RunningEasel] = []

    def start(
        key: str = "confidential", prefix: str = "", canvas: StandIn = canvas, **changed: Any
    ) -> RunningEasel:
        port = free_port()
        url = f"http://127.0.0.1:{port}{prefix}"
        settings = settings_for(canvas, tmp_path / str(port), port, key)
        callbacks = ("", "/beta", "/test")
        canvas.control(redirect_uris=[f"{url}/oauth/callback{each}" for each in callbacks])
        settings = replace(settings, **({"public_url": url} | changed))
        upgrade_database(settings)
        app = create_app(settings)
        server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        easel = RunningEasel(url, app, canvas, server)
        running.append(easel)
        return easel

    yield start
    for easel in running:
        easel.server.shutdown()
        easel.server.server_close()
        easel.app.extensions["easel"].close()


@pytest.fixture
def easel(start_easel: StartEasel) -> RunningEasel:
    """Easel with a confidential developer key and default settings."""
    return start_easel()


def allow(easel: RunningEasel, seconds: float) -> None:
    """Set the deadline of every page from now on, in seconds."""
    gateway = easel.app.extensions["easel"]
    gateway.settings = replace(gateway.settings, page_deadline=seconds)


def to_consent(
    easel: RunningEasel, person: str, browser: requests.Session, path: str = "/login"
) -> requests.Response:
    """Start to sign in and log in at Canvas; return the consent page."""
    page = browser.get(f"{easel.url}{path}", timeout=30)
    who = easel.canvas.person(person)
    if page.url.startswith(easel.canvas.url) and "/login/oauth2/" not in page.url:
        page = send(
            browser,
            page,
            forms(page)[0],
            **{
                "pseudonym_session[unique_id]": who["login"],
                "pseudonym_session[password]": who["password"],
            },
        )
    return page


def wait_for(url: str) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            requests.get(f"{url}/healthz", timeout=5)
            return
        except (requests.ConnectionError, requests.Timeout):
            threading.Event().wait(0.1)
    raise AssertionError(f"{url} did not answer")


@contextmanager
def running_gunicorn(
    instance: Path,
    canvas: StandIn | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    stderr: IO[str] | None = None,
    **settings: str,
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Run Easel as it is deployed; yield its URL and the master process.

    Without ``canvas`` it has the address of a Canvas that does not answer.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    given = {
        "CANVAS_URL": "http://127.0.0.1:9",
        "CANVAS_CLIENT_ID": "1",
        "CANVAS_CLIENT_SECRET": "x",
        "INSTANCE_PATH": str(instance),
        "PORT": str(port),
    }
    if canvas is not None:
        canvas.control(redirect_uris=[f"{url}/oauth/callback"])
        key = canvas.key("confidential")
        given |= {
            "CANVAS_URL": canvas.url,
            "CANVAS_CLIENT_ID": str(key["client_id"]),
            "CANVAS_CLIENT_SECRET": key["client_secret"],
        }
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn"],
        cwd=ROOT,
        env={**environ, **given, **settings},
        stderr=stderr,
    )
    try:
        wait_for(url)
        yield url, process
    finally:
        stop(process)


def sign_in(
    easel: RunningEasel,
    person: str,
    browser: requests.Session | None = None,
    path: str = "/login",
) -> requests.Session:
    """Sign in through Canvas's login form and consent page, as a person does."""
    browser = browser or easel.browser()
    page = to_consent(easel, person, browser, path)
    if page.url.startswith(easel.canvas.url):
        page = send(browser, page, form_to(page, "/login/oauth2/accept"))
    assert page.ok, f"{page.status_code} at {page.url.partition('?')[0]}: {page.text[:500]}"
    assert page.url.startswith(easel.url)
    return browser


def end_enrollments(canvas: StandIn, who: str, course_id: int) -> None:
    """Conclude a person's enrollments in a course that goes on, as a school's system does."""
    headers = {"Authorization": f"Bearer {canvas.token('admin')}"}
    path = f"{canvas.url}/api/v1/courses/{course_id}/enrollments"
    query = {"user_id": canvas.person(who)["id"]}
    for row in requests.get(path, query, headers=headers, timeout=10).json():
        requests.delete(f"{path}/{row['id']}", headers=headers, timeout=10).raise_for_status()
