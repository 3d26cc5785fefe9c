"""An assignment's page for graders: distribution of scores, who submitted nothing, the table."""

import csv
import html
import io
import re
from statistics import fmean, quantiles
from typing import Any

import pytest

from tests.conftest import StandIn

from .classes import (
    BIOLOGY,
    PSYCHOLOGY,
    STATISTICS,
    enroll,
    raw,
    students,
    submissions,
    twin,
    waiting,
)
from .conftest import RunningEasel, StartEasel, sign_in
from .walk import pieces


def work_named(canvas: StandIn, name: str, course_id: int = BIOLOGY) -> dict[str, Any]:
    return next(
        row for row in raw(canvas, f"courses/{course_id}/assignments") if row["name"] == name
    )


def path(work: dict[str, Any], ending: str = ".json") -> str:
    return f"/courses/{work['course_id']}/assignments/{work['id']}{ending}"


def rows_of(canvas: StandIn, work: dict[str, Any], viewer: str = "") -> list[dict[str, Any]]:
    active = students(canvas, work["course_id"], viewer)
    asked = {"student_ids[]": "all", "assignment_ids[]": work["id"]}
    rows = raw(canvas, f"courses/{work['course_id']}/students/submissions", **asked)
    return [row for row in rows if row["user_id"] in active]


@pytest.mark.parametrize(
    ("who", "name"),
    [
        ("teacher", "Cell structure worksheet"),
        ("teacher", "Mid-term exam essay"),  # hidden grades
        ("teacher", "Field notes, week 9"),
        ("ta", "Cell structure worksheet"),  # of one section only
        ("admin", "Cell structure worksheet"),
    ],
)
def test_numbers_are_canvas_own(easel: RunningEasel, canvas: StandIn, who: str, name: str) -> None:
    work = work_named(canvas, name)

    body = twin(easel, who, path(work))

    assert_own(body, work, rows_of(canvas, work, "" if who == "admin" else who))


def test_assistant_big_class_and_student_who_teaches(easel: RunningEasel, canvas: StandIn) -> None:
    enroll(canvas, "newcomer", BIOLOGY, "TaEnrollment")
    enroll(canvas, "dozen", STATISTICS, "TaEnrollment")  # a student elsewhere
    big = raw(canvas, f"courses/{PSYCHOLOGY}/assignments")[0]
    for who, work in (
        ("newcomer", work_named(canvas, "Cell structure worksheet")),
        ("dozen", work_with_scores(canvas, STATISTICS)),
        ("bigteacher", big),
    ):
        body = twin(easel, who, path(work))

        assert_own(body, work, rows_of(canvas, work, who))


def work_with_scores(canvas: StandIn, course_id: int) -> dict[str, Any]:
    """The first assignment with two scores at least."""
    scored = [r["assignment_id"] for r in submissions(canvas, course_id) if r["score"] is not None]
    works = raw(canvas, f"courses/{course_id}/assignments")
    return next(work for work in works if scored.count(work["id"]) > 1)


