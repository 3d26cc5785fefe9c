"""The five pages in HTML are shown to everybody and have the rows of their twins."""

import html

import pytest

from .conftest import sign_in

PAGES = ["", "courses", "upcoming", "submissions"]


@pytest.mark.parametrize("who", ["dozen", "newcomer", "hostile", "teacher", "ta"])
def test_pages_stand_for_everybody(easel, who):
    browser = sign_in(easel, who)

    for path in PAGES:
        page = browser.get(f"{easel.url}/{path}", timeout=30)

        assert page.status_code == 200
        assert page.text.rstrip().endswith("</html>")
        assert "<script>alert" not in page.text


@pytest.mark.parametrize("path", ["courses", "courses/4101", "upcoming", "submissions"])
def test_signed_out_goes_to_sign_in(easel, path):
    answer = easel.browser().get(f"{easel.url}/{path}", allow_redirects=False, timeout=30)

    assert answer.status_code == 302
    assert "/login?next=/" in answer.headers["Location"]


def test_landing_when_signed_out(easel):
    assert easel.browser().get(easel.url, timeout=30).status_code == 200


@pytest.mark.parametrize("name", ["courses", "upcoming", "submissions", "courses/4101"])
def test_page_holds_what_its_twin_holds(easel, name):
    browser = sign_in(easel, "dozen")
    rows = browser.get(f"{easel.url}/{name}.json", timeout=30).json()["data"]

    page = html.unescape(browser.get(f"{easel.url}/{name}", timeout=30).text)
    for number in range(2, 9):  # long lists come in pieces
        if 'rel="next" href="' not in page or f"page={number}" not in page:
            break
        more = browser.get(f"{easel.url}/{name}?page={number}", timeout=30)
        page += html.unescape(more.text)

    named = [row.get("title") or row.get("name") for row in rows]
    assert [title for title in named if title and title not in page] == []


@pytest.mark.parametrize("path", ["courses/99999999", "courses/abc", "courses/4301"])
def test_foreign_and_bad_ids_have_a_page(easel, path):
    answer = sign_in(easel, "newcomer").get(f"{easel.url}/{path}", timeout=30)

    assert answer.status_code in (403, 404)
    assert "Traceback" not in answer.text


def test_page_stands_without_its_planner(easel, canvas):
    browser = sign_in(easel, "dozen")
    fault = {"method": "GET", "path": "/api/v1/planner/items", "kind": "html", "times": None}
    canvas.control(faults=[fault])

    page = browser.get(easel.url, timeout=30)

    assert page.status_code == 200
    assert "Biology 101" in page.text


def test_ended_grant_says_so_in_place(easel, canvas):
    browser = sign_in(easel, "dozen")
    canvas.control(revoke_tokens="all")

    page = browser.get(f"{easel.url}/courses", timeout=30)

    assert page.status_code == 200
    assert "ign in" in page.text


def test_restricted_course_has_an_answer(easel):
    browser = sign_in(easel, "dozen")
    rows = browser.get(f"{easel.url}/courses.json", timeout=30).json()["data"]
    (restricted,) = [row for row in rows if row["restricted"]]

    answer = browser.get(f"{easel.url}/courses/{restricted['id']}", timeout=30)

    assert answer.status_code in (200, 403)
    assert "Traceback" not in answer.text
