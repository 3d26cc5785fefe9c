"""The gradebook: every cell and total as the stand-in Canvas has it, for everybody who grades."""

import csv
import gzip
import io
import re
from datetime import datetime
from typing import Any

import pytest
import requests

from canvas_app.domain.sheet import students_fitting
from tests.conftest import StandIn

from .classes import BIOLOGY, PSYCHOLOGY, STATISTICS, enroll, raw, send, students, submissions, twin
from .conftest import RunningEasel, StartEasel, last_view, sign_in

FITTING = students_fitting(40)
PAPER = {("none",): "nothing_to_hand_in", ("on_paper",): "on_paper"}


def chip(row: dict[str, Any], work: dict[str, Any]) -> str:
    """A teacher's chip of a submission."""
    again = row["submitted_at"] and row["grade_matches_current_submission"] is False
    now = datetime.now().astimezone()
    due, opens, closes = (
        datetime.fromisoformat(text) if text else None
        for text in (row["cached_due_date"], work["unlock_at"], work["lock_at"])
    )
    steps: list[tuple[Any, str]] = [
        (row["custom_grade_status_id"], "custom"),
        (row["excused"], "excused"),
        (row["redo_request"], "redo_requested"),
        (again, "needs_grading"),
        (row["score"] is not None and row["posted_at"], "graded"),
        (row["score"] is not None, "hidden"),
        (row["workflow_state"] == "pending_review", "needs_review"),
        (row["submitted_at"], "needs_grading"),
        (row["missing"], "missing"),
        (tuple(work["submission_types"]) in PAPER, PAPER.get(tuple(work["submission_types"]), "")),
        (opens and opens > now, "not_yet_open"),
        (closes and closes <= now, "locked"),
        (due and due < now, "overdue"),
    ]
    return next((name for holds, name in steps if holds), "due")


def oracle(canvas: StandIn, course_id: int, viewer: str = "") -> dict[str, dict[str, Any]]:
    """Return what the gradebook must say, by student."""
    names = {row["id"]: row["name"] for row in raw(canvas, f"courses/{course_id}/sections")}
    works = {row["id"]: row for row in raw(canvas, f"courses/{course_id}/assignments")}
    cells: dict[int, dict[str, Any]] = {}
    for row in submissions(canvas, course_id):
        work = works[row["assignment_id"]]
        told: dict[str, Any] = {
            "status": chip(row, work),
            "score": row["score"],
            "grade": row["grade"],
            "late": row["late"],
            "missing": row["missing"],
            "excused": row["excused"],
            "posted": row["posted_at"] is not None,
        }
        if work["anonymize_students"]:
            told |= dict.fromkeys(("late", "missing", "excused", "posted"), False)
            told |= {"status": "anonymous", "score": None, "grade": None}
        cells.setdefault(row["user_id"], {})[str(row["assignment_id"])] = told
    return {
        str(user_id): {
            "name": rows[0]["user"]["name"],
            "sortable_name": rows[0]["user"]["sortable_name"],
            "sections": [names[row["course_section_id"]] for row in rows],
            "current_score": rows[0]["grades"]["current_score"],
            "final_score": rows[0]["grades"]["final_score"],
            "cells": cells.get(user_id, {}),
        }
        for user_id, rows in students(canvas, course_id, viewer).items()
    }


def told(body: Any) -> dict[str, dict[str, Any]]:
    """Return the twin's rows, each with what the oracle says."""
    names = ("name", "sortable_name", "sections", "current_score", "final_score")
    kept = ("status", "score", "grade", "late", "missing", "excused", "posted")
    return {
        row["user_id"]: {name: row[name] for name in names}
        | {"cells": {id_: {k: c[k] for k in kept} for id_, c in row["cells"].items()}}
        for row in body["data"]
    }


def path(course_id: int = BIOLOGY, ending: str = ".json") -> str:
    return f"/courses/{course_id}/gradebook{ending}"


@pytest.mark.parametrize(
    ("who", "course_id"),
    [
        ("teacher", BIOLOGY),
        ("teacher", STATISTICS),
        ("ta", BIOLOGY),  # of one section only
        ("admin", BIOLOGY),  # without an enrollment
    ],
)
def test_cells_and_totals_are_canvas_own(
    easel: RunningEasel, canvas: StandIn, who: str, course_id: int
) -> None:
    body = twin(easel, who, path(course_id))

    assert body["complete"] is True, body["sources"]
    assert told(body) == oracle(canvas, course_id, "" if who == "admin" else who)
    assert body["total"] == len(body["data"])
    published = [row for row in raw(canvas, f"courses/{course_id}/assignments") if row["published"]]
    assert {each["id"] for each in body["assignments"]} == {str(row["id"]) for row in published}
    assert {"id", "title", "due_at", "points_possible"} <= set(body["assignments"][0])
    assert list(body)[-2:] == ["complete", "sources"]


