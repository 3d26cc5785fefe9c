"""Debian's Chromium, driven by Playwright, with a running Easel."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Playwright,
    Request,
    Response,
    sync_playwright,
)

from tests.functional.conftest import RunningEasel, easel, sign_in, start_easel

__all__ = ["easel", "start_easel"]

PHONE = {"viewport": {"width": 375, "height": 800}, "has_touch": True, "is_mobile": True}
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        assert not os.environ.get("CI"), "browser tests need Chromium: apt-get install chromium"
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
    yield browser
    browser.close()


@dataclass
class Reader:
    """A person's browser, its errors and warnings, and the requests of each page."""

    page: Page
    easel: RunningEasel
    complaints: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.requests.clear()
        answer = self.page.goto(f"{self.easel.url}{path}")
        assert answer is not None
        assert answer.status < 500, f"{path} answered {answer.status}"
        return self.page

    def enter(self, person: str, **cookies: str) -> None:
        """Sign in without a window, and give this browser the cookies."""
        session = sign_in(self.easel, person)
        kept = {cookie.name: cookie.value or "" for cookie in session.cookies} | cookies
        self.page.context.add_cookies(
            [{"name": name, "value": value, "url": self.easel.url} for name, value in kept.items()]
        )

    def sign_in(self, person: str) -> Page:
        """Sign in through Canvas's login form and consent page, as a person does."""
        who = self.easel.canvas.person(person)
        page = self.open("/")
        page.get_by_role("link", name="Sign in with Canvas").first.click()
        page.fill('[name="pseudonym_session[unique_id]"]', who["login"])
        page.fill('[name="pseudonym_session[password]"]', who["password"])
        page.locator("[type=submit]").first.click()
        page.locator('form[action*="/login/oauth2/accept"] [type=submit]').click()
        page.wait_for_url(f"{self.easel.url}/**")
        page.wait_for_load_state()
        return page


def watch(context: BrowserContext, easel: RunningEasel) -> Reader:
    """Return a reader that records errors, warnings, dialogs and requests."""
    made = Reader(context.new_page(), easel)
    page = made.page
    page.on("pageerror", lambda error: made.complaints.append(str(error)))

    def complain(message: ConsoleMessage) -> None:
        # Errors on the emulator's login pages are not Easel's.
        ours = message.location["url"].startswith(easel.url)
        if ours and message.type in ("error", "warning"):
            made.complaints.append(message.text)

    def refuse(dialog: Dialog) -> None:
        made.complaints.append("a dialog opened")
        dialog.dismiss()

    def note(request: Request) -> None:
        made.requests.append(request)

    def missed(answer: Response) -> None:
        if answer.url.startswith(f"{easel.url}/static/") and not answer.ok:
            made.complaints.append(f"{answer.url} answered {answer.status}")

    page.on("console", complain)
    page.on("dialog", refuse)
    page.on("request", note)
    page.on("response", missed)
    return made


PATIENT = """
const own = window.setTimeout;
window.setTimeout = (work, after, ...more) => own(work, after === 8000 ? 120000 : after, ...more);
"""
"""On a busy machine a message with an Undo would be gone before a test reaches for it."""


@contextmanager
def opened(chromium: Browser, easel: RunningEasel, options: dict[str, Any]) -> Iterator[Reader]:
    """A reader with a large window, unless the context's ``options`` say otherwise."""
    window = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
    context = chromium.new_context(**(window | options))
    context.set_default_timeout(120_000)  # allow for a busy machine
    context.add_init_script(PATIENT)
    yield watch(context, easel)
    context.close()


@pytest.fixture
def reader(chromium: Browser, easel: RunningEasel, request: Any) -> Iterator[Reader]:
    """A reader with a large window; indirect parameters add options of the browser context."""
    with opened(chromium, easel, getattr(request, "param", {})) as made:
        yield made
