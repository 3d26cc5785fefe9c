"""A course that shows letters: graded work has its letter, and students see no number."""

import csv
import html
import io
import re

import pytest

from .conftest import sign_in
from .test_feed import fetch, make_feed
from .walk import without_moments

CHEMISTRY = 4107
NUMBERS = {
    *("score", "entered_score", "points_deducted", "points_possible", "weight", "share"),
    *("grade_score", "current", "final", "earned", "possible", "percent", "contribution"),
    "statistics",
}


def text(page):
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.partition("<main")[2])).split())


def numbers(value, name=""):
    """Return every number of a twin that is points or a total, with its name."""
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in numbers(inner, key)]
    if isinstance(value, list):
        return [found for inner in value for found in numbers(inner, name)]
    return [(name, value)] if name in NUMBERS and value is not None else []


def rows_of(value, course_id):
    """The objects of a twin that belong to a course."""
    if isinstance(value, dict):
        inner = [row for each in value.values() for row in rows_of(each, course_id)]
        return [value, *inner] if value.get("course_id") == str(course_id) else inner
    if isinstance(value, list):
        return [row for each in value for row in rows_of(each, course_id)]
    return []


@pytest.fixture(params=[True, False], ids=["scheme", "default"])
def letters(easel, request):
    """Return Chemistry, once with a grading scheme of its own and once without."""
    easel.canvas.control(courses={CHEMISTRY: {"grading_standard": request.param}})
    return sign_in(easel, "dozen", path="/login?next=/account")


def test_student_sees_letters_and_no_number(easel, letters):
    """18 of 20 is 90 %: an A-; 16.5 of 20 is 82.5 %: a B-; both together are 86.25 %: a B."""
    base = f"{easel.url}/courses/{CHEMISTRY}"
    grades = letters.get(f"{base}/grades.json", timeout=30).json()
    course = letters.get(f"{base}.json", timeout=30).json()
    ledger = letters.get(f"{easel.url}/submissions.json", timeout=30).json()
    courses = letters.get(f"{easel.url}/courses.json", timeout=30).json()

    assert (grades["state"], grades["canvas"]["current_grade"]) == ("letter", "B")
    (card,) = [row for row in courses["data"] if row["id"] == str(CHEMISTRY)]
    assert (card["grade"], card["grade_state"], card["letters_only"]) == ("B", "letter", True)
    for body in (grades, course, ledger):
        rows = rows_of(body, CHEMISTRY)
        found = {row["title"]: row["grade"] for row in rows if row.get("grade")}
        assert found == {"Titration 1": "A-", "Titration 2": "B-"}
        assert {row["status"] for row in rows if row.get("grade")} == {"graded"}
        assert numbers(rows) == []
    assert numbers(card) == numbers(grades["canvas"]) == []
    assert {name for name, _ in numbers(grades["groups"])} <= {"weight"}, "the course's own rule"
    page = text(letters.get(f"{base}/grades", timeout=30).text)
    assert "A-" in page
    assert "B-" in page
    shown = without_moments(page.partition("How it comes")[0])
    assert not re.search(r"%|\b(18|16\.5|20|86\.25|90|82\.5)\b", shown)


def test_pages_of_one_piece_of_work(easel, letters):
    rows = letters.get(f"{easel.url}/courses/{CHEMISTRY}.json", timeout=30).json()["data"]
    number = next(row["assignment_id"] for row in rows if row["title"] == "Titration 1")
    path = f"{easel.url}/courses/{CHEMISTRY}/assignments/{number}"

    twin = letters.get(f"{path}.json", timeout=30).json()
    page = letters.get(path, timeout=30).text

    (row,) = twin["data"]
    assert (row["grade"], row["attempts"][0]["grade"]) == ("A-", "A-")
    assert numbers(twin) == []
    assert "A-" in text(page)
    assert "points" not in text(page)


def test_lists_of_the_week_and_tables(easel, letters):
    board = letters.get(f"{easel.url}/dashboard.json", timeout=30).json()
    week = letters.get(f"{easel.url}/upcoming.json", timeout=30).json()
    table = letters.get(f"{easel.url}/submissions.csv", timeout=30).text

    rows = rows_of([board, week], CHEMISTRY)
    assert numbers(rows) == []
    assert {row["grade"] for row in rows if row.get("status") == "graded"} == {"A-", "B-"}
    lines = [row for row in csv.DictReader(io.StringIO(table)) if "Titration" in row["Assignment"]]
    assert sorted(row["Grade"] for row in lines) == ["", "", "A-", "B-"]
    for name in ("Score", "Points deducted", "Points possible"):
        assert {row[name] for row in lines} == {""}


def test_teachers_keep_the_points(easel):
    """The course's flag is set for them too, but it applies only to students and observers."""
    easel.canvas.control(courses={4101: {"restrict_quantitative_data": True}})
    for who, shown in (("teacher", True), ("ta", True), ("dozen", False), ("observer", False)):
        browser = sign_in(easel, who, path="/login?next=/account")

        body = browser.get(f"{easel.url}/courses/4101.json", timeout=30).json()

        assert body["course"]["letters_only"] is not shown
        points = {row["points_possible"] for row in body["data"]}
        assert (points != {None}) is shown, who
        (row,) = [row for row in body["data"] if row["title"] == "Essay: why we age"]
        path = f"{easel.url}/courses/4101/assignments/{row['assignment_id']}.json"
        work = browser.get(path, timeout=30).json()
        assert (work["assignment"]["points_possible"] == 25) is shown
        assert {rated["points_possible"] for rated in work["rubric"]} == (
            {5, 10} if shown else {None}
        )


def test_feed_tells_no_points(easel):
    easel.canvas.control(courses={4101: {"restrict_quantitative_data": True}})
    for who in ("dozen", "observer"):
        browser = sign_in(easel, who, path="/login?next=/account")
        calendar = fetch(make_feed(easel, browser)).text.replace("\r\n ", "")

        entries = [e for e in calendar.split("BEGIN:VEVENT") if "Biology 101" in e]
        assert entries
        assert not [entry for entry in entries if "points" in entry]
