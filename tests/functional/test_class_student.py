"""A student's page for their teachers: every number as the stand-in Canvas has it, who sees it."""

import csv
import html
import io
import re
from datetime import datetime
from typing import Any

import pytest
import requests

from tests.conftest import StandIn

from .classes import (
    BIOLOGY,
    PSYCHOLOGY,
    STATISTICS,
    enroll,
    raw,
    send,
    students,
    submissions,
    twin,
    waiting,
)
from .conftest import RunningEasel, StartEasel, sign_in
from .test_gradebook import chip

MAYA = 1


def path(user_id: int, ending: str = "", course_id: int = BIOLOGY) -> str:
    return f"/courses/{course_id}/students/{user_id}{ending}"


def works(canvas: StandIn, course_id: int = BIOLOGY) -> dict[int, dict[str, Any]]:
    return {row["id"]: row for row in raw(canvas, f"courses/{course_id}/assignments")}


def rows_of(canvas: StandIn, user_id: int, course_id: int = BIOLOGY) -> list[dict[str, Any]]:
    """The submissions of a student, as an administrator reads them."""
    path = f"courses/{course_id}/students/submissions"
    return raw(canvas, path, **{"student_ids[]": user_id})


def oracle(canvas: StandIn, user_id: int, course_id: int = BIOLOGY) -> dict[str, dict[str, Any]]:
    """What the rows must say, by assignment."""
    known = works(canvas, course_id)
    found = {}
    for row in rows_of(canvas, user_id, course_id):
        work = known[row["assignment_id"]]
        found[str(work["id"])] = {
            "title": work["name"],
            "status": chip(row, work),
            "points_possible": work["points_possible"],
            **{name: row[name] for name in ("score", "grade", "late", "missing")},
            **{name: row[name] for name in ("submitted_at", "graded_at", "posted_at")},
            "excused": bool(row["excused"]),
            "due_at": row["cached_due_date"],
        }
    return found


def told(body: Any) -> dict[str, dict[str, Any]]:
    names = (
        *("title", "status", "points_possible", "score", "grade", "late", "missing", "excused"),
        *("submitted_at", "graded_at", "posted_at", "due_at"),
    )
    return {row["assignment_id"]: {name: row[name] for name in names} for row in body["data"]}


@pytest.mark.parametrize(
    ("who", "course_id", "places"),
    [
        ("teacher", BIOLOGY, (0, 20, 40)),
        ("teacher", STATISTICS, (0,)),
        ("bigteacher", PSYCHOLOGY, (600,)),
        ("ta", BIOLOGY, (0,)),  # of one section only
        ("admin", BIOLOGY, (5,)),  # without an enrollment
    ],
)
def test_numbers_are_canvas_own(
    easel: RunningEasel, canvas: StandIn, who: str, course_id: int, places: tuple[int, ...]
) -> None:
    """Rows as in Canvas, and the same standing as on the roster."""
    everybody = sorted(students(canvas, course_id, "" if who == "admin" else who))
    roster = twin(easel, who, f"/courses/{course_id}/roster.json")["data"]

    for place in places:
        user_id = everybody[place]
        body = twin(easel, who, path(user_id, ".json", course_id))

        assert body["complete"] is True, body["sources"]
        expected = oracle(canvas, user_id, course_id)
        assert told(body) == expected
        assert body["total"] == len(expected)
        [standing] = [row for row in roster if row["user_id"] == str(user_id)]
        assert body["student"] == standing
        assert body["waiting"] == sum(map(waiting, rows_of(canvas, user_id, course_id)))


def test_total_over_time_ends_at_canvas_own(easel: RunningEasel, canvas: StandIn) -> None:
    """There is one total for each day with grades, in order; the last is Canvas's own total."""
    body = twin(easel, "teacher", path(MAYA, ".json"))

    moments = [datetime.fromisoformat(each["at"]) for each in body["history"]]
    posted = {row["posted_at"] for row in rows_of(canvas, MAYA) if row["score"] is not None}
    assert len(moments) > 2
    assert moments == sorted(moments)
    assert {each["at"] for each in body["history"]} <= posted
    last = round(body["history"][-1]["percent"], 2)
    assert last == body["student"]["current_score"]


