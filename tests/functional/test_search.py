"""Search as a browser shows it: the form, marked results, the states, the twin."""

import html
import re

import pytest

from .classes import BIOLOGY, raw, students
from .conftest import forms, last_view, sign_in
from .walk import pieces


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
    """A scoped key without include parameters gets lists without names."""
    easel = start_easel(key="scoped", scopes="auto")
    browser = sign_in(easel, "dozen", path="/login?next=/account")
    assert browser.get(f"{easel.url}/submissions.json", timeout=30).json()["data"]

    answer = browser.get(f"{easel.url}/search.json", params={"q": "assignment"}, timeout=30).json()

    titles = [row["title"] for row in answer["data"]]
    assert not [title for title in titles if title.removeprefix("Assignment ").isdigit()]
    assert answer["searched"] > 50


def students_found(easel, who, query):
    """The students a search finds, and where each leads."""
    browser = sign_in(easel, who, path="/login?next=/account")
    answer = browser.get(f"{easel.url}/search.json", params={"q": query}, timeout=60).json()
    assert answer["complete"], answer["sources"]
    return {(row["id"], row["path"]) for row in answer["data"] if row["type"] == "student"}


def test_students_are_found_and_lead_to_their_page(easel, canvas):
    """By name, sortable name, login and SIS id, as a teacher of the course reads them."""
    [row] = [
        row
        for row in raw(canvas, f"courses/{BIOLOGY}/enrollments", "teacher", user_id=1)
        if row["type"] == "StudentEnrollment"
    ]
    user = row["user"]
    here = f"/courses/{BIOLOGY}/students/1"

    for name in ("name", "sortable_name", "login_id", "sis_user_id"):
        assert ("1", here) in students_found(easel, "teacher", user[name]), name
    browser = sign_in(easel, "teacher")
    page = browser.get(f"{easel.url}/search", params={"q": user["name"]}, timeout=60).text
    assert f'href="{here}"' in page
    assert browser.get(f"{easel.url}{here}", timeout=60).ok


def test_without_the_right_names_are_searched(easel, canvas):
    """Without the permission Canvas sends neither login nor SIS id."""
    canvas.control(settings={"staff_read_sis": False})

    assert {id_ for id_, _ in students_found(easel, "teacher", "Maya Lindqvist")} == {"1"}
    assert students_found(easel, "teacher", "S1") == set()


@pytest.mark.parametrize("who", ["dozen", "observer", "newcomer"])
def test_who_teaches_nobody_finds_no_student(easel, who):
    """Not even themselves, or classmates whom Canvas would list; nothing is asked."""
    before = easel.canvas.stats()["calls"].get("GET /api/v1/courses/:course_id/enrollments", {})

    for query in ("Maya", "Johnson", "a"):
        assert students_found(easel, who, query) == set()
    after = easel.canvas.stats()["calls"].get("GET /api/v1/courses/:course_id/enrollments", {})
    assert after == before


def test_limited_assistant_finds_own_sections(easel, canvas):
    every, own = students(canvas, BIOLOGY), students(canvas, BIOLOGY, "ta")

    found = students_found(easel, "ta", "a")

    assert found
    assert {int(id_) for id_, _ in found} <= set(own) < set(every)


def test_lost_class_is_said(easel, canvas):
    path = f"*/courses/{BIOLOGY}/enrollments"
    canvas.control(faults=[{"path": path, "kind": "status", "status": 503, "times": None}])
    browser = sign_in(easel, "teacher", path="/login?next=/account")

    answer = browser.get(f"{easel.url}/search.json", params={"q": "Maya"}, timeout=60).json()

    assert answer["complete"] is False


def test_results_come_in_pieces_of_each_kind(easel):
    """The first of each kind, then all of one kind piece by piece: together what the twin has."""
    browser = sign_in(easel, "bigteacher", path="/login?next=/account")
    twin = browser.get(f"{easel.url}/search.json?q=e", timeout=60).json()["data"]
    every = [(row["type"], row["path"]) for row in twin]
    students = [path for kind, path in every if kind == "student"]

    first = last_view(browser.get(f"{easel.url}/search?q=e", timeout=60).text)
    found = [html.unescape(link) for link in re.findall(r'href="([^"]*kind=[^"]*)"', first)]
    all_of_kind = {
        link: [path for page in pieces(browser, easel, link) for path in links(page)]
        for link in found
    }

    assert len(students) > 600
    assert f"Show all {len(students)} students" in first
    assert 10 < sum(path in students for path in links(first)) < 50
    assert found[0] == "/search?q=e&kind=student"
    assert all_of_kind[found[0]] == students
    shown = {*links(first), *(path for paths in all_of_kind.values() for path in paths)}
    assert shown == {path for _, path in every if path}


def test_kind_without_results_leads_to_the_others(easel):
    browser = sign_in(easel, "dozen", path="/login?next=/account")

    page = browser.get(f"{easel.url}/search?q=biology&kind=student", timeout=30).text
    unknown = browser.get(f"{easel.url}/search?q=biology&kind=nonsense", timeout=30).text

    assert "Nothing of this kind found" in page
    assert 'href="/search?q=biology">Everything found' in page
    assert "<mark>Biology</mark>" in last_view(unknown)
    assert "Everything found" not in unknown


def links(page):
    """Easel's own pages that the results lead to."""
    return re.findall(r'<a class="name" href="(/courses/[^"]*)"', page)
