"""Arranging courses and making a calendar feed in a browser."""

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.checks import in_every_dress, in_order
from tests.browser.conftest import Reader

pytestmark = pytest.mark.browser


def faults(reader: Reader) -> list[str]:
    """Return what is wrong with the page as it is now."""
    reader.requests.clear()  # of all pages until here
    return in_order(reader) + in_every_dress(reader.page) + reader.complaints


@pytest.mark.parametrize("person", ["dozen", "hostile", "ta"])
def test_courses_can_be_arranged(reader: Reader, person: str) -> None:
    reader.enter(person)
    page = reader.open("/courses?arrange=1")
    assert faults(reader) == []

    page.get_by_label("Nickname of ").first.fill("Mine")
    page.keyboard.press("Enter")

    expect(page.locator("form.notice")).to_contain_text("is called “Mine”")
    expect(page.locator(".card h3", has_text="Mine")).to_have_count(1)
    assert faults(reader) == []
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".card h3", has_text="Mine")).to_have_count(0)


def test_filtered_courses_and_past_ones(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open("/courses?q=spanish")
    assert page.get_by_role("link", name="Spanish II").is_visible(), "the fold is open"
    assert faults(reader) == []
    page.get_by_role("link", name="Show every course").click()
    expect(page.get_by_text("2 past courses")).to_be_visible()
    assert not page.get_by_role("link", name="Spanish II").is_visible()
    page.get_by_text("2 past courses").click()
    expect(page.get_by_role("link", name="Spanish II")).to_be_visible()
    page.get_by_label("Name, code or section").fill("nothing of the kind")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No course matches")).to_be_visible()
    assert faults(reader) == []


@pytest.mark.parametrize("person", ["dozen", "newcomer"])
def test_feed_is_made_and_ended(reader: Reader, person: str) -> None:
    reader.enter(person)
    page = reader.open("/account")
    page.get_by_role("link", name="New calendar feed").click()
    page.get_by_label("Name of the feed").fill("Phone <b>")
    page.get_by_role("button", name="Make the feed").click()

    address = page.get_by_label("Address of the feed").input_value()
    assert requests.get(address, timeout=30).status_code == 200
    webcal = page.get_by_role("link", name="Open in your calendar program").get_attribute("href")
    assert webcal == address.replace("http://", "webcal://")
    assert faults(reader) == []

    page.get_by_role("link", name="Back to your account").click()
    expect(page.get_by_text("Phone <b>").first).to_be_visible()
    assert faults(reader) == []
    page.get_by_role("button", name="End this feed").click()
    expect(page.get_by_text("The calendar feed has ended.")).to_be_visible()
    assert requests.get(address, timeout=30).status_code == 404
