"""Texts that would multiply, and what Canvas would load: what the person sees of them."""

from datetime import UTC, datetime, timedelta

import requests

from .conftest import sign_in
from .test_feed import fetch, make_feed

BOMB = "<p>" + "".join(f"<b {n}>" for n in range(3000)) + "<p>x" * 3000


def write_note(easel, who, **fields):
    """Write a note as another program of the person's would."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    answer = requests.post(
        f"{easel.canvas.url}/api/v1/planner_notes",
        data={"title": "Note", "todo_date": f"{tomorrow:%Y-%m-%d}"} | fields,
        headers={"Authorization": f"Bearer {easel.canvas.token(who)}"},
        timeout=30,
    )
    assert answer.ok, answer.text


def test_a_note_that_multiplies_stays_small(easel):
    browser = sign_in(easel, "newcomer")
    before = len(browser.get(f"{easel.url}/upcoming", timeout=30).content)
    write_note(easel, "newcomer", details=BOMB)

    page = browser.get(f"{easel.url}/upcoming?retry=all", timeout=30)
    feed = fetch(make_feed(easel, browser))

    assert "Note" in page.text
    assert len(page.content) - before < 20 * len(BOMB)
    assert feed.status_code == 200
    assert len(feed.content) < 4 * len(BOMB)
