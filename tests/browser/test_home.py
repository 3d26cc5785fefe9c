"""Home on a phone and a desktop: how much room it takes, and what is within reach."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import requests
import time_machine
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.checks import barriers, too_wide
from tests.browser.conftest import PHONE, Reader, opened
from tests.conftest import running
from tests.functional.conftest import RunningEasel, StartEasel

pytestmark = pytest.mark.browser

DENVER = ZoneInfo("America/Denver")
TWO_SCREENS, MARGIN = 2000, 80
HIGHEST_ROW = 80
ROWS = """() => [...document.querySelectorAll("main > .arrived li.row")]
  .filter(row => row.checkVisibility())
  .map(row => [Math.round(row.getBoundingClientRect().height), row.textContent.trim()])"""
UNFOLD = (
    "() => document.querySelectorAll('main > .arrived details.more').forEach(e => e.open = true)"
)


def height(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollHeight"))


def wednesday(hour: int, minute: int) -> datetime:
    """Set the clock to that hour in Denver on a Wednesday in September, the longest names."""
    today = datetime.now(DENVER).date()
    september = today.replace(month=9, day=20)
    day = september + timedelta(days=(2 - september.weekday()) % 7)
    return datetime.combine(day, time(hour, minute), DENVER).astimezone(UTC)


@pytest.mark.parametrize(("hour", "minute"), [(0, 5), (10, 30), (23, 58)])
def test_home_is_two_screens_high_on_a_phone(
    chromium: Browser, start_easel: StartEasel, hour: int, minute: int
) -> None:
    """At any hour, with room to spare; rows have two lines, or three with a comment."""
    start = wednesday(hour, minute)
    with (
        running("--start", start.isoformat()) as canvas,
        time_machine.travel(start, tick=True),
        opened(chromium, start_easel(canvas=canvas), PHONE) as reader,
    ):
        reader.enter("dozen")
        reader.open("/")
        page = reader.open("/")
        found = height(page)
        rows = []
        for path in ("/", "/upcoming"):
            reader.open(path)
            page.evaluate(UNFOLD)
            rows += page.evaluate(ROWS)

    assert found <= TWO_SCREENS - MARGIN
    assert len(rows) > 40
    assert [row for row in rows if row[0] > HIGHEST_ROW] == []


@pytest.mark.parametrize("script", [True, False], ids=["script", "without"])
@pytest.mark.parametrize("window", [{}, PHONE], ids=["wide", "phone"])
def test_later_days_fold_on_the_phone_alone(
    chromium: Browser, easel: RunningEasel, window: dict[str, Any], script: bool
) -> None:
    """No element encloses them that some browsers cannot show open: Firefox 142, Safari 18.3."""
    with opened(chromium, easel, window | {"java_script_enabled": script}) as reader:
        reader.enter("dozen")
        page = reader.open("/")
        fold, days = page.locator(".arrived .days"), page.locator(".arrived .days + div > h3")
        assert days.count() >= 3
        expect(days.first).to_be_visible(visible=window != PHONE)
        expect(fold).to_be_visible(visible=window == PHONE)
        if window == PHONE:
            fold.locator("summary").click()
            expect(days.last).to_be_visible()
        assert page.locator("details h3").count() == 0


@pytest.mark.parametrize("reader", [{}, PHONE], indirect=True, ids=["wide", "phone"])
def test_note_and_star_on_home_change_in_place(reader: Reader) -> None:
    """The form for notes is on the first screen; a favourite has a filled star."""
    reader.enter("dozen")
    page = reader.open("/")
    page.evaluate("window.stayed = true")
    expect(page.locator("#note > summary")).to_be_in_viewport()
    page.locator("#note > summary").click()
    page.locator("#note").get_by_label("What").fill("Bring boots")
    page.locator("#note").get_by_role("button").click()

    expect(page.locator("#toasts")).to_contain_text("“Bring boots” is saved.")
    expect(page.locator("#note > summary")).to_be_focused()
    expect(page.locator("section", has=page.locator("#week"))).to_contain_text("Bring boots")

    card = page.locator("main > .arrived li.card", has_text="Statistics")
    star, classes = card.locator("button.favorite"), card.get_attribute("class")
    star.click()
    expect(page.locator("#toasts")).to_contain_text("favourite")
    assert card.get_attribute("class") != classes
    expect(star).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(card).to_have_class(classes or "")
    assert page.evaluate("window.stayed")
    assert barriers(page) + too_wide(page) == []
    assert reader.complaints == []


@pytest.mark.parametrize("reader", [{"java_script_enabled": False}], indirect=True)
def test_note_and_star_on_home_without_script(reader: Reader) -> None:
    """The page comes back, and says what was done."""
    reader.enter("dozen")
    page = reader.open("/")
    page.locator("#note > summary").click()
    page.locator("#note").get_by_label("What").fill("Bring boots")
    page.locator("#note").get_by_role("button").click()
    expect(page.locator("form.notice")).to_contain_text("“Bring boots” is saved.")
    expect(page.locator("main > .arrived li.row", has_text="Bring boots").first).to_be_attached()

    card = page.locator("main > .arrived li.card", has_text="Statistics")
    id_ = card.get_attribute("id")
    card.locator("button.favorite").click()
    expect(page.locator("form.notice")).to_contain_text("favourite")
    assert page.url.endswith(f"/#{id_}")


def add_note(easel: RunningEasel, title: str) -> None:
    """Add a note for today, as the person does in Canvas."""
    headers = {"Authorization": f"Bearer {easel.canvas.token('dozen')}"}
    body = {"title": title, "todo_date": datetime.now(UTC).isoformat()}
    path = f"{easel.canvas.url}/api/v1/planner_notes"
    requests.post(path, body, headers=headers, timeout=10).raise_for_status()


HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.mark.parametrize("reader", [{}, PHONE], indirect=True, ids=["wide", "phone"])
def test_renewed_answers_are_taken_over(reader: Reader) -> None:
    """One request brings them when the page is looked at; scroll position and focus stay."""
    reader.enter("dozen")
    reader.open("/")
    add_note(reader.easel, "Renew me")
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=61), tick=True):
        reader.page.add_init_script(f"({HIDE})(true)")
        page = reader.open("/")
        page.evaluate("window.stayed = true")
        note = page.locator("main > .arrived li.row", has_text="Renew me")
        assert note.count() == 0
        link = page.locator("#grades + ul a.name").first
        link.evaluate("e => e.scrollIntoView({ block: 'center', behavior: 'instant' })")
        link.focus()
        place = "e => Math.round(e.getBoundingClientRect().top)"
        before = link.evaluate(place)
        reader.requests.clear()
        page.wait_for_timeout(4000)
        assert reader.requests == []

        page.evaluate(HIDE, False)
        expect(note.first).to_be_attached()
        page.wait_for_timeout(300)
        assert abs(link.evaluate(place) - before) <= 1
        expect(link).to_be_focused()
        assert [urlsplit(request.url).path for request in reader.requests] == ["/"]
        assert page.evaluate("window.stayed")
        assert page.locator("[data-renewing]").count() == 0
        assert reader.complaints == []


def test_being_renewed_ends_when_canvas_stays_slow(reader: Reader) -> None:
    """After three requests in vain the page says how old it is, and what to do."""
    reader.enter("dozen")
    reader.open("/")
    page = reader.page
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11), tick=True):
        reader.easel.canvas.control(latency=60)
        page.clock.install()
        reader.open("/")
        note = page.locator("main > .arrived .sources").first
        expect(note).to_contain_text("being renewed")
        for pause in (3_000, 9_000, 27_000):
            with page.expect_response(f"{reader.easel.url}/") as answer:
                page.clock.run_for(pause)
            answer.value.finished()
            page.wait_for_timeout(200)
        page.clock.run_for(81_000)

        expect(note).to_contain_text("Load the page again for newer answers.")
        expect(note).not_to_contain_text("being renewed")
        reader.easel.canvas.control(latency=0)
    assert reader.complaints == []


WINDOWS: list[ViewportSize] = [{"width": 375, "height": 667}, {"width": 1280, "height": 720}]


def test_what_comes_next_is_on_the_first_screen_of_everybody(reader: Reader) -> None:
    """Of a small phone and of a laptop; where nothing is due, the sentence that says so."""
    wrong, due = [], []
    for who in reader.easel.canvas.people:
        reader.page.context.clear_cookies()
        reader.enter(who)
        page = reader.open("/")
        found = page.request.get(f"{reader.easel.url}/dashboard.json").json()["next"]
        whole = page.locator("main > .arrived")
        parent = whole.locator(".family").count() > 0
        if parent and not whole.locator(".next").count():
            continue  # what comes next stands under each child's name
        answer = whole.locator(".next").locator("li.row, strong").first
        if not found and not answer.count():  # somebody who takes no course
            answer = whole.locator("h2, .empty, .alert").first
        if found:
            due.append(who)
            # A parent's own work stands first, whichever child has something due sooner.
            if not parent and found["title"].strip() not in answer.inner_text():
                wrong.append(f"{who}: {answer.inner_text()!r} is not next")
        for window in WINDOWS:
            page.set_viewport_size(window)
            ends = answer.evaluate("e => e.getBoundingClientRect().bottom")
            bar = page.locator("nav.sections").evaluate("e => e.getBoundingClientRect().top")
            if ends > (bar if bar > ends / 2 else window["height"]):
                wrong.append(f"{who}, {window['width']} px: ends at {ends:.0f} px")
    assert wrong == []
    assert {"dozen", "busy", "many"} <= {*due}
