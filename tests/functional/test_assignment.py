"""One assignment's page and twin, as its student, teacher and observer see it."""

import html
import re

import pytest
import requests

from .conftest import end_enrollments, sign_in
from .walk import without_moments


def work(easel, name, course="4101", who="teacher"):
    """The path of an assignment of the campus, by its name, asked of Canvas itself."""
    rows = requests.get(
        f"{easel.canvas.url}/api/v1/courses/{course}/assignments",
        params={"per_page": 100},
        headers={"Authorization": f"Bearer {easel.canvas.token(who)}"},
        timeout=30,
    ).json()
    number = next(row["id"] for row in rows if row["name"] == name)
    return f"/courses/{course}/assignments/{number}"


def words(page):
    """The page's text, without tags and their attributes."""
    body = page.partition("<main")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


@pytest.mark.parametrize("who", ["dozen", "teacher", "ta", "observer"])
def test_page_stands_for_everybody(easel, who):
    path = f"{easel.url}{work(easel, 'Essay: why we age')}"
    browser = sign_in(easel, who)

    page = browser.get(path, timeout=30)
    twin = browser.get(f"{path}.json", timeout=30).json()

    assert page.status_code == 200, page.text
    assert page.text.rstrip().endswith("</html>")
    assert "Essay: why we age" in html.unescape(page.text)
    assert twin["complete"] is True, twin["sources"]
    assert twin["assignment"]["url"].startswith(easel.canvas.url)
    assert (twin["teaching"] is not None) == (who in ("teacher", "ta"))
    assert len(twin["data"]) == (who in ("dozen", "observer"))


def test_page_holds_what_the_twin_holds(easel):
    path = f"{easel.url}{work(easel, 'Essay: why we age')}"
    browser = sign_in(easel, "dozen")

    page = browser.get(path, timeout=30).text
    text = words(page)
    twin = browser.get(f"{path}.json", timeout=30).json()

    (row,) = twin["data"]
    for said in row["comments"]:
        assert said["text"] in text
        assert said["author"] in text
        assert all(file["url"] in page for file in said["files"])
    for criterion in row["rubric"]:
        assert criterion["name"] in text
        assert all(rating["name"] in text for rating in criterion["ratings"])
        assert criterion["comments"] in text
    assert "21 / 25" in text
    assert "2 attempts left" in text
    # The picture: a title, one sentence, and a table with the same numbers.
    assert "<title>Scores of the class</title>" in page
    assert "You are here: 21" in text
    for mark in twin["statistics"]["marks"]:
        assert re.search(rf"{mark['name'].capitalize()}\s+{mark['value']:g}\b", text), mark


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "Osmosis laboratory report",
            ["32 / 40", "36 before the late penalty of 4", "Late by 2 d"],
        ),
        ("Herbarium sheet", ["Excused"]),
        ("Enzyme kinetics problem set", ["Redo requested", "Units are missing"]),
        ("Punnett squares", ["Resubmitted", "grade is for an earlier attempt", "Attempt 2"]),
        ("Oral presentation", ["Custom status"]),
        ("Field notes, week 9", ["Missing", "Nothing has been handed in", "Hand in at Canvas"]),
        ("Reading response 1", ["Graded", "Missing", "0 / 5"]),
        ("Reading response 5", ["Overdue"]),
        ("Dissection notebook", ["On paper"]),
        ("Class participation", ["Nothing to hand in"]),
        ("Evolution laboratory", ["Not yet open", "The instructions appear when", "Open from"]),
        ("Heredity problem set", ["Due", "Hand in at Canvas"]),
        ("Quiz: heredity", ["Due", "Hand in at Canvas"]),
        ("Portfolio of the term", ["No due date"]),
    ],
)
def test_every_state_is_said(easel, name, expected):
    page = sign_in(easel, "dozen").get(f"{easel.url}{work(easel, name)}", timeout=30).text

    text = words(page)
    assert [part for part in expected if part not in text] == []


def test_a_hidden_grade_is_nowhere(easel):
    path = f"{easel.url}{work(easel, 'Mid-term exam essay')}"
    browser = sign_in(easel, "dozen")

    text = words(browser.get(path, timeout=30).text)
    twin = browser.get(f"{path}.json", timeout=30).json()

    assert "Submitted" in text
    assert "44" not in without_moments(text)
    assert "Graded:" not in text
    assert twin["statistics"] is None
    (row,) = twin["data"]
    for thing in (row, *row["attempts"]):
        assert (thing["score"], thing["grade"]) == (None, None)