def test_the_whole_of_a_large_course(easel: RunningEasel, canvas: StandIn) -> None:
    """640 students and 40 assignments: 25,600 submissions, page by page and as one."""
    browser = sign_in(easel, "bigteacher")
    url = f"{easel.url}{path(PSYCHOLOGY)}"
    first = browser.get(f"{url}?page=1", timeout=120).json()
    body = browser.get(url, timeout=120).json()
    last = browser.get(f"{url}?page=13&per_page=50", timeout=120).json()

    assert body["complete"] is True
    assert told(body) == oracle(canvas, PSYCHOLOGY)
    assert sum(len(row["cells"]) for row in body["data"]) == 25_600
    assert first["data"] == body["data"][:50]
    assert last["data"] == body["data"][600:]
    assert (first["total"], first["complete"]) == (640, True)


def test_first_students_of_a_large_course_come_before_the_rest(
    easel: RunningEasel, canvas: StandIn
) -> None:
    """Their work is asked for as soon as the first page of the list of students has come."""
    browser = sign_in(easel, "bigteacher")
    canvas.control(latency=0.3)

    page = browser.get(f"{easel.url}{path(PSYCHOLOGY, '')}?period=all", timeout=120).text

    early, whole = page.split('<div class="arrived">')[1:]
    assert 'class="waiting early"' in page
    assert 10 <= early.count('<th scope="row" class="fixed"><a ') <= FITTING
    assert "did not come" not in page
    assert whole.count('<th scope="row" class="fixed"><a ') == FITTING
    assert "640 students" in whole
    assert f"Students 1 to {FITTING} of 640" in whole
    assert len(gzip.compress(page.encode())) <= 200_000


def test_assistant_and_student_who_teaches(easel: RunningEasel, canvas: StandIn) -> None:
    enroll(canvas, "newcomer", STATISTICS, "TaEnrollment")
    enroll(canvas, "dozen", 4102, "TaEnrollment")  # also a student in this course

    assert told(twin(easel, "newcomer", path(STATISTICS))) == oracle(canvas, STATISTICS)
    assert told(twin(easel, "dozen", path(STATISTICS))) == oracle(canvas, STATISTICS)


def test_period_section_group(easel: RunningEasel, canvas: StandIn) -> None:
    """Totals are those of the chosen period; a section or a group filters the students."""
    browser = sign_in(easel, "teacher")

    def asked(query: str) -> Any:
        return browser.get(f"{easel.url}{path()}?{query}", timeout=60).json()

    headers = {"Authorization": f"Bearer {canvas.token('admin')}"}
    url = f"{canvas.url}/api/v1/courses/{BIOLOGY}/grading_periods"
    periods = requests.get(url, headers=headers, timeout=30).json()["grading_periods"]
    works = {str(row["id"]): row for row in raw(canvas, f"courses/{BIOLOGY}/assignments")}
    for period in periods:
        body = asked(f"period={period['id']}")
        totals = {
            str(row["user_id"]): row["grades"]["current_score"]
            for row in raw(
                canvas,
                f"courses/{BIOLOGY}/enrollments",
                **{"type[]": "StudentEnrollment", "grading_period_id": period["id"]},
            )
        }
        assert {row["user_id"]: row["current_score"] for row in body["data"]} == totals
        dated = [works[each["id"]]["due_at"] for each in body["assignments"]]
        start, end = period["start_date"], period["end_date"]
        assert dated
        assert all(start < due <= end for due in dated if due)
    section = raw(canvas, f"courses/{BIOLOGY}/sections")[1]
    here = asked(f"section={section['id']}")["data"]
    assert here
    assert all(section["name"] in row["sections"] for row in here)
    group = raw(canvas, f"courses/{BIOLOGY}/assignment_groups")[1]
    body = asked(f"group={group['id']}")
    shown = {each["id"] for each in body["assignments"]}
    expected = {id_ for id_, row in works.items() if row["assignment_group_id"] == group["id"]} & {
        id_ for id_, row in works.items() if row["published"]
    }
    assert shown == expected
    row = next(row for row in body["data"] if row["user_id"] == "1")
    graded = [
        (c["score"], works[i]["points_possible"])
        for i, c in row["cells"].items()
        if c["score"] is not None and c["posted"] and not c["excused"]
    ]
    earned, possible = sum(s for s, _ in graded), sum(p for _, p in graded)
    assert row["subtotal"] == pytest.approx(100 * earned / possible, abs=0.01)


