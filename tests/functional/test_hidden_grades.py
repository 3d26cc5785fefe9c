"""A grade that is not posted shows nowhere: on no page, twin, table or feed, by no detail of it."""

import html
import json
import re

import pytest
import requests

from .conftest import RunningEasel, sign_in
from .test_feed import fetch, make_feed
from .walk import addresses, read, routes, without_moments

TITLE = "Mid-term exam essay"  # 44 points after 1.375 were deducted, graded, not posted
POSTED = "Osmosis laboratory report"
FACTS = ("score", "grade", "entered_score", "graded_at", "points_deducted")
TEACHERS_WORD = "Not to be seen before all grades are posted."


def hidden(easel: RunningEasel) -> dict[str, object]:
    """The submission as its teacher reads it."""
    headers = {"Authorization": f"Bearer {easel.canvas.token('teacher')}"}
    courses = f"{easel.canvas.url}/api/v1/courses/4101"
    asked = {"search_term": TITLE}
    [work] = requests.get(
        f"{courses}/assignments", params=asked, headers=headers, timeout=30
    ).json()
    url = f"{courses}/assignments/{work['id']}/submissions/1"
    include = {"include[]": "submission_comments"}
    row: dict[str, object] = requests.get(url, params=include, headers=headers, timeout=30).json()
    assert (row["score"], row["posted_at"], row["workflow_state"]) == (44, None, "graded")
    return row


def leaks(text: str, row: dict[str, object]) -> list[str]:
    """Return which details of a hidden grade a text has: its numbers, its moment, its comment."""
    moment = str(row["graded_at"])[:19]
    told = (TEACHERS_WORD, moment, moment.replace("T", " "))
    return [word for word in told if word in text] + re.findall(
        r"(?<![\d.])(?:45[.,]3[78]5?|1[.,]3[78]5?)(?!\d)", text
    )


def rows(text: str, title: str = TITLE) -> list[str]:
    """The list items of a page that name the work."""
    items = map(html.unescape, re.findall(r'<li class="row.*?</li>', text, re.DOTALL))
    return [item for item in items if title in item]


def things(value: object, title: str = TITLE) -> list[dict[str, object]]:
    """The objects of a twin that are about the work."""
    if isinstance(value, list):
        return [thing for one in value for thing in things(one, title)]
    if not isinstance(value, dict):
        return []
    own = [value] if title in (value.get("title"), value.get("name")) else []
    return own + [thing for one in value.values() for thing in things(one, title)]


def test_walk_knows_every_address(easel: RunningEasel) -> None:
    """The walk covers pages that are added later."""
    assert routes(easel) == set(addresses("1"))


@pytest.mark.parametrize("person", ["dozen", "observer"])
def test_nothing_of_a_hidden_grade_is_told(easel: RunningEasel, person: str) -> None:
    """Neither the student nor their observers see its numbers, or that there is one."""
    row = hidden(easel)
    browser = sign_in(easel, person)
    named = 0

    for path in [path for paths in addresses(str(row["assignment_id"])).values() for path in paths]:
        text = read(browser, easel, path)
        assert leaks(text, row) == [], path
        told = [
            item
            for item in rows(text)
            if "Graded" in item or re.search(r"\b44\b", without_moments(item))
        ]
        assert told == [], path
        if ".json" in path:
            about = things(json.loads(text))
            named += len(about)
            for thing in about:
                assert [thing.get(name) for name in FACTS] == [None] * 5, path
                assert thing.get("status") not in ("graded", "resubmitted"), path
        named += TITLE in html.unescape(text)

    assert named > (10 if person == "dozen" else 2)
    assert leaks(fetch(make_feed(easel, browser)).text, row) == []


def test_the_walk_would_see_a_grade(easel: RunningEasel) -> None:
    """The same search finds a posted grade, and recognises each form of a leak."""
    row, browser = hidden(easel), sign_in(easel, "dozen")
    page = read(browser, easel, "/submissions")
    twin = json.loads(read(browser, easel, "/submissions.json"))

    assert any("Graded" in item for item in rows(page, POSTED))
    [posted] = things(twin, POSTED)
    assert None not in [posted[name] for name in FACTS]
    moment = str(row["graded_at"])[:19]
    for text in (
        TEACHERS_WORD,
        "45.38",
        "45,375",
        "−1.38 points",
        moment,
        moment.replace("T", " "),
    ):
        assert leaks(f"<p>{text}</p>", row), text
    assert leaks("<p>145.38 1.3 44</p>", row) == []
