"""What teachers find on the start page and by search."""

import re
from datetime import datetime, timedelta

import requests

from tests.conftest import StandIn

from .classes import BIOLOGY, STATISTICS, enroll, queue, raw, students, submissions
from .conftest import RunningEasel, last_view, sign_in

NOTHING = ({"none"}, {"not_graded"}, {"on_paper"}, {"wiki_page"})


def heading(page: str) -> str:
    [*_, found] = re.findall("<h1>(.*?)</h1>", page, re.S)
    return " ".join(re.sub("<[^>]*>", "", found).split())


def tile(page: str, label: str) -> int:
    """Return the count of the tile with this label."""
    for found in re.findall(r'<a class="tile.*?</a>', last_view(page), re.S):
        if label in found:
            return int(re.search(r"(\d+)</strong>", found)[1])  # type: ignore[index]
    raise AssertionError(f"no tile {label}")


def not_handed_in(canvas: StandIn, course_id: int) -> int:
    """Of what was due in the last 14 days."""
    now = datetime.now().astimezone()
    active, due = students(canvas, course_id), set()
    for work in raw(canvas, f"courses/{course_id}/assignments"):
        at = datetime.fromisoformat(work["due_at"]) if work["due_at"] else None
        lately = at is not None and now - timedelta(days=14) <= at <= now
        if lately and work["published"] and set(work["submission_types"]) not in NOTHING:
            due.add(work["id"])
    return sum(
        row["assignment_id"] in due
        and row["user_id"] in active
        and not row["submitted_at"]
        and row["score"] is None
        and not row["excused"]
        for row in submissions(canvas, course_id)
    )


def test_start_page_says_what_waits(easel: RunningEasel, canvas: StandIn) -> None:
    rows = [row for course in (BIOLOGY, STATISTICS, 4103) for row in queue(canvas, course)]
    oldest = min(datetime.fromisoformat(row["oldest_submitted_at"]) for row in rows)
    days = (datetime.now().astimezone() - oldest).days
    total = sum(row["needs_grading"] for row in rows)

    page = sign_in(easel, "teacher").get(easel.url, timeout=60).text

    assert heading(page) == f"{total} to grade, oldest {days} days."
    assert tile(page, "To grade") == total
    assert tile(page, "oldest has waited") == days
    lacking = sum(not_handed_in(canvas, course) for course in (BIOLOGY, STATISTICS, 4103))
    assert tile(page, "Not handed in") == lacking
    whole = last_view(page)
    assert whole.count('class="row queue"') == 6
    assert 'href="/teaching"' in page


def test_student_who_teaches_has_both(easel: RunningEasel, canvas: StandIn) -> None:
    enroll(canvas, "dozen", STATISTICS, "TaEnrollment")
    page = sign_in(easel, "dozen").get(easel.url, timeout=60).text

    total = sum(row["needs_grading"] for row in queue(canvas, STATISTICS))
    assert tile(page, "To grade") == total
    assert heading(page).startswith(f"{total} to grade")
    assert page.index('id="grading"') < page.index('id="week"')


def test_student_sees_no_queue(easel: RunningEasel) -> None:
    page = sign_in(easel, "dozen").get(easel.url, timeout=60).text

    assert "row queue" not in page
    assert "To grade" not in page


def found(easel: RunningEasel, browser: requests.Session, query: str) -> list[tuple[str, str]]:
    body = browser.get(f"{easel.url}/search.json", params={"q": query}, timeout=60).json()
    return [(row["id"], row["course_id"]) for row in body["data"] if row["type"] == "student"]


def test_search_finds_students(easel: RunningEasel, canvas: StandIn) -> None:
    browser = sign_in(easel, "teacher")
    [row] = students(canvas, BIOLOGY)[1001]
    person = row["user"]

    assert ("1", str(BIOLOGY)) in found(easel, browser, "maya lindq")
    assert ("1", str(BIOLOGY)) in found(easel, browser, "Lindqvist, Maya")
    for query in (person["name"], person["sortable_name"], "student1001", "S1001"):
        assert ("1001", str(BIOLOGY)) in found(easel, browser, query)
    page = browser.get(f"{easel.url}/search", params={"q": "lindqvist"}, timeout=60).text
    assert f"/courses/{BIOLOGY}/students/1" in page


def test_search_finds_nobody_for_others(easel: RunningEasel) -> None:
    """A limited assistant finds the students of their section; students find nobody."""
    studied, limited = sign_in(easel, "dozen"), sign_in(easel, "ta")

    assert found(easel, studied, "lindqvist") == []
    assert found(easel, limited, "lindqvist") == []
    assert found(easel, limited, "student10")
