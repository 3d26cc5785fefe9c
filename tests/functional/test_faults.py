"""Whatever fault one call has, each page is shown, marks what is missing, and Retry repairs it."""

import html
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
import time_machine

from canvas_app.sources.cache import MemoryCache

from .conftest import RunningEasel, allow, form_to, last_view, send, sign_in

pytestmark = pytest.mark.anyday

PAGES = ["", "courses", "upcoming", "submissions"]
DOWN = {"kind": "status", "status": 503, "times": None}
KINDS: list[dict[str, Any]] = [
    {"kind": "status", "status": 503},
    {"kind": "reset"},
    {"kind": "html"},
    {"kind": "truncate"},
    {"kind": "status", "status": 403},
]


def twin_of(name: str) -> str:
    return f"{name or 'dashboard'}.json"


def forget(easel: RunningEasel) -> None:
    """Empty the cache, as if the person had not been here for long."""
    easel.app.extensions["easel"].cache = MemoryCache(10_000_000)


def page(browser: requests.Session, easel: RunningEasel, name: str, limit: float = 30) -> str:
    """Return a page's HTML, which must come whole and in time."""
    began = time.monotonic()
    answer = browser.get(f"{easel.url}/{name}", timeout=60)
    assert time.monotonic() - began < limit
    assert answer.status_code == 200
    assert answer.text.rstrip().endswith("</html>")
    assert answer.text.count("<h1") == answer.text.count("</main>") == 1
    assert "could not be finished" not in answer.text
    return answer.text


def twin(browser: requests.Session, easel: RunningEasel, name: str) -> dict[str, Any]:
    body: dict[str, Any] = browser.get(f"{easel.url}/{twin_of(name)}", timeout=60).json()
    return body


def missing(body: dict[str, Any]) -> dict[str, str]:
    """Return name and status of the twin's sources that are incomplete."""
    found = {s["name"]: s["status"] for s in body["sources"]}
    return {name: status for name, status in found.items() if status not in ("fresh", "stale")}


def retries(text: str) -> list[str]:
    """Return the addresses of the Retry links: those of single parts or, if none, the page's."""
    found = re.findall(r'<a class="again" href="([^"]*)"', last_view(text))
    found = found or re.findall(r'<a class="button" href="([^"]*retry=[^"]*)"', last_view(text))
    return [html.unescape(link) for link in found]


def routes_of(browser: requests.Session, easel: RunningEasel, name: str) -> list[str]:
    """Return the routes of the calls that a page with an empty cache makes; of courses only one."""
    forget(easel)
    calls = easel.canvas.stats()["calls"]
    before = {route: sum(count.values()) for route, count in calls.items()}
    page(browser, easel, name)
    calls = easel.canvas.stats()["calls"]
    after = {route: sum(count.values()) for route, count in calls.items()}
    asked = sorted(route for route in after if after[route] > before.get(route, 0))
    paths = [route.partition(" ")[2] for route in asked if route.startswith("GET /api")]
    some = [re.sub(r"/courses/:\w+", "/courses/4101", path) for path in paths]
    return [re.sub(r":\w+", "self", path) for path in some]


@pytest.mark.parametrize("name", PAGES)
def test_each_call_may_fail_in_each_way(easel, canvas, name):
    browser = sign_in(easel, "dozen")
    whole = twin(browser, easel, name)
    assert whole["complete"], whole["sources"]
    routes = routes_of(browser, easel, name)
    assert len(routes) > 2

    for turn, path in enumerate(routes):
        fault = KINDS[turn % len(KINDS)]
        forget(easel)
        canvas.control(faults=[{"method": "GET", "path": path, "times": None, **fault}])

        text = page(browser, easel, name)
        body = twin(browser, easel, name)

        assert body["complete"] is False, path
        bad = missing(body)
        assert bad, path
        assert "Not everything is here" in text
        denied = fault.get("status") == 403
        assert set(bad.values()) <= ({"denied", "partial"} if denied else {"failed", "partial"})
        assert body["standing"]["up_to_date"] < body["standing"]["of"]
        canvas.control(faults=[])
        for link in retries(text):
            text = page(browser, easel, link.lstrip("/"))
        assert "Not everything is here" not in text, path
        mended = twin(browser, easel, name)
        assert mended["complete"], (path, mended["sources"])
        assert mended["data"] == whole["data"], path


