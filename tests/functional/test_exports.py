"""Prepared exports: every number as the stand-in Canvas has it, progress, cancel, and failures."""

import csv
import io
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from canvas_app.storage.exports import EXPORT_KEPT, SILENCE
from canvas_app.storage.schema import export_parts, exports
from tests.conftest import StandIn

from .classes import BIOLOGY, PSYCHOLOGY, raw, students, submissions
from .conftest import RunningEasel, StartEasel, form_to, send, sign_in

pytestmark = pytest.mark.anyday


def begun(
    easel: RunningEasel, browser: requests.Session, course_id: int = BIOLOGY, **fields: str
) -> str:
    """The address of an export that somebody began with the form on the gradebook."""
    page = browser.get(f"{easel.url}/courses/{course_id}/gradebook", timeout=120)
    form = form_to(page, f"/courses/{course_id}/exports")
    answer = send(browser, page, form, **fields)
    assert answer.ok, answer.text
    assert answer.url.startswith(f"{easel.url}/exports/")
    return answer.url


def decided(browser: requests.Session, address: str) -> dict[str, Any]:
    """Return the twin of an export that is no longer running."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        body: dict[str, Any] = browser.get(f"{address}.json", timeout=30).json()
        if body["state"] != "running":
            return body
        time.sleep(0.1)
    raise AssertionError("the export did not end")


def exported(easel: RunningEasel, who: str, course_id: int = BIOLOGY, **fields: str) -> str:
    """The text of a complete export."""
    browser = sign_in(easel, who)
    address = begun(easel, browser, course_id, **fields)
    assert decided(browser, address)["state"] == "done"
    return browser.get(f"{address}/file", timeout=60).content.decode("utf-8-sig")


def text_of(value: Any) -> str:
    if value is None:
        return ""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(float(value))


@pytest.mark.parametrize("who", ["teacher", "ta"])  # the assistant: of one section only
def test_submissions_are_canvas_own(easel: RunningEasel, canvas: StandIn, who: str) -> None:
    """One line for each submission of each student."""
    names = {str(row["id"]): row["name"] for row in raw(canvas, f"courses/{BIOLOGY}/assignments")}
    own = students(canvas, BIOLOGY, who)

    head, *rows = csv.reader(io.StringIO(exported(easel, who, table="submissions", period="all")))

    assert head[:4] == ["Student", "Sortable name", "Sections", "Assignment"]
    column = {name: place for place, name in enumerate(head)}
    told = [
        tuple(row[column[name]] for name in ("Student", "Assignment", "Score", "Late", "Missing"))
        for row in rows
    ]
    expected = [
        (
            own[row["user_id"]][0]["user"]["name"],
            names[str(row["assignment_id"])],
            *(text_of(row[name]) for name in ("score", "late", "missing")),
        )
        for row in submissions(canvas, BIOLOGY)
        if row["user_id"] in own
    ]
    assert sorted(told) == sorted(expected)


def test_gradebook_is_the_one_of_the_page(easel: RunningEasel) -> None:
    """CSV and JSON have the rows of the gradebook page, which other tests compare with Canvas's."""
    browser = sign_in(easel, "teacher")
    own = browser.get(f"{easel.url}/courses/{BIOLOGY}/gradebook.csv", timeout=60)
    body = browser.get(f"{easel.url}/courses/{BIOLOGY}/gradebook.json", timeout=60).json()

    table = exported(easel, "teacher", table="gradebook", period="all")
    address = begun(easel, browser, table="gradebook", format="json", period="all")
    assert decided(browser, address)["complete"]
    file = browser.get(f"{address}/file", timeout=60)

    assert table == own.content.decode("utf-8-sig")
    assert file.headers["Content-Type"] == "application/json"
    found = file.json()
    assert found["data"] == body["data"]
    assert found["assignments"] == body["assignments"]
    assert (found["complete"], found["sources"]) == (True, [])


def test_big_class_is_whole(easel: RunningEasel, canvas: StandIn) -> None:
    """The file has as many lines as Canvas has rows, 25,600; one window at a time is in memory."""
    works = [row for row in raw(canvas, f"courses/{PSYCHOLOGY}/assignments") if row["published"]]
    expected = len(students(canvas, PSYCHOLOGY)) * len(works)  # all is for everybody

    text = exported(easel, "bigteacher", PSYCHOLOGY, table="submissions", period="all")

    assert text.count("\r\n") == 1 + expected == 25_601
    assert "# INCOMPLETE" not in text


