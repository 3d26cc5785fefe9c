"""Missing work without a date, old, or part of a discussion is the same on every page."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import time_machine

from .conftest import RunningEasel, StartEasel, sign_in

KEYS = {"confidential": "none", "scoped": "auto"}
"""Developer keys with their scopes; Canvas drops the includes of the second."""
PORTFOLIO = "Portfolio of the term"  # undated
DISCUSSION = "Discussion: should we edit genes?"  # in two parts


@pytest.fixture(params=KEYS)
def easel(start_easel: StartEasel, request: pytest.FixtureRequest) -> RunningEasel:
    return start_easel(key=request.param, scopes=KEYS[request.param], cache_seconds=0)


@pytest.fixture
def browser(easel: RunningEasel) -> requests.Session:
    return sign_in(easel, "dozen", path="/login?next=/account")


def twin(easel: RunningEasel, browser: requests.Session, path: str) -> dict[str, Any]:
    body: dict[str, Any] = browser.get(f"{easel.url}/{path}", timeout=60).json()
    return body


def missing(easel: RunningEasel, browser: requests.Session) -> dict[str, list[str]]:
    """The titles that each page calls missing, by page."""
    return {
        "dashboard": sorted(
            row["title"] for row in twin(easel, browser, "dashboard.json")["missing"]
        ),
        "upcoming": sorted(
            row["title"] for row in twin(easel, browser, "upcoming.json?show=missing")["data"]
        ),
    }


def mark(easel: RunningEasel, row: dict[str, Any], **submission: str) -> None:
    """Let the teacher change the student's submission."""
    student = easel.canvas.person("dozen")["id"]
    path = f"/api/v1/courses/{row['course_id']}/assignments/{row['assignment_id']}"
    answer = requests.put(
        f"{easel.canvas.url}{path}/submissions/{student}",
        json={"submission": submission},
        headers={"Authorization": f"Bearer {easel.canvas.token('teacher')}"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text


def test_graded_zero_is_nowhere_missing(easel: RunningEasel, browser: requests.Session) -> None:
    """Nor is old work, about which the planner that was read says nothing."""
    ledger = twin(easel, browser, "submissions.json")["data"]
    found = missing(easel, browser)

    wanted = sorted(row["title"] for row in ledger if row["status"] == "missing")
    assert found == {"dashboard": wanted, "upcoming": wanted}
    graded = [row for row in ledger if row["status"] == "graded" and row["missing"]]
    assert graded, "a zero that was entered for missing work"


def test_undated_work_is_missing_until_it_is_graded(
    easel: RunningEasel, browser: requests.Session
) -> None:
    """A teacher marks it missing by hand, then grades it without removing the mark."""
    rows = twin(easel, browser, "upcoming.json")["data"]
    work = next(row for row in rows if row["title"] == PORTFOLIO)
    mark(easel, work, late_policy_status="missing")
    marked = missing(easel, browser)
    mark(easel, work, late_policy_status="missing", posted_grade="0")

    graded = missing(easel, browser)

    assert all(PORTFOLIO in titles for titles in marked.values()), marked
    assert not any(PORTFOLIO in titles for titles in graded.values()), graded
    assert graded["dashboard"] == graded["upcoming"]


def test_parts_of_a_discussion_are_missing(easel: RunningEasel) -> None:
    """Canvas's list has the whole discussion, without a date; the pages name the missing part."""
    later = timedelta(weeks=3)
    easel.canvas.control(clock={"advance": later.total_seconds()})
    with time_machine.travel(datetime.now(UTC) + later, tick=True):
        browser = sign_in(easel, "dozen", path="/login?next=/account")
        found = missing(easel, browser)
        rows = twin(easel, browser, "upcoming.json")["data"]

    assert found["dashboard"] == found["upcoming"]
    assert [title for title in found["dashboard"] if DISCUSSION in title] == [
        f"{DISCUSSION} Reply to Topic"
    ]
    assert [(row["type"], row["title"]) for row in rows if DISCUSSION in row["title"]] == [
        ("sub_assignment", f"{DISCUSSION} Reply to Topic"),
        ("sub_assignment", f"{DISCUSSION} Required Replies (2)"),
    ]


def test_discussion_to_grade_is_told_by_its_parts(easel: RunningEasel) -> None:
    later = timedelta(weeks=3)
    easel.canvas.control(clock={"advance": later.total_seconds()})
    with time_machine.travel(datetime.now(UTC) + later, tick=True):
        teacher = sign_in(easel, "teacher", path="/login?next=/account")
        rows = twin(easel, teacher, "dashboard.json")["grading"]

    assert {row["title"] for row in rows if DISCUSSION in row["title"]} == {
        f"{DISCUSSION} Reply to Topic",
        f"{DISCUSSION} Required Replies",
    }