def test_letters_alone(easel):
    path = f"{easel.url}{work(easel, 'Titration 1', '4107', 'dozen')}"
    browser = sign_in(easel, "dozen")

    text = words(browser.get(path, timeout=30).text)
    twin = browser.get(f"{path}.json", timeout=30).json()

    (row,) = twin["data"]
    assert row["grade"] == "A-"
    assert "A-" in text
    assert "Letters" in text
    assert "points" not in text
    assert (row["score"], twin["statistics"], twin["assignment"]["points_possible"]) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("dozen", "/courses/4101/assignments/1", 404),
        ("dozen", "/courses/99999999/assignments/1", 404),
        ("dozen", "/courses/4101/assignments/abc", 404),
        ("dozen", "Make-up laboratory", 403),
        ("newcomer", "Essay: why we age", 403),
    ],
)
def test_403_and_404_are_true(easel, who, path, status):
    path = path if path.startswith("/") else work(easel, path)
    browser = sign_in(easel, who)

    page = browser.get(f"{easel.url}{path}", timeout=30)
    twin = browser.get(f"{easel.url}{path}.json", timeout=30)

    assert page.status_code == status
    assert "Traceback" not in page.text
    assert twin.status_code == status
    assert twin.json()["data"] == []


def test_signed_out(easel):
    path = "/courses/4101/assignments/1"

    page = easel.browser().get(f"{easel.url}{path}", allow_redirects=False, timeout=30)
    twin = easel.browser().get(f"{easel.url}{path}.json", allow_redirects=False, timeout=30)

    assert page.status_code == 302
    assert page.headers["Location"].endswith(f"/login?next={path}")
    assert twin.status_code == 401


def test_nothing_of_hostile_text_runs(easel):
    browser = sign_in(easel, "hostile")
    twin = browser.get(f"{easel.url}/submissions.json", timeout=30).json()["data"]

    for row in twin[:12]:
        path = f"/courses/{row['course_id']}/assignments/{row['assignment_id']}"
        page = browser.get(f"{easel.url}{path}", timeout=30)

        assert page.status_code == 200
        main = page.text.partition("<main")[2]
        assert not re.search(r"<script|<iframe|<img|<style|\son\w+=|javascript:", tags(main), re.I)


def tags(text):
    """The tags alone: what is escaped is no tag."""
    return " ".join(re.findall(r"<[^>]*>", text))


def test_teacher_is_led_to_speedgrader(easel):
    page = sign_in(easel, "teacher").get(
        f"{easel.url}{work(easel, 'Photosynthesis worksheet')}", timeout=30
    )

    text = words(page.text)
    assert "Open SpeedGrader" in text
    assert "To grade" in text
    assert "Your work" not in text


def test_page_stands_while_the_submission_does_not_come(easel, canvas):
    path = work(easel, "Essay: why we age")
    browser = sign_in(easel, "dozen")
    fault = {"method": "GET", "path": f"/api/v1{path}/submissions/self", "kind": "html"}
    canvas.control(faults=[fault | {"times": None}])

    page = browser.get(f"{easel.url}{path}", timeout=30)
    twin = browser.get(f"{easel.url}{path}.json", timeout=30).json()

    assert page.status_code == 200
    assert "Not everything is here" in page.text
    assert "21 / 25" in words(page.text)
    assert twin["complete"] is False


@pytest.mark.parametrize("who", ["dozen", "ta"])
def test_work_of_a_course_that_is_over_for_the_person(easel, who):
    """The course itself no longer says which role the person had in it."""
    path = f"{easel.url}{work(easel, 'Essay: why we age')}.json"
    end_enrollments(easel.canvas, who, 4101)

    twin = sign_in(easel, who, path="/login?next=/account").get(path, timeout=30).json()

    assert twin["complete"] is True, twin["sources"]
    assert (twin["teaching"] is not None) == (who == "ta")
    assert [row["score"] for row in twin["data"]] == ([21] if who == "dozen" else [])
    assert [len(row["attempts"]) for row in twin["data"]] == ([1] if who == "dozen" else [])
