"""Search in the browser's eyes: the form, marked results, the states, the twin."""

import html

from .conftest import forms, sign_in


def test_search_page_and_twin(easel):
    browser = sign_in(easel, "dozen", path="/login?next=/account")

    empty = browser.get(f"{easel.url}/search", timeout=30)
    assert "Type a word" in empty.text
    assert "/api/v1/planner/items" not in str(easel.canvas.stats()["calls"])
    (form,) = [form for form in forms(empty) if form["action"] == "/search"]
    assert (form["method"], form["fields"]["q"]) == ("GET", "")

    page = browser.get(f"{easel.url}/search", params={"q": "BÍOLOGY <b>"}, timeout=30)
    assert "Nothing found" in page.text
    assert "<b>" not in page.text.partition("role=")[2].replace("<b dir", "")
    page = browser.get(f"{easel.url}/search", params={"q": "BÍOLOGY quiz"}, timeout=30)
    assert "<mark>Quiz</mark>: mitosis" in page.text
    assert "<mark>Biology</mark> 101" in page.text

    before = easel.canvas.stats()["calls"]
    answer = browser.get(f"{easel.url}/search.json", params={"q": "quiz"}, timeout=30).json()
    shown = html.unescape(browser.get(f"{easel.url}/search?q=quiz", timeout=30).text)
    assert easel.canvas.stats()["calls"] == before
    assert answer["complete"]
    assert answer["query"] == "quiz"
    assert answer["data"]
    for row in answer["data"]:
        assert {"id", "type", "title", "course_id", "course_name", "url", "status"} <= row.keys()
        assert "".join(piece["text"] for piece in row["pieces"]) in shown.replace(
            "<mark>", ""
        ).replace("</mark>", "")


def test_search_is_for_people_signed_in(easel):
    browser = easel.browser()

    page = browser.get(f"{easel.url}/search?q=a", allow_redirects=False, timeout=30)
    twin = browser.get(f"{easel.url}/search.json?q=a", timeout=30)

    assert page.status_code == 302
    assert page.headers["Location"].endswith("/login?next=/search%3Fq%3Da")
    assert twin.status_code == 401


def test_every_page_has_a_way_to_search(easel):
    browser = sign_in(easel, "hostile", path="/login?next=/account")

    for path in ("account", "upcoming", "search?q=script"):
        page = browser.get(f"{easel.url}/{path}", timeout=30)

        assert 'id="search" href="/search" accesskey="/"' in page.text
        assert "<script>alert" not in page.text


def test_nameless_work_is_not_searched(start_easel):
    """A scoped key without include parameters drops ``include[]``: lists come without names."""
    easel = start_easel(key="scoped", scopes="auto")
    browser = sign_in(easel, "dozen", path="/login?next=/account")
    assert browser.get(f"{easel.url}/submissions.json", timeout=30).json()["data"]

    answer = browser.get(f"{easel.url}/search.json", params={"q": "assignment"}, timeout=30).json()

    titles = [row["title"] for row in answer["data"]]
    assert not [title for title in titles if title.removeprefix("Assignment ").isdigit()]
    assert answer["searched"] > 50
