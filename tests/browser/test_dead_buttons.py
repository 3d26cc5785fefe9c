"""Buttons still do something when the sign-in has ended meanwhile."""

import pytest

from .conftest import Reader

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("ended", ["in another tab", "at Canvas"])
def test_button_says_what_was_not_done(reader: Reader, ended: str) -> None:
    """Chromium would silently block a form whose answer leads to Canvas (``form-action``)."""
    reader.enter("dozen")
    page = reader.open("/upcoming")
    if ended == "in another tab":
        other = page.context.new_page()
        other.goto(f"{reader.easel.url}/account")
        other.locator('form[action$="/logout"] button').first.click()
        other.wait_for_load_state()
        other.close()
    else:
        reader.easel.canvas.control(revoke_tokens="all")

    page.locator('button[form="mark"]:visible').first.click()
    page.get_by_role("heading", name="You are signed out").wait_for()

    assert page.url.startswith(reader.easel.url)
    assert page.get_by_text("The item was not marked.").is_visible()
    page.get_by_role("link", name="Sign in with Canvas").click()
    page.wait_for_url(f"{reader.easel.canvas.url}/**")
    # The 403 of the page itself is the only thing a browser may complain about.
    assert all("403" in complaint for complaint in reader.complaints), reader.complaints
