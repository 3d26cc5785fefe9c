"""Keyboard, touch, zoom, forced colours, print, right-to-left, no script: Easel for everybody."""

from contextlib import suppress
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from canvas_app.views import languages
from tests.browser.checks import barriers, too_wide
from tests.browser.conftest import Reader

pytestmark = pytest.mark.browser

LISTS = ["/", "/courses", "/upcoming", "/submissions"]
PAGES = [*LISTS, "/courses/4101", "/courses/4101/grades", "/search?q=week", "/account"]
PHONE = {
    "viewport": {"width": 320, "height": 640},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}

# A style sheet of the person's own, because the page's policy allows no inline style.
DRESS = """style => { const sheet = new CSSStyleSheet(); sheet.replaceSync(style);
  document.adoptedStyleSheets = [sheet]; }"""

# For the focused element: whether it is marked, and whether something covers it.
FOCUS = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const style = getComputedStyle(e);
  const box = e.getClientRects()[0];
  const x = box.left + Math.min(box.width, innerWidth - box.left) / 2, y = box.top + box.height / 2;
  const over = document.elementFromPoint(x, y);
  return {
    html: e.outerHTML.slice(0, 120),
    marked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: Boolean(over) && (e.contains(over) || over.contains(e)),
    at: e.getBoundingClientRect().top + scrollY,
  };
}"""

# WCAG 2.5.8 exempts links in sentences; all other targets are measured.
SMALL = """least => [...document.querySelectorAll(`a.name, .card h3 a, .sections a, .person, .find,
    .brand, a.tile, .button, .mark, summary, button, select`)]
  .filter(e => e.checkVisibility({contentVisibilityAuto: true}))
  .map(e => [e, e.getBoundingClientRect()])
  .filter(([e, box]) => box.height < least - 0.5 || box.width < 24)
  .slice(0, 5).map(([e, box]) => `${e.outerHTML.slice(0, 100)}: ${box.width} x ${box.height}`)"""


def tab_through(page: Page, most: int) -> list[dict[str, Any]]:
    """Press Tab until the focus leaves the page, or ``most`` times; return how each stop looked."""
    stops = []
    for _ in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop is None:
            break
        stops.append(stop)
    return stops


@pytest.mark.parametrize("reader", [{}, PHONE], indirect=True, ids=["wide", "phone"])
def test_focus_is_seen_and_never_covered(reader: Reader) -> None:
    reader.enter("dozen")
    for path in ("/", "/submissions", "/account"):
        page = reader.open(path)
        stops = tab_through(page, 40)
        assert len(stops) > 10
        assert "Skip to content" in stops[0]["html"]
        assert [stop["html"] for stop in stops if not stop["marked"]] == []
        assert [stop["html"] for stop in stops if not stop["seen"]] == []


def test_focus_follows_the_page_from_top_to_bottom(reader: Reader) -> None:
    reader.enter("teacher")
    page = reader.open("/courses")
    places = [stop["at"] for stop in tab_through(page, 60)]
    # Elements on one line differ by a few pixels.
    assert [(one, two) for one, two in pairwise(places[1:]) if two < one - 24] == []


def test_the_skip_link_leads_past_the_header(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize("reader", [PHONE], indirect=True)
def test_fingers_find_what_they_touch(reader: Reader) -> None:
    reader.enter("dozen")
    small = []
    for path in PAGES:
        page = reader.open(path)
        small += [f"{path} {what}" for what in page.evaluate(SMALL, 44)]
        assert too_wide(page) == []
    assert small == []


def test_a_mouse_finds_what_it_points_at(reader: Reader) -> None:
    reader.enter("teacher")
    for path in LISTS:
        assert reader.open(path).evaluate(SMALL, 24) == []


@pytest.mark.parametrize("person", ["dozen", "hostile"])
def test_nothing_is_lost_when_zoomed_or_spaced_out(reader: Reader, person: str) -> None:
    reader.enter(person)
    page = reader.page
    for path in PAGES if person == "dozen" else LISTS:
        page.set_viewport_size({"width": 320, "height": 256})  # 1280 x 1024 at 400 %
        reader.open(path)
        assert too_wide(page) == []
        fixed = page.evaluate("getComputedStyle(document.querySelector('.sections')).position")
        assert fixed != "fixed", "the low window is covered by the menu"
        # WCAG 1.4.4 and 1.4.12: text of twice the size, and spaced out.
        page.set_viewport_size({"width": 640, "height": 720})
        page.evaluate(
            DRESS,
            "html { font-size: 200% } p { margin-block-end: 2em !important }"
            "* { line-height: 1.5 !important; letter-spacing: .12em !important;"
            "    word-spacing: .16em !important }",
        )
        assert too_wide(page) == []
        clipped = page.evaluate(
            "() => [...document.querySelectorAll('h1, h2, .name, .chip, .button, .tile span')]"
            ".filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1"
            " && getComputedStyle(e).overflowX !== 'visible').map(e => e.outerHTML.slice(0, 120))"
        )
        assert clipped == []


def test_whatever_is_wide_scrolls_by_itself(reader: Reader) -> None:
    """Tables, and their words for screen readers, never widen the page around them."""
    reader.enter("dozen")
    page = reader.page
    scrolled = 0
    for path in PAGES:
        for width in (320, 640, 1280):
            page.set_viewport_size({"width": width, "height": 720})
            reader.open(path)
            page.evaluate(DRESS, ".scroll :is(td, th) { min-width: 60rem }")
            assert too_wide(page) == []
            scrolled += page.evaluate(
                "[...document.querySelectorAll('.scroll')]"
                ".filter(e => e.scrollWidth > e.clientWidth).length"
            )
    assert scrolled


def test_text_of_twice_the_size_fits_on_a_phone(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.page
    page.set_viewport_size({"width": 400, "height": 720})
    for path in LISTS:
        reader.open(path)
        page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        assert too_wide(page) == []


def test_forced_colours_keep_every_boundary(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.page
    page.emulate_media(forced_colors="active", color_scheme="dark")
    for path in LISTS:
        reader.open(path)
        bare = page.evaluate(
            "() => [...document.querySelectorAll('.chip, .tile, .button, .row, .card, .notice')]"
            ".filter(e => e.checkVisibility()).filter(e => { const s = getComputedStyle(e);"
            " const edge = s.borderTopWidth === '0px' && !e.matches('.row');"
            " return edge || s.backgroundColor === s.color })"
            ".map(e => e.outerHTML.slice(0, 100))"
        )
        assert bare == []
    current = page.locator('.sections [aria-current="page"]')
    other = page.locator(".sections a:not([aria-current])").first
    edge = "e => getComputedStyle(e).borderBottomColor"
    assert current.evaluate(edge) != other.evaluate(edge)


def test_print_leaves_out_what_paper_cannot_do(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.page
    for path in (*LISTS, "/courses/4101/grades"):
        reader.open(path)
        page.emulate_media(media="print", color_scheme="dark")
        assert page.locator(".sections:visible, .button:visible, .skip:visible").count() == 0
        assert page.locator("h1").is_visible()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") in (
            "rgb(255, 255, 255)",
            "rgba(0, 0, 0, 0)",
        )
        ink = page.evaluate("getComputedStyle(document.querySelector('h1')).color")
        assert max(int(part) for part in ink[4:-1].split(",")) < 60
        page.emulate_media(media="screen", color_scheme="light")


def press_together(page: Page, keys: str, address: str) -> None:
    """Press keys until they lead there: they belong together for 1.5 s, which a busy machine may
    need for one of them."""
    for _ in range(9):
        for key in keys:
            page.keyboard.press(key)
        with suppress(PlaywrightTimeout):
            return page.wait_for_url(address, timeout=10_000)
    pytest.fail(f"{keys} does not lead to {address}")


def test_letters_go_where_the_help_sheet_says(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open("/")
    for keys, path in (("gc", "/courses"), ("gu", "/upcoming"), ("gs", "/submissions")):
        press_together(page, keys, f"{reader.easel.url}{path}")
    page.keyboard.press("?")
    page.wait_for_url(f"{reader.easel.url}/help/keyboard")
    assert page.get_by_role("heading", level=1).inner_text() == "Keyboard and display"
    page.keyboard.press("/")
    page.wait_for_url(f"{reader.easel.url}/search")
    page.locator("input[type=search]").fill("g c ? j /")
    assert page.url == f"{reader.easel.url}/search"
    assert page.locator("input[type=search]").input_value() == "g c ? j /"


def test_j_and_k_walk_the_rows(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open("/upcoming")
    names = page.locator("main > .arrived li.row:visible .name").all_inner_texts()
    # A note has no page of its own, so its row gets the focus.
    here = "(document.activeElement.querySelector('.name') ?? document.activeElement).innerText"
    for expected in names[:3]:
        page.keyboard.press("j")
        assert page.evaluate(here) == expected
    page.keyboard.press("k")
    assert page.evaluate(here) == names[1]


def test_x_marks_a_row_done_and_undo_takes_it_back(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open("/upcoming")
    row = page.locator("main > .arrived li.row:visible", has=page.locator("button.mark")).first
    title = row.locator("a.name").inner_text()
    row.locator("a.name").focus()
    page.keyboard.press("x")
    notice = page.locator(".notice").first
    notice.wait_for()
    assert title in notice.inner_text()
    notice.get_by_role("button").or_(notice.get_by_role("link")).first.click()
    page.wait_for_load_state()
    assert page.locator("li.row:not(.done)", has_text=title).count() >= 1


def test_letters_can_be_switched_off(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open("/help/keyboard")
    page.get_by_role("radio", name="Off").check()
    page.get_by_role("radio", name="Dark").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved for this browser").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.keyboard.press("?")
    assert page.url == f"{reader.easel.url}/help/keyboard?saved=1"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in ground[4:-1].split(",")) < 60


def test_one_live_region_says_what_has_come(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open("/")
    said = page.locator("#arrival")
    expect(said).to_have_text(page.locator("main > .arrived > .lead").inner_text())
    assert said.get_attribute("role") == "status"


def test_chips_are_heard_with_their_links(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open("/upcoming")
    row = page.locator("main > .arrived li.row", has=page.locator(".chip")).first
    described = row.locator("a.name").get_attribute("aria-describedby")
    assert described
    assert row.locator(".chip").first.inner_text() in page.locator(f"#{described}").inner_text()


@pytest.mark.parametrize("reader", [{"java_script_enabled": False}], indirect=True)
def test_everything_is_there_without_a_script(reader: Reader) -> None:
    reader.enter("dozen")
    for path in LISTS:
        page = reader.open(path)
        assert page.locator("main > .arrived").is_visible()
        assert not page.locator(".waiting:visible").count()
    page.get_by_role("link", name="Search").click()
    page.get_by_role("searchbox").fill("membrane")
    page.get_by_role("button", name="Search").click()
    page.wait_for_load_state()
    assert page.locator("li.row").count() >= 1


@pytest.mark.parametrize("reader", [{"locale": "ar"}], indirect=True)
def test_a_right_to_left_language_turns_the_page(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = Catalog(locale="ar")
    catalog.add("Courses", "المقررات")
    written = BytesIO()
    write_mo(written, catalog)
    (tmp_path / "ar" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "ar" / "LC_MESSAGES" / "messages.mo").write_bytes(written.getvalue())
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    reader.enter("hostile")
    page = reader.page
    for path in LISTS:
        reader.open(path)
        assert page.evaluate("document.dir + document.documentElement.lang") == "rtlar"
        assert page.get_by_role("link", name="المقررات").count() == 1
        brand = page.locator(".brand").bounding_box()
        assert brand
        assert brand["x"] > 640
        assert too_wide(page) == []
        bars = page.evaluate(
            "() => [...document.querySelectorAll('main > .arrived .bar')]"
            ".filter(bar => bar.checkVisibility()).map(bar => { const"
            " own = bar.getBoundingClientRect(), row = bar.parentElement.getBoundingClientRect();"
            " return row.right - own.right < 16 })"
        )
        assert all(bars)
    assert barriers(page) == []
