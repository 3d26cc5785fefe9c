"""Pages for people who observe, who are in no course, or who have very many."""

import re

import pytest

from .conftest import last_view, sign_in

OWN = ("", "upcoming", "submissions")


def content(easel, browser, path):
    """Return the last view of a page, without the earlier ones."""
    answer = browser.get(f"{easel.url}/{path}", timeout=30)
    assert answer.status_code == 200
    return last_view(answer.text)


@pytest.mark.parametrize("path", OWN)
def test_observers_see_whom_they_observe(easel, path):
    browser = sign_in(easel, "observer", path="/login?next=/account")

    page = content(easel, browser, path)

    assert easel.canvas.person("dozen")["name"] in page
    assert "belong to the student" in page
    assert 'class="row' in page
    assert "0 missing" not in page
    assert "0 assignments" not in page
    assert "no courses" not in page
    assert "Nothing to do" not in page


def test_observers_reach_their_students_work(easel):
    """By the way that the page's sentence names: course, assignment, the student's submission."""
    browser = sign_in(easel, "observer", path="/login?next=/account")
    course = browser.get(f"{easel.url}/courses.json", timeout=30).json()["data"][0]["id"]
    rows = browser.get(f"{easel.url}/courses/{course}.json", timeout=30).json()["data"]
    assert rows

    work = f"courses/{course}/assignments/{rows[0]['assignment_id']}"
    page = browser.get(f"{easel.url}/{work}", timeout=30).text

    assert (
        f'href="/{work}?child=1"' in browser.get(f"{easel.url}/courses/{course}", timeout=30).text
    )
    assert easel.canvas.person("dozen")["name"] in page


@pytest.mark.parametrize("who", ["newcomer", "admin"])
@pytest.mark.parametrize("path", OWN)
def test_who_is_in_no_course_reads_what_to_do(easel, who, path):
    browser = sign_in(easel, who, path="/login?next=/account")

    page = content(easel, browser, path)

    if (who, path) == ("admin", ""):  # their Home has something for them: test_administrator.py
        assert "As an administrator of Canvas" in page
        return
    assert page.count('class="empty"') == 1
    assert "You have no courses yet" in page
    assert "ask the teacher" in page
    assert 'class="tile' not in page
    assert "0 missing" not in page
    assert "0 assignments" not in page


def test_counts_without_the_list_of_courses(easel, canvas):
    """Without the list of courses nobody knows whether she is in any."""
    browser = sign_in(easel, "dozen", path="/login?next=/account")
    fault = {"method": "GET", "path": "/api/v1/courses", "kind": "status", "status": 503}
    canvas.control(faults=[fault | {"times": None}])

    page = content(easel, browser, "")

    assert "no courses yet" not in page
    assert "At least" in page
    assert 'class="tile' in page


def test_most_of_137_courses_stand_on_their_own_page(easel):
    """The start page shows twelve, because all of them would be slow to read and to use."""
    browser = sign_in(easel, "many", path="/login?next=/account")
    board = browser.get(f"{easel.url}/dashboard.json", timeout=30).json()

    page = content(easel, browser, "")
    cards = page.partition('<h2 id="courses">')[2]

    assert len(board["data"]) == 137
    ids = re.findall(r'<h3><a href="/courses/(\d+)"', cards)
    assert ids == [row["id"] for row in board["data"][:12]]
    for row in board["data"][:12]:
        assert row["grade"] is None or row["grade"] in cards
    assert '<a href="/courses">125 more courses</a>' in cards
    favourites = [row["favorite"] for row in board["data"]]
    assert favourites == sorted(favourites, reverse=True)
    others = [row["id"] for row in board["data"] if not row["favorite"]]
    busy = {
        id_
        for id_, week in board["by_course"].items()
        if week["missing"] or week["due"] or week["new_grades"] or week["announcements"]
    }
    assert [id_ in busy for id_ in others] == sorted([id_ in busy for id_ in others], reverse=True)
    assert busy & set(others)


def test_few_courses_are_not_folded(easel):
    page = content(easel, sign_in(easel, "teacher", path="/login?next=/account"), "")

    assert '<li class="card' in page
    assert "more course" not in page


def test_the_sentence_stands_before_the_state(easel):
    browser = sign_in(easel, "dozen", path="/login?next=/account")

    for path in OWN:
        page = content(easel, browser, path)

        assert page.index('<p class="lead"') < page.index("Everything is up to date")


def test_assistants_are_not_called_ta(easel):
    browser = sign_in(easel, "ta", path="/login?next=/account")
    (course,) = {
        row["id"]
        for row in browser.get(f"{easel.url}/courses.json", timeout=30).json()["data"]
        if "ta" in row["roles"]
    }

    for path in ("", "courses", f"courses/{course}"):
        page = content(easel, browser, path)

        assert "Teaching assistant" in page or "as teaching assistant" in page
        assert not re.search(r"\bTa\b", page)


def test_letters_only_courses_leak_no_number(easel, canvas):
    """Canvas sends the grade as a number where only the scheme's letter should be shown."""
    browser = sign_in(easel, "dozen", path="/login?next=/account")
    letters = {
        row["id"]
        for row in browser.get(f"{easel.url}/courses.json", timeout=30).json()["data"]
        if row["letters_only"]
    }
    assert letters

    for name in ("dashboard", "upcoming"):
        body = browser.get(f"{easel.url}/{name}.json", timeout=30).json()
        parts = [body["data"], body["new_grades"]] if name == "upcoming" else [body["new_grades"]]
        parts += [day["rows"] for day in body.get("days", [])]
        for row in (row for part in parts for row in part if row["course_id"] in letters):
            assert row["score"] is None
            assert not re.fullmatch(r"[\d.,]+ ?%?", row["grade"] or "")
