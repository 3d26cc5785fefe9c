"""Roster and student page while Canvas fails half-way: nothing is lost silently."""

from typing import Any

import pytest
import requests

from tests.conftest import StandIn

from .classes import BIOLOGY
from .conftest import RunningEasel, StartEasel, last_view, sign_in
from .test_class_student import MAYA
from .test_class_student import oracle as works_of
from .test_class_student import told as works_told
from .test_roster import oracle, told

pytestmark = pytest.mark.anyday

ROSTER = f"/courses/{BIOLOGY}/roster"
STUDENT = f"/courses/{BIOLOGY}/students/{MAYA}"
EXPIRED = {"kind": "status", "status": 401, "headers": {"WWW-Authenticate": "Bearer realm=x"}}
BROKEN = [{"kind": "reset"}, {"kind": "status", "status": 503}, {"kind": "html"}]
COUNTED = ("missing", "late", "on_time_share", "last_submitted_at")
"""What is counted of submissions, and unknown where these did not come."""


@pytest.fixture
def easel(start_easel: StartEasel) -> RunningEasel:
    """Its pages wait for less than elsewhere, because here they wait in vain."""
    return start_easel(page_deadline=12)


def teacher(easel: RunningEasel) -> requests.Session:
    """A teacher who has opened no page yet that asks for a class."""
    return sign_in(easel, "teacher", path="/login?next=/account")


def strike(canvas: StandIn, path: str, fault: dict[str, Any], after: int = 0) -> None:
    """Let a fault strike the teacher's calls, and not those of the comparison."""
    whose = {"person": canvas.person("teacher")["id"]}
    canvas.control(faults=[{"path": path, "times": None, "after": after} | whose | fault])


@pytest.mark.parametrize("fault", BROKEN, ids=["killed", "down", "proxy"])
def test_roster_without_the_rest_of_the_work(
    easel: RunningEasel, canvas: StandIn, fault: dict[str, Any]
) -> None:
    """Three of six lists came: their students have counts, the others have unknown ones."""
    browser = teacher(easel)
    strike(canvas, "*/students/submissions", fault, after=3)

    body = browser.get(f"{easel.url}{ROSTER}.json", timeout=60).json()
    page = last_view(browser.get(f"{easel.url}{ROSTER}", timeout=60).text)
    table = browser.get(f"{easel.url}{ROSTER}.csv", timeout=60).content.decode("utf-8-sig")

    found, expected = told(body), oracle(canvas, BIOLOGY)
    unknown = {id_ for id_, row in found.items() if row["missing"] is None}
    assert body["complete"] is False
    assert len(found) == 64
    assert 0 < len(unknown) < 64
    for id_, row in found.items():
        counts = dict.fromkeys(COUNTED) if id_ in unknown else {}
        assert row == expected[id_] | counts
    assert "Not everything is here." in page
    assert "64 students" in page
    assert "about" in page  # how many need attention
    assert table.splitlines()[-1].startswith("# INCOMPLETE")


def test_roster_with_one_list_refused(easel: RunningEasel, canvas: StandIn) -> None:
    """As for the students of a section that was taken from the teacher meanwhile."""
    browser = teacher(easel)
    refused = {"kind": "status", "status": 403, "times": 1}
    strike(canvas, "*/students/submissions", refused, after=2)

    body = browser.get(f"{easel.url}{ROSTER}.json", timeout=60).json()

    found, expected = told(body), oracle(canvas, BIOLOGY)
    known = {id_: row for id_, row in found.items() if row["missing"] is not None}
    assert body["complete"] is False
    assert len(found) == 64
    assert 32 < len(known) < 64
    assert known == {id_: expected[id_] for id_ in known}
    [lost] = [each for each in body["sources"] if each["status"] != "fresh"]
    assert lost["name"] == "class work: Biology 101"


