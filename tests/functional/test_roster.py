"""The roster: every number as the stand-in Canvas has it, and why somebody needs attention."""

import csv
import io
import re
from datetime import datetime
from typing import Any

import pytest

from tests.conftest import StandIn

from .classes import BIOLOGY, PSYCHOLOGY, STATISTICS, enroll, raw, send, students, submissions, twin
from .conftest import RunningEasel, StartEasel, form_to, sign_in
from .conftest import send as fill_in
from .walk import pieces

FIELDS = (
    *("user_id", "name", "sections", "last_activity_at", "total_activity_time", "current_score"),
    *("missing", "late", "on_time_share", "last_submitted_at", "attention"),
)
PAPER = ({"none"}, {"not_graded"}, {"on_paper"}, {"wiki_page"})


def oracle(
    canvas: StandIn, course_id: int, viewer: str = "", without: frozenset[int] = frozenset()
) -> dict[str, dict[str, Any]]:
    """Return what the roster must say, by student, about work that is not in ``without``."""
    now = datetime.now().astimezone()
    names = {row["id"]: row["name"] for row in raw(canvas, f"courses/{course_id}/sections")}
    works = {row["id"]: row for row in raw(canvas, f"courses/{course_id}/assignments")}
    mine: dict[int, list[dict[str, Any]]] = {}
    for row in submissions(canvas, course_id):
        if row["assignment_id"] not in without:
            mine.setdefault(row["user_id"], []).append(row)
    found = {}
    for user_id, enrollments in students(canvas, course_id, viewer).items():
        first, rows = enrollments[0], mine.get(user_id, [])
        due = [
            row
            for row in rows
            if row["cached_due_date"]
            and datetime.fromisoformat(row["cached_due_date"]) <= now
            and not row["excused"]
            and set(works[row["assignment_id"]]["submission_types"]) not in PAPER
        ]
        in_time = sum(bool(row["submitted_at"]) and not row["late"] for row in due)
        found[str(user_id)] = {
            "name": first["user"]["name"],
            "sections": [names[row["course_section_id"]] for row in enrollments],
            "last_activity_at": first["last_activity_at"],
            "total_activity_time": first["total_activity_time"],
            "current_score": first["grades"]["current_score"],
            "missing": sum(row["missing"] for row in rows),
            "late": sum(row["late"] for row in rows),
            "on_time_share": in_time / len(due) if due else None,
            "last_submitted_at": max(
                (r["submitted_at"] for r in rows if r["submitted_at"]), default=None
            ),
        }
    return found


def told(body: Any) -> dict[str, dict[str, Any]]:
    kept = [name for name in FIELDS if name not in ("user_id", "attention")]
    return {row["user_id"]: {name: row[name] for name in kept} for row in body["data"]}


@pytest.mark.parametrize(
    ("who", "course_id"),
    [
        ("teacher", BIOLOGY),
        ("teacher", STATISTICS),
        ("bigteacher", PSYCHOLOGY),
        ("ta", BIOLOGY),  # of one section only
        ("admin", BIOLOGY),  # without an enrollment
    ],
)
def test_numbers_are_canvas_own(
    easel: RunningEasel, canvas: StandIn, who: str, course_id: int
) -> None:
    body = twin(easel, who, f"/courses/{course_id}/roster.json")

    assert body["complete"] is True, body["sources"]
    assert told(body) == oracle(canvas, course_id, "" if who == "admin" else who)
    assert body["total"] == len(body["data"])
    assert all(set(FIELDS) <= set(row) for row in body["data"])
    names = [row["sortable_name"].casefold() for row in body["data"]]
    assert names == sorted(names)


def test_assistant_and_student_who_teaches(easel: RunningEasel, canvas: StandIn) -> None:
    enroll(canvas, "newcomer", STATISTICS, "TaEnrollment")
    enroll(canvas, "dozen", PSYCHOLOGY, "TeacherEnrollment")

    body = twin(easel, "newcomer", f"/courses/{STATISTICS}/roster.json")
    other = twin(easel, "dozen", f"/courses/{PSYCHOLOGY}/roster.json")

    assert told(body) == oracle(canvas, STATISTICS)
    assert other["total"] == 640


def test_attention_says_why(easel: RunningEasel, canvas: StandIn) -> None:
    path = f"/courses/{BIOLOGY}/roster.json"
    rows = twin(easel, "teacher", path)["data"]
    strict = twin(easel, "teacher", f"{path}?missing=1&below=100&idle=1&fell=0.01")["data"]
    none = twin(easel, "teacher", f"{path}?missing=&below=&idle=&fell=")["data"]

    now = datetime.now().astimezone()
    for row in rows:
        idle = (now - datetime.fromisoformat(row["last_activity_at"])).days
        score = row["current_score"]
        assert (f"{row['missing']} missing" in row["attention"]) is (row["missing"] >= 2)
        low = score is not None and score < 70
        assert (f"current score {score:g} %" in row["attention"]) is low
        assert (f"no activity for {idle} days" in row["attention"]) is (idle >= 7)
    assert any(row["attention"] for row in rows)
    assert any("fell" in why for row in strict for why in row["attention"])
    assert not any(row["attention"] for row in none)


