"""Once loaded, the gradebook asks only for changes, and sees all of them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.conftest import StandIn

from .classes import BIOLOGY, enroll, raw, send, students, submissions
from .conftest import RunningEasel, StartEasel, last_view, sign_in
from .test_gradebook import oracle, path, told

Row = dict[str, Any]
STUDENTS = "GET /api/v1/courses/:course_id/enrollments"
LISTS = "GET /api/v1/courses/:course_id/students/submissions"


def pick(canvas: StandIn, wanted: Callable[[Row], bool]) -> Row:
    """Return a submission of an active student, other than the first."""
    there = students(canvas, BIOLOGY)
    return next(
        row
        for row in submissions(canvas, BIOLOGY)
        if row["user_id"] in there and row["user_id"] > 1000 and wanted(row)
    )


def of(row: Row) -> str:
    return f"courses/{BIOLOGY}/assignments/{row['assignment_id']}/submissions/{row['user_id']}"


def excuse(canvas: StandIn) -> None:
    row = pick(canvas, lambda row: row["missing"])
    send(canvas, "PUT", of(row), "teacher", **{"submission[excuse]": "true"})


def clear_grade(canvas: StandIn) -> None:
    row = pick(canvas, lambda row: row["score"] and row["posted_at"])
    send(canvas, "PUT", of(row), "teacher", **{"submission[posted_grade]": ""})


def end_enrollment(canvas: StandIn) -> None:
    row = students(canvas, BIOLOGY)[1003][0]
    send(canvas, "DELETE", f"courses/{BIOLOGY}/enrollments/{row['id']}", task="inactivate")


def new_student(canvas: StandIn) -> None:
    enroll(canvas, "newcomer", BIOLOGY, "StudentEnrollment")


def move_due_date(canvas: StandIn) -> None:
    row = pick(canvas, lambda row: row["missing"])
    later = datetime.now(UTC) + timedelta(days=3)
    canvas.control(assignments={row["assignment_id"]: {"due_at": later.isoformat()}})


def hand_in(canvas: StandIn, who: str = "dozen", query: str = "") -> None:
    works = raw(canvas, f"courses/{BIOLOGY}/assignments", "dozen")
    open_one = next(
        work
        for work in works
        if "online_text_entry" in work["submission_types"] and not work["locked_for_user"]
    )
    where = f"courses/{BIOLOGY}/assignments/{open_one['id']}/submissions{query}"
    data = {"submission[submission_type]": "online_text_entry", "submission[body]": "Here it is."}
    send(canvas, "POST", where, who, **data)


def new_grade(canvas: StandIn) -> None:
    row = pick(canvas, lambda row: row["workflow_state"] == "submitted")
    send(canvas, "PUT", of(row), "teacher", **{"submission[posted_grade]": "7"})


@pytest.fixture
def quick(start_easel: StartEasel, monkeypatch: pytest.MonkeyPatch) -> RunningEasel:
    """Run an Easel that asks for changes at each page view, and takes the class for large."""
    monkeypatch.setattr("canvas_app.services.roll_call.ONE_PAGE", 10)
    return start_easel(cache_seconds=0.01)


def view(easel: RunningEasel, browser: requests.Session, query: str = "") -> Any:
    body = browser.get(f"{easel.url}{path()}{query}", timeout=60).json()
    assert body["complete"] is True, body["sources"]
    return body


def asked(canvas: StandIn) -> int:
    return sum(canvas.stats()["calls"].get(LISTS, {}).values())


@pytest.mark.parametrize(
    "change",
    [excuse, clear_grade, end_enrollment, new_student, move_due_date, hand_in, new_grade],
)
def test_change_is_seen_on_the_next_view(
    quick: RunningEasel, canvas: StandIn, change: Callable[[StandIn], None]
) -> None:
    browser = sign_in(quick, "teacher")
    first = view(quick, browser)
    before = oracle(canvas, BIOLOGY)
    assert told(first) == before
    change(canvas)
    after = oracle(canvas, BIOLOGY)
    assert after != before
    calls = asked(canvas)

    second = view(quick, browser)

    assert told(second) == after
    assert first["looked"]["all_at"] == second["looked"]["all_at"] == second["looked"]["since"]
    assert first["looked"]["since"] is None
    # Two lists of changes, and at most one more for changes that they do not show.
    assert 2 <= asked(canvas) - calls <= 3


def test_reload_after_ten_submissions_is_five_calls(quick: RunningEasel, canvas: StandIn) -> None:
    browser = sign_in(quick, "teacher")
    first = view(quick, browser)
    for user_id in range(1001, 1011):
        hand_in(canvas, "admin", f"?as_user_id={user_id}")
    calls = calls_by_route(canvas)

    body = view(quick, browser)

    more = {name: n - calls.get(name, 0) for name, n in calls_by_route(canvas).items()}
    assert sum(more.values()) <= 5, more
    assert told(body) != told(first)
    assert told(body) == oracle(canvas, BIOLOGY)


def calls_by_route(canvas: StandIn) -> dict[str, int]:
    found = canvas.stats()["calls"].items()
    return {name: sum(each.values()) for name, each in found if name.startswith("GET /api/v1/")}


def test_list_of_students_is_read_anew_when_the_class_changed(
    quick: RunningEasel, canvas: StandIn
) -> None:
    """With the totals of a grading period, too: what they were of the course tells."""
    browser = sign_in(quick, "teacher")
    page = browser.get(f"{quick.url}{path(ending='')}", timeout=60).text
    [period] = re.findall(r'<option value="(\d+)" selected>Second half', last_view(page))
    query = f"?period={period}"

    def reload() -> int:
        before = calls_by_route(canvas)[STUDENTS]
        view(quick, browser, query)
        return calls_by_route(canvas)[STUDENTS] - before

    assert [reload() for _ in range(4)] == [1, 0, 0, 0]
    excuse(canvas)
    assert [reload() for _ in range(2)] == [1, 0]
    new_student(canvas)
    assert [reload() for _ in range(2)] == [1, 0]


def test_unlisted_change_is_seen_when_all_is_read(quick: RunningEasel, canvas: StandIn) -> None:
    """A custom status changes no total, count or date; only reading everything shows it."""
    browser = sign_in(quick, "teacher")
    view(quick, browser)
    row = pick(canvas, lambda row: row["score"] and row["posted_at"])
    send(canvas, "PUT", of(row), "teacher", **{"submission[custom_grade_status_id]": "1"})

    page = browser.get(f"{quick.url}{path(ending='')}", timeout=60).text
    body = view(quick, browser, "?retry=all")
    assert body["looked"]["since"] is None

    assert "Changes as of" in last_view(page)
    assert "Read everything again" in last_view(page)
    assert "retry=all" in last_view(page)
    assert told(body) == oracle(canvas, BIOLOGY)
    cell = next(r for r in body["data"] if r["user_id"] == str(row["user_id"]))["cells"]
    assert cell[str(row["assignment_id"])]["status"] == "custom"
    whole = browser.get(f"{quick.url}{path(ending='')}?retry=all", timeout=60).text
    assert "Everything as of" in last_view(whole)
