"""A form sent after the sign-in has ended gets a page of Easel's, not a redirect to Canvas."""

import pytest
import requests

from .conftest import RunningEasel, form_to, forms, send, sign_in

pytestmark = pytest.mark.anyday

NOTE = {"title": "Bring the book", "todo_date": "2026-12-01", "next": "/upcoming?show=all"}


def assert_leads_back(easel: RunningEasel, answer: requests.Response, page: str) -> None:
    assert (answer.status_code, answer.history) == (403, [])
    assert "You are signed out" in answer.text
    assert f'href="/login?next={page}"' in answer.text


def test_signed_out_in_another_tab(easel: RunningEasel) -> None:
    """The form's session is gone, and with it the CSRF token."""
    browser = sign_in(easel, "dozen")
    page = browser.get(f"{easel.url}/upcoming", timeout=30)
    account = browser.get(f"{easel.url}/account", timeout=30)
    send(browser, account, form_to(account, "/logout"))

    form = form_to(page, "/planner/mark")
    answer = send(browser, page, form, item="assignment-1", done="1")

    assert_leads_back(easel, answer, "/upcoming")
    assert "The item was not marked." in answer.text


def test_sign_in_ended_on_another_device(easel: RunningEasel) -> None:
    """The session and its CSRF token are valid, but nobody is signed in."""
    browser = sign_in(easel, "dozen")
    page = browser.get(f"{easel.url}/upcoming", timeout=30)
    other = sign_in(easel, "dozen")
    account = other.get(f"{easel.url}/account", timeout=30)
    send(other, account, form_to(account, "/account/sign-out-everywhere"))

    answer = send(browser, page, form_to(page, "/planner/notes"), **NOTE)

    assert_leads_back(easel, answer, "/upcoming%3Fshow%3Dall")
    assert "The note was not saved." in answer.text


def test_access_ended_at_canvas(easel: RunningEasel) -> None:
    """Canvas refuses the token while the form is being handled."""
    browser = sign_in(easel, "dozen")
    page = browser.get(f"{easel.url}/upcoming", timeout=30)
    easel.canvas.control(revoke_tokens="all")

    answer = send(browser, page, form_to(page, "/planner/notes"), **NOTE)

    assert_leads_back(easel, answer, "/upcoming%3Fshow%3Dall")
    assert "Canvas has ended" in answer.text
    landed = sign_in(easel, "dozen", browser, "/login?next=/upcoming")
    assert landed.get(f"{easel.url}/upcoming", timeout=30).ok


@pytest.mark.parametrize(
    ("headers", "page"),
    [
        ({"Referer": "{easel}/courses?arrange=1"}, "/courses%3Farrange%3D1"),
        ({"Referer": "https://elsewhere.example/courses"}, "/"),
        ({"Referer": "http://["}, "/"),
        ({}, "/"),
    ],
)
def test_page_of_the_form(easel: RunningEasel, headers: dict[str, str], page: str) -> None:
    """If a form names no page to return to, Referer does, unless it is another site's."""
    browser = sign_in(easel, "dozen")
    account = browser.get(f"{easel.url}/account", timeout=30)
    logout = form_to(account, "/logout")
    send(browser, account, logout)

    answer = browser.post(
        f"{easel.url}/logout",
        data=logout["fields"],
        headers={name: value.format(easel=easel.url) for name, value in headers.items()},
        timeout=30,
    )

    assert_leads_back(easel, answer, page)


def test_every_form_of_every_page(easel: RunningEasel) -> None:
    """No form leads a signed-out browser to another site."""
    browser = sign_in(easel, "dozen")
    found = {}
    for path in ("/", "/courses?arrange=1", "/upcoming", "/account", "/courses/4101/grades"):
        page = browser.get(f"{easel.url}{path}", timeout=60)
        for form in forms(page):
            if form["method"] == "POST":
                found[form["action"]] = (page, form)
    assert len(found) > 5
    browser.cookies.clear()

    for page, form in found.values():
        answer = send(browser, page, form)
        assert answer.url.startswith(easel.url), form["action"]
        assert "/login" not in "".join(each.headers["Location"] for each in answer.history)
