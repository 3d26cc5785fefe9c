"""What administrators find on Home, and their search for courses of their accounts."""

import re

import pytest
import requests

from .classes import raw
from .conftest import RunningEasel, last_view, sign_in

pytestmark = pytest.mark.anyday

COURSES = "/api/v1/accounts/*/courses"


@pytest.fixture
def browser(easel: RunningEasel) -> requests.Session:
    return sign_in(easel, "admin", path="/login?next=/account")


def find(easel: RunningEasel, browser: requests.Session, text: str) -> tuple[str, dict]:
    """The page of a search, and its twin."""
    query = {"q": text}
    page = browser.get(f"{easel.url}/admin/courses", params=query, timeout=60)
    assert page.status_code == 200
    twin = browser.get(f"{easel.url}/admin/courses.json", params=query, timeout=60)
    return last_view(page.text), twin.json()


def test_home_says_what_easel_shows_and_finds_courses(
    easel: RunningEasel, browser: requests.Session
) -> None:
    page = last_view(browser.get(f"{easel.url}/", timeout=60).text)

    assert "As an administrator of Canvas" in page
    assert "Stand-in University" in page
    assert "has no pages for accounts, users, terms or settings" in page
    assert 'action="/admin/courses"' in page
    assert "You have no courses yet" not in page


@pytest.mark.parametrize("who", ["dozen", "teacher", "newcomer"])
def test_others_are_offered_nothing(easel: RunningEasel, who: str) -> None:
    browser = sign_in(easel, who)

    page, twin = find(easel, browser, "biology")

    assert "/admin/courses" not in browser.get(f"{easel.url}/", timeout=60).text
    assert "Canvas lists no account that you administer" in page
    assert (twin["data"], twin["accounts"], twin["complete"]) == ([], [], True)


@pytest.mark.parametrize("text", ["Biology", "  bIOLOGY ", "4101"])
def test_courses_are_found_by_name_code_and_number(
    easel: RunningEasel, browser: requests.Session, text: str
) -> None:
    """The administrator is in none of them."""
    page, twin = find(easel, browser, text)

    wanted = raw(easel.canvas, "accounts/self/courses", search_term=text.strip(), per_page=50)
    assert {row["id"] for row in twin["data"]} == {str(row["id"]) for row in wanted}
    assert "4101" in {row["id"] for row in twin["data"]}
    assert twin["complete"] is True
    assert 'href="/courses/4101"' in page
    assert f"{len(wanted)} course" in page


def test_found_courses_open_as_far_as_canvas_lets_them(
    easel: RunningEasel, browser: requests.Session
) -> None:
    page, twin = find(easel, browser, "4101")

    paths = re.findall(r'href="(/courses/4101[^"]*)"', page)
    assert paths == ["/courses/4101", "/courses/4101/gradebook", "/courses/4101/roster"]
    for path in paths:
        opened = browser.get(f"{easel.url}{path}", timeout=60)
        assert opened.status_code == 200
        assert "Closed to you now" not in last_view(opened.text)
    assert twin["data"][0]["roles"] == []


def test_long_results_are_not_cut_silently(easel: RunningEasel, browser: requests.Session) -> None:
    page, twin = find(easel, browser, "in")

    assert len(raw(easel.canvas, "accounts/self/courses", search_term="in", per_page=60)) > 50
    assert len(twin["data"]) == 50
    assert (twin["more"], twin["complete"]) == (True, False)
    assert "The first 50 by name." in page
    names = [row["name"].casefold() for row in twin["data"]]
    assert names == sorted(names)


@pytest.mark.parametrize("text", ["", " ", "b"])
def test_short_texts_ask_for_no_courses(
    easel: RunningEasel, browser: requests.Session, text: str
) -> None:
    page, twin = find(easel, browser, text)

    assert "at least two letters" in page
    assert (twin["data"], twin["complete"]) == ([], True)
    assert "GET /api/v1/accounts/:account_id/courses" not in easel.canvas.stats()["calls"]


def test_nothing_found_is_told_from_nothing_given(
    easel: RunningEasel, browser: requests.Session
) -> None:
    page, twin = find(easel, browser, "no course is called so")
    assert "No course found" in page
    assert twin["complete"] is True
    down = {"path": COURSES, "kind": "status", "status": 500, "times": None}
    easel.canvas.control(faults=[down])

    page, twin = find(easel, browser, "history")

    assert "No course found" not in page
    assert "could not be loaded" in page
    assert twin["complete"] is False


def test_names_are_text(easel: RunningEasel, browser: requests.Session) -> None:
    page, twin = find(easel, browser, "script")

    assert twin["data"]
    assert "<script" not in page
