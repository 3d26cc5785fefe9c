"""Debian's Chromium, driven by Playwright, before a running Easel."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, sync_playwright

from tests.functional.conftest import RunningEasel, easel, start_easel

__all__ = ["easel", "start_easel"]

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
    """A person's browser, and whatever it complained about."""

    page: Page
    easel: RunningEasel
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        answer = self.page.goto(f"{self.easel.url}{path}")
        assert answer is not None
        assert answer.status < 500, f"{path} answered {answer.status}"
        return self.page

    def sign_in(self, person: str) -> Page:
        """Through Canvas's login form and consent page, as the person does."""
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


@pytest.fixture
def reader(chromium: Browser, easel: RunningEasel) -> Iterator[Reader]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    made = Reader(context.new_page(), easel)
    made.page.on("pageerror", lambda error: made.complaints.append(str(error)))

    def complain(message: ConsoleMessage) -> None:
        # What Canvas's own login pages lack is not ours.
        ours = message.location["url"].startswith(easel.url)
        if ours and message.type in ("error", "warning"):
            made.complaints.append(message.text)

    made.page.on("console", complain)

    def refuse(dialog: object) -> None:
        made.complaints.append("a dialog opened")
        dialog.dismiss()  # type: ignore[attr-defined]

    made.page.on("dialog", refuse)
    yield made
    context.close()
