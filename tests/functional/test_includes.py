"""A developer key without Allow Include Parameters: Canvas drops includes, and Easel says so."""

import html
import logging
import re
from typing import Any

import pytest
import requests

from canvas_app.storage.notes import INCLUDES_DROPPED

from .conftest import RunningEasel, StartEasel, sign_in

pytestmark = pytest.mark.anyday

HIDES = "Your school's set-up of Easel hides this"


@pytest.fixture
def scoped(start_easel: StartEasel) -> RunningEasel:
    """Easel with Canvas's default for keys that enforce scopes."""
    return start_easel(key="scoped", scopes="auto")


def twin(easel: RunningEasel, browser: requests.Session, path: str) -> dict[str, Any]:
    body: dict[str, Any] = browser.get(f"{easel.url}/{path}.json", timeout=60).json()
    return body


def hidden(body: dict[str, Any]) -> dict[str, str]:
    """Return the sources from which the set-up hides something, with their messages."""
    return {s["name"]: s["detail"] for s in body["sources"] if HIDES in s["detail"]}


def ready(easel: RunningEasel) -> dict[str, Any]:
    easel.app.extensions["easel"].pool.submit(int).result()
    answer = requests.get(f"{easel.url}/readyz", timeout=30)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def test_page_and_twin_say_what_is_hidden(scoped: RunningEasel) -> None:
    browser = sign_in(scoped, "dozen")

    body = twin(scoped, browser, "courses")
    page = html.unescape(browser.get(f"{scoped.url}/courses", timeout=60).text)

    assert body["complete"] is False
    courses = next(source for source in body["sources"] if source["name"] == "courses")
    assert courses["status"] == "partial"
    assert "terms" in hidden(body)["courses"]
    assert "Allow Include Parameters" in courses["for_admin"]
    assert "Not everything is here." in page
    assert HIDES in page
    told = re.findall(r"<details><summary>For whoever runs Easel</summary>.*?</details>", page)
    assert len(told) == 1
    assert "Allow Include Parameters" in told[0]


def test_operator_is_told(scoped: RunningEasel, caplog: pytest.LogCaptureFixture) -> None:
    assert ready(scoped)["status"] == "ok"
    browser = sign_in(scoped, "dozen")
    for path in ("courses", "courses/4101"):
        twin(scoped, browser, path)

    body = ready(scoped)

    assert body["status"] == "degraded"
    assert "Allow Include Parameters" in " ".join(body["detail"])
    warned = [r for r in caplog.records if "Allow Include Parameters" in r.getMessage()]
    assert [record.levelno for record in warned] == [logging.WARNING]
    [note] = scoped.app.extensions["easel"].storage.notes.about(INCLUDES_DROPPED)
    assert note.environment == "production"
    assert {"term", "assignments"} <= set(note.detail)
    counters = requests.get(f"{scoped.url}/metrics", timeout=30).text
    assert 'easel_includes_dropped_total{environment="production"}' in counters


def test_nothing_is_said_once_includes_come(start_easel: StartEasel) -> None:
    easel = start_easel(key="scoped", scopes="auto", cache_seconds=0)
    browser = sign_in(easel, "dozen")
    assert hidden(twin(easel, browser, "courses/4101"))
    easel.canvas.control(settings={"allow_includes": True})

    body = twin(easel, browser, "courses/4101")

    assert (body["complete"], hidden(body)) == (True, {})
    assert ready(easel)["status"] == "ok"
    assert easel.app.extensions["easel"].storage.notes.about(INCLUDES_DROPPED) == ()


def test_what_was_kept_without_includes_goes_with_the_first_answer(scoped: RunningEasel) -> None:
    browser = sign_in(scoped, "dozen")
    assert hidden(twin(scoped, browser, "dashboard"))
    scoped.canvas.control(settings={"allow_includes": True})

    browser.get(f"{scoped.url}/courses.json?retry=courses", timeout=60)
    body = twin(scoped, browser, "dashboard")

    assert (body["complete"], hidden(body)) == (True, {})


def test_start_page_makes_no_call_for_each_course(scoped: RunningEasel) -> None:
    browser = sign_in(scoped, "dozen", path="/login?next=/account")
    before = scoped.canvas.stats()["calls"]

    body = twin(scoped, browser, "dashboard")

    made = {
        route: sum(times.values()) - sum(before.get(route, {}).values())
        for route, times in scoped.canvas.stats()["calls"].items()
    }
    assert not [route for route, times in made.items() if times and "/courses/:" in route]
    assert made["GET /api/v1/courses"] == 3, "the list, what is over, and what has not begun"
    assert made["GET /api/v1/users/:user_id/enrollments"] == 2, "what was ended, and the totals"
    assert "calendar" in hidden(body), "what no call but one for each course would bring"


def test_upcoming_is_whole_without_includes(scoped: RunningEasel) -> None:
    """Other calls bring everything this page shows, unless a course shows only letters."""
    browser = sign_in(scoped, "ta")

    body = twin(scoped, browser, "upcoming")

    assert (body["complete"], hidden(body)) == (True, {})
    assert body["data"]
    assert ready(scoped)["status"] == "degraded"


@pytest.mark.parametrize("who", ["dozen", "newcomer", "observer", "teacher", "ta"])
def test_set_up_in_order_is_never_blamed(start_easel: StartEasel, who: str) -> None:
    """Also with hidden totals, without courses, without own work, or with stubs."""
    easel = start_easel(key="scoped_includes", scopes="auto")
    browser = sign_in(easel, who)

    for path in ("dashboard", "courses", "upcoming", "submissions"):
        assert hidden(twin(easel, browser, path)) == {}, path
    assert ready(easel)["status"] == "ok"


def test_without_a_row_nothing_is_concluded(scoped: RunningEasel) -> None:
    browser = sign_in(scoped, "newcomer")

    for path in ("dashboard", "courses", "upcoming", "submissions"):
        body = twin(scoped, browser, path)
        assert (body["complete"], hidden(body)) == (True, {}), path
    assert ready(scoped)["status"] == "ok"
