"""Work that is easily called two things stands on Home, Upcoming and the ledger in one place."""

import html
import re
from typing import Any

import pytest
import requests

from .conftest import RunningEasel, StartEasel, last_view, sign_in

BACK = "Enzyme kinetics problem set"  # sent back by the teacher
AGAIN = "Punnett squares"  # handed in again since its grade
CLOSED = "Reading response 4"  # missing, and no longer taken


@pytest.fixture
def easel(start_easel: StartEasel) -> RunningEasel:
    return start_easel(cache_seconds=0)


@pytest.fixture
def browser(easel: RunningEasel) -> requests.Session:
    return sign_in(easel, "dozen", path="/login?next=/account")


def twin(easel: RunningEasel, browser: requests.Session, path: str) -> dict[str, Any]:
    body: dict[str, Any] = browser.get(f"{easel.url}/{path}", timeout=60).json()
    return body


def titles(part: str) -> list[str]:
    return re.findall(r'<(?:a|span) class="name[^>]*>([^<]*)<', part)


def list_of(page: str, id_: str) -> list[str]:
    """The titles in the section or fold with this id."""
    return titles(page.partition(f'id="{id_}"')[2].partition("<section")[0])


def shown(easel: RunningEasel, browser: requests.Session, path: str) -> str:
    return html.unescape(last_view(browser.get(f"{easel.url}/{path}", timeout=60).text))


def number(page: str, tab: str) -> int:
    """The count of a tab."""
    return int(re.findall(rf'data-tab="{tab}".*?<strong>(\d+)</strong>', page, re.S)[0])


def grade(easel: RunningEasel, row: dict[str, Any], **body: dict[str, str]) -> None:
    """Let the teacher change the student's submission."""
    student = easel.canvas.person("dozen")["id"]
    path = f"/api/v1/courses/{row['course_id']}/assignments/{row['assignment_id']}"
    answer = requests.put(
        f"{easel.canvas.url}{path}/submissions/{student}",
        json=body,
        headers={"Authorization": f"Bearer {easel.canvas.token('teacher')}"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text


def rows_of(
    easel: RunningEasel, browser: requests.Session
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Home's twin, and the rows of Upcoming and of the ledger by title."""
    upcoming = twin(easel, browser, "upcoming.json")["data"]
    upcoming = [row for row in upcoming if row["type"] != "assessment_request"]
    ledger = twin(easel, browser, "submissions.json")["data"]
    by_title = ({row["title"]: row for row in rows} for rows in (upcoming, ledger))
    return twin(easel, browser, "dashboard.json"), *by_title


def test_four_doubtful_pieces_of_work(easel: RunningEasel, browser: requests.Session) -> None:
    """Sent back, handed in again and graded, closed and missing, graded 0 as missing."""
    _, upcoming, ledger = rows_of(easel, browser)
    again = upcoming[AGAIN]
    grade(easel, again, submission={"posted_grade": "9"})
    zero = next(row for row in ledger.values() if row["status"] == "graded" and row["missing"])

    home, upcoming, ledger = rows_of(easel, browser)

    wanted = {
        BACK: "redo_requested",
        AGAIN: "graded",
        CLOSED: "missing",
        zero["title"]: "graded",
    }
    for rows in (upcoming, ledger):
        assert {title: rows[title]["status"] for title in wanted} == wanted
    for title, row in ledger.items():
        if title in upcoming:
            assert row["status"] == upcoming[title]["status"], title
    missing = {row["title"] for row in home["missing"]}
    assert CLOSED in missing
    assert missing == {title for title, row in ledger.items() if row["status"] == "missing"}
    news = [row["title"] for row in home["new_grades"]]
    assert {BACK, AGAIN} <= {*news}

    page, week = shown(easel, browser, ""), shown(easel, browser, "upcoming")
    needs, _, closed = page.partition('id="needs"')[2].partition('data-count="closed"')
    assert titles(needs)[0] == BACK
    assert {title for title in missing if not ledger[title]["can_submit"]} == {
        *titles(closed.partition("<section")[0])
    }
    assert titles(week).count(BACK) == 1
    assert CLOSED in list_of(week, "overdue")
    for path, id_ in (("?show={}", "shown"), ("upcoming?show={}", "overdue")):
        listed = {name: shown(easel, browser, path.format(name)) for name in ("missing", "grades")}
        assert sorted(list_of(listed["missing"], id_)) == sorted(missing)
        assert number(listed["missing"], "missing") == number(page, "missing") == len(missing)
        assert number(listed["grades"], "grades") == number(page, "grades") == len(news)
        assert "Canvas calls 1 more missing" in listed["missing"]


def test_feedback_without_a_grade_is_news(easel: RunningEasel, browser: requests.Session) -> None:
    """A teacher's comment stands among the new grades and is counted there, whoever wrote since."""
    before, _, ledger = rows_of(easel, browser)
    here = [row for row in ledger.values() if row["course_id"] == ledger[BACK]["course_id"]]
    work = next(row for row in here if row["status"] == "submitted")
    old = next(
        row
        for row in here
        if row["status"] == "graded" and row["title"] not in titles_of(before["new_grades"])
    )
    assert "Grades and feedback" not in shown(easel, browser, "?show=due").partition("</ul>")[0]

    grade(easel, work, comment={"text_comment": "A promising outline.\nGo on."})
    grade(easel, old, comment={"text_comment": "See me about this."})

    home, upcoming, _ = rows_of(easel, browser)
    assert {*titles_of(home["new_grades"])} - {*titles_of(before["new_grades"])} == {
        work["title"],
        old["title"],
    }
    assert upcoming[work["title"]]["status"] == "submitted"
    assert titles_of(twin(easel, browser, "upcoming.json?show=grades")["data"]) == titles_of(
        home["new_grades"]
    )
    for path in ("?show=grades", "upcoming?show=grades"):
        page = shown(easel, browser, path)
        assert "A promising outline." in page
        assert "See me about this." in page
        assert number(page, "grades") == len(home["new_grades"])
        assert re.search(r"<strong>\d+</strong><span>Grades and feedback", page)
    assert "1 new comment" in shown(easel, browser, "")


def titles_of(rows: list[dict[str, Any]]) -> list[str]:
    return [row["title"] for row in rows]
