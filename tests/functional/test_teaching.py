"""The grading queue: every number as the stand-in Canvas has it, for everybody who grades."""

import csv
import io
from typing import Any

import pytest

from tests.conftest import StandIn

from .classes import (
    BIOLOGY,
    PSYCHOLOGY,
    STATISTICS,
    enroll,
    queue,
    raw,
    send,
    students,
    submissions,
    twin,
)
from .conftest import RunningEasel, StartEasel, sign_in

FIELDS = (
    *("course_id", "course_name", "assignment_id", "title", "needs_grading"),
    *("oldest_submitted_at", "late", "graded", "not_submitted", "url"),
)


def told(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that the oracle has too, by assignment, each with what it says."""
    kept = [{name: row[name] for name in FIELDS if name != "course_name"} for row in rows]
    return sorted(kept, key=lambda row: row["assignment_id"])


def expected(canvas: StandIn, courses: list[int], viewer: str = "") -> list[dict[str, Any]]:
    found = [row for course_id in courses for row in queue(canvas, course_id, viewer)]
    return sorted(found, key=lambda row: row["assignment_id"])


@pytest.mark.parametrize(
    ("who", "courses"),
    [
        ("teacher", [BIOLOGY, STATISTICS, 4103]),
        ("bigteacher", [PSYCHOLOGY]),
        ("ta", [BIOLOGY]),  # of one section only
    ],
)
def test_counts_are_canvas_own(
    easel: RunningEasel, canvas: StandIn, who: str, courses: list[int]
) -> None:
    body = twin(easel, who, "/teaching.json")

    assert body["complete"] is True, body["sources"]
    assert told(body["data"]) == expected(canvas, courses, who)
    assert body["total"] == len(body["data"])
    assert all(set(FIELDS) <= set(row) for row in body["data"])
    assert list(body)[-2:] == ["complete", "sources"]
    ages = [row["oldest_submitted_at"] for row in body["data"]]
    assert ages == sorted(ages)


def test_assistant_without_a_limit_sees_every_section(easel: RunningEasel, canvas: StandIn) -> None:
    enroll(canvas, "newcomer", STATISTICS, "TaEnrollment")

    body = twin(easel, "newcomer", "/teaching.json")

    assert told(body["data"]) == expected(canvas, [STATISTICS])


def test_student_here_and_teacher_there(easel: RunningEasel, canvas: StandIn) -> None:
    enroll(canvas, "dozen", PSYCHOLOGY, "TeacherEnrollment")

    body = twin(easel, "dozen", "/teaching.json")

    assert {row["course_id"] for row in body["data"]} == {str(PSYCHOLOGY)}
    assert told(body["data"]) == expected(canvas, [PSYCHOLOGY])


def biology(canvas: StandIn, name: str) -> dict[str, Any]:
    works = raw(canvas, f"courses/{BIOLOGY}/assignments")
    return next(work for work in works if work["name"] == name)


def row_of(body: Any, work: dict[str, Any]) -> Any:
    return next(row for row in body["data"] if row["assignment_id"] == str(work["id"]))


def test_who_does_not_count(easel: RunningEasel, canvas: StandIn) -> None:
    """Excused work, inactive and test students do not; a student in two sections counts once."""
    work = biology(canvas, "Photosynthesis worksheet")
    before = row_of(twin(easel, "teacher", "/teaching.json"), work)
    waiting = [
        row["user_id"]
        for row in submissions(canvas, BIOLOGY)
        if row["assignment_id"] == work["id"] and row["workflow_state"] == "submitted"
    ]
    excused, deactivated, ended, twice, *_ = [id_ for id_ in waiting if id_ > 1000]
    canvas.control(submissions=[{"assignment_id": work["id"], "user_id": excused, "excused": True}])
    rows = students(canvas, BIOLOGY)
    for user_id, task in ((deactivated, "inactivate"), (ended, "conclude")):
        [row] = rows[user_id]
        send(canvas, "DELETE", f"courses/{BIOLOGY}/enrollments/{row['id']}", task=task)
    sections = {row["course_section_id"] for mine in rows.values() for row in mine}
    other = (sections - {rows[twice][0]["course_section_id"]}).pop()
    send(
        canvas,
        "POST",
        f"courses/{BIOLOGY}/enrollments",
        **{
            "enrollment[user_id]": twice,
            "enrollment[type]": "StudentEnrollment",
            "enrollment[course_section_id]": other,
            "enrollment[enrollment_state]": "active",
        },
    )
    canvas.control(
        submissions=[{"assignment_id": work["id"], "user_id": 3999, "workflow_state": "submitted"}]
    )

    body = twin(easel, "teacher", "/teaching.json?again=1")
    fresh = row_of(body, work)

    assert told(body["data"]) == expected(canvas, [BIOLOGY, STATISTICS, 4103])
    assert fresh["needs_grading"] == before["needs_grading"] - 3


def test_handed_in_again_after_the_grade(easel: RunningEasel, canvas: StandIn) -> None:
    """Such work waits, whatever state Canvas stores, and counts as graded too."""
    work = biology(canvas, "Cell structure worksheet")
    changed = {"assignment_id": work["id"], "user_id": 1, "grade_matches": False}
    canvas.control(submissions=[changed])

    body = twin(easel, "teacher", "/teaching.json")

    row = row_of(body, work)
    assert row["needs_grading"] == 1
    assert told(body["data"]) == expected(canvas, [BIOLOGY, STATISTICS, 4103])


def test_anonymous_work_is_counted(easel: RunningEasel, canvas: StandIn) -> None:
    work = biology(canvas, "Photosynthesis worksheet")
    canvas.control(assignments={work["id"]: {"anonymous_grading": True, "post_manually": True}})

    body = twin(easel, "teacher", "/teaching.json")

    assert row_of(body, work)["anonymous"] is True
    assert told(body["data"]) == expected(canvas, [BIOLOGY, STATISTICS, 4103])


def test_unpublished_work_is_not(easel: RunningEasel, canvas: StandIn) -> None:
    work = biology(canvas, "Photosynthesis worksheet")
    canvas.control(assignments={work["id"]: {"published": False}})

    body = twin(easel, "teacher", "/teaching.json")

    assert str(work["id"]) not in {row["assignment_id"] for row in body["data"]}
    assert body["complete"] is True


def test_orders_and_pages(easel: RunningEasel) -> None:
    browser = sign_in(easel, "teacher")

    def rows(query: str) -> Any:
        return browser.get(f"{easel.url}/teaching.json?{query}", timeout=60).json()

    counts = [row["needs_grading"] for row in rows("sort=count")["data"]]
    assert counts == sorted(counts, reverse=True)
    names = [row["course_name"] for row in rows("sort=course")["data"]]
    assert names == sorted(names)
    whole = rows("")
    parts = [rows(f"page={n}&per_page=10")["data"] for n in (1, 2, 3)]
    assert [row for part in parts for row in part] == whole["data"][:30]
    assert [len(part) for part in parts[:2]] == [10, 10]
    assert rows("page=1")["total"] == whole["total"]
    assert len(rows("page=1")["data"]) == min(50, whole["total"])
    assert rows("page=99")["data"] == []
    assert rows("page=0")["data"] == whole["data"]


def test_page_shows_it(easel: RunningEasel) -> None:
    browser = sign_in(easel, "teacher")
    body = browser.get(f"{easel.url}/teaching.json", timeout=60).json()

    page = browser.get(f"{easel.url}/teaching", timeout=60).text
    by_course = browser.get(f"{easel.url}/teaching?group=course", timeout=60).text

    total = sum(row["needs_grading"] for row in body["data"])
    assert f"{total} to grade" in page
    assert "oldest" in page
    assert page.count('class="row queue"') == body["total"]
    assert "speed_grader" in page
    assert "Biology 101" in by_course
    assert by_course.count("<h2 id=") == len({row["course_id"] for row in body["data"]})


def test_table_holds_the_same(easel: RunningEasel) -> None:
    browser = sign_in(easel, "teacher")
    body = browser.get(f"{easel.url}/teaching.json", timeout=60).json()

    text = browser.get(f"{easel.url}/teaching.csv", timeout=60).content.decode("utf-8-sig")

    head, *rows = list(csv.reader(io.StringIO(text)))
    assert head[:3] == ["Course", "Assignment", "To grade"]
    assert [(row[1], row[2], row[5], row[6]) for row in rows] == [
        (each["title"], str(each["needs_grading"]), str(each["graded"]), str(each["not_submitted"]))
        for each in body["data"]
    ]
    assert "# INCOMPLETE" not in text


def test_lost_submissions_are_said(easel: RunningEasel, canvas: StandIn) -> None:
    """A row keeps Canvas's own count if its submissions do not come."""
    path = "*/students/submissions"
    canvas.control(faults=[{"path": path, "kind": "status", "status": 503, "times": None}])
    browser = sign_in(easel, "teacher")

    body = browser.get(f"{easel.url}/teaching.json", timeout=60).json()
    text = browser.get(f"{easel.url}/teaching.csv", timeout=60).text
    page = browser.get(f"{easel.url}/teaching", timeout=60).text

    assert body["complete"] is False
    assert body["data"]
    assert all(row["graded"] is None for row in body["data"])
    assert text.splitlines()[-1].startswith("# INCOMPLETE")
    assert "Not everything is here" in page
    assert "about" in page


def test_who_teaches_nothing(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")

    assert "You teach no course now" in browser.get(f"{easel.url}/teaching", timeout=60).text
    body = browser.get(f"{easel.url}/teaching.json", timeout=60).json()
    assert (body["data"], body["total"], body["complete"]) == ([], 0, True)


def test_scoped_key_without_includes(start_easel: StartEasel, canvas: StandIn) -> None:
    """No number of the queue depends on an include."""
    easel = start_easel(key="scoped", scopes="auto")

    body = twin(easel, "teacher", "/teaching.json")

    assert told(body["data"]) == expected(canvas, [BIOLOGY, STATISTICS, 4103])


def test_menu_leads_there_for_teachers_only(easel: RunningEasel) -> None:
    taught, studied = sign_in(easel, "teacher"), sign_in(easel, "dozen")
    for browser in (taught, studied):
        assert browser.get(f"{easel.url}/courses", timeout=60).ok

    assert 'href="/teaching"' in taught.get(f"{easel.url}/account", timeout=30).text
    assert 'href="/teaching"' not in studied.get(f"{easel.url}/account", timeout=30).text
