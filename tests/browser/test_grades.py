"""A course's grades in a browser: try a score, set a goal, take it back, at any size."""

import pytest
from playwright.sync_api import expect

from tests.browser.checks import in_every_dress, in_order
from tests.browser.conftest import Reader

pytestmark = pytest.mark.browser

PROGRAMMING = "/courses/4106"


def test_a_student_tries_scores_and_a_goal(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open(PROGRAMMING)
    page.get_by_role("link", name="Grades and what-if").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Grades in Introduction to Programming"
    )
    expect(page.locator("main")).to_contain_text("gives the same")

    page.get_by_label("What if: score for Exercise 4, of 8").fill("4")
    page.get_by_label("The total I want").fill("85")
    page.keyboard.press("Enter")

    result = page.get_by_role("region", name="What if")
    expect(result).to_contain_text("With 1 changed score: 90 % for graded work")
    expect(result).to_contain_text("To end with 85 % you need")
    assert page.url.endswith("#result")
    row = page.get_by_role("row").filter(has_text="Exercise 4")
    expect(row).to_contain_text("Dropped")

    page.get_by_role("link", name="Take back the score for Exercise 4").click()

    expect(page.get_by_role("region", name="What if")).to_contain_text("Put a score beside")
    expect(page.get_by_label("The total I want")).to_have_value("85")
    assert reader.complaints == []


def test_total_follows_while_a_score_is_typed(reader: Reader) -> None:
    """Without a reload: focus stays, the total stays visible, the address has the score."""
    reader.enter("dozen")
    page = reader.open(f"{PROGRAMMING}/grades")
    page.evaluate("window.stayed = true")
    bar = page.locator(".total-bar")
    expect(bar).to_contain_text("94.12 %")
    field = page.get_by_label("What if: score for Exercise 4, of 8")

    field.press_sequentially("4")

    expect(bar).to_contain_text("90 % with 1 changed score")
    row = page.get_by_role("row").filter(has_text="Exercise 4")
    expect(row).to_have_class("tried")
    expect(row).to_contain_text("Dropped")
    expect(field).to_be_focused()
    expect(bar).to_be_in_viewport(ratio=1)
    assert "=4" in page.url

    field.press_sequentially("0")  # 40 of 8
    alert = page.get_by_role("region", name="What if").get_by_role("alert")
    expect(alert).to_contain_text("40 is above the highest score, 8")
    expect(bar.get_by_role("link", name="1 question")).to_be_visible()
    expect(bar).to_contain_text("94.12 % for graded work")
    alert.get_by_role("link", name="Count it anyway").click()
    expect(bar).to_contain_text("with 1 changed score")
    expect(field).to_be_focused()

    page.get_by_role("link", name="Take back the score for Exercise 4").click()
    expect(bar).to_contain_text("94.12 % for graded work")
    expect(field).to_have_value("")
    expect(row).not_to_have_class("tried")
    assert page.evaluate("window.stayed")
    assert reader.complaints == []


@pytest.mark.parametrize("reader", [{"java_script_enabled": False}], indirect=True)
def test_scores_are_tried_without_script(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open(f"{PROGRAMMING}/grades")

    page.get_by_label("What if: score for Exercise 4, of 8").fill("4")
    page.keyboard.press("Enter")

    expect(page.locator(".total-bar")).to_contain_text("90 % with 1 changed score")


def test_grading_periods_are_chosen_by_links(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open("/courses/4101/grades")
    periods = page.get_by_role("navigation", name="Grading periods")
    expect(periods.locator("[aria-current]")).to_contain_text("Second half")

    periods.get_by_role("link", name="All").click()

    expect(page.get_by_role("region", name="Grading periods")).to_contain_text("First half")
    expect(page.locator(".lead").first).to_contain_text("over all grading periods")


@pytest.mark.parametrize(
    ("person", "path"),
    [
        ("dozen", "/courses/4101/grades?period=all&goal=80"),
        ("dozen", "/courses/4102/grades?goal=200"),
        ("dozen", "/courses/4103/grades"),
        ("dozen", "/courses/4107/grades"),
        ("dozen", "/courses/4110/grades"),
        ("hostile", "/courses/6001/grades?goal=x"),
        ("teacher", "/courses/4101/grades"),
    ],
)
def test_every_state_is_accessible(reader: Reader, person: str, path: str) -> None:
    reader.enter(person)
    page = reader.open(path)
    assert in_order(reader) + in_every_dress(page) == []
    assert reader.complaints == []