def test_rules_are_kept_for_the_course(easel: RunningEasel) -> None:
    browser = sign_in(easel, "teacher")
    here = f"{easel.url}/courses/{BIOLOGY}/roster"
    page = browser.get(here, timeout=60)

    form = form_to(page, "/roster/rules")
    assert form["fields"]["missing"] == "2"
    kept = fill_in(browser, page, form, missing="5", below="", idle="x", fell="3.5")

    assert kept.url == here
    fields = form_to(kept, "/roster/rules")["fields"]
    assert [fields[n] for n in ("missing", "below", "idle", "fell")] == ["5", "", "7", "3.5"]
    rules = browser.get(f"{here}.json", timeout=60).json()["rules"]
    assert rules == {"missing": 5, "below": None, "idle": 7, "fell": 3.5}
    other = browser.get(f"{easel.url}/courses/{STATISTICS}/roster.json", timeout=60).json()
    assert other["rules"]["missing"] == 2


def test_rules_are_the_persons_on_every_device(easel: RunningEasel) -> None:
    """Another browser has them, also after a sign-out; another teacher of the course does not."""
    browser = sign_in(easel, "teacher")
    here = f"{easel.url}/courses/{BIOLOGY}/roster"
    page = browser.get(here, timeout=60)
    fill_in(browser, page, form_to(page, "/roster/rules"), missing="1", below="", idle="", fell="")
    assert not [cookie.name for cookie in browser.cookies if "rules" in cookie.name]
    account = browser.get(f"{easel.url}/account", timeout=30)
    fill_in(browser, account, form_to(account, "/logout"))

    again = sign_in(easel, "teacher")
    body = again.get(f"{here}.json", timeout=60).json()
    student = again.get(f"{easel.url}/courses/{BIOLOGY}/students/1.json", timeout=60).json()
    account = again.get(f"{easel.url}/account", timeout=30)

    assert body["rules"] == {"missing": 1, "below": None, "idle": None, "fell": None}
    for row in body["data"]:
        assert row["attention"] == ([f"{row['missing']} missing"] if row["missing"] else [])
    [own] = [row for row in body["data"] if row["user_id"] == "1"]
    assert student["student"]["attention"] == own["attention"] != []
    assert twin(easel, "ta", f"/courses/{BIOLOGY}/roster.json")["rules"]["missing"] == 2
    assert 'Courses with rules of attention</dt><dd dir="auto">1' in account.text


