"""Easel lists exactly what Canvas has, with lists of ten rows a page: nothing missing or twice."""

import html
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from .conftest import sign_in

STATES = [("state[]", state) for state in ("unpublished", "available", "completed")]


def read(canvas, who: str, path: str, *query: tuple[str, str]) -> list[dict[str, Any]]:
    """Read a list of Canvas by its next links, without Easel's client."""
    url = f"{canvas.url}/api/v1/{path}?{urlencode([('per_page', '100'), *query])}"
    headers = {"Authorization": f"Bearer {canvas.token(who)}"}
    rows: list[dict[str, Any]] = []
    while url:
        answer = requests.get(url, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        rows += answer.json()
        url = answer.links.get("next", {}).get("url")
    return rows


@pytest.fixture
def small_pages(canvas):
    canvas.control(settings={"api_max_per_page": 10})
    return canvas


def twin(browser: requests.Session, easel, name: str) -> dict[str, Any]:
    body = browser.get(f"{easel.url}/{name}.json", timeout=60).json()
    assert body["complete"], body["sources"]
    assert {source["status"] for source in body["sources"]} == {"fresh"}
    return body


def key(row: dict[str, Any]) -> tuple[str, str]:
    """Return what identifies an item: the work behind it, or its kind and id."""
    work = row.get("assignment_id")
    return ("work", work) if work else (row["type"], row["id"])


def planned_key(row: dict[str, Any]) -> tuple[str, str]:
    """Return the same for a planner item as Canvas sends it."""
    kind, thing = row["plannable_type"], row["plannable"]
    work = row["plannable_id"] if kind == "assignment" else thing.get("assignment_id")
    return ("work", str(work)) if work else (kind, str(row["plannable_id"]))


def test_every_planner_item_is_upcoming_once(easel, small_pages):
    now, reach = datetime.now(UTC), timedelta(days=60)
    window = {"start_date": f"{now - reach:%F}", "end_date": f"{now + reach:%F}"}
    planned = read(small_pages, "busy", "planner/items", *window.items())
    assert len(planned) == 260

    body = twin(sign_in(easel, "busy"), easel, "upcoming")

    listed = Counter(key(row) for row in body["data"])
    assert listed == Counter(planned_key(row) for row in planned)
    assert max(listed.values()) == 1
    assert body["standing"]["up_to_date"] == body["standing"]["of"]


def test_every_course_is_listed_once(easel, small_pages):
    for who, count in (("busy", 37), ("many", 137)):
        known = read(small_pages, who, "courses", *STATES)
        assert len(known) == count

        body = twin(sign_in(easel, who), easel, "courses")

        assert Counter(row["id"] for row in body["data"]) == Counter(str(c["id"]) for c in known)


def test_every_submission_is_listed_once(easel, small_pages):
    known = [
        str(row["id"])
        for course in read(small_pages, "busy", "courses", *STATES)
        for row in read(small_pages, "busy", f"courses/{course['id']}/students/submissions")
    ]
    assert len(known) == 37 * 7

    body = twin(sign_in(easel, "busy"), easel, "submissions")

    assert Counter(row["id"] for row in body["data"]) == Counter(known)


def test_dashboard_has_all_of_the_week(easel, small_pages):
    missing = read(
        small_pages,
        "busy",
        "users/self/missing_submissions",
        ("filter[]", "submittable"),
        ("filter[]", "current_grading_period"),
    )
    now, reach = datetime.now(UTC), timedelta(days=60)
    window = {"start_date": f"{now - reach:%F}", "end_date": f"{now + reach:%F}"}
    planned = read(small_pages, "busy", "planner/items", *window.items())
    body = twin(sign_in(easel, "busy"), easel, "dashboard")

    assert {row["assignment_id"] for row in body["missing"]} >= {str(a["id"]) for a in missing}
    assert max(Counter(key(row) for row in body["missing"]).values()) == 1
    days = {day["date"]: day["rows"] for day in body["days"]}
    shown = Counter(key(row) for rows in days.values() for row in rows)
    # The person lives in Amsterdam; what is due a minute to midnight in Denver is due at 7:59.
    expected = Counter(
        planned_key(row) for row in planned if min(days) <= row["plannable_date"][:10] <= max(days)
    )
    assert shown == expected


@pytest.mark.parametrize("name", ["", "courses", "upcoming", "submissions"])
def test_pages_show_every_row(easel, small_pages, name):
    browser = sign_in(easel, "busy")
    rows = twin(browser, easel, name or "dashboard")["data"]

    pieces = [html.unescape(browser.get(f"{easel.url}/{name}", timeout=60).text)]
    assert ("Everything is up to date as of" if name else "Updated <time") in pieces[0]
    if not name:  # the start page shows some courses and links to all of them
        assert 'href="/courses"' in pieces[0].partition("<main")[2]
        pieces.append(html.unescape(browser.get(f"{easel.url}/courses", timeout=60).text))
    while further := re.search(rf'href="(/{name}\?[^"]*page={len(pieces) + 1})"', pieces[-1]):
        pieces.append(html.unescape(browser.get(easel.url + further[1], timeout=60).text))

    page = "".join(pieces)
    assert [row for row in rows if (row.get("title") or row["name"]) not in page] == []


@pytest.mark.parametrize("change", ["remove", "add"])
def test_changing_list_says_so(start_easel, small_pages, change):
    """A course ends, or a new one comes, between two pages of the list, so a row may be missing."""
    easel = start_easel(cache_seconds=0)
    browser = sign_in(easel, "busy")
    small_pages.control(drift={"path": "/api/v1/courses", change: 1, "after_page": 1})

    body = browser.get(f"{easel.url}/dashboard.json", timeout=30).json()

    assert body["complete"] is False
    moved = [source for source in body["sources"] if source["status"] == "partial"]
    assert moved
    assert "list changed" in " ".join(source["detail"] for source in moved)


def test_empty_last_page_says_so(start_easel, canvas):
    """Rows are deleted behind the first page, so the next one is empty and says it is the last."""
    count = len(read(canvas, "dozen", "users/self/missing_submissions"))
    assert count > 1
    easel = start_easel(cache_seconds=0)
    browser = sign_in(easel, "dozen")
    canvas.control(
        settings={"api_max_per_page": count - 1},
        drift={"path": "*/missing_submissions", "remove": 1, "place": count - 1, "after_page": 1},
    )

    page = browser.get(f"{easel.url}/", timeout=30).text

    assert "Not everything is here" in page
    assert "list changed while it was read: its last page came empty." in page
