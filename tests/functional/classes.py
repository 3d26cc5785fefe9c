"""What the stand-in Canvas says about a class, to compare with every number on a page.

It is read with an administrator's token, so that it does not depend on the rights of Easel's
viewer.
"""

from collections.abc import Iterator
from typing import Any

import requests

from tests.conftest import StandIn

from .conftest import RunningEasel, sign_in

BIOLOGY, STATISTICS, PSYCHOLOGY = 4101, 4102, 4301


def raw(canvas: StandIn, path: str, who: str = "admin", **params: Any) -> list[Any]:
    """Return all rows of a list."""
    found: list[Any] = []
    url: str | None = f"{canvas.url}/api/v1/{path}"
    query: dict[str, Any] | None = {"per_page": 100} | params
    headers = {"Authorization": f"Bearer {canvas.token(who)}"}
    while url:
        answer = requests.get(url, query, headers=headers, timeout=60)
        assert answer.ok, (url, answer.text)
        found += answer.json()
        url, query = answer.links.get("next", {}).get("url"), None
    return found


def send(canvas: StandIn, method: str, path: str, who: str = "admin", **data: Any) -> Any:
    headers = {"Authorization": f"Bearer {canvas.token(who)}"}
    url = f"{canvas.url}/api/v1/{path}"
    answer = requests.request(method, url, data=data, headers=headers, timeout=30)
    assert answer.ok, answer.text
    return answer.json()


def enroll(canvas: StandIn, who: str, course_id: int, kind: str) -> None:
    """Enroll a person in a course as active."""
    send(
        canvas,
        "POST",
        f"courses/{course_id}/enrollments",
        **{
            "enrollment[user_id]": canvas.person(who)["id"],
            "enrollment[type]": kind,
            "enrollment[enrollment_state]": "active",
        },
    )


def students(canvas: StandIn, course_id: int, viewer: str = "") -> dict[int, list[dict[str, Any]]]:
    """Return the active students with their enrollments, limited to a named viewer's sections."""
    rows = raw(canvas, f"courses/{course_id}/enrollments", **{"state[]": "active"})
    limit = None
    if viewer:
        mine = [row for row in rows if row["user_id"] == canvas.person(viewer)["id"]]
        staff = [row for row in mine if row["type"] in ("TeacherEnrollment", "TaEnrollment")]
        if staff and all(row["limit_privileges_to_course_section"] for row in staff):
            limit = {row["course_section_id"] for row in staff}
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        if row["type"] == "StudentEnrollment" and (
            limit is None or row["course_section_id"] in limit
        ):
            found.setdefault(row["user_id"], []).append(row)
    return found


def submissions(canvas: StandIn, course_id: int) -> list[dict[str, Any]]:
    path = f"courses/{course_id}/students/submissions"
    return raw(canvas, path, **{"student_ids[]": "all"})


def waiting(row: dict[str, Any]) -> bool:
    if row["excused"]:
        return False
    return (
        row["workflow_state"] in ("submitted", "pending_review")
        or row["grade_matches_current_submission"] is False
    )


def queue(canvas: StandIn, course_id: int, viewer: str = "") -> Iterator[dict[str, Any]]:
    """Return the rows that a course has in the grading queue."""
    active = students(canvas, course_id, viewer)
    by_work: dict[int, list[dict[str, Any]]] = {}
    for row in submissions(canvas, course_id):
        if row["user_id"] in active:
            by_work.setdefault(row["assignment_id"], []).append(row)
    for work in raw(canvas, f"courses/{course_id}/assignments"):
        rows = by_work.get(work["id"], [])
        mine = [row for row in rows if waiting(row)]
        if mine and work["published"]:
            yield {
                "course_id": str(course_id),
                "assignment_id": str(work["id"]),
                "title": work["name"],
                "needs_grading": len(mine),
                "oldest_submitted_at": min(row["submitted_at"] for row in mine),
                "late": sum(row["late"] for row in mine),
                "graded": sum(row["score"] is not None for row in rows),
                "not_submitted": sum(
                    row["submitted_at"] is None and row["score"] is None and not row["excused"]
                    for row in rows
                ),
                "url": work["speed_grader_url"],
            }


def twin(easel: RunningEasel, who: str, path: str) -> Any:
    """Sign in and return the body of a twin."""
    return sign_in(easel, who).get(f"{easel.url}{path}", timeout=60).json()
