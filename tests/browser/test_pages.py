"""Each page as each person of the campus sees it, in a real browser."""

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.browser.checks import in_every_dress, in_forced_colours, in_order, links, shape
from tests.browser.conftest import Reader

pytestmark = pytest.mark.browser

# Signing in and downloads are not pages.
NO_PAGE = re.compile(r"/(login|logout|oauth|static)\b|\.(json|csv|ics)$")
PEOPLE = [
    "dozen",
    "busy",
    "newcomer",
    "hostile",
    "teacher",
    "bigteacher",
    "ta",
    "observer",
    "admin",
]


FURTHER = {"dozen": ["/?show=grades"], "admin": ["/admin/courses?q=in"]}
"""Pages to which no link of another address leads: one of a tab, one of a form."""
FORCED = ("dozen", "teacher", "admin")
"""Together they have a page of each kind."""


def every_kind_of_page(reader: Reader) -> Iterator[str]:
    """Open one page of each kind that can be reached from the start page by links."""
    waiting, met = ["/"], {"/"}
    while waiting:
        path = waiting.pop(0)
        page = reader.open(path)
        yield path
        for link in links(page, reader.easel.url):
            kind = shape(link)
            if kind not in met and not NO_PAGE.search(kind):
                met.add(kind)
                waiting.append(link)


@pytest.mark.parametrize("person", PEOPLE)
def test_every_page_is_accessible_light_and_dark_wide_and_narrow(
    reader: Reader, person: str
) -> None:
    reader.enter(person)
    page = reader.page
    wrong, seen = [], []
    for path in (*every_kind_of_page(reader), *FURTHER.get(person, ())):
        if path in FURTHER.get(person, ()):
            reader.open(path)
        seen.append(shape(path))
        wrong += in_order(reader) + in_every_dress(page, long=person == "busy")
        if person in FORCED:
            wrong += in_forced_colours(page)
    assert wrong == []
    assert reader.complaints == []
    assert {"/", "/courses", "/upcoming", "/submissions", "/account"} <= set(seen)


def test_the_student_of_137_courses_sees_137(reader: Reader) -> None:
    reader.enter("many")
    page = reader.open("/courses")
    seen = page.locator("main > .arrived .card").count()
    assert in_order(reader) + in_every_dress(page, long=True) == []
    while (further := page.locator("main > .arrived a[rel=next]")).count():
        reader.open(str(further.first.get_attribute("href")))
        seen += page.locator("main > .arrived .card").count()
    assert seen == 137
    for path in ("/", "/upcoming", "/submissions"):
        reader.open(path)
        assert in_order(reader) + in_every_dress(page, long=True) == []


def test_a_student_signs_in_through_consent_and_sees_everything(reader: Reader) -> None:
    page = reader.sign_in("dozen")
    today = datetime.now(ZoneInfo("America/Denver"))
    assert f"{today:%A %B} {today.day}" == page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Courses").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Courses"
    page.wait_for_load_state()
    twin = page.request.get(f"{reader.easel.url}/courses.json").json()
    assert twin["complete"] is True
    assert len(twin["data"]) >= 12
    assert page.locator("main > .arrived .card").count() == len(twin["data"])
    for path in ("upcoming", "submissions"):
        page.get_by_role("navigation", name="Main").get_by_role("link", name=path).click()
        rows = page.request.get(f"{reader.easel.url}/{path}.json").json()["data"]
        assert rows
        page.wait_for_load_state()
        shown = page.locator("main > .arrived li.row").count()
        further = page.locator("main > .arrived nav.pages a[rel=next]")
        while further.count():  # long lists come in pieces
            further.click()
            page.wait_for_load_state()
            shown += page.locator("main > .arrived li.row").count()
        assert shown == len(rows)


def test_the_newcomer_is_told_what_to_do(reader: Reader) -> None:
    reader.enter("newcomer")
    for path in ("/", "/courses", "/upcoming", "/submissions"):
        assert reader.open(path).locator("main > .arrived .empty p").nth(1).inner_text()


def test_pages_without_a_sign_in_are_accessible(reader: Reader) -> None:
    page = reader.page
    for path in ("/", "/no-such-page", "/help/keyboard"):
        reader.open(path)
        assert in_order(reader) + in_every_dress(page) == []
    assert [fault for fault in reader.complaints if "404" not in fault] == []
