"""Easel opened from inside Canvas, in a browser that blocks third-party cookies.

Canvas is ``localhost`` and Easel ``127.0.0.1``: two sites, as in a school.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.checks import barriers
from tests.conftest import StandIn
from tests.functional.conftest import RunningEasel, StartEasel
from tests.functional.launching import start_tool


@pytest.fixture
def tool(start_easel: StartEasel, canvas: StandIn) -> RunningEasel:
    elsewhere = replace(canvas, url=canvas.url.replace("127.0.0.1", "localhost"))
    return start_tool(start_easel, elsewhere)


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context()
    made.set_default_timeout(60_000)
    yield made
    made.close()


def logged_in(context: BrowserContext, tool: RunningEasel, person: str = "dozen") -> Page:
    """Open a window in which somebody is logged in to Canvas."""
    page = context.new_page()
    who = tool.canvas.person(person)
    page.goto(f"{tool.canvas.url}/login")
    page.fill('[name="pseudonym_session[unique_id]"]', who["login"])
    page.fill('[name="pseudonym_session[password]"]', who["password"])
    page.locator("[type=submit]").first.click()
    page.wait_for_url(f"{tool.canvas.url}/")
    return page


def agree(page: Page, tool: RunningEasel) -> None:
    page.locator('form[action*="/login/oauth2/accept"] [type=submit]').click()
    page.wait_for_url(f"{tool.url}/**")


def test_from_the_frame_into_a_tab_and_back(context: BrowserContext, tool: RunningEasel) -> None:
    """The framed page links to the course, and afterwards says that Easel is connected."""
    page = logged_in(context, tool)
    page.goto(f"{tool.canvas.url}/courses/4101")
    page.get_by_role("link", name="Easel").click()
    door = page.frame_locator("iframe.tool_launch")
    link = door.get_by_role("link", name="Open Easel in a new tab")
    link.wait_for()
    assert door.get_by_text("there you connect it with Canvas once").is_visible()
    page.wait_for_function("() => document.querySelector('iframe.tool_launch').height !== '600'")
    height = int(page.locator("iframe.tool_launch").get_attribute("height") or 0)
    assert 200 <= height < 600  # Canvas gave the frame the height that Easel asked for

    page.keyboard.press("Tab")
    link.focus()
    with context.expect_page() as opened:
        page.keyboard.press("Enter")
    tab = opened.value
    agree(tab, tool)
    assert tab.url == f"{tool.url}/courses/4101"
    tab.get_by_role("heading", name="Biology 101").wait_for()

    page.bring_to_front()
    door.locator("#after").evaluate("() => window.dispatchEvent(new Event('focus'))")
    door.get_by_text("Easel is connected with Canvas").wait_for()
    page.reload()
    door.get_by_text("Easel is connected with Canvas").wait_for()
    with context.expect_page() as opened:
        link.click()
    opened.value.wait_for_url(f"{tool.url}/courses/4101")


def test_other_menus_open_a_tab_at_once(context: BrowserContext, tool: RunningEasel) -> None:
    """A launch into a tab ends in the page; two courses in two tabs do not interfere."""
    page = logged_in(context, tool)
    with context.expect_page() as opened:
        page.get_by_role("link", name="Easel").first.click()
    first = opened.value
    agree(first, tool)
    assert first.url == f"{tool.url}/"

    page.goto(f"{tool.canvas.url}/")
    with context.expect_page() as opened:
        page.get_by_role("link", name="Easel").first.click()
    second = opened.value
    second.wait_for_url(f"{tool.url}/")
    second.go_back()
    assert second.url != f"{tool.canvas.url}/"
    first.reload()
    assert first.url == f"{tool.url}/"


@pytest.mark.parametrize("width", [1280, 320])
def test_door_is_for_everybody(context: BrowserContext, tool: RunningEasel, width: int) -> None:
    """axe finds no barrier, in light and dark, and nothing is wider than a small phone."""
    page = logged_in(context, tool)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{tool.canvas.url}/courses/4101")
    page.get_by_role("link", name="Easel").click()
    page.frame_locator("iframe.tool_launch").get_by_role("link").wait_for()
    frame = next(each for each in page.frames if each.url.startswith(tool.url))
    wide = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert frame.evaluate(wide)
    alone = context.new_page()
    alone.set_content(frame.content())
    assert barriers(alone) == []
