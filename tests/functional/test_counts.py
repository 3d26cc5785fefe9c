"""No page says 0 or "none" about what did not come: each source fails in turn on each page.

What is true is taken from the same page with every source. Without one of them, a count is the
same, says "at least" or "about", or is left out, and no page says "nothing" or "none" where it did
not before.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch

import pytest
import requests

from canvas_app.sources.cache import MemoryCache

from .conftest import RunningEasel, last_view, sign_in
from .walk import addresses, read

pytestmark = pytest.mark.anyday

PIECES = {
    "tile": re.compile(r'<a class="tile.*?</a>', re.S),
    "heading": re.compile(r"<h[23].*?</h[23]>", re.S),
    "summary": re.compile(r"<summary.*?</summary>", re.S),
    "lead": re.compile(r'<p class="lead".*?</p>', re.S),
    "meta": re.compile(r'<p class="(?:meta|figures|onward)".*?</p>', re.S),
    "picture": re.compile(r"<figcaption.*?</figcaption>", re.S),
    "empty": re.compile(r'<div class="empty">.*?</strong>', re.S),
    "said": re.compile(r"<p(?: class=\"[a-z]*\")?>.*?</p>", re.S),
}
NUMBER = re.compile(
    r"(?P<doubt>(?:at least|about) +)?(?<![\w.,:/–−-])(?P<count>\d+)(?![\w.,:/%]| %)"
)
NONE = re.compile(r"(?:.*\. )?(?:No|Nothing|You have no|You observe 0)\b")
HONEST = re.compile(
    r"Nothing came from Canvas|Nothing was changed|Nothing is lost|Nothing that (?:is|came|Canvas)"
    r"|Nothing loaded so far"
)
SOURCES = {
    "dozen": [
        *("courses", "planner/items", "users/self/missing_submissions", "users/self/todo"),
        *("users/self/activity_stream", "calendar_events", "users/self/profile"),
        *("users/self/colors", "users/self/dashboard_positions", "users/self/enrollments"),
        *("courses/*/students/submissions", "courses/*/assignment_groups", "courses/4101"),
        *("courses/*/assignments/*", "courses/*/assignments/*/submissions/self"),
        "courses/*/grading_periods",
    ],
    "teacher": [
        *("courses", "planner/items", "users/self/todo", "courses/*/assignments"),
        *("courses/*/assignment_groups", "courses/*/assignments/*/submission_summary"),
        *("courses/4101", "users/self/missing_submissions"),
    ],
    "observer": ["courses", "planner/items", "courses/4101", "courses/*/assignment_groups"],
    "newcomer": ["courses", "planner/items", "users/self/missing_submissions"],
}


@dataclass
class Said:
    """What a page says: its exact counts by their words, and every "nothing" or "none"."""

    counts: dict[str, set[int]] = field(default_factory=dict)
    nothing: set[str] = field(default_factory=set)


def words(piece: str) -> str:
    """The text of a piece, without how far days are away: these are no counts."""
    text = " ".join(html.unescape(re.sub(r"<time.*?</time>|<[^>]*>", " ", piece)).split())
    return re.sub(r"\bin \d+ days?\b|\b\d+ days? ago\b", "", text)


def said(page: str) -> Said:
    """Return what a page says, without what it shows only until all of it has come."""
    found = Said()
    content = last_view(page)
    content = re.sub(r'<div class="alert".*?</ul>|<li class="row.*?</li>', "", content, flags=re.S)
    for kind, pattern in PIECES.items():
        for piece in pattern.findall(content):
            text = words(piece)
            label = kind + re.sub(r"\W+|s\b|\d+|\b[Aa]t least\b|\b[Aa]bout\b", "", text)
            if NONE.match(text) and not HONEST.search(text):
                found.nothing.add(re.sub(r"(?:(?:at least|about) )?\d+", "#", text))
            for place, number in enumerate(NUMBER.finditer(text.lower())):
                if not number["doubt"]:
                    counts = found.counts.setdefault(f"{label} {place}", set())
                    counts.add(int(number["count"]))
    return found


def lies(page: Said, truth: Said) -> Iterator[str]:
    """Return counts that are too low, zeros the truth has no count for, and every false "none"."""
    for label, counts in page.counts.items():
        least = min(truth.counts.get(label, {1}))
        known = label in truth.counts
        if wrong := {count for count in counts if (count < least if known else count == 0)}:
            yield f"{label}: {wrong}, not {truth.counts.get(label)}"
    yield from page.nothing - truth.nothing


def work_of(easel: RunningEasel) -> str:
    """An assignment of Biology."""
    headers = {"Authorization": f"Bearer {easel.canvas.token('teacher')}"}
    url = f"{easel.canvas.url}/api/v1/courses/4101/assignments?search_term=Photosynthesis"
    return str(requests.get(url, headers=headers, timeout=30).json()[0]["id"])


def walked(
    easel: RunningEasel, browser: requests.Session, paths: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Yield each page and twin, loaded with an empty cache."""
    for path in paths:
        easel.app.extensions["easel"].cache = MemoryCache(10_000_000)
        yield path, read(browser, easel, path)