def test_hidden_grades_and_totals_after_posting(easel: RunningEasel, canvas: StandIn) -> None:
    body = twin(easel, "teacher", path())
    [exam] = [e["id"] for e in body["assignments"] if e["title"] == "Mid-term exam essay"]
    row = next(row for row in body["data"] if row["user_id"] == "1")
    own = students(canvas, BIOLOGY)[1][0]["grades"]

    assert (row["cells"][exam]["status"], row["cells"][exam]["posted"]) == ("hidden", False)
    assert row["cells"][exam]["score"] == 44
    assert row["unposted_current_score"] == own["unposted_current_score"] != row["current_score"]


def test_override(easel: RunningEasel, canvas: StandIn) -> None:
    canvas.control(courses={BIOLOGY: {"override_scores": {1: 99.5}}})

    row = next(row for row in twin(easel, "teacher", path())["data"] if row["user_id"] == "1")

    assert row["override_score"] == 99.5
    browser = sign_in(easel, "teacher")
    query = f"period=all&student_group={bench(canvas)['id']}"
    page = browser.get(f"{easel.url}{path(ending='')}?{query}", timeout=60).text
    assert "by hand" in page


def test_who_left_is_shown_on_request(easel: RunningEasel, canvas: StandIn) -> None:
    rows = students(canvas, BIOLOGY)
    for user_id, task in ((1001, "inactivate"), (1002, "conclude")):
        url = f"courses/{BIOLOGY}/enrollments/{rows[user_id][0]['id']}"
        send(canvas, "DELETE", url, task=task)
    browser = sign_in(easel, "teacher")

    def states(query: str) -> dict[str, str]:
        body = browser.get(f"{easel.url}{path()}?{query}", timeout=60).json()
        return {r["user_id"]: r["state"] for r in body["data"] if r["user_id"] in ("1001", "1002")}

    assert states("") == {}
    assert states("concluded=1") == {"1002": "completed"}
    assert states("inactive=1&concluded=1") == {"1001": "inactive", "1002": "completed"}


def test_concluded_course(easel: RunningEasel) -> None:
    """Its students' enrollments ended with it, and they are still its class."""
    body = twin(easel, "admin", path(4109))

    assert [row["user_id"] for row in body["data"]] == ["1"]
    [cell] = body["data"][0]["cells"].values()
    assert cell["score"] == 46


def test_anonymous_work_stays_anonymous(easel: RunningEasel, canvas: StandIn) -> None:
    works = raw(canvas, f"courses/{BIOLOGY}/assignments")
    [work] = [row for row in works if row["name"] == "Photosynthesis worksheet"]
    [other] = [row for row in works if row["name"] == "Field notes, week 9"]
    canvas.control(
        assignments={
            work["id"]: {"anonymous_grading": True, "post_manually": True},
            other["id"]: {"moderated_grading": True},
        }
    )
    browser = sign_in(easel, "teacher")

    body = browser.get(f"{easel.url}{path()}", timeout=60).json()
    text = browser.get(f"{easel.url}{path(ending='.csv')}", timeout=60).text
    page = browser.get(f"{easel.url}{path(ending='')}?period=all", timeout=60).text

    assert told(body) == oracle_moderated(canvas, other["id"])
    cells = [row["cells"][str(work["id"])] for row in body["data"]]
    assert {cell["status"] for cell in cells} == {"anonymous"}
    assert not any(cell["waits"] for cell in cells)
    assert {row["unposted_current_score"] for row in body["data"]} == {None}
    assert text.count("anonymous") >= 64
    assert "Anonymous" in page


def oracle_moderated(canvas: StandIn, work_id: int) -> dict[str, dict[str, Any]]:
    """Of moderated work only the graded submissions are listed: their grades are published."""
    found = oracle(canvas, BIOLOGY)
    sealed = dict.fromkeys(("late", "missing", "excused", "posted"), False)
    sealed |= {"status": "anonymous", "score": None, "grade": None}
    for row in found.values():
        cell = row["cells"].get(str(work_id))
        if cell and cell["score"] is None:
            row["cells"][str(work_id)] = sealed
    return found


