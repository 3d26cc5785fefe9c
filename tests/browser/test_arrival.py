"""How a page loads: its layout at once, content as it comes, then the whole; nothing moves."""

import pytest

SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifted += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""


def test_shape_stands_while_canvas_is_asked(reader, canvas):
    reader.sign_in("dozen")
    canvas.control(latency=60)
    page = reader.page
    page.goto(f"{reader.easel.url}/submissions", wait_until="commit")

    page.locator(".waiting .ghost").wait_for()

    canvas.control(latency=0)
    page.wait_for_load_state()
    assert page.locator("main > .arrived").is_visible()
    assert not page.locator(".waiting").first.is_visible()
    assert not reader.complaints


def test_what_is_here_stands_until_all_of_it_is(reader, canvas):
    reader.sign_in("dozen")  # which brings the courses of the dashboard
    canvas.control(latency=60)
    page = reader.page
    page.goto(f"{reader.easel.url}/courses", wait_until="commit")

    page.locator(".early").get_by_text("Still coming").first.wait_for()
    assert page.locator(".early .card").get_by_text("Biology 101").is_visible()

    canvas.control(latency=0)
    page.wait_for_load_state()
    assert not page.locator(".early").is_visible()
    assert page.locator(".early *").count() == 0
    assert page.locator("main > .arrived .card").get_by_text("Biology 101").is_visible()
    assert page.locator("main h1").count() == 1


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("path", ["/courses", "/upcoming", "/submissions"])
def test_nothing_moves_while_a_page_comes(reader, canvas, path, width):
    page = reader.page
    page.set_viewport_size({"width": width, "height": 900})
    reader.sign_in("busy")
    page.add_init_script(SHIFTS)
    canvas.control(latency=0.6)

    page.goto(f"{reader.easel.url}{path}")
    page.wait_for_timeout(100)

    assert page.evaluate("window.shifted") < 0.1