def every(work: str) -> list[str]:
    """Return the addresses of the pages that show something from Canvas, and of their twins."""
    return [p for route, paths in addresses(work).items() if route != "/account" for p in paths]


def calls(easel: RunningEasel) -> dict[str, int]:
    """Return how often each endpoint was asked; as a path of course 4101 where it is of one."""
    found = {}
    for route, count in easel.canvas.stats()["calls"].items():
        path = re.sub(r"/courses/:\w+", "/courses/4101", route.partition(" ")[2])
        path = re.sub(r":\w+", "self", path)
        found[path] = found.get(path, 0) + sum(count.values())
    return found


@dataclass
class Truth:
    """What a person's pages say when everything came, and what each of them asks Canvas for."""

    pages: dict[str, str] = field(default_factory=dict)
    asked: dict[str, set[str]] = field(default_factory=dict)

    def asking(self, source: str) -> list[str]:
        """Return the pages that ask for this: what the others say cannot depend on it."""
        wanted = f"/api/v1/{source}"
        return [path for path, each in self.asked.items() if any(fnmatch(a, wanted) for a in each)]


def truth_of(easel: RunningEasel, browser: requests.Session, work: str) -> Truth:
    found, before = Truth(), calls(easel)
    for path, text in walked(easel, browser, every(work)):
        after = calls(easel)
        found.pages[path] = text
        found.asked[path] = {a for a, count in after.items() if count > before.get(a, 0)}
        before = after
    return found


def silent(name: str, text: str, truth: str) -> bool:
    """Return whether a twin or table differs from the truth without saying so."""
    if ".csv" in name:
        said = "Not everything is here:" in text or "\n# INCOMPLETE" in text
        said = said or text.startswith("<!doctype html>")  # a refusal, which is no table
        return text != truth and not said
    body, whole = json.loads(text), json.loads(truth)
    parts = ("data", "total", "tabs", "other_courses", "missing", "due", "groups")
    return bool(body["complete"]) and any(body.get(part) != whole.get(part) for part in parts)


TRUTHS: dict[tuple[str, str], Truth] = {}
"""By person and Canvas, because they are long to ask for."""
OTHER_ZONE = "Canvas did not say which time zone you are in"


def lying(broken: dict[str, str], whole: dict[str, str]) -> list[str]:
    """Return false claims of the pages, and twins that say they are complete and are not."""
    found = []
    for path, text in broken.items():
        if "week=" in path and OTHER_ZONE in text:
            continue  # late on a Sunday, its week is the next one
        if ".json" in path or ".csv" in path:
            found += [f"{path}: not called incomplete"] if silent(path, text, whole[path]) else []
        else:
            found += [f"{path}: {lie}" for lie in lies(said(text), said(whole[path]))]
    return found