def test_page_and_table(easel: RunningEasel, canvas: StandIn) -> None:
    browser = sign_in(easel, "teacher")
    body = browser.get(f"{easel.url}{path(MAYA, '.json')}", timeout=60).json()

    page = browser.get(f"{easel.url}{path(MAYA)}", timeout=60).text
    text = browser.get(f"{easel.url}{path(MAYA, '.csv')}", timeout=60).content.decode("utf-8-sig")

    student = body["student"]
    assert re.search(r"<h1>\s*<bdi>Maya Lindqvist</bdi>", page)
    said = f"{student['missing']} missing, {student['late']} late, {body['waiting']} to grade."
    assert f"{body['total']} assignments, {said}" in page
    assert page.count('<th scope="row"><a href="/courses/') == body["total"]
    assert "Over time" in page
    assert f"student_id={MAYA}" in page
    head, *rows = list(csv.reader(io.StringIO(text)))
    assert head[0] == "Assignment"
    assert [(row[0], row[2]) for row in rows] == [
        (each["title"], each["status"].replace("_", " ")) for each in body["data"]
    ]
    assert [row[3] for row in rows] == [
        "" if each["score"] is None else str(each["score"]) for each in body["data"]
    ]


@pytest.mark.parametrize(
    ("show", "field"), [("missing", "missing"), ("late", "late"), ("waiting", "waits")]
)
def test_one_kind_of_work(easel: RunningEasel, show: str, field: str) -> None:
    browser = sign_in(easel, "teacher")
    every = browser.get(f"{easel.url}{path(MAYA, '.json')}", timeout=60).json()

    some = browser.get(f"{easel.url}{path(MAYA, '.json')}?show={show}", timeout=60).json()
    page = browser.get(f"{easel.url}{path(MAYA)}?show={show}", timeout=60).text

    assert some["data"] == [row for row in every["data"] if row[field]]
    assert some["student"] == every["student"]
    assert page.count('<th scope="row"><a href="/courses/') == len(some["data"])


@pytest.mark.parametrize("kind", ["anonymous", "moderated"])
def test_anonymous_work_stays_anonymous(easel: RunningEasel, canvas: StandIn, kind: str) -> None:
    """Page, twin and table neither show nor count submissions to anonymous work."""
    every = submissions(canvas, BIOLOGY)
    late = next(row for row in every if row["late"] and waiting(row) and row["score"] is None)
    user_id = late["user_id"]
    change: dict[str, Any] = {"anonymous_grading": True, "post_manually": True}
    if kind == "moderated":
        change = {"moderated_grading": True}
    before = twin(easel, "teacher", path(user_id, ".json"))
    canvas.control(assignments={late["assignment_id"]: change})
    browser = sign_in(easel, "teacher")

    body = browser.get(f"{easel.url}{path(user_id, '.json')}?retry=all", timeout=60).json()
    page = browser.get(f"{easel.url}{path(user_id)}", timeout=60).text
    table = browser.get(f"{easel.url}{path(user_id, '.csv')}", timeout=60).content.decode(
        "utf-8-sig"
    )

    [row] = [r for r in body["data"] if r["assignment_id"] == str(late["assignment_id"])]
    assert row["status"] == "anonymous"
    untold = ("score", "grade", "late", "missing", "excused", "waits")
    untold += ("submitted_at", "graded_at", "posted_at")
    assert [row[name] for name in untold] == [None] * 9
    assert "student_id" not in row["url"]
    assert body["student"]["late"] == before["student"]["late"] - 1
    assert body["waiting"] == before["waiting"] - 1
    assert body["after_posting"] is None
    shown = re.search(
        rf'<tr><th scope="row"><a href="[^"]*/{late["assignment_id"]}".*?</tr>', page, re.S
    )
    assert shown
    assert "Anonymous" in shown[0]
    assert "Late" not in shown[0]
    assert "without its submission" in page
    [line] = [each for each in csv.reader(io.StringIO(table)) if each[0] == row["title"]]
    assert line[2:9] == ["anonymous", "", "", line[5], "", "", ""]
    assert line[10:13] == ["", "", ""]


@pytest.mark.parametrize("who", ["dozen", "observer"])
def test_people_who_do_not_grade_are_told(easel: RunningEasel, who: str) -> None:
    """Students and observers get a page that says so, and Canvas is not asked about the class."""
    browser = sign_in(easel, who)
    for user_id in (MAYA, 1005):
        for ending in ("", ".json", ".csv"):
            answer = browser.get(f"{easel.url}{path(user_id, ending)}", timeout=60)
            assert answer.status_code == 403
            assert "neither teacher nor" in answer.text
            assert "Lindqvist</bdi>" not in answer.text.partition("<main")[2]
    stranger = browser.get(f"{easel.url}{path(2001, '', PSYCHOLOGY)}", timeout=60)
    assert stranger.status_code == 403


def test_limited_assistant_sees_own_sections(easel: RunningEasel, canvas: StandIn) -> None:
    every, own = set(students(canvas, BIOLOGY)), set(students(canvas, BIOLOGY, "ta"))
    browser = sign_in(easel, "ta")

    for user_id in (min(every - own), 999_999):  # elsewhere, or nowhere: the same answer
        for ending in ("", ".json", ".csv"):
            answer = browser.get(f"{easel.url}{path(user_id, ending)}", timeout=60)
            assert answer.status_code == 403
            assert "your own sections only" in answer.text
    assert browser.get(f"{easel.url}{path(min(own))}", timeout=60).ok