def assert_own(body: dict[str, Any], work: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """What a twin tells of the class is what these submissions tell."""
    found = body["distribution"]
    scores = sorted(r["score"] for r in rows if r["score"] is not None and not r["excused"])
    assert body["complete"] is True, body["sources"]
    assert found["count"] == len(scores) == sum(each["count"] for each in found["bins"])
    q1, median, q3 = quantiles(scores, n=4, method="inclusive")
    assert [found[k] for k in ("q1", "median", "q3")] == pytest.approx([q1, median, q3], abs=1e-3)
    assert found["mean"] == pytest.approx(fmean(scores), abs=1e-3)
    assert (found["min"], found["max"]) == (scores[0], scores[-1])
    last = found["bins"][-1]
    for each in found["bins"]:
        top = each["to"] + (1e-9 if each is last else 0.0)  # the last bin holds its end
        inside = [score for score in scores if each["from"] <= score < top]
        assert each["count"] == len(inside)
    assert last["to"] == work["points_possible"]
    lacking = {
        str(r["user_id"])
        for r in rows
        if not r["submitted_at"] and r["score"] is None and not r["excused"]
    }
    assert {each["user_id"] for each in body["not_submitted"]} == lacking
    assert all(set(each) == {"user_id", "name"} for each in body["not_submitted"])


@pytest.mark.parametrize("name", ["Cell structure worksheet", "Mid-term exam essay"])
def test_page_and_table(easel: RunningEasel, canvas: StandIn, name: str) -> None:
    work = work_named(canvas, name)
    rows = {str(row["user_id"]): row for row in rows_of(canvas, work)}
    browser = sign_in(easel, "teacher")
    body = browser.get(f"{easel.url}{path(work)}", timeout=60).json()

    page = browser.get(f"{easel.url}{path(work, '')}", timeout=60).text
    text = browser.get(f"{easel.url}{path(work, '.csv')}", timeout=60).content.decode("utf-8-sig")

    assert "the median is" in page
    counts = {
        "late": sum(row["late"] for row in rows.values()),
        "graded and not posted": sum(
            row["score"] is not None and row["posted_at"] is None for row in rows.values()
        ),
    }
    for words, count in counts.items():
        assert (f"<span>{count} {words}</span>" in page) == (count > 0)
    assert f"<dt>To grade</dt><dd>{sum(map(waiting, rows.values()))}</dd>" in page
    assert f"{len(body['not_submitted'])} students have not handed in" in page
    head, *lines = list(csv.reader(io.StringIO(text)))
    assert head[:4] == ["Student", "Sections", "Status", "Score"]
    assert len(lines) == len(rows) == 64
    scores = sorted(line[3] for line in lines if line[3])
    assert sorted(map(float, scores)) == sorted(
        row["score"] for row in rows.values() if row["score"] is not None
    )


def test_a_large_class_comes_in_pieces(easel: RunningEasel, canvas: StandIn) -> None:
    """Each student once; the table of all is the CSV."""
    work = raw(canvas, f"courses/{PSYCHOLOGY}/assignments")[0]
    browser = sign_in(easel, "bigteacher")
    table = browser.get(f"{easel.url}{path(work, '.csv')}", timeout=60).content.decode("utf-8-sig")

    found = [
        re.findall(r'<tr><th scope="row">(?:<a[^>]*>)?<bdi>(.*?)</bdi>', page)
        for page in pieces(browser, easel, path(work, ""))
    ]

    names = [html.unescape(name) for piece in found for name in piece]
    assert names == [row["Student"] for row in csv.DictReader(io.StringIO(table))]
    assert max(map(len, found)) == 45


def test_anonymous_work_tells_the_distribution_only(easel: RunningEasel, canvas: StandIn) -> None:
    work = work_named(canvas, "Mid-term exam essay")
    canvas.control(assignments={work["id"]: {"anonymous_grading": True}})
    names = [rows[0]["user"]["name"] for rows in students(canvas, BIOLOGY).values()]
    browser = sign_in(easel, "teacher")

    body = browser.get(f"{easel.url}{path(work)}", timeout=60).json()
    page = browser.get(f"{easel.url}{path(work, '')}", timeout=60).text
    text = browser.get(f"{easel.url}{path(work, '.csv')}", timeout=60).content.decode("utf-8-sig")

    assert body["distribution"]["count"] > 5
    assert body["not_submitted"] == []
    assert not any(name in page or name in text for name in names)
    assert "Anonymous" in text


@pytest.mark.parametrize("who", ["dozen", "observer"])
def test_who_does_not_grade_gets_nothing_of_it(
    easel: RunningEasel, canvas: StandIn, who: str
) -> None:
    work = work_named(canvas, "Cell structure worksheet")
    browser = sign_in(easel, who)

    body = browser.get(f"{easel.url}{path(work)}", timeout=60).json()
    table = browser.get(f"{easel.url}{path(work, '.csv')}", timeout=60)

    assert (body["distribution"], body["not_submitted"]) == (None, [])
    assert table.status_code == 403
    assert "neither teacher nor" in table.text


def test_lost_submissions_are_said(easel: RunningEasel, canvas: StandIn) -> None:
    work = work_named(canvas, "Cell structure worksheet")
    fault = {"path": "*/students/submissions", "kind": "status", "status": 503, "times": None}
    canvas.control(faults=[fault])
    browser = sign_in(easel, "teacher")

    body = browser.get(f"{easel.url}{path(work)}", timeout=60).json()
    text = browser.get(f"{easel.url}{path(work, '.csv')}", timeout=60).content.decode("utf-8-sig")

    assert (body["complete"], body["distribution"], body["not_submitted"]) == (False, None, [])
    assert text.splitlines()[-1].startswith("# INCOMPLETE")


def test_unpublished_work(easel: RunningEasel, canvas: StandIn) -> None:
    body = twin(easel, "teacher", path(work_named(canvas, "Surprise question")))

    assert (body["complete"], body["distribution"]) == (True, None)


def test_large_course_and_scoped_key(start_easel: StartEasel, canvas: StandIn) -> None:
    easel = start_easel(key="scoped", scopes="auto")
    works = raw(canvas, f"courses/{PSYCHOLOGY}/assignments")

    body = twin(easel, "bigteacher", path(works[0]))

    rows = raw(
        canvas,
        f"courses/{PSYCHOLOGY}/students/submissions",
        **{"student_ids[]": "all", "assignment_ids[]": works[0]["id"]},
    )
    assert body["distribution"]["count"] == sum(row["score"] is not None for row in rows)
