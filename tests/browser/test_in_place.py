"""Done marks, favourites, nicknames and notes change in place; without script the page reloads."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.checks import in_every_dress
from tests.browser.conftest import PHONE, Reader

pytestmark = pytest.mark.browser

WITHOUT_SCRIPT = {"java_script_enabled": False}
OVERRIDES = {"path": "/api/v1/planner/overrides", "kind": "status", "status": 403, "times": None}
TOPMOST = "row => row.getBoundingClientRect().top"


def open_rows(page: Page) -> list[str]:
    """Return the ids of the rows that can be marked done and are visible."""
    rows = page.locator("main > .arrived li.row[id]:visible:not(.done)", has=tick_of(page))
    found = [row.get_attribute("id") for row in rows.all()]
    return [id_ for id_ in found if id_]


def tick_of(place: Page | Locator) -> Locator:
    return place.locator("button[name=item]")


def row_of(page: Page, id_: str) -> Locator:
    return page.locator(f"#{id_}")


def title_of(row: Locator) -> str:
    return row.locator(".name").first.inner_text()


@pytest.mark.parametrize("reader", [{}, PHONE], indirect=True, ids=["wide", "phone"])
def test_five_ticks_one_undone_and_one_that_fails(reader: Reader) -> None:
    """Position, focus and address stay; the failed one says which it is and is reset."""
    reader.enter("dozen")
    page = reader.open("/upcoming")
    page.evaluate("window.stayed = true")
    ids = open_rows(page)[2:7]
    assert len(ids) == 5
    toast = page.locator("#toasts")

    for place, id_ in enumerate(ids):
        row = row_of(page, id_)
        row.evaluate("row => row.scrollIntoView({ block: 'center', behavior: 'instant' })")
        before = page.evaluate("scrollY"), row.evaluate(TOPMOST)
        reader.easel.canvas.control(faults=[OVERRIDES] if place == 2 else [])
        tick_of(row).click()
        if place == 2:
            fault = page.locator("#faults")
            expect(fault).to_contain_text(f"“{title_of(row)}” was not marked done. Canvas does not")
            expect(row).not_to_have_class("done")
        else:
            expect(toast).to_contain_text(f"“{title_of(row)}” is marked done.")
        assert (page.evaluate("scrollY"), row.evaluate(TOPMOST)) == before
        expect(tick_of(row)).to_be_focused()

    done = [id_ for id_ in ids if "done" in (row_of(page, id_).get_attribute("class") or "")]
    assert done == [*ids[:2], *ids[3:]]
    assert "done" not in (row_of(page, ids[2]).get_attribute("class") or "")
    last = row_of(page, ids[4])
    expect(tick_of(last)).to_have_accessible_name(re.compile(f"Mark not done ?: {title_of(last)}"))
    expect(page.locator("#faults")).to_contain_text(title_of(row_of(page, ids[2])))

    toast.get_by_role("button", name="Undo").click()

    expect(toast).to_contain_text("is marked not done.")
    expect(tick_of(last)).to_be_focused()
    expect(tick_of(last)).to_have_accessible_name(re.compile(f"Mark done ?: {title_of(last)}"))
    assert page.evaluate("window.stayed")
    assert in_every_dress(page) == []
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#faults")).to_be_empty()
    page.reload()
    left = open_rows(page)
    assert [id_ for id_ in ids if id_ in left] == [ids[2], ids[4]]
    assert reader.complaints == []


@pytest.mark.parametrize("reader", [WITHOUT_SCRIPT], indirect=True)
def test_five_ticks_without_script(reader: Reader) -> None:
    """Each reloads the page at its row, with a message that names it; the third one fails."""
    reader.enter("dozen")
    page = reader.open("/upcoming")
    ids = open_rows(page)[2:7]

    for place, id_ in enumerate(ids):
        row = row_of(page, id_)
        title = title_of(row)
        reader.easel.canvas.control(faults=[OVERRIDES] if place == 2 else [])
        tick_of(row).click()
        page.wait_for_load_state()
        assert page.url.endswith(f"/upcoming#{id_}")
        if place == 2:
            alert = page.get_by_role("alert").first
            expect(alert).to_contain_text(f"“{title}” was not marked done.")
            expect(row_of(page, id_)).to_be_in_viewport()
        else:
            expect(page.locator("form.notice")).to_contain_text(f"“{title}” is marked done.")
            expect(page.locator("form.notice")).to_be_in_viewport()

    page.get_by_role("button", name="Undo").click()

    expect(page.locator("form.notice")).to_contain_text("is marked not done.")
    page.wait_for_load_state()
    left = open_rows(page)
    assert [id_ for id_ in ids if id_ in left] == [ids[2], ids[4]]


def test_easel_that_does_not_answer_loses_no_tick(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open("/upcoming")
    row = row_of(page, open_rows(page)[0])
    page.route("**/planner/mark", lambda route: route.abort())

    tick_of(row).click()

    expect(page.locator("#faults")).to_contain_text(f"“{title_of(row)}” may not be saved")
    assert "done" not in (row.get_attribute("class") or "")
    expect(tick_of(row)).to_be_focused()


def test_message_goes_by_itself_unless_it_is_looked_at(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open("/upcoming")
    page.clock.install()
    tick_of(row_of(page, open_rows(page)[0])).click()
    toast = page.locator("#toasts")
    expect(toast).to_contain_text("is marked done.")
    toast.get_by_role("button", name="Undo").focus()

    page.clock.run_for(20_000)
    expect(toast).to_contain_text("is marked done.")

    page.locator("h1").evaluate("h1 => { h1.tabIndex = -1; h1.focus(); }")
    page.clock.run_for(2_000)
    expect(toast).to_be_empty()


def tab(page: Page, name: str) -> Locator:
    return page.locator(f"main > .arrived a[data-tab={name}]")


def count(place: Locator) -> int:
    return int(place.locator("strong").inner_text())


def shown_rows(page: Page) -> Locator:
    return page.locator("section:has(> #shown) li.row")


@pytest.mark.parametrize("reader", [{}, PHONE], indirect=True, ids=["wide", "phone"])
def test_counts_are_tabs_and_follow_a_tick(reader: Reader) -> None:
    """On Home and Upcoming: nothing is loaded anew, Undo and the way back bring all of it back."""
    reader.enter("dozen")
    page = reader.open("/")
    page.evaluate("window.stayed = true")
    due = count(tab(page, "due"))

    tick_of(page.locator(".next li.row")).click()
    expect(tab(page, "due").locator("strong")).to_have_text(str(due - 1))
    expect(page.locator("main > .arrived > .lead")).to_contain_text(f"{due - 1} to do")
    page.get_by_role("button", name="Undo").click()
    expect(tab(page, "due").locator("strong")).to_have_text(str(due))

    for name in ("due", "grades", "missing"):
        tab(page, name).click()
        expect(tab(page, name)).to_have_attribute("aria-current", "true")
        expect(tab(page, name)).to_be_focused()
        expect(shown_rows(page)).to_have_count(count(tab(page, name)))
        assert page.url.endswith(f"/?show={name}")
    missing = count(tab(page, "missing"))
    tick_of(shown_rows(page)).first.click()
    expect(tab(page, "missing").locator("strong")).to_have_text(str(missing - 1))
    expect(page.locator("#shown small")).to_have_text(str(missing - 1))
    page.go_back()
    expect(tab(page, "grades")).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="Undo").click()
    expect(tab(page, "missing").locator("strong")).to_have_text(str(missing))
    assert in_every_dress(page) == []
    tab(page, "grades").click()
    expect(page.locator("#week")).to_be_visible()
    assert page.evaluate("window.stayed")

    page = reader.open("/upcoming")
    page.evaluate("window.stayed = true")
    tab(page, "missing").click()
    expect(page).to_have_url(re.compile("show=missing"))
    rows = page.locator("main > .arrived li.row[id]")
    expect(rows).to_have_count(missing)
    tick_of(rows.first).click()
    expect(tab(page, "missing").locator("strong")).to_have_text(str(missing - 1))
    page.get_by_role("button", name="Undo").click()
    expect(tab(page, "missing").locator("strong")).to_have_text(str(missing))
    assert page.evaluate("window.stayed")
    assert reader.complaints == []


@pytest.mark.parametrize("reader", [WITHOUT_SCRIPT], indirect=True)
def test_counts_are_links_without_script(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open("/")
    for name in ("due", "grades", "missing"):
        tab(page, name).click()
        assert page.url.endswith(f"/?show={name}")
        expect(shown_rows(page)).to_have_count(count(tab(page, name)))
    row = shown_rows(page).first.get_attribute("id")
    tick_of(shown_rows(page)).first.click()
    assert page.url.endswith(f"/?show=missing#{row}")
    tab(page, "missing").click()
    expect(page.locator("#week")).to_be_visible()


@pytest.mark.parametrize(
    ("who", "path", "lost"),
    [
        ("dozen", "*/missing_submissions", "Missing work"),
        ("observer", "/api/v1/planner/items", "Planner of Maya Lindqvist"),
        ("observer", "/api/v1/courses", "Courses"),
    ],
)
def test_retry_brings_a_lost_part_in_place(reader: Reader, who: str, path: str, lost: str) -> None:
    """Whoever looks; while it stays away the page says so again."""
    canvas, page = reader.easel.canvas, reader.page
    canvas.control(faults=[{"path": path, "kind": "status", "status": 500, "times": None}])
    reader.enter(who)
    reader.open("/")
    page.evaluate("window.stayed = true")
    part = page.locator("main > .arrived .empty", has_text=f"{lost}: could not be loaded")
    retry = part.get_by_role("link", name="Retry")
    retry.click()
    expect(page.locator("[aria-busy]")).to_have_count(0, timeout=60_000)
    expect(retry).to_be_focused()

    canvas.control(faults=[])
    retry.click()

    expect(part).to_have_count(0)
    expect(page.locator("h1:focus, h2:focus")).to_have_count(1)
    assert page.evaluate("window.stayed")
    assert "retry" not in page.url
    assert reader.complaints == []


def test_counts_follow_a_star(reader: Reader) -> None:
    """The cards stay in their places; each heading counts the courses of its group."""
    reader.enter("dozen")
    page = reader.open("/courses?arrange=1")
    favourites = page.locator("main > .arrived h2[data-count^=favorite] small")
    card = page.locator("main > .arrived li.card.plain:has(button[name=on])").first
    id_, group = card.get_attribute("id"), card.locator("xpath=ancestor::section//h2//small")
    before, others = int(favourites.inner_text()), int(group.inner_text())

    page.locator(f"#{id_} button[name=on]").click()

    expect(favourites).to_have_text(str(before + 1))
    rest = page.locator(f"section:has(#{id_}) h2 small")
    expect(rest).to_have_text([str(others - 1)] if others > 1 else [])
    page.get_by_role("button", name="Undo").click()
    expect(favourites).to_have_text(str(before))
    reader.open("/courses?arrange=1")
    expect(favourites).to_have_text(str(before))
    expect(rest).to_have_text(str(others))


def test_star_and_nickname_change_in_place(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open("/courses?arrange=1")
    page.evaluate("window.stayed = true")
    card = page.locator("main > .arrived li.card", has_text="Statistics")
    id_ = card.get_attribute("id")
    card = page.locator(f"#{id_}")
    star, button = card.locator(".star"), card.locator("button[name=on]")
    starred = star.is_visible()

    button.click()

    expect(page.locator("#toasts")).to_contain_text("favourite")
    expect(star).to_be_visible(visible=not starred)
    expect(button).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(star).to_be_visible(visible=starred)

    name = card.locator("h3 a").inner_text()
    card.get_by_label("Nickname of").fill("Numbers")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("is called “Numbers”")
    expect(card.locator("h3 a")).to_have_text("Numbers")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("own name again")
    expect(card.locator("h3 a")).to_have_text(name)

    reader.easel.canvas.control(
        faults=[{"path": "/api/v1/users/self/*", "kind": "status", "status": 403, "times": None}]
    )
    card.get_by_label("Nickname of").fill("Never")
    page.keyboard.press("Enter")
    expect(page.locator("#faults")).to_contain_text("The nickname of “")
    expect(card.locator("h3 a")).to_have_text(name)
    assert page.evaluate("window.stayed")
    assert reader.complaints == []


def test_note_is_added_and_taken_back_in_place(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open("/upcoming")
    page.evaluate("window.stayed = true")
    page.locator("#note > summary").click()
    page.locator("#note").get_by_label("What").fill("Bring boots")
    page.locator("#note").get_by_role("button").click()

    expect(page.locator("#toasts")).to_contain_text("“Bring boots” is saved.")
    expect(page.locator("li.row", has_text="Bring boots")).to_have_count(1)
    expect(page.locator("#note > summary")).to_be_focused()
    page.get_by_role("button", name="Undo").click()

    expect(page.locator("#toasts")).to_contain_text("“Bring boots” is deleted.")
    expect(page.locator("li.row", has_text="Bring boots")).to_have_count(0)
    assert page.evaluate("window.stayed")
    assert reader.complaints == []
