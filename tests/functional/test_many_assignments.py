"""Courses with more than a hundred assignments: their pages come in pieces, and lack nothing."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
import requests

from tests.conftest import StandIn

from .classes import BIOLOGY, raw
from .conftest import RunningEasel, last_view, sign_in
from .test_weight import MOST_BYTES, MOST_ELEMENTS, elements
from .walk import pieces

pytestmark = pytest.mark.anyday

HERE = f"/courses/{BIOLOGY}"
WORK = re.compile(rf'href="{HERE}/assignments/(\d+)"')
STUDENT = re.compile(rf'href="{HERE}/students/(\d+)"')


@pytest.fixture
def large(canvas: StandIn) -> int:
    """How many published assignments a course of 64 students has."""
    canvas.control(more_work={BIOLOGY: 85})
    return sum(row["published"] for row in raw(canvas, f"courses/{BIOLOGY}/assignments"))


SHELL = 100  # elements of head, header and foot


def light(page: str) -> bool:
    """Whether a page keeps within the limits; one that was streamed is here without its shell."""
    count = elements(page) + (0 if page.startswith("<!doctype") else SHELL)
    return len(page.encode()) <= MOST_BYTES and count <= MOST_ELEMENTS


def test_gradebook_has_pages_of_students_and_of_assignments(
    easel: RunningEasel, canvas: StandIn, large: int
) -> None:
    browser = sign_in(easel, "teacher")
    body = browser.get(f"{easel.url}{HERE}/gradebook.json", timeout=120).json()
    assert len(body["assignments"]) == large >= 110
    students = [row["user_id"] for row in body["data"]]

    first = list(pieces(browser, easel, f"{HERE}/gradebook?period=all"))
    across = [first[0]]
    while link := re.search(r'rel="next" href="([^"]*)">Further assignments', across[-1]):
        url = f"{easel.url}{unescape(link[1])}"
        across.append(last_view(browser.get(url, timeout=60).text))
    for page in (*first, *across):
        assert light(page)
        assert page.count('class="num s-') == shown_cells(body, page)

    assert [id_ for page in across for id_ in WORK.findall(page)] == [
        each["id"] for each in body["assignments"]
    ]
    assert [id_ for page in first for id_ in STUDENT.findall(page)] == students
    assert f"Assignments 1 to {len(WORK.findall(first[0]))} of {large}" in first[0]
    assert f"Students 1 to {len(STUDENT.findall(first[0]))} of {len(students)}" in first[0]


def shown_cells(body: dict[str, Any], page: str) -> int:
    """How many submissions the students and assignments on a page have."""
    columns, rows = set(WORK.findall(page)), set(STUDENT.findall(page))
    mine = (row["cells"] for row in body["data"] if row["user_id"] in rows)
    return sum(len(columns & set(cells)) for cells in mine)


def course_rows(browser: requests.Session, easel: RunningEasel, path: str) -> list[str]:
    body = browser.get(f"{easel.url}{path}.json", timeout=60).json()
    return [row["assignment_id"] for row in body["data"]]


def queue_rows(browser: requests.Session, easel: RunningEasel, path: str) -> list[str]:
    body = browser.get(f"{easel.url}{path}.json", timeout=60).json()
    return [row["assignment_id"] for row in body["data"] if row["course_id"] == str(BIOLOGY)]


@pytest.mark.parametrize(
    ("who", "path", "rows"),
    [
        ("teacher", HERE, course_rows),
        ("dozen", HERE, course_rows),
        ("teacher", f"{HERE}/students/1", course_rows),
        ("teacher", "/teaching", queue_rows),
    ],
)
def test_lists_of_work_come_in_pieces(
    easel: RunningEasel,
    canvas: StandIn,
    large: int,
    who: str,
    path: str,
    rows: Callable[[requests.Session, RunningEasel, str], list[str]],
) -> None:
    browser = sign_in(easel, who)

    found = list(pieces(browser, easel, path))

    assert len(found) > 1
    assert all(map(light, found))
    shown = [id_ for page in found for id_ in WORK.findall(page)]
    assert shown == rows(browser, easel, path)
    assert len(shown) > 45