@pytest.mark.parametrize("lost", ["*/courses/4101/sections", "*/courses/4101/assignment_groups"])
def test_roster_without_names_of_sections_or_groups(
    easel: RunningEasel, canvas: StandIn, lost: str
) -> None:
    browser = teacher(easel)
    strike(canvas, lost, {"kind": "status", "status": 403})

    body = browser.get(f"{easel.url}{ROSTER}.json", timeout=60).json()

    expected = oracle(canvas, BIOLOGY) if "groups" in lost else None
    assert body["complete"] is False
    assert len(body["data"]) == 64
    if expected:
        assert told(body) == expected
        assert not any("fell" in why for row in body["data"] for why in row["attention"])


def assert_whole(body: dict[str, Any], canvas: StandIn, path: str) -> None:
    """Assert that nothing is missing and everything is as in Canvas."""
    assert body["complete"] is True, body["sources"]
    if path == ROSTER:
        assert told(body) == oracle(canvas, BIOLOGY)
    else:
        assert works_told(body) == works_of(canvas, MAYA)


@pytest.mark.parametrize(
    "fault",
    [EXPIRED, {"kind": "status", "status": 503}, {"kind": "reset"}],
    ids=["token expired", "hiccup", "cut"],
)
@pytest.mark.parametrize("path", [ROSTER, STUDENT])
def test_passing_faults_lose_nothing(
    easel: RunningEasel, canvas: StandIn, path: str, fault: dict[str, Any]
) -> None:
    """A token that expires half-way is refreshed, a call that failed once is sent again."""
    browser = teacher(easel)
    strike(canvas, "*/students/submissions", fault | {"times": 1}, after=path.count("roster"))

    body = browser.get(f"{easel.url}{path}.json", timeout=60).json()

    assert_whole(body, canvas, path)


@pytest.mark.parametrize("path", [ROSTER, STUDENT])
def test_throttled_pages_wait(easel: RunningEasel, canvas: StandIn, path: str) -> None:
    """The calls cost more than the bucket holds, so the page takes longer but is complete."""
    browser = teacher(easel)
    route = "GET /api/v1/courses/:course_id/students/submissions"
    canvas.control(costs={route: 100.0}, throttle={"outflow": 40.0})

    body = browser.get(f"{easel.url}{path}.json", timeout=60).json()
    canvas.control(costs={}, throttle={"enabled": False})

    assert_whole(body, canvas, path)


@pytest.mark.parametrize("path", [ROSTER, STUDENT])
def test_access_that_ends_half_way_is_said(easel: RunningEasel, canvas: StandIn, path: str) -> None:
    """Canvas accepts no token any more, not even a refreshed one."""
    browser = teacher(easel)
    strike(canvas, "*/students/submissions", EXPIRED, after=path.count("roster"))

    answer = browser.get(f"{easel.url}{path}.json", timeout=60)
    page = browser.get(f"{easel.url}{path}", timeout=60)
    table = browser.get(f"{easel.url}{path}.csv", timeout=60)

    assert answer.json()["complete"] is False
    text = last_view(page.text)
    assert "Not everything is here." in text or "sign" in text.lower() or page.status_code == 403
    if table.ok and "text/csv" in table.headers["Content-Type"]:
        assert table.text.splitlines()[-1].startswith("# INCOMPLETE")


@pytest.mark.parametrize("fault", BROKEN, ids=["killed", "down", "proxy"])
def test_student_without_submissions(
    easel: RunningEasel, canvas: StandIn, fault: dict[str, Any]
) -> None:
    """Name, sections and totals are shown; nothing is counted, so no count is 0."""
    browser = teacher(easel)
    strike(canvas, "*/students/submissions", fault)

    body = browser.get(f"{easel.url}{STUDENT}.json", timeout=60).json()
    page = browser.get(f"{easel.url}{STUDENT}", timeout=60).text

    expected = oracle(canvas, BIOLOGY)[str(MAYA)]
    student = body["student"]
    assert body["complete"] is False
    assert body["data"] == []
    assert {name: student[name] for name in COUNTED} == dict.fromkeys(COUNTED)
    for name in ("name", "sections", "current_score", "last_activity_at"):
        assert student[name] == expected[name]
    assert "Not everything is here." in page
    assert "Nothing came from Canvas; there may be work all the same." in page
    assert "missing," not in page
