"""The page of an export in a real browser: while it runs, cancelled, half-way, and complete."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.checks import in_every_dress
from tests.browser.conftest import Reader
from tests.conftest import StandIn

pytestmark = pytest.mark.browser

GRADEBOOK = "/courses/4101/gradebook"
AWHILE = 60_000  # milliseconds, for the work of an export
HALF = {"path": "*/students/submissions", "kind": "status", "status": 503, "times": None}


def stand_still(page: Page) -> None:
    """Take away what lets the page renew itself, so that it can be examined at leisure."""

    def answer(route: Route) -> None:
        found = route.fetch()
        headers = {name: text for name, text in found.headers.items() if name != "refresh"}
        route.fulfill(response=found, headers=headers)

    page.route("**/exports/*", answer)


def begin(reader: Reader) -> Page:
    """Begin an export as a person does, with the form below the table."""
    page = reader.page
    page.locator("summary", has_text="Prepare a file").click()
    page.get_by_role("button", name="Prepare").click()
    page.wait_for_url("**/exports/*")
    return page


def test_running_and_cancelled(reader: Reader, canvas: StandIn) -> None:
    """The bar says how far it is, and is as wide as the text beside it, on a phone as well."""
    reader.enter("teacher")
    stand_still(reader.open(GRADEBOOK))
    canvas.control(latency={"GET /api/v1/courses/:course_id/students/submissions": 20.0})
    page = begin(reader)
    while not page.locator("progress[max]").count():
        page.wait_for_timeout(200)
        page.reload()

    bar = page.get_by_role("progressbar", name="Export")
    expect(bar).to_have_attribute("max", "64")
    assert in_every_dress(page) == []
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 720})
        box = bar.bounding_box()
        assert box is not None
        assert box["width"] >= min(width - 40, 600)
        assert box["height"] >= 12
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled. No part of the file was kept.")).to_be_visible()
    assert in_every_dress(page, long=True) == []
    assert reader.complaints == []


def test_half_way_and_complete(
    reader: Reader, canvas: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("canvas_app.views.exports.PATIENCE_OF_EXPORTS", 4.0)
    reader.enter("teacher")
    reader.open(GRADEBOOK)
    canvas.control(faults=[HALF | {"after": 4}])
    page = begin(reader)

    said = page.locator(".alert")
    expect(said).to_contain_text("Not everything is in this file.", timeout=AWHILE)
    expect(said).to_contain_text("Only 33 of 64 students")
    expect(page.get_by_role("link", name="INCOMPLETE")).to_be_visible()
    assert in_every_dress(page) == []

    canvas.control(faults=[])
    reader.open(GRADEBOOK)
    page = begin(reader)
    expect(page.get_by_text("64 students are in the file.")).to_be_visible(timeout=AWHILE)
    assert in_every_dress(page, long=True) == []
    assert reader.complaints == []