def test_letters_where_numbers_are_restricted(easel: RunningEasel, canvas: StandIn) -> None:
    canvas.control(courses={BIOLOGY: {"restrict_quantitative_data": True}})
    browser = sign_in(easel, "teacher")

    body = browser.get(f"{easel.url}{path()}", timeout=60).json()
    page = browser.get(f"{easel.url}{path(ending='')}?period=all", timeout=60).text

    [work] = [e for e in body["assignments"] if e["title"] == "Cell structure worksheet"]
    cell = next(row for row in body["data"] if row["user_id"] == "1")["cells"][work["id"]]
    assert cell["grade"] == "A-"  # 18.5 of 20
    assert not re.search(r'<td class="num s-graded">\d', page)


def test_page_shows_a_page_of_students(easel: RunningEasel) -> None:
    browser = sign_in(easel, "teacher")
    body = browser.get(f"{easel.url}{path()}", timeout=60).json()
    url = f"{easel.url}{path(ending='')}"

    page = last_view(browser.get(f"{url}?period=all", timeout=60).text)
    heat = last_view(browser.get(f"{url}?period=all&view=heat", timeout=60).text)
    current = last_view(browser.get(url, timeout=60).text)
    fitting = students_fitting(len(body["assignments"]))

    assert page.count('<th scope="row" class="fixed"><a ') == fitting
    assert f"1 to {fitting} of 64" in page
    assert f"{len(body['assignments'])} assignments" in page
    missing = sum(c["missing"] for row in body["data"][:fitting] for c in row["cells"].values())
    assert heat.count('class="num s-missing" aria-label="Missing">M<') == missing
    late = sum(c["late"] for row in body["data"][:fitting] for c in row["cells"].values())
    assert (
        len(re.findall(r'<td class="num s-\w+ s-late" aria-label="[^"]*Late[^"]*">', page)) == late
    )
    assert "Second half</option>" in current
    assert re.search(r'<option value="\d+" selected>Second half', current)
    foot = page[page.rfind("<tfoot>") :]
    total = sum(c["missing"] for row in body["data"] for c in row["cells"].values())
    row = foot[foot.find("Missing") :]
    assert sum(map(int, re.findall(r'<td class="num">(\d+)</td>', row))) == total


def test_table_holds_the_same(easel: RunningEasel) -> None:
    browser = sign_in(easel, "teacher")
    body = browser.get(f"{easel.url}{path()}", timeout=60).json()

    content = browser.get(f"{easel.url}{path(ending='.csv')}", timeout=60).content

    head, *rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert head[:5] == ["Student", "Sortable name", "Sections", "Current score", "Final score"]
    assert [name.rpartition("(")[2].rstrip(")") for name in head[5:]] == [
        each["id"] for each in body["assignments"]
    ]
    for row, each in zip(rows, body["data"], strict=True):
        assert row[0] == each["name"]
        for value, column in zip(row[5:], body["assignments"], strict=True):
            cell = each["cells"].get(column["id"])
            if cell and cell["score"] is not None and not cell["excused"]:
                assert float(value) == cell["score"]
            elif cell and cell["status"] in ("missing", "excused"):
                assert value == cell["status"]


@pytest.mark.parametrize("who", ["dozen", "observer"])
def test_people_who_do_not_grade_are_told(easel: RunningEasel, who: str) -> None:
    browser = sign_in(easel, who)
    for ending in ("", ".json", ".csv"):
        answer = browser.get(f"{easel.url}{path(ending=ending)}", timeout=60)
        assert answer.status_code == 403
        assert "neither teacher nor" in answer.text


def test_canvas_dies_in_the_middle(easel: RunningEasel, canvas: StandIn) -> None:
    """What came is sent; twin, table and page say what is missing."""
    fault = {"path": "*/students/submissions", "kind": "status", "status": 503}
    browser = sign_in(easel, "teacher")  # the start page asks for submissions too
    canvas.control(faults=[fault | {"after": 3, "times": None}])

    body = browser.get(f"{easel.url}{path()}", timeout=60).json()
    page = browser.get(f"{easel.url}{path(ending='')}", timeout=60).text
    text = browser.get(f"{easel.url}{path(ending='.csv')}", timeout=60).text

    assert body["complete"] is False
    lacking = [row for row in body["data"] if row["lacking"]]
    assert 0 < len(lacking) < len(body["data"]) == 64
    assert all(row["cells"] == {} for row in lacking)
    assert "Not everything is here" in page
    assert "<tfoot>" not in page
    assert text.splitlines()[-1].startswith("# INCOMPLETE")


