"""Easel at a Canvas as Instructure hosts it: one switch of the stand-in sets what differs there."""

import pytest

from tests.conftest import StandIn

from .conftest import RunningEasel, StartEasel, sign_in


@pytest.fixture
def hosted(start_easel: StartEasel, canvas: StandIn) -> RunningEasel:
    canvas.control(profile="hosted")
    return start_easel(cache_seconds=0)


def test_nothing_is_missing(hosted: RunningEasel) -> None:
    """Header names in lower case, a User-Agent with every call, a larger bucket."""
    browser = sign_in(hosted, "dozen")
    for name in ("dashboard", "courses", "upcoming", "submissions", "courses/4101/grades"):
        body = browser.get(f"{hosted.url}/{name}.json", timeout=30).json()
        assert body["complete"], name
    assert hosted.canvas.stats()["throttled"] == 0


def test_full_bucket_is_waited_for(hosted: RunningEasel) -> None:
    """Hosted Canvas says 429 where it says so with 403 elsewhere."""
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
    """Whatever a proxy makes of them: the page with them stands, and so does the next one."""
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
    """It sets a session's with each call; kept, one person's would go out with the next one's."""
    for person in ("dozen", "many"):
        browser = sign_in(easel, person)
        assert browser.get(f"{easel.url}/courses.json", timeout=30).json()["complete"]
        assert browser.get(f"{easel.url}/submissions.json", timeout=30).json()["complete"]
    assert easel.canvas.stats()["cookies"] == 0
