"""The pages for developers and administrators, in a real browser."""

import pytest

from tests.browser.checks import in_every_dress, in_order
from tests.browser.conftest import Reader

pytestmark = pytest.mark.browser


def test_explored_answer_is_accessible(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open("/explorer")
    page.get_by_label("Path and parameters").fill("/api/v1/courses?per_page=2&include[]=term")
    page.get_by_label("Find in the answer").fill("term")
    reader.requests.clear()
    page.get_by_role("button", name="Ask Canvas").click()
    page.wait_for_load_state()

    assert page.get_by_role("heading", level=2, name="200").count() == 1
    assert in_order(reader) + in_every_dress(page) == []
    page.get_by_role("button", name="next").click()
    page.wait_for_load_state()
    assert "page=2" in page.get_by_label("Path and parameters").input_value()
    assert reader.complaints == []


def test_set_up_is_accessible(reader: Reader) -> None:
    reader.enter("admin")
    page = reader.open("/")
    reader.requests.clear()
    page.get_by_role("link", name="Set-up of Easel").click()
    page.wait_for_load_state()

    assert page.get_by_role("heading", level=1).inner_text() == "Set-up"
    assert in_order(reader) + in_every_dress(page) == []


def test_report_is_there_to_copy(reader: Reader) -> None:
    reader.enter("dozen")
    page = reader.open("/courses/999999")
    page.get_by_text("Report to copy").click()

    assert in_order(reader) + in_every_dress(page) == []
    assert "X-Request-Context-Id" in page.get_by_label("For Canvas's support").inner_text()