def test_progress_is_shown(easel: RunningEasel, canvas: StandIn) -> None:
    """The page says how much is done and what remains; it reloads until the export has ended."""
    canvas.control(latency=0.3)
    browser = sign_in(easel, "bigteacher")
    address = begun(easel, browser, PSYCHOLOGY, table="submissions")

    seen: list[tuple[int, int]] = []
    page = browser.get(address, timeout=30)
    assert page.headers["Refresh"] == "2"
    assert "<progress" in page.text
    while len(seen) < 2 or not seen[-1][0]:
        body = browser.get(f"{address}.json", timeout=30).json()
        assert body["state"] == "running"
        assert body["file"] is None
        if body["total"] is not None:
            assert body["done"] + body["remaining"] == body["total"] == 640
            seen.append((body["done"], body["remaining"]))
        time.sleep(0.1)
    page = browser.get(address, timeout=30)
    said = re.search(r"(\d+) of 640 students are in the file, (\d+) remain", page.text)
    assert said
    assert int(said[1]) + int(said[2]) == 640
    early = browser.get(f"{address}/file", timeout=30)
    assert early.url == address  # no file that looks complete

    cancelled = send(browser, page, form_to(page, "/cancel"))

    assert "Cancelled" in cancelled.text
    assert "Refresh" not in cancelled.headers
    time.sleep(1)
    before = calls(canvas)
    time.sleep(2)
    assert calls(canvas) == before  # nothing is asked of Canvas for it any more
    assert browser.get(f"{address}/file", timeout=30).url == address
    with easel.app.extensions["easel"].storage.engine.connect() as connection:
        assert connection.execute(sa.select(export_parts)).all() == []


def calls(canvas: StandIn) -> int:
    return sum(sum(each.values()) for each in canvas.stats()["calls"].values())


def test_roster_is_the_one_of_the_page(easel: RunningEasel, canvas: StandIn) -> None:
    """With the rules the teacher keeps, and counts of published moderated work."""
    work = next(row for row in raw(canvas, f"courses/{BIOLOGY}/assignments") if row["published"])
    canvas.control(assignments={work["id"]: {"moderated_grading": True, "grades_published": True}})
    browser = sign_in(easel, "teacher")
    here = f"{easel.url}/courses/{BIOLOGY}/roster"
    page = browser.get(here, timeout=60)
    send(browser, page, form_to(page, "/roster/rules"), missing="1", below="85")
    own = browser.get(f"{here}.csv", timeout=60).content.decode("utf-8-sig")
    body = browser.get(f"{here}.json", timeout=60).json()

    form = form_to(page, f"/courses/{BIOLOGY}/exports")
    address = send(browser, page, form, table="roster", format="json").url
    assert decided(browser, address)["state"] == "done"
    file = browser.get(f"{address}/file", timeout=60).json()

    assert file["data"] == body["data"]
    assert any(row["attention"] for row in body["data"])
    assert exported(easel, "teacher", table="roster", period="all") == own


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports that give up after a moment."""
    monkeypatch.setattr("canvas_app.views.exports.PATIENCE_OF_EXPORTS", 4.0)


WINDOW = 33  # students of Biology in one window: three lists of eleven
LATER = {"path": "*/students/submissions", "after": 4}
EXPIRED = {"kind": "status", "status": 401, "headers": {"WWW-Authenticate": "Bearer realm=x"}}


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "status", "status": 503}, "Canvas"),
        ({"kind": "reset"}, "Canvas"),
        (EXPIRED, "Sign in again"),  # even refreshed tokens
    ],
    ids=["down", "killed", "signed out"],
)
@pytest.mark.usefixtures("hasty")
def test_incomplete_export_says_so(
    easel: RunningEasel, canvas: StandIn, fault: dict[str, Any], said: str, form: str
) -> None:
    """The page, the file's name and its end say how far it came; the rows until then are in it."""
    browser = sign_in(easel, "teacher")
    browser.get(f"{easel.url}/courses/{BIOLOGY}/gradebook", timeout=60)
    canvas.control(faults=[LATER | fault | {"times": None}])

    address = begun(easel, browser, table="gradebook", format=form)

    body = decided(browser, address)
    assert (body["state"], body["complete"]) == ("incomplete", False)
    assert (body["done"], body["total"]) == (WINDOW, 64)
    assert f"Only {WINDOW} of 64 students are in this file." in body["trouble"]
    assert said in body["trouble"]
    page = browser.get(address, timeout=30)
    assert "Not everything is in this file." in page.text
    assert f"Only {WINDOW} of 64 students" in page.text
    file = browser.get(f"{address}/file", timeout=30)
    assert f"gradebook-{BIOLOGY}-INCOMPLETE.{form}" in file.headers["Content-Disposition"]
    if form == "csv":
        *rows, last = file.content.decode("utf-8-sig").splitlines()
        assert last.startswith(f"# INCOMPLETE: Only {WINDOW} of 64 students")
        assert len(rows) == 1 + WINDOW
    else:
        assert file.json()["complete"] is False
        assert f"Only {WINDOW} of 64" in file.json()["error"]
        assert len(file.json()["data"]) == WINDOW