@pytest.mark.parametrize(
    ("person", "source"), [(who, path) for who, paths in SOURCES.items() for path in paths]
)
def test_missing_parts_are_not_called_none(easel: RunningEasel, person: str, source: str) -> None:
    """Each source is refused in turn; a refusal, unlike a failure, is not repeated for long."""
    browser, work = sign_in(easel, person), work_of(easel)
    if (truth := (person, easel.canvas.url)) not in TRUTHS:
        TRUTHS[truth] = truth_of(easel, browser, work)
    whole = TRUTHS[truth]
    paths = whole.asking(source)
    assert paths
    # A course that is refused by its id is closed, which is no gap: it is not found instead.
    status = 404 if source == "courses/4101" else 403
    refused = {"path": f"/api/v1/{source}", "kind": "status", "status": status, "times": None}
    easel.canvas.control(faults=[refused])

    found = lying(dict(walked(easel, browser, paths)), whole.pages)

    assert found == [], "\n".join(found)


@pytest.mark.parametrize("source", ["courses", "users/self/missing_submissions"])
def test_a_part_is_not_called_all(easel: RunningEasel, source: str) -> None:
    """The first page of a list came, the others did not: its count says "at least"."""
    browser, work = sign_in(easel, "dozen"), work_of(easel)
    easel.canvas.control(settings={"api_max_per_page": 2})
    whole = truth_of(easel, browser, work)
    later = {"path": f"/api/v1/{source}", "kind": "status", "status": 403, "times": None}
    easel.canvas.control(faults=[later | {"query": {"page": page}} for page in range(2, 9)])

    found = lying(dict(walked(easel, browser, whole.asking(source))), whole.pages)

    assert found == [], "\n".join(found)


def test_a_closed_course_is_not_called_empty(easel: RunningEasel) -> None:
    """Canvas no longer opens it, so its assignments were not asked for."""
    browser = sign_in(easel, "dozen")
    closed = {"path": "/api/v1/courses/4101", "kind": "status", "status": 403, "times": None}
    easel.canvas.control(faults=[closed])

    for path in ("/courses/4101", "/courses/4101/grades"):
        page = read(browser, easel, path)
        assert "Canvas does not give you access to this course at the moment." in page
        assert "No assignments" not in page


def test_unknown_courses_are_not_zero(easel: RunningEasel) -> None:
    """Canvas answers 503 for the list of courses, so no page says that there are none."""
    browser = sign_in(easel, "dozen")
    down = {"path": "/api/v1/courses", "kind": "status", "status": 503, "times": None}
    easel.canvas.control(faults=[down])
    easel.app.extensions["easel"].cache = MemoryCache(10_000_000)

    page = words(read(browser, easel, "/"))

    assert not re.search(r"Courses (?:at least )?0", page)
    assert "Nothing came from Canvas; you may have courses all the same." in page


@pytest.mark.parametrize(
    ("page", "truth", "found"),
    [
        ("<h2>Missing <small>0</small></h2>", "<h2>Missing <small>5</small></h2>", 1),
        ("<h2>Missing <small>at least 0</small></h2>", "<h2>Missing <small>5</small></h2>", 0),
        ("<h2>Missing</h2>", "<h2>Missing <small>5</small></h2>", 0),
        ("<h2>Courses <small>0</small></h2>", "", 1),
        ('<div class="empty"><p><strong>Nothing to do</strong></p>', "", 1),
        ("<h2>Monday <small>in 2 days</small></h2>", "<h2>Monday <small>in 3 days</small></h2>", 0),
        ("<p>Nothing came from Canvas for these days.</p>", "", 0),
    ],
)
def test_walk_would_see_a_lie(page: str, truth: str, found: int) -> None:
    assert len(list(lies(said(page), said(truth)))) == found
