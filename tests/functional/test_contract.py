"""The names that deployments, scripts and outside checks rely on; see docs/architecture.md."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

import demo
from tests.conftest import ROOT, StandIn

from .conftest import RunningEasel, StartEasel, form_to, sign_in

PAGES = ("/courses", "/courses/4101", "/upcoming", "/submissions", "/account")
ASSIGNMENT = "/courses/4101/assignments/50001"
TWINS = (
    *("/dashboard.json", "/courses.json", "/upcoming.json", "/submissions.json"),
    *("/courses/4101.json", f"{ASSIGNMENT}.json"),
)
STATUSES = {
    *("graded", "submitted", "resubmitted", "needs_grading", "redo_requested", "excused"),
    *("missing", "overdue", "due", "locked", "not_yet_open", "on_paper", "nothing_to_hand_in"),
    *("custom", "needs_review", "hidden"),
}
SOURCES = {"fresh", "stale", "partial", "denied", "failed"}


def get(
    easel: RunningEasel, path: str, browser: requests.Session | None = None
) -> requests.Response:
    browser = browser or easel.browser()
    return browser.get(f"{easel.url}{path}", allow_redirects=False, timeout=30)


def test_signed_out(easel: RunningEasel) -> None:
    """The start page greets; pages send to sign in and back, twins say 401 in their own shape."""
    assert get(easel, "/").status_code == 200
    for path in (*PAGES, ASSIGNMENT):
        page = get(easel, f"{path}?a=b")
        assert (page.status_code, page.headers["Location"]) == (302, f"/login?next={path}%3Fa%3Db")
    for path in TWINS:
        twin = get(easel, path)
        assert twin.status_code == 401, path
        assert (twin.json()["data"], twin.json()["complete"]) == ([], False)


def test_signed_in(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")

    for path in ("/", *PAGES, ASSIGNMENT):
        page = get(easel, path, browser)
        assert page.status_code == 200, path
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "no-store" in page.headers["Cache-Control"]
    for path in TWINS:
        twin = get(easel, path, browser)
        assert (twin.status_code, twin.headers["Content-Type"]) == (200, "application/json"), path
        assert "no-store" in twin.headers["Cache-Control"]
        check_shape(twin.json())
    account = get(easel, "/account", browser)
    assert form_to(account, "/logout")["method"] == "POST"
    assert get(easel, "/logout", browser).status_code == 405


def check_shape(body: dict[str, Any]) -> None:
    assert isinstance(body["data"], list)
    for source in body["sources"]:
        assert source["status"] in SOURCES
        assert {"name", "fetched_at", "detail"} <= source.keys()
        assert source.get("refreshing", True) is True
    whole = all(source["status"] in ("fresh", "stale") for source in body["sources"])
    assert body["complete"] is (whole and "error" not in body)


@pytest.mark.parametrize("who", ["dozen", "hostile", "teacher", "ta", "observer", "newcomer"])
def test_statuses_and_ids(easel: RunningEasel, who: str) -> None:
    browser = sign_in(easel, who)

    for name in ("upcoming", "submissions"):
        body = get(easel, f"/{name}.json", browser).json()
        check_shape(body)
        for row in body["data"]:
            assert row["status"] in STATUSES
            assert bool(row["status_label"]) is (row["status"] == "custom")
            for field, value in row.items():
                if field == "id" or field.endswith("_id"):
                    assert isinstance(value, str | None), field
                if field.endswith("_at") and value:
                    assert datetime.fromisoformat(value).tzinfo


def test_upcoming_reaches_from_four_weeks_ago_to_two_ahead(easel: RunningEasel) -> None:
    rows = get(easel, "/upcoming.json", sign_in(easel, "dozen")).json()["data"]

    now, day = datetime.now(UTC), timedelta(days=1)
    for row in rows:
        due = row["due_at"] and datetime.fromisoformat(row["due_at"])
        assert due is None or row["missing"] or now - 29 * day < due < now + 15 * day, row
    assert {row["done"] for row in rows} == {True, False}


def test_every_submission_is_there(easel: RunningEasel, canvas: StandIn) -> None:
    """Unsubmitted ones too, of each course the person studies in now."""
    expected = set()
    headers = {"Authorization": f"Bearer {canvas.token('dozen')}"}
    asked = "enrollment_type=student&enrollment_state=active&per_page=100"
    courses = requests.get(f"{canvas.url}/api/v1/courses?{asked}", headers=headers, timeout=30)
    for course in courses.json():
        url = f"{canvas.url}/api/v1/courses/{course['id']}/students/submissions?per_page=100"
        while url:
            page = requests.get(url, headers=headers, timeout=30)
            if page.status_code != 200:
                break  # outside its dates: Canvas shows nothing of it
            expected |= {str(each["assignment_id"]) for each in page.json()}
            url = page.links.get("next", {}).get("url")

    body = get(easel, "/submissions.json", sign_in(easel, "dozen")).json()

    assert body["complete"]
    assert expected
    assert expected <= {row["assignment_id"] for row in body["data"]}


def test_renewed_source_says_so(start_easel: StartEasel, canvas: StandIn) -> None:
    easel = start_easel(cache_seconds=0.01)
    browser = sign_in(easel, "dozen")
    get(easel, "/courses.json", browser)
    canvas.control(latency=0.3)

    sources = get(easel, "/courses.json", browser).json()["sources"]

    renewed = [source for source in sources if source.get("refreshing")]
    assert renewed
    assert {source["status"] for source in renewed} == {"stale"}


def test_health_needs_no_sign_in(easel: RunningEasel) -> None:
    assert get(easel, "/healthz").json() == {"status": "ok"}
    assert get(easel, "/readyz").json()["canvas"] in ("ok", "unreachable")
    assert get(easel, "/metrics").status_code == 200
    assert get(easel, "/calendar/unknown.ics").status_code == 404


def test_commands() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert {"setup", "demo", "test", "check", "bench"} <= set(targets)


def test_demo_says_what_is_worth_seeing(canvas: StandIn) -> None:
    """For each person; each password is as the demo describes them all."""
    people = requests.get(f"{canvas.url}/_emulator/people", timeout=10).json()

    assert {person["key"] for person in people} == {*demo.WORTH_SEEING}
    for person in people:
        assert person["password"] == f"{person['login']}-password"