@pytest.mark.parametrize(
    "fault",
    [EXPIRED | {"times": 1}, {"kind": "status", "status": 503, "times": 10}],
    ids=["token expired", "longer than a page waits"],
)
def test_passing_faults_lose_nothing(
    easel: RunningEasel, canvas: StandIn, fault: dict[str, Any]
) -> None:
    """The file is complete after a refresh, a wait or a repeated call."""
    whole = exported(easel, "teacher", table="gradebook")
    canvas.control(faults=[LATER | fault])

    assert exported(easel, "teacher", table="gradebook") == whole


def test_throttled_export_waits(easel: RunningEasel, canvas: StandIn) -> None:
    """Its calls cost four times what the bucket holds: it takes longer and is complete."""
    whole = exported(easel, "teacher", table="gradebook", period="all")
    browser = sign_in(easel, "teacher")
    page = browser.get(f"{easel.url}/courses/{BIOLOGY}/gradebook", timeout=60)
    route = "GET /api/v1/courses/:course_id/students/submissions"
    canvas.control(costs={route: 100.0}, throttle={"outflow": 400.0})
    address = send(browser, page, form_to(page, "/exports"), period="all").url

    assert decided(browser, address)["state"] == "done"
    assert browser.get(f"{address}/file", timeout=60).content.decode("utf-8-sig") == whole


def test_refused_students_are_named_as_missing(easel: RunningEasel, canvas: StandIn) -> None:
    """Canvas refuses one list, as for a section that was taken from the teacher meanwhile."""
    refused = {"kind": "status", "status": 403, "times": 1}
    browser = sign_in(easel, "teacher")
    page = browser.get(f"{easel.url}/courses/{BIOLOGY}/gradebook", timeout=60)
    canvas.control(faults=[LATER | refused])
    address = send(browser, page, form_to(page, "/exports")).url

    body = decided(browser, address)
    rows = browser.get(f"{address}/file", timeout=30).content.decode("utf-8-sig").splitlines()

    assert body["state"] == "incomplete"
    assert body["done"] == body["total"] == 64
    assert len(rows) == 1 + 64 + 1
    assert rows[-1].startswith("# INCOMPLETE: class work: Biology 101")


@pytest.mark.usefixtures("hasty")
def test_missing_list_of_students(easel: RunningEasel, canvas: StandIn) -> None:
    """Without the list of students there is no file."""
    browser = sign_in(easel, "teacher")
    page = browser.get(f"{easel.url}/courses/{BIOLOGY}/gradebook", timeout=60)
    down = {"path": "*/courses/4101", "kind": "status", "status": 503, "times": None}
    form = form_to(page, "/exports")
    canvas.control(faults=[down])
    address = send(browser, page, form).url  # that they grade here is known from the page

    body = decided(browser, address)

    assert (body["state"], body["total"], body["file"]) == ("incomplete", None, None)
    assert "/file" not in browser.get(address, timeout=30).text


@pytest.mark.parametrize("kind", ["anonymous", "moderated"])
def test_anonymous_work_stays_anonymous(easel: RunningEasel, canvas: StandIn, kind: str) -> None:
    every = submissions(canvas, BIOLOGY)
    late = next(row for row in every if row["late"] and row["score"] is None)
    change: dict[str, Any] = {"anonymous_grading": True, "post_manually": True}
    if kind == "moderated":
        change = {"moderated_grading": True}
    canvas.control(assignments={late["assignment_id"]: change})
    works = raw(canvas, f"courses/{BIOLOGY}/assignments")
    [title] = [row["name"] for row in works if row["id"] == late["assignment_id"]]

    head, *rows = csv.reader(
        io.StringIO(exported(easel, "teacher", table="submissions", period="all"))
    )

    mine = [dict(zip(head, row, strict=True)) for row in rows]
    of_work = [row for row in mine if row["Assignment"] == title]
    assert len(of_work) == 64
    facts = ("Score", "Grade", "Late", "Missing", "Excused", "Handed in (UTC)", "Graded (UTC)")
    sealed = [row for row in of_work if row["Status"] == "anonymous"]
    assert len(sealed) == (64 if kind == "anonymous" else len(sealed)) > 0
    assert {row[name] for row in sealed for name in facts} == {""}
    assert not [row for row in sealed if "student_id" in row["SpeedGrader"]]