def test_scoped_key_without_includes(start_easel: StartEasel, canvas: StandIn) -> None:
    easel = start_easel(key="scoped", scopes="auto")

    body = twin(easel, "teacher", path())

    assert body["complete"] is True, body["sources"]
    assert told(body) == oracle(canvas, BIOLOGY)


def bench(canvas: StandIn) -> dict[str, Any]:
    """Return the first group of students, with its members."""
    row: dict[str, Any] = raw(canvas, f"courses/{BIOLOGY}/groups", **{"include[]": "users"})[0]
    return row


def test_group_of_students(easel: RunningEasel, canvas: StandIn) -> None:
    """The group filters page, twin and table, in combination with every other filter."""
    group = bench(canvas)
    inside = {str(row["id"]) for row in group["users"]}
    query = f"period=all&student_group={group['id']}"
    browser = sign_in(easel, "teacher")
    assert inside == {"1", "1001", "1002"}

    body = browser.get(f"{easel.url}{path()}?{query}", timeout=60).json()
    page = browser.get(f"{easel.url}{path(ending='')}?{query}", timeout=60).text
    table = browser.get(f"{easel.url}{path(ending='.csv')}?{query}", timeout=60).text
    lowest = browser.get(f"{easel.url}{path()}?{query}&sort=current", timeout=60).json()

    assert body["complete"] is True
    assert (body["total"], {row["user_id"] for row in body["data"]}) == (3, inside)
    scores = [row["current_score"] for row in lowest["data"]]
    assert sorted(scores) == scores
    assert {row["user_id"] for row in lowest["data"]} == inside
    section = next(iter(students(canvas, BIOLOGY)[1001]))["course_section_id"]
    both = browser.get(f"{easel.url}{path()}?{query}&section={section}", timeout=60).json()
    in_section = {
        str(user_id)
        for user_id, rows in students(canvas, BIOLOGY).items()
        if any(row["course_section_id"] == section for row in rows)
    }
    assert {row["user_id"] for row in both["data"]} == inside & in_section
    assert "3 students" in last_view(page)
    assert f'<option value="{group["id"]}" selected>Bench 1</option>' in page
    assert '<optgroup label="Bench">' in page
    assert f"student_group={group['id']}" in page.split(".csv?")[1].split('"')[0]
    assert len(table.splitlines()) == 4


def test_group_without_anybody_to_see(easel: RunningEasel, canvas: StandIn) -> None:
    """Its members are in a section that this assistant does not teach, so no row is shown."""
    query = f"student_group={bench(canvas)['id']}"
    browser = sign_in(easel, "ta")

    page = browser.get(f"{easel.url}{path(ending='')}?{query}", timeout=60).text

    assert "No student fits this choice" in page
    body = browser.get(f"{easel.url}{path()}?{query}", timeout=60).json()
    assert (body["data"], body["complete"]) == ([], True)


@pytest.mark.parametrize("status", [503, 404, 403])
def test_unknown_group_members(easel: RunningEasel, canvas: StandIn, status: int) -> None:
    """Its members are unknown, so no row is shown, and the page says so."""
    browser = sign_in(easel, "teacher")
    fault = {"path": "*/groups/*/users", "kind": "status", "status": status, "times": None}
    canvas.control(faults=[fault])
    query = f"student_group={bench(canvas)['id']}"

    body = browser.get(f"{easel.url}{path()}?{query}", timeout=60).json()
    page = browser.get(f"{easel.url}{path(ending='')}?{query}", timeout=60).text
    table = browser.get(f"{easel.url}{path(ending='.csv')}?{query}", timeout=60).text

    assert (body["data"], body["complete"]) == ([], False)
    lacking = [each for each in body["sources"] if each["status"] in ("failed", "denied")]
    assert [each["name"] for each in lacking] == ["group members"]
    assert "Members of the group" in page
    assert "there may be students all the same" in page
    assert table.splitlines()[-1].startswith("# INCOMPLETE")


def test_who_may_not_see_groups_is_offered_none(easel: RunningEasel, canvas: StandIn) -> None:
    browser = sign_in(easel, "teacher")
    canvas.control(
        faults=[
            {"path": f"*/{BIOLOGY}/{name}", "kind": "status", "status": 403, "times": None}
            for name in ("groups", "group_categories")
        ]
    )

    page = browser.get(f"{easel.url}{path(ending='')}", timeout=60).text

    assert "Student group" not in page
    assert "Not everything is here" not in page
    assert browser.get(f"{easel.url}{path()}", timeout=60).json()["complete"] is True
