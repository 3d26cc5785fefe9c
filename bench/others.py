"""The clients to compare Easel's with: canvasapi, and a plain loop over requests."""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from canvasapi.account import Account
from canvasapi.course import Course
from canvasapi.requester import Requester


@contextmanager
def plain_session(token: str) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        yield session


def plain_rows(url: str, token: str, path: str, pages: int = 0) -> int:
    """Follow ``next`` links with one session and return the number of rows.

    ``pages`` stops after so many pages of 100; 0 reads the whole list.
    """
    rows = 0
    with plain_session(token) as session:
        target: str | None = f"{url}{path}?per_page=100"
        while target and (not pages or rows < 100 * pages):
            answer = session.get(target, timeout=30)
            answer.raise_for_status()
            rows += len(answer.json())
            target = answer.links.get("next", {}).get("url")
    return rows


def plain_calls(url: str, token: str, targets: list[str]) -> None:
    """Call these targets one after another."""
    with plain_session(token) as session:
        for target in targets:
            answer = session.get(url + target, timeout=30)
            answer.raise_for_status()
            json.loads(answer.content)


def requester(url: str, token: str) -> Requester:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of plain http even on loopback
        return Requester(url, token)


def canvasapi_users(url: str, token: str, pages: int = 0) -> int:
    """Return the number of rows of the numbered list, or of its first ``pages`` pages of 100."""
    users = Account(requester(url, token), {"id": 1}).get_users(per_page=100)
    return sum(1 for _ in (users[: 100 * pages] if pages else users))


def canvasapi_enrollments(url: str, token: str) -> int:
    """Return the number of rows of the bookmark list."""
    course = Course(requester(url, token), {"id": 900})
    return sum(1 for _ in course.get_enrollments(per_page=100))


def canvasapi_matrix(url: str, token: str, course_id: int) -> int:
    """Read a class as canvasapi does: its assignments, students, and everybody's submissions."""
    course = Course(requester(url, token), {"id": course_id})
    works = list(course.get_assignments(per_page=100))
    enrolled = course.get_enrollments(type=["StudentEnrollment"], per_page=100)
    students = {row.user_id for row in enrolled}
    known = {work.id for work in works}
    rows = course.get_multiple_submissions(student_ids=["all"], per_page=100)
    return sum(row.user_id in students and row.assignment_id in known for row in rows)


def canvasapi_calls(url: str, token: str, targets: list[str]) -> None:
    """Call these targets one after another."""
    asked: Any = requester(url, token)
    for target in targets:
        asked.request("GET", _url=url + target).json()
