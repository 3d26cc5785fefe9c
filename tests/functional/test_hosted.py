"""Easel with a Canvas hosted by Instructure; one switch of the stand-in sets the differences."""

import pytest

from tests.conftest import StandIn

from .conftest import RunningEasel, StartEasel, sign_in

pytestmark = pytest.mark.anyday


@pytest.fixture
def hosted(start_easel: StartEasel, canvas: StandIn) -> RunningEasel:
    canvas.control(profile="hosted")
    return start_easel(cache_seconds=0)


def test_nothing_is_missing(hosted: RunningEasel) -> None:
    """Its header names are in lower case, it wants a User-Agent, its bucket is larger."""
    browser = sign_in(hosted, "dozen")
    for name in ("dashboard", "courses", "upcoming", "submissions", "courses/4101/grades"):
        body = browser.get(f"{hosted.url}/{name}.json", timeout=30).json()
        assert body["complete"], name
    assert hosted.canvas.stats()["throttled"] == 0


def test_full_bucket_is_waited_for(hosted: RunningEasel) -> None:
    """Hosted Canvas answers 429 where others answer 403."""
    browser = sign_in(hosted, "dozen")
    hosted.canvas.control(faults=[{"path": "/api/v1/courses", "kind": "status", "status": 429}])
    assert browser.get(f"{hosted.url}/courses.json", timeout=30).json()["complete"]


@pytest.mark.parametrize(
    "headers",
    [
        *({"X-Rate-Limit-Remaining": odd} for odd in ("1e308", "-1e308", "nan", "inf", "many", "")),
        *({"X-Request-Cost": odd} for odd in ("1e308", "-1e308", "nan", "much")),
        {"Link": "<" * 60_000},
        {"X-Request-Context-Id": "x" * 60_000},
    ],
    ids=lambda headers: f"{headers}"[:50],
)
def test_odd_headers_stop_nobody(start_easel: StartEasel, headers: dict[str, str]) -> None:
    """Whatever a proxy makes of the headers, this page and the next one are shown."""
    easel = start_easel(cache_seconds=0, page_deadline=10)
    browser = sign_in(easel, "dozen")
    fault = {"path": "/api/v1/users/self/*", "kind": "headers", "headers": headers, "times": None}
    easel.canvas.control(faults=[fault])
    assert browser.get(f"{easel.url}/", timeout=30).ok
    easel.canvas.control(faults=[])
    for _ in range(2):
        body = browser.get(f"{easel.url}/dashboard.json", timeout=30).json()
        assert {source["status"] for source in body["sources"]} == {"fresh"}


def test_no_cookie_of_canvas_is_kept(easel: RunningEasel) -> None:
    """Canvas sets a session cookie with each call; kept, it would go out with others' calls."""
    for person in ("dozen", "many"):
        browser = sign_in(easel, person)
        assert browser.get(f"{easel.url}/courses.json", timeout=30).json()["complete"]
        assert browser.get(f"{easel.url}/submissions.json", timeout=30).json()["complete"]
    assert easel.canvas.stats()["cookies"] == 0
