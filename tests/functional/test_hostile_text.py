"""Texts that would grow without bound, or load something, as the person sees them."""

import json
import re
from datetime import UTC, datetime, timedelta

import requests
from icalendar import Calendar

from .conftest import sign_in
from .test_feed import fetch, make_feed

EQUATION = (
    '<img class="equation_image" data-equation-content="x^2+2x=8" alt="LaTeX: x^2+2x=8"'
    ' src="https://elsewhere.example/equation.png">'
)
TEXT = (
    f"<p>Solve {EQUATION} for x.</p><img src='https://elsewhere.example/cat.png' alt='A cat'>"
    "<iframe src='https://elsewhere.example/film' title='How bees dance'></iframe>"
    "<details><summary>Hint</summary>Halve it.</details>"
)
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


def test_equations_pictures_and_media_stand_everywhere(start_easel, canvas):
    """They are replaced in instructions, submissions, syllabus, events, comments and the feed."""
    easel = start_easel(cache_seconds=0)
    browser = sign_in(easel, "dozen")
    quoted = json.dumps(TEXT)[1:-1].replace("\\", "\\\\")
    names = "description|body|syllabus_body|comment"
    fault = {"kind": "rewrite", "path": "/api/v1/*", "times": None}
    canvas.control(
        faults=[
            fault
            | {
                "rewrite": [
                    [rf'"({names})":"', rf'"\1":"{quoted}'],
                    [rf'"({names})":null', rf'"\1":"{quoted}"'],
                ]
            }
        ]
    )
    rows = browser.get(f"{easel.url}/submissions.json", timeout=60).json()["data"]
    said = next(row for row in rows if row["comments"])
    essay = f"/courses/{said['course_id']}/assignments/{said['assignment_id']}"

    for path, times in ((essay, 2), ("/courses/4101", 1), ("/upcoming", 1), ("/submissions", 1)):
        page = browser.get(f"{easel.url}{path}", timeout=60).text
        assert page.count("Solve <code>x^2+2x=8</code> for x.") >= times, path
        assert ">Picture: A cat</a>" in page
        assert ">Embedded content: How bees dance</a>" in page
        assert "<summary>Hint</summary>Halve it.</details>" in page
        assert not re.search(r"<(img|iframe|video|audio|object|embed|script[^>]*elsewhere)", page)
        assert not re.search(r'(src|srcset|data|poster)="https?://elsewhere', page)
    assert said["comments"][0]["text"].startswith("Solve x^2+2x=8 for x.\n[Picture: A cat]")
    assert "Solve x^2+2x=8 for x." in browser.get(f"{easel.url}/submissions.csv", timeout=60).text
    found = Calendar.from_ical(fetch(make_feed(easel, browser)).content).walk("VEVENT")
    assert any("Solve x^2+2x=8 for x.\n" in str(event["DESCRIPTION"]) for event in found)


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
