"""A part that did not come is named in its place, with a Retry that loads it."""

import html
import re
from collections.abc import Iterator

import pytest
import requests

from canvas_app.sources.cache import MemoryCache

from .conftest import RunningEasel, allow, last_view, sign_in
from .test_counts import work_of
from .walk import read

pytestmark = pytest.mark.anyday

PAGES = ("/", "/upcoming", "/submissions", "/courses", "/courses/4101", "/courses/4101/assignments")
NOT_SHOWN = {"profile", "colors"}
"""The summary tells of them: which time zone a page is in; colours are no content."""
FOR_OTHERS = {"dozen": {"todo"}, "teacher": {"missing", "activity"}}
"""What brings nothing to this person: grading to who learns only, own work to who teaches."""
SOURCES = {
    "dozen": [
        *("courses", "planner/items", "users/self/missing_submissions", "users/self/todo"),
        *("users/self/activity_stream", "calendar_events", "users/self/dashboard_positions"),
        *(
            "users/self/enrollments",
            "courses/*/students/submissions",
            "courses/*/assignment_groups",
        ),
        *("courses/*/assignments/*/submissions/self", "courses/*/grading_periods"),
    ],
    "teacher": [
        *("courses", "planner/items", "users/self/todo", "courses/*/assignments"),
        *("courses/*/assignment_groups", "courses/*/assignments/*/submission_summary"),
        *("courses/*/sections", "courses/*/enrollments", "courses/*/students/submissions"),
    ],
}
RETRY = re.compile(
    r'<div class="empty"><p><strong>(.*?)</strong>.*?<a class="button" href="(.*?)"', re.S
)


def lost_parts(twin: dict[str, object], person: str) -> set[str]:
    """Return the names of the parts that a page should report as missing."""
    sources = twin["sources"]
    assert isinstance(sources, list)
    names = {each["name"] for each in sources if each["status"] in ("failed", "denied")}
    unsaid = NOT_SHOWN | FOR_OTHERS[person]
    return {name for name in names if name.partition(":")[0] not in unsaid}


def retries(page: str) -> set[str]:
    """Return what the Retry links in place of lost parts ask for again: one source, or all."""
    return {
        requests.compat.unquote_plus(html.unescape(path).rpartition("retry=")[2])
        for said, path in RETRY.findall(page)
        if "could not be loaded" in said or "does not share this" in said
    }


def untold(easel: RunningEasel, browser: requests.Session, person: str, work: str) -> Iterator[str]:
    """Return the lost parts that a page does not name in their place; pages are loaded anew."""
    for path in PAGES:
        where = f"{path}/{work}" if path.endswith("assignments") else path
        easel.app.extensions["easel"].cache = MemoryCache(10_000_000)
        name = "/dashboard" if where == "/" else where
        answer = browser.get(f"{easel.url}{name}.json", timeout=60)
        if not answer.ok:
            continue  # the whole page is refused, and Retry loads it again
        lost = lost_parts(answer.json(), person)
        page = last_view(read(browser, easel, where))
        told = retries(page)
        if "Canvas did not answer for this page" not in page and "all" not in told:
            yield from (f"{where}: {part}" for part in sorted(lost - told))


@pytest.mark.parametrize(
    ("person", "source"), [(who, path) for who, paths in SOURCES.items() for path in paths]
)
def test_each_lost_part_is_said_in_its_place(easel: RunningEasel, person: str, source: str) -> None:
    browser, work = sign_in(easel, person), work_of(easel)
    refused = {"path": f"/api/v1/{source}", "kind": "status", "status": 403, "times": None}
    easel.canvas.control(faults=[refused])

    found = list(untold(easel, browser, person, work))

    assert found == []


@pytest.mark.parametrize("path", ["/", "/upcoming", "/submissions", "/courses"])
def test_retry_brings_a_failed_part_back(easel: RunningEasel, path: str) -> None:
    source = "users/self/enrollments" if path == "/courses" else "calendar_events"
    source = "courses/4101/students/submissions" if path == "/submissions" else source
    browser = sign_in(easel, "dozen")
    easel.app.extensions["easel"].cache = MemoryCache(10_000_000)
    allow(easel, 3)
    fault = {"path": f"/api/v1/{source}", "kind": "status", "status": 500, "times": None}
    easel.canvas.control(faults=[fault])
    page = last_view(read(browser, easel, path))

    (again, *_) = [html.unescape(to) for said, to in RETRY.findall(page) if "could not be" in said]
    easel.canvas.control(faults=[])
    allow(easel, 60)
    after = last_view(read(browser, easel, again))

    assert not retries(after)
    assert "Not everything is here" not in after
