"""/metrics has the figures of all processes together, and names nobody."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import StandIn

from .conftest import RunningEasel, StartEasel, allow, form_to, running_gunicorn, send, sign_in
from .test_sign_in_shared import sign_in as sign_in_at

pytestmark = pytest.mark.anyday


def told(url: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Return the figures by name, and by the values of their labels in the order of their names."""
    text = requests.get(f"{url}/metrics", timeout=30).text
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = tuple(value for _, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def told_after(url: str, route: str, state: str, count: int = 1) -> dict[str, dict[Any, float]]:
    """Return the figures once so many pages are counted, which happens after their last byte."""
    for _ in range(100):
        figures = told(url)
        if figures.get("easel_pages_total", {}).get((route, state)) == count:
            return figures
        time.sleep(0.1)
    raise AssertionError(f"{count} of {route} {state} were not counted: {figures}")


@pytest.fixture
def two_workers(canvas: StandIn, valkey_url: str, tmp_path: Path) -> Iterator[tuple[str, int]]:
    """Return Easel's address, and the process whose children are the workers."""
    settings = {"REDIS_URL": valkey_url, "WEB_CONCURRENCY": "2", "WEB_THREADS": "12"}
    with running_gunicorn(tmp_path, canvas, LOG_LEVEL="WARNING", **settings) as (url, master):
        yield url, master.pid


def workers_of(master: int) -> list[int]:
    children = Path(f"/proc/{master}/task/{master}/children").read_text()
    return [int(each) for each in children.split()]


def test_workers_are_counted_together(canvas: StandIn, two_workers: tuple[str, int]) -> None:
    url, master = two_workers
    browser = sign_in_at(canvas, url, "dozen")
    for _ in range(8):
        assert browser.get(f"{url}/courses", timeout=60).ok

    figures = told_after(url, "/courses", "fresh", 8)

    assert figures["easel_threads"][()] == 24
    assert figures["easel_threads_busy"][()] == 1, "the one that answers this"
    assert figures["easel_requests_total"]["GET", "/courses", "200"] == 8
    assert figures["easel_canvas_seconds_count"]["GET", "2xx"] > 1
    assert figures["easel_canvas_seconds_count"]["POST", "2xx"] == 1, "the exchange of the code"
    assert figures["easel_cache_lookups_total"][("fresh",)] > 1
    assert figures["easel_cache_lookups_total"][("none",)] > 1
    assert figures["easel_cache_bytes"][()] > 100_000, "what Valkey holds"
    assert figures["easel_outbox"][()] == 0
    assert len(figures["easel_info"]) == 1
    person = canvas.person("dozen")
    labels = {value for each in figures.values() for values in each for value in values}
    assert not labels & {str(person["id"]), person["name"], person["login"]}

    killed = workers_of(master)[0]
    os.kill(killed, signal.SIGKILL)
    while killed in workers_of(master) or len(workers_of(master)) < 2:
        time.sleep(0.05)
    later = told(url)
    assert later["easel_threads"][()] in (12, 24), "one that has just begun has not told yet"
    assert later["easel_requests_total"]["GET", "/courses", "200"] == 8, "what it counted stays"


def test_states_of_pages_are_told(easel: RunningEasel) -> None:
    """Stale, incomplete and failed pages and twins are counted; early views are not."""
    browser = sign_in(easel, "dozen", path="/login?next=/account")
    down = {"kind": "status", "status": 503, "times": None}
    easel.canvas.control(faults=[down | {"path": "/api/v1/planner/items"}])
    browser.get(f"{easel.url}/upcoming", timeout=60)
    easel.canvas.control(faults=[down | {"path": "/api/v1/*"}])
    allow(easel, 3)
    browser.get(f"{easel.url}/submissions.json", timeout=60)
    browser.get(f"{easel.url}/courses/4101", timeout=60)

    figures = told_after(easel.url, "/courses/<int:course_id>", "failed")

    pages = figures["easel_pages_total"]
    assert pages["/upcoming", "incomplete"] == 1
    assert {state for route, state in pages if route == "/submissions.json"} <= {
        "failed",
        "incomplete",
    }
    assert not any(route == "/account" for route, _ in pages)


def test_stale_pages_are_told(start_easel: StartEasel) -> None:
    easel = start_easel(cache_seconds=0.01)
    browser = sign_in(easel, "dozen", path="/login?next=/account")
    browser.get(f"{easel.url}/courses.json", timeout=60)

    browser.get(f"{easel.url}/courses.json", timeout=60)

    pages = told_after(easel.url, "/courses.json", "stale")["easel_pages_total"]
    assert pages["/courses.json", "fresh"] == 1


def test_waiting_revocations_are_told(easel: RunningEasel) -> None:
    """Canvas does not revoke the token at the sign-out, so it waits in the outbox."""
    browser = sign_in(easel, "dozen", path="/login?next=/account")
    down = {"method": "DELETE", "path": "/login/oauth2/token", "kind": "status", "status": 503}
    easel.canvas.control(faults=[down | {"times": None}])
    page = browser.get(f"{easel.url}/account", timeout=30)
    assert send(browser, page, form_to(page, "/logout")).ok

    assert told(easel.url)["easel_outbox"][()] == 1
