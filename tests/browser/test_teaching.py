"""Teachers' pages in a browser: accessibility, the gradebook by keyboard and without script."""

import pytest
from playwright.sync_api import expect

from tests.browser.checks import in_every_dress
from tests.browser.conftest import Reader

pytestmark = pytest.mark.browser

BIOLOGY = "/courses/4101"


@pytest.mark.parametrize(
    "path", ["/teaching", f"{BIOLOGY}/roster", f"{BIOLOGY}/gradebook", f"{BIOLOGY}/students/1"]
)
def test_no_barriers(reader: Reader, path: str) -> None:
    reader.enter("teacher")
    page = reader.open(path)

    assert in_every_dress(page, long=True) == []
    assert reader.complaints == []


def test_gradebook_is_a_grid_by_keyboard(reader: Reader) -> None:
    """It is one stop for Tab; arrows, Home and End move by cells; Enter follows a cell's link."""
    reader.enter("teacher")
    page = reader.open(f"{BIOLOGY}/gradebook?period=all")
    grid = page.get_by_role("grid", name="Gradebook")
    expect(grid).to_be_visible()
    expect(grid.locator("[tabindex='0']")).to_have_count(1)

    grid.get_by_role("columnheader").first.focus()
    page.keyboard.press("ArrowDown")
    first = grid.get_by_role("rowheader").first
    expect(first).to_be_focused()
    page.keyboard.press("End")
    expect(grid.get_by_role("row").nth(1).get_by_role("gridcell").last).to_be_focused()
    page.keyboard.press("Home")
    expect(first).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")  # nothing is there
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(grid.get_by_role("columnheader").nth(3)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/assignments/*")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Gradebook")
    assert reader.complaints == []


def test_focus_is_not_below_names_and_head(reader: Reader) -> None:
    reader.enter("teacher")
    page = reader.open(f"{BIOLOGY}/gradebook?period=all")
    grid = page.get_by_role("grid", name="Gradebook")
    grid.get_by_role("gridcell").nth(200).focus()
    page.keyboard.press("Control+End")
    for _ in range(6):
        page.keyboard.press("PageUp")
        page.keyboard.press("ArrowLeft")
    hidden = page.evaluate(
        """() => {
          const { x, y, width, height } = document.activeElement.getBoundingClientRect();
          const there = document.elementFromPoint(x + width / 2, y + height / 2);
          return !document.activeElement.contains(there);
        }"""
    )
    assert hidden is False
