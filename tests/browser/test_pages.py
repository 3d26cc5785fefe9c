"""Each page as each person of the campus sees it, in a real browser."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Reader

pytestmark = pytest.mark.browser

PAGES = ["/", "/courses", "/upcoming", "/submissions", "/account"]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def barriers(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA on the page as it stands."""
    found = Axe().run(page, options=RULES).response
    assert found["passes"], "axe checked nothing"
    return [
        f"{page.url} {fault['id']}: {node['html'][:200]}"
        for fault in found["violations"]
        for node in fault["nodes"][:3]
    ]


def overflow(page: Page) -> int:
    """How many CSS pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def look(
    reader: Reader, width: int, scheme: Literal["light", "dark"], audited: list[str]
) -> list[str]:
    """Open every page at a width and scheme; return what is wrong with them.

    axe takes seconds for thousands of rows of one kind, so it audits the paths in ``audited``.
    """
    reader.page.set_viewport_size({"width": width, "height": 800})
    reader.page.emulate_media(color_scheme=scheme)
    wrong = []
    for path in PAGES:
        page = reader.open(path)
        if path in audited:
            wrong += barriers(page)
        if overflow(page) > 0:
            wrong.append(f"{path} is {overflow(page)} px too wide at {width}")
        if page.locator("h1").count() != 1:
            wrong.append(f"{path} has not exactly one first heading")
        if page.locator(".waiting:visible").count():
            wrong.append(f"{path} still shows its placeholder")
    return wrong


@pytest.mark.parametrize("person", ["dozen", "many", "newcomer", "hostile", "teacher"])
def test_every_page_is_accessible_fits_and_runs_nothing(reader: Reader, person: str) -> None:
    reader.sign_in(person)
    audited = ["/courses"] if person == "many" else PAGES
    assert look(reader, 1280, "light", audited) == []
    assert look(reader, 320, "dark", audited) == []
    assert reader.complaints == []


def test_a_student_signs_in_through_consent_and_sees_everything(reader: Reader) -> None:
    page = reader.sign_in("dozen")
    assert page.get_by_role("heading", level=1).inner_text() == "This week"
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Courses").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Courses"
    twin = page.request.get(f"{reader.easel.url}/courses.json").json()
    assert twin["complete"] is True
    assert len(twin["data"]) >= 12
    assert page.locator(".card").count() == len(twin["data"])
    for path in ("upcoming", "submissions"):
        page.get_by_role("navigation", name="Main").get_by_role("link", name=path).click()
        rows = page.request.get(f"{reader.easel.url}/{path}.json").json()["data"]
        assert rows
        assert page.locator("li.row").count() == len(rows)
    page.goto(f"{reader.easel.url}/courses")
    page.locator(".card a").first.click()
    assert barriers(page) == []


def test_the_student_of_137_courses_sees_137(reader: Reader) -> None:
    reader.sign_in("many")
    page = reader.open("/courses")
    assert page.locator(".card").count() == 137


def test_the_newcomer_is_told_what_to_do(reader: Reader) -> None:
    reader.sign_in("newcomer")
    for path in PAGES[:4]:
        assert reader.open(path).locator(".empty p").first.inner_text()


def test_focus_is_seen_and_the_skip_link_comes_first(reader: Reader) -> None:
    reader.sign_in("dozen")
    page = reader.open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    assert page.locator(".skip").is_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        style = page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement);"
            " return [s.outlineStyle, parseFloat(s.outlineWidth)] })()"
        )
        assert style[0] != "none"
        assert style[1] >= 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_without_a_sign_in_are_accessible(
    reader: Reader, scheme: Literal["light", "dark"]
) -> None:
    reader.page.emulate_media(color_scheme=scheme)
    assert barriers(reader.open("/")) == []
    assert barriers(reader.open("/no-such-page")) == []
    assert reader.page.get_by_role("heading", name="Page not found").is_visible()
    reader.page.set_viewport_size({"width": 320, "height": 700})
    assert overflow(reader.page) <= 0