@pytest.mark.parametrize("fault", KINDS[:4], ids=["503", "reset", "html", "truncate"])
def test_page_of_a_list_killed(easel, canvas, fault):
    """The first page of each list comes, all others fail: the rows are shown, the rest is named."""
    canvas.control(settings={"api_max_per_page": 5})
    browser = sign_in(easel, "dozen")
    whole = twin(browser, easel, "courses")
    forget(easel)
    killed = {"method": "GET", "path": "/api/v1/courses", "query": {"page": "2"}, "times": None}
    canvas.control(faults=[killed | fault])

    text = page(browser, easel, "courses")
    body = twin(browser, easel, "courses")

    assert missing(body)["courses"] == "partial"
    (source,) = [s for s in body["sources"] if s["name"] == "courses"]
    assert re.match(r"\d of \d pages came\.", source["detail"])
    assert 0 < len(body["data"]) < len(whole["data"])
    assert "at least" in text.lower()
    canvas.control(faults=[])
    allow(easel, 60)
    for link in retries(text):
        page(browser, easel, link.lstrip("/"))
    mended = twin(browser, easel, "courses")
    assert mended["complete"]
    assert mended["data"] == whole["data"]


def test_denied_course_is_named_and_leaves_the_others(easel, canvas):
    browser = sign_in(easel, "dozen")
    path = "/api/v1/courses/4101/*"
    canvas.control(faults=[{"path": path, "kind": "status", "status": 403, "times": None}])

    body = twin(browser, easel, "submissions")
    text = page(browser, easel, "submissions")

    denied = [source for source in body["sources"] if source["status"] == "denied"]
    assert {source["course_name"] for source in denied} == {"Biology 101"}
    assert {source["course_id"] for source in denied} == {"4101"}
    standing = body["standing"]
    assert (standing["unit"], standing["of"] - standing["up_to_date"]) == ("course", 1)
    assert f"{standing['up_to_date']} of {standing['of']} courses up to date" in text
    assert "does not share this with you" in text
    assert body["data"]


@pytest.mark.parametrize("name", [*PAGES, "courses/4101"])
def test_source_that_hangs_leaves_the_page_within_its_deadline(easel, canvas, name):
    browser = sign_in(easel, "dozen")
    path = {"": "planner/items", "upcoming": "planner/items", "courses": "users/self/colors"}.get(
        name, "courses/4101/*"
    )
    if name.startswith("courses/"):
        path = "users/self/colors"
    forget(easel)
    hanging = {"path": f"/api/v1/{path}", "kind": "slow", "seconds": 30, "times": None}
    canvas.control(faults=[hanging])
    allow(easel, 2)

    text = page(browser, easel, name, limit=29)

    assert "Not everything is here" in text
    assert "did not answer" in text
    canvas.control(faults=[])
    for link in retries(text):
        text = page(browser, easel, link.lstrip("/"))
    assert twin(browser, easel, name)["complete"]


@pytest.mark.parametrize("name", PAGES)
def test_canvas_down_leaves_a_page_with_retry(easel, canvas, name):
    browser = sign_in(easel, "dozen")
    whole = twin(browser, easel, name)
    forget(easel)
    canvas.control(faults=[{"path": "/api/*", "kind": "status", "status": 503, "times": None}])
    allow(easel, 2)

    text = page(browser, easel, name)
    body = twin(browser, easel, name)

    assert body["data"] == []
    assert body["complete"] is False
    assert set(missing(body).values()) == {"failed"}
    assert ">Retry" in text
    assert "Nothing to do" not in text
    assert "no courses yet" not in text
    canvas.control(faults=[])
    allow(easel, 60)
    assert "Everything is up to date" in page(browser, easel, name)
    assert twin(browser, easel, name)["data"] == whole["data"]


