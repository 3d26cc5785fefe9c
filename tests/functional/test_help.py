"""The help page, and the preferences that a browser keeps."""

import pytest

from .conftest import form_to, send, sign_in

pytestmark = pytest.mark.anyday

PATH = "/help/keyboard"


def opening(page):
    """Return the page's html tag."""
    return page.text[page.text.index("<html") :].partition(">")[0]


def test_the_help_sheet_is_open_to_everybody_and_linked_from_every_page(easel):
    page = easel.browser().get(f"{easel.url}{PATH}", timeout=30)

    assert page.status_code == 200
    assert "<kbd>?</kbd>" in page.text
    for path in ("/", "/no-such-page", PATH):
        linked = easel.browser().get(f"{easel.url}{path}", timeout=30).text
        assert f'href="{PATH}" data-key="?"' in linked


def test_look_and_keys_are_remembered_by_this_browser(easel):
    browser = sign_in(easel, "newcomer")
    page = browser.get(f"{easel.url}{PATH}", timeout=30)
    assert 'data-look="device" data-keys="on"' in opening(page)

    page = send(browser, page, form_to(page, PATH), look="dark", keys="off")

    assert [answer.status_code for answer in page.history] == [303]
    assert "Saved for this browser" in page.text
    assert 'data-look="dark" data-keys="off"' in opening(page)
    assert 'value="off" checked' in page.text
    assert 'data-look="dark" data-keys="off"' in opening(browser.get(easel.url, timeout=30))
    assert 'data-look="device" data-keys="on"' in opening(easel.browser().get(easel.url))


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}], ids=str
)
def test_another_site_cannot_send_the_form(easel, headers):
    """The form has no CSRF token, because visitors have no session; its origin is checked."""
    answer = easel.browser().post(
        f"{easel.url}{PATH}", data={"keys": "off"}, headers=headers, timeout=30
    )

    assert answer.status_code == 400
    assert not answer.cookies


@pytest.mark.parametrize("cookie", ["", "x", '"><script>.on', "dark", "dark.maybe", ".", "a.b.c"])
def test_a_cookie_of_nonsense_means_nothing(easel, cookie):
    page = easel.browser().get(easel.url, headers={"Cookie": f"easel_preferences={cookie}"})

    assert page.status_code == 200
    assert 'data-keys="on"' in opening(page)
    assert "<script>." not in page.text


def test_nonsense_in_the_form_is_taken_as_the_quietest_choice(easel):
    browser = easel.browser()
    page = browser.get(f"{easel.url}{PATH}", timeout=30)

    page = send(browser, page, form_to(page, PATH), look="pink", keys="perhaps")

    assert 'data-look="device" data-keys="off"' in opening(page)


def test_both_keys_are_told_to_administrators(easel):
    """The page shows the API key's redirect URI and, without LTI settings, how to get there."""
    page = easel.browser().get(f"{easel.url}/help/canvas", timeout=30)

    assert page.status_code == 200
    assert f"{easel.url}/oauth/callback</li>" in page.text
    assert "Set LTI_CLIENT_ID" in page.text
    assert "/lti/config.json" not in page.text