def test_unknown_student_number(easel: RunningEasel, canvas: StandIn) -> None:
    """People outside the course, its teacher and the test student are not found as students."""
    teacher = canvas.person("teacher")["id"]
    browser = sign_in(easel, "teacher")
    for user_id in (999_999, teacher, 3999, canvas.person("newcomer")["id"]):
        answer = browser.get(f"{easel.url}{path(user_id, '.json')}", timeout=60)
        assert answer.status_code == 404, user_id
        assert "no student with this number" in answer.text
    assert browser.get(f"{easel.url}{path(1, '', 1)}", timeout=60).status_code == 404


def test_student_here_and_teacher_there(easel: RunningEasel, canvas: StandIn) -> None:
    enroll(canvas, "dozen", PSYCHOLOGY, "TeacherEnrollment")
    user_id = min(students(canvas, PSYCHOLOGY))

    assert told(twin(easel, "dozen", path(user_id, ".json", PSYCHOLOGY)))
    own = sign_in(easel, "dozen").get(f"{easel.url}{path(MAYA)}", timeout=60)
    assert own.status_code == 403


def test_who_left_is_shown_without_alarm(easel: RunningEasel, canvas: StandIn) -> None:
    [row] = students(canvas, BIOLOGY)[1001]
    send(canvas, "DELETE", f"courses/{BIOLOGY}/enrollments/{row['id']}", task="inactivate")

    body = twin(easel, "teacher", path(1001, ".json"))

    assert body["state"] == "inactive"
    assert body["student"]["attention"] == []


def test_ways_to_the_page(easel: RunningEasel, canvas: StandIn) -> None:
    """The roster, the gradebook, and the class's table of an assignment lead to it."""
    browser = sign_in(easel, "teacher")
    work = next(row for row in works(canvas).values() if row["name"] == "Cell structure worksheet")
    here = f"{easel.url}/courses/{BIOLOGY}"
    for address in (f"{here}/roster?q=Lindqvist", f"{here}/gradebook"):
        page = browser.get(address, timeout=60).text
        assert re.search(r'href="/courses/4101/students/\d+"(?: dir="auto")?>', page), address
    page = browser.get(f"{here}/assignments/{work['id']}", timeout=60).text
    assert 'href="/courses/4101/students/1"><bdi>Maya Lindqvist' in page


def test_lost_parts_are_said(easel: RunningEasel, canvas: StandIn) -> None:
    """Nothing is counted without submissions or assignments; without groups there is no total."""
    browser = sign_in(easel, "teacher")
    here = f"{easel.url}{path(MAYA)}"
    for lost in ("*/students/submissions", "*/courses/4101/assignments", "*/assignment_groups"):
        fault = {"path": lost, "kind": "status", "status": 403, "times": None}
        canvas.control(faults=[])
        canvas.control(faults=[fault])
        body = browser.get(f"{here}.json?retry=all", timeout=60).json()
        page = html.unescape(browser.get(f"{here}?retry=all", timeout=60).text)
        table = browser.get(f"{here}.csv?retry=all", timeout=60).text
        assert body["complete"] is False, lost
        assert body["history"] == []
        assert "Not everything is here" in page
        assert table.splitlines()[-1].startswith("# INCOMPLETE")
        if "groups" not in lost:
            assert body["student"]["missing"] is None
            assert body["student"]["late"] is None
            assert body["student"]["on_time_share"] is None
            assert body["waiting"] is None
            assert " missing, " not in page
            assert "No assignments yet" not in page


def test_refused_class_list_is_refused(easel: RunningEasel, canvas: StandIn) -> None:
    browser = sign_in(easel, "teacher")
    fault = {"path": "*/courses/4101/enrollments", "kind": "status", "times": None}
    for status, expected in ((503, 503), (403, 403)):  # a refusal is kept
        canvas.control(faults=[])
        canvas.control(faults=[fault | {"status": status}])
        for ending in ("", ".json", ".csv"):
            answer: requests.Response = browser.get(f"{easel.url}{path(MAYA, ending)}", timeout=60)
            assert answer.status_code == expected


def test_scoped_key_without_includes(start_easel: StartEasel, canvas: StandIn) -> None:
    easel = start_easel(key="scoped", scopes="auto")

    body = twin(easel, "teacher", path(MAYA, ".json"))

    assert body["complete"] is True, body["sources"]
    assert told(body) == oracle(canvas, MAYA)