def test_canvas_down_shows_what_was_kept(start_easel, canvas):
    easel = start_easel(cache_seconds=1)
    browser = sign_in(easel, "dozen")
    whole = twin(browser, easel, "courses")
    canvas.control(faults=[{"path": "/api/*", "kind": "reset", "times": None}])
    allow(easel, 2)

    with time_machine.travel(time.time() + 60, tick=True):
        body = twin(browser, easel, "courses")
        text = page(browser, easel, "courses?retry=courses")

    assert body["data"] == whole["data"]
    assert body["complete"]
    assert {source["status"] for source in body["sources"]} == {"stale"}
    assert "Older answer" in text
    assert "could not be renewed" in text


@pytest.mark.parametrize("name", PAGES)
def test_token_revoked_in_the_middle_of_a_page(easel, canvas, name):
    """The shell has been sent, so the page says it in place, with a link to sign in again."""
    browser = sign_in(easel, "dozen")
    forget(easel)
    canvas.control(latency={"default": 0.1})
    answer = browser.get(f"{easel.url}/{name}", stream=True, timeout=30)
    canvas.control(revoke_tokens="all")
    text = "".join(answer.iter_content(None, decode_unicode=True))
    if "Canvas has ended your sign-in" not in text:  # its calls had been sent before
        forget(easel)
        text = page(browser, easel, name)

    body = browser.get(f"{easel.url}/{twin_of(name)}", timeout=30)

    assert text.rstrip().endswith("</html>")
    assert "Canvas has ended your sign-in" in text
    found = re.search(r'href="([^"]*/login\?next=[^"]*)"', text)
    assert found
    to_login = browser.get(
        urljoin(easel.url, html.unescape(found[1])), allow_redirects=False, timeout=30
    )
    assert to_login.ok
    assert body.status_code == 401
    assert (body.json()["complete"], body.json()["data"]) == (False, [])


def test_token_refused_by_one_call_alone(easel, canvas):
    browser = sign_in(easel, "dozen")
    forget(easel)
    fault = {"path": "/api/v1/planner/items", "kind": "status", "status": 401, "times": None}
    canvas.control(faults=[fault])

    text = page(browser, easel, "upcoming")

    assert "Canvas has ended your sign-in" in text
    assert "/login?next=" in text
    assert browser.get(f"{easel.url}/upcoming.json", timeout=30).status_code == 401


def test_without_the_profile_no_day_is_certain(easel, canvas):
    """Her time zone is unknown, so counts of seven days say "about", and the zone is named."""
    browser = sign_in(easel, "dozen")
    forget(easel)
    canvas.control(faults=[DOWN | {"path": "/api/v1/users/self/profile"}])

    text = page(browser, easel, "")

    assert "did not say which time zone you are in, so times and days here are in UTC" in text
    assert re.search(r"About \d+ to do in seven days", text)


def test_without_the_calendar_missing_may_be_too_many(easel, canvas):
    """Only the calendar has the grade of old missing work."""
    browser = sign_in(easel, "dozen")
    forget(easel)
    canvas.control(faults=[DOWN | {"path": "/api/v1/calendar_events"}])

    for name in ("", "upcoming"):
        assert re.search(
            r"<small>about </small>\d+</strong><span>Missing", page(browser, easel, name)
        )


def test_throttled_heavily_still_stands(start_easel, canvas):
    easel = start_easel(page_deadline=2)
    browser = sign_in(easel, "many")
    forget(easel)
    canvas.control(
        throttle={"hwm": 120, "maximum": 130, "outflow": 1, "up_front": 50}, costs={"default": 40}
    )

    text = page(browser, easel, "submissions")
    body = twin(browser, easel, "submissions")

    assert body["complete"] is False
    # On a busy machine there may be no time for any call.
    assert "Not everything is here" in text or "Canvas did not answer for this page" in text
    canvas.control(reset=True)


def test_nothing_kept_nothing_stale(start_easel, canvas):
    """With CACHE_SECONDS=0 each view asks Canvas, and a failed one shows nothing older."""
    easel = start_easel(cache_seconds=0)
    browser = sign_in(easel, "dozen")
    cache = easel.app.extensions["easel"].cache
    route = "GET /api/v1/courses"
    before = sum(canvas.stats()["calls"][route].values())

    assert twin(browser, easel, "upcoming")["complete"]
    assert twin(browser, easel, "upcoming")["complete"]

    assert sum(canvas.stats()["calls"][route].values()) == before + 2
    assert cache.bytes == 0
    canvas.control(faults=[{"path": "/api/v1/courses", "kind": "html", "times": None}])
    body = twin(browser, easel, "courses")
    assert body["data"] == []
    assert set(missing(body).values()) == {"failed"}
    # Which courses are on no list is known only when the lists have come.
    assert "GET /api/v1/courses/:id" not in canvas.stats()["calls"]


