"""Buttons have an effect even when the sign-in has ended meanwhile."""

import pytest
from playwright.sync_api import Locator, Page, expect

from .checks import in_every_dress
from .conftest import PHONE, Reader

pytestmark = pytest.mark.browser

ENDED = pytest.mark.parametrize("ended", ["in another tab", "at Canvas"])


def end_sign_in(reader: Reader, page: Page, ended: str) -> None:
    if ended == "at Canvas":
        reader.easel.canvas.control(revoke_tokens="all")
        return
    other = page.context.new_page()
    other.goto(f"{reader.easel.url}/account")
    other.locator('form[action$="/logout"] button').first.click()
    other.wait_for_load_state()
    other.close()


def assert_leads_to_canvas(reader: Reader, page: Page, place: Page | Locator) -> None:
    assert page.url.startswith(reader.easel.url)
    place.get_by_role("link", name="Sign in with Canvas").click()
    page.wait_for_url(f"{reader.easel.canvas.url}/**")
    # The browser may report only the answer's own 403.
    assert all("403" in complaint for complaint in reader.complaints), reader.complaints


@ENDED
@pytest.mark.parametrize("reader", [{}, PHONE], indirect=True, ids=["wide", "phone"])
def test_button_says_in_place_what_was_not_done(reader: Reader, ended: str) -> None:
    """The page stays as it was; a message says what happened and offers a link."""
    reader.enter("dozen")
    page = reader.open("/upcoming")
    page.evaluate("window.stayed = true")
    end_sign_in(reader, page, ended)
    button = page.locator('button[form="mark"]:visible').first
    row = page.locator("li.row", has=button).first
    title = row.locator(".name").first.inner_text()

    button.click()

    fault = page.locator("#faults")
    expect(fault).to_contain_text("The item was not marked.")
    expect(fault).to_contain_text(title)
    expect(fault).to_contain_text("signed out" if ended == "in another tab" else "Canvas has ended")
    expect(fault).to_contain_text("Sign in, which leads you back to the page you were on")
    expect(fault.get_by_role("link", name="Sign in with Canvas")).to_be_in_viewport(ratio=1)
    expect(row).not_to_have_class("done")
    expect(button).to_be_focused()
    assert page.evaluate("window.stayed")
    assert in_every_dress(page) == []
    assert_leads_to_canvas(reader, page, fault)


@ENDED
@pytest.mark.parametrize("reader", [{"java_script_enabled": False}], indirect=True)
def test_button_says_what_was_not_done(reader: Reader, ended: str) -> None:
    """Chromium would silently block a form whose answer leads to Canvas (``form-action``)."""
    reader.enter("dozen")
    page = reader.open("/upcoming")
    end_sign_in(reader, page, ended)

    page.locator('button[form="mark"]:visible').first.click()
    page.get_by_role("heading", name="You are signed out").wait_for()

    assert page.get_by_text("The item was not marked.").is_visible()
    assert_leads_to_canvas(reader, page, page)