def test_choice_of_the_page_is_kept(easel: RunningEasel, canvas: StandIn) -> None:
    section = raw(canvas, f"courses/{BIOLOGY}/sections")[0]
    browser = sign_in(easel, "teacher")
    query = f"section={section['id']}&sort=missing&period=all"
    page = browser.get(f"{easel.url}/courses/{BIOLOGY}/gradebook?{query}", timeout=60)
    address = send(browser, page, form_to(page, "/exports"), format="json").url
    assert decided(browser, address)["state"] == "done"

    rows = browser.get(f"{address}/file", timeout=30).json()["data"]

    own = browser.get(
        f"{easel.url}/courses/{BIOLOGY}/gradebook.json?section={section['id']}", timeout=60
    )
    assert rows == own.json()["data"]


@pytest.mark.parametrize("who", ["dozen", "observer"])
def test_who_does_not_grade_prepares_nothing(easel: RunningEasel, who: str) -> None:
    browser = sign_in(easel, who)
    account = browser.get(f"{easel.url}/account", timeout=30)
    token = form_to(account, "/logout")["fields"]["csrf_token"]

    answer = browser.post(
        f"{easel.url}/courses/{BIOLOGY}/exports", data={"csrf_token": token}, timeout=30
    )

    assert answer.status_code == 403
    assert "neither teacher nor" in answer.text


def test_an_export_is_the_persons_own(easel: RunningEasel) -> None:
    """Neither another teacher of the course nor somebody signed out can see or end it."""
    browser = sign_in(easel, "teacher")
    address = begun(easel, browser)
    decided(browser, address)
    other = sign_in(easel, "ta")
    token = form_to(other.get(f"{easel.url}/account", timeout=30), "/logout")["fields"]

    for ending in ("", ".json", "/file"):
        assert other.get(f"{address}{ending}", timeout=30).status_code == 404
    assert other.post(f"{address}/cancel", data=token, timeout=30).status_code == 404
    signed_out = easel.browser().get(f"{address}/file", allow_redirects=False, timeout=30)
    assert signed_out.status_code == 302
    assert browser.get(f"{address}/file", timeout=30).ok


def test_other_processes_know_it(
    start_easel: StartEasel, easel: RunningEasel, canvas: StandIn
) -> None:
    """State and file are in the database: whoever serves the next request has them."""
    browser = sign_in(easel, "teacher")
    address = begun(easel, browser)
    decided(browser, address)
    first = easel.app.extensions["easel"].settings
    shared = {
        name: getattr(first, name)
        for name in ("database_url", "instance_path", "secret_key", "token_keys")
    }
    second = start_easel(**shared)

    there = address.replace(easel.url, second.url)
    assert decided(browser, there)["state"] == "done"
    assert browser.get(f"{there}/file", timeout=30).text.count("\r\n") == 65


def test_interrupted_and_expired(easel: RunningEasel, canvas: StandIn) -> None:
    """An export whose process is gone is reported; after an hour it is deleted."""
    browser = sign_in(easel, "teacher")
    address = begun(easel, browser)
    decided(browser, address)
    engine = easel.app.extensions["easel"].storage.engine
    now = datetime.now(UTC)
    with engine.begin() as connection:
        silent = exports.update().values(state="running", heard_at=now - SILENCE)
        connection.execute(silent)

    assert browser.get(f"{address}.json", timeout=30).json()["state"] == "interrupted"
    page = browser.get(address, timeout=30)
    assert "stopped before it was complete" in page.text
    assert "Refresh" not in page.headers
    assert browser.get(f"{address}/file", timeout=30).url == address
    with engine.begin() as connection:
        connection.execute(exports.update().values(created_at=now - EXPORT_KEPT))
    assert browser.get(address, timeout=30).status_code == 404


def test_two_at_a_time(easel: RunningEasel, canvas: StandIn) -> None:
    canvas.control(latency={"GET /api/v1/courses/:course_id/students/submissions": 1.0})
    browser = sign_in(easel, "teacher")
    page = browser.get(f"{easel.url}/courses/{BIOLOGY}/gradebook", timeout=60)
    form = form_to(page, "/exports")
    begun_ones = [send(browser, page, form) for _ in range(3)]

    assert [answer.status_code for answer in begun_ones] == [200, 200, 429]
    assert "Two exports are running already" in begun_ones[-1].text


@pytest.mark.parametrize("fields", [{"table": "nothing"}, {"format": "xlsx"}])
def test_unknown_tables_are_refused(easel: RunningEasel, fields: dict[str, str]) -> None:
    browser = sign_in(easel, "teacher")
    page = browser.get(f"{easel.url}/courses/{BIOLOGY}/gradebook", timeout=60)

    assert send(browser, page, form_to(page, "/exports"), **fields).status_code == 400
