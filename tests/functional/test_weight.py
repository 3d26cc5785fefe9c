"""The size of pages for everybody: at most 300 KB of HTML and 1,500 elements."""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

import pytest
import requests

from .conftest import RunningEasel, settled, sign_in
from .walk import FURTHER, addresses

pytestmark = pytest.mark.anyday

PEOPLE = [
    *("dozen", "many", "busy", "newcomer", "visitor", "hostile", "observer"),
    *("teacher", "bigteacher", "ta", "admin"),
]
MOST_BYTES, MOST_ELEMENTS = 300_000, 1_500
OF_ONE_KIND = re.compile(r'href="([^"]*\bkind=[^"]*)"')
"""Where all search results of one kind are shown."""
ENOUGH = re.compile(r"(?:/gradebook|/roster|kind=).*\bpage=3")
"""The pieces of a large class are of one kind: after three of them the others need no weighing."""
NO_PAGE = re.compile(r"\.(?:json|csv|ics)(?:\?|$)")


class Elements(HTMLParser):
    """How many elements a page has."""

    count = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.count += 1


def elements(page: str) -> int:
    counter = Elements()
    counter.feed(page)
    return counter.count


def pages(browser: requests.Session, easel: RunningEasel) -> Iterator[str]:
    """Each page's address: lists with all their pieces, the first and the fullest course."""
    courses = browser.get(f"{easel.url}/courses.json", timeout=60).json()["data"]
    rows = browser.get(f"{easel.url}/submissions.json", timeout=60).json()["data"]
    held = [row["course_id"] for row in rows]
    fullest = max(held, key=held.count) if held else ""
    chosen = [fullest] if fullest else []
    chosen += [course["id"] for course in courses if not course["restricted"]][:1]
    work = {row["course_id"]: row["assignment_id"] for row in rows}
    for course_id in dict.fromkeys(chosen or ["4101"]):
        found = addresses(work.get(course_id, "1"), course_id)
        yield from (path for paths in found.values() for path in paths if not NO_PAGE.search(path))


def too_heavy(browser: requests.Session, easel: RunningEasel) -> Iterator[str]:
    """Return the pages above a limit, with their sizes."""
    waiting, seen = list(pages(browser, easel)), set()
    while waiting:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        page = browser.get(f"{easel.url}{path}", timeout=60).content.decode()
        size, count = len(page.encode()), elements(settled(page))
        if size > MOST_BYTES or count > MOST_ELEMENTS:
            yield f"{path}: {size:,} bytes, {count:,} elements"
        following = FURTHER.search(settled(page))
        further = [following[1]] if following and not ENOUGH.search(path) else []
        waiting += map(unescape, further + OF_ONE_KIND.findall(page))


@pytest.mark.parametrize("who", PEOPLE)
def test_no_page_is_heavy(easel: RunningEasel, who: str) -> None:
    """By bytes before compression and by elements; long lists come in pieces."""
    found = list(too_heavy(sign_in(easel, who), easel))

    assert found == [], "\n".join(found)