def test_who_does_not_grade_keeps_no_rules(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    token = form_to(browser.get(f"{easel.url}/account", timeout=30), "/logout")["fields"]

    answer = browser.post(
        f"{easel.url}/courses/{BIOLOGY}/roster/rules", data=token | {"missing": "1"}, timeout=30
    )

    assert answer.status_code == 403
    assert easel.app.extensions["easel"].storage.rules.forget_user("production", 1) == 0


def test_filters_and_orders(easel: RunningEasel, canvas: StandIn) -> None:
    browser = sign_in(easel, "teacher")

    def rows(query: str) -> Any:
        url = f"{easel.url}/courses/{BIOLOGY}/roster.json?{query}"
        return browser.get(url, timeout=60).json()["data"]

    every = rows("")
    section = raw(canvas, f"courses/{BIOLOGY}/sections")[0]
    here = rows(f"section={section['id']}")
    assert 0 < len(here) < len(every)
    assert all(section["name"] in row["sections"] for row in here)
    assert rows("attention=1") == [row for row in every if row["attention"]]
    assert [row["name"] for row in rows("q=lindqvist")] == ["Maya Lindqvist"]
    missing = [row["missing"] for row in rows("sort=missing")]
    assert missing == sorted(missing, reverse=True)
    scores = [row["current_score"] for row in rows("sort=score") if row["current_score"]]
    assert scores == sorted(scores)
    away = [row["last_activity_at"] for row in rows("sort=activity")]
    assert away == sorted(away)
    counts = [len(row["attention"]) for row in rows("sort=attention")]
    assert counts == sorted(counts, reverse=True)
    assert rows("page=2&per_page=20") == every[20:40]


def test_anonymous_work_stays_anonymous(easel: RunningEasel, canvas: StandIn) -> None:
    """It is in no student's counts as long as its names are hidden from graders."""
    works = raw(canvas, f"courses/{BIOLOGY}/assignments")
    hidden = {row["id"] for row in works if row["name"].startswith("Weekly check")}
    change = {"anonymous_grading": True, "post_manually": True}
    canvas.control(assignments=dict.fromkeys(hidden, change))
    still = {
        row["id"]
        for row in raw(canvas, f"courses/{BIOLOGY}/assignments")
        if row["anonymize_students"]
    }
    assert still

    body = twin(easel, "teacher", f"/courses/{BIOLOGY}/roster.json")

    assert told(body) == oracle(canvas, BIOLOGY, without=frozenset(still))


def test_page_and_table(easel: RunningEasel) -> None:
    browser = sign_in(easel, "teacher")
    here = f"{easel.url}/courses/{BIOLOGY}/roster"
    body = browser.get(f"{here}.json", timeout=60).json()

    page = browser.get(here, timeout=60).text
    text = browser.get(f"{here}.csv", timeout=60).content.decode("utf-8-sig")

    assert f"{body['total']} students" in page
    assert "need attention" in page
    parts = list(pieces(browser, easel, f"/courses/{BIOLOGY}/roster"))
    shown = [id_ for part in parts for id_ in re.findall(r'<a href="[^"]*/students/(\d+)"', part)]
    assert shown == [each["user_id"] for each in body["data"]]
    assert "Read everything again" in parts[0]
    assert (body["looked"]["since"], bool(body["looked"]["all_at"])) == (None, True)
    assert len(parts) == 2  # of 64 students, each with reasons to be marked
    first = parts[0].count('<th scope="row">')
    assert f"Students 1 to {first} of 64" in parts[0]
    head, *rows = list(csv.reader(io.StringIO(text)))
    assert head[0] == "Student"
    assert [(row[0], row[5], row[6]) for row in rows] == [
        (each["name"], str(each["missing"]), str(each["late"])) for each in body["data"]
    ]
    assert [row[9] for row in rows] == ["; ".join(each["attention"]) for each in body["data"]]
    assert [row[10] for row in rows] == [
        "" if each["final_score"] is None else str(each["final_score"]) for each in body["data"]
    ]
    assert [row[12] for row in rows] == [each["sortable_name"] for each in body["data"]]
    assert "Final score" in page


@pytest.mark.parametrize("who", ["dozen", "observer"])
def test_people_who_do_not_grade_are_told(easel: RunningEasel, who: str) -> None:
    browser = sign_in(easel, who)
    for ending in ("", ".json", ".csv"):
        answer = browser.get(f"{easel.url}/courses/{BIOLOGY}/roster{ending}", timeout=60)
        assert answer.status_code == 403
        assert "neither teacher nor" in answer.text
    stranger = browser.get(f"{easel.url}/courses/{PSYCHOLOGY}/roster", timeout=60)
    assert stranger.status_code == 403
    assert browser.get(f"{easel.url}/courses/1/roster.json", timeout=60).status_code == 404


@pytest.mark.parametrize("lost", ["*/students/submissions", "*/courses/4101/assignments"])
def test_lost_work_is_said(easel: RunningEasel, canvas: StandIn, lost: str) -> None:
    """Without the assignments it is unknown which submissions may be counted."""
    canvas.control(faults=[{"path": lost, "kind": "status", "status": 503, "times": None}])
    browser = sign_in(easel, "teacher")
    here = f"{easel.url}/courses/{BIOLOGY}/roster"

    body = browser.get(f"{here}.json", timeout=60).json()

    assert body["complete"] is False
    assert len(body["data"]) == 64
    for name in ("missing", "late", "on_time_share"):
        assert {row[name] for row in body["data"]} == {None}
    assert "Not everything is here" in browser.get(here, timeout=60).text
    assert browser.get(f"{here}.csv", timeout=60).text.splitlines()[-1].startswith("# INCOMPLETE")


def test_scoped_key_without_includes(start_easel: StartEasel, canvas: StandIn) -> None:
    easel = start_easel(key="scoped", scopes="auto")

    body = twin(easel, "teacher", f"/courses/{BIOLOGY}/roster.json")

    assert body["complete"] is True, body["sources"]
    assert told(body) == oracle(canvas, BIOLOGY)


def test_who_left_is_not_listed(easel: RunningEasel, canvas: StandIn) -> None:
    [row] = students(canvas, BIOLOGY)[1001]
    send(canvas, "DELETE", f"courses/{BIOLOGY}/enrollments/{row['id']}", task="inactivate")

    body = twin(easel, "teacher", f"/courses/{BIOLOGY}/roster.json")

    assert "1001" not in told(body)
    assert "3999" not in told(body)