def test_what_is_kept_goes_with_the_sign_in(easel, canvas):
    browser = sign_in(easel, "dozen")
    twin(browser, easel, "courses")
    cache = easel.app.extensions["easel"].cache
    assert cache.bytes > 0
    account = browser.get(f"{easel.url}/account", timeout=30)

    send(browser, account, form_to(account, "/logout"))

    assert cache.bytes == 0


def test_second_view_asks_canvas_nothing(easel, canvas):
    browser = sign_in(easel, "many")
    for name in PAGES:
        page(browser, easel, name)
        before = canvas.stats()["calls"]

        text = page(browser, easel, name)

        assert canvas.stats()["calls"] == before, name
        assert "Still coming" not in text


def test_two_cold_tabs_ask_once(start_easel, canvas):
    """One person opens the same page twice at once, and each call is made once."""
    easel = start_easel(cache_seconds=0)
    browser = sign_in(easel, "dozen")
    before = {route: sum(n.values()) for route, n in canvas.stats()["calls"].items()}
    canvas.control(latency={"default": 0.4})
    with ThreadPoolExecutor(2) as tabs:
        jars = [easel.browser(), easel.browser()]
        for jar in jars:
            jar.cookies.update(browser.cookies)
        both = list(tabs.map(lambda jar: twin(jar, easel, "courses"), jars))

    assert both[0]["data"] == both[1]["data"]
    after = {route: sum(n.values()) for route, n in canvas.stats()["calls"].items()}
    asked = {route: after[route] - before.get(route, 0) for route in after if "/api/" in route}
    assert asked["GET /api/v1/courses"] == 3  # current, past, invited: each once


@pytest.mark.parametrize("name", ["courses/4101", "courses/4101/grades", "search.json?q=lab"])
def test_pages_of_one_object_fail_wholly_or_in_part(easel, canvas, name):
    """Without the object itself the page fails with its status; without other parts it is shown."""
    browser = sign_in(easel, "dozen")
    path, _, query = name.partition("?")
    in_json = f"{path.removesuffix('.json')}.json?{query}"
    in_html = f"{path.removesuffix('.json')}?{query}"
    whole = browser.get(f"{easel.url}/{in_json}", timeout=30).json()
    assert whole["complete"]
    forget(easel)
    for route in routes_of(browser, easel, in_html):
        forget(easel)
        canvas.control(faults=[{"path": route, "kind": "status", "status": 503, "times": None}])

        answer = browser.get(f"{easel.url}/{in_html}", timeout=30)
        body = browser.get(f"{easel.url}/{in_json}", timeout=30)

        assert answer.status_code in (200, 503), route
        assert answer.text.rstrip().endswith("</html>")
        assert "Retry" in answer.text, route
        assert body.json()["complete"] is False, route
        canvas.control(faults=[])
        mended = browser.get(f"{easel.url}/{in_json}", timeout=30).json()
        assert mended["complete"], (route, mended["sources"])
        assert len(mended["data"]) == len(whole["data"])


def test_one_refused_calendar_costs_no_other(easel, canvas):
    """Undated work of other courses is shown; the page is complete and names the refused one."""
    browser = sign_in(easel, "dozen")
    before = {row["id"] for row in twin(browser, easel, "upcoming")["data"]}
    forget(easel)
    refused = {"context_codes[]": "course_4103"}
    fault = {"method": "GET", "path": "/api/v1/calendar_events", "kind": "status", "status": 403}
    canvas.control(faults=[fault | {"query": refused, "times": None}])

    text = page(browser, easel, "upcoming")
    body = twin(browser, easel, "upcoming")

    assert "Not everything is here" not in text
    assert "Canvas does not share the calendar of World History since 1500 with you" in text
    assert (body["complete"], {row["id"] for row in body["data"]}) == (True, before)
    assert any("World History" in source["detail"] for source in body["sources"])
    assert {source["status"] for source in body["sources"]} == {"fresh"}
