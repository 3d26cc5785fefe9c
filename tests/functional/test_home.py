"""Home shows what is due next, what needs the person, and the coming days."""

import html
import re
from datetime import datetime

import pytest

from .conftest import last_view, sign_in


def home(easel, browser):
    """Return the last view of Home with its tags, and its twin."""
    page = browser.get(easel.url, timeout=60).text
    twin = browser.get(f"{easel.url}/dashboard.json", timeout=60).json()
    return html.unescape(last_view(page)), twin


def section(page, name):
    """Return the text between this heading and the next one of its level."""
    return page.partition(f'<h2 id="{name}">')[2].partition("<h2")[0]


def titles(part):
    return re.findall(r'<(?:a|span) class="name[^>]*>([^<]*)<', part)


def test_home_answers_in_order(easel):
    page, _ = home(easel, sign_in(easel, "dozen"))

    ids = re.findall(r'<h2 id="(\w+)">', page)

    assert ids == ["next", "needs", "week", "grades", "courses"]
    assert page.index("<h1>") < page.index('class="updated"') < page.index('<h2 id="next">')
    assert page.index('<h2 id="next">') < page.index('class="tiles"') < page.index('id="needs"')


def test_heading_is_the_persons_day(easel):
    """The day is Denver's, which begins seven hours after that in UTC."""
    page, twin = home(easel, sign_in(easel, "dozen"))

    (today,) = [day["date"] for day in twin["days"] if day["today"]]

    heading = page.partition("<h1>")[2].partition("</h1>")[0]
    assert f'datetime="{today}"' in heading
    assert f"{datetime.fromisoformat(today):%A}" in heading


def test_next_stands_alone_with_its_tick(easel):
    page, twin = home(easel, sign_in(easel, "dozen"))

    part = section(page, "next")

    assert titles(part) == [twin["next"]["title"]]
    assert part.count('<button class="mark" form="mark"') == 1


def test_what_needs_the_person_comes_with_the_reason(easel):
    """Work sent back comes first, with its comment's first line, then missing work."""
    page, twin = home(easel, sign_in(easel, "dozen"))

    part, _, closed = section(page, "needs").partition("closed</summary>")

    assert titles(part)[0] == "Enzyme kinetics problem set"
    assert "Units are missing throughout; please hand it in again." in part
    missing = {row["title"]: row["can_submit"] for row in twin["missing"]}
    assert {title for title, open_ in missing.items() if open_ is False} == set(titles(closed))
    assert {title for title, open_ in missing.items() if open_} <= set(titles(part))
    assert titles(closed)


def test_days_hold_eight_rows_at_most(easel):
    """The rest of a full day is on Upcoming, under its day; later days show four."""
    browser = sign_in(easel, "busy")
    page, _ = home(easel, browser)

    days = re.split(r"<h3", section(page, "week"))[1:]

    shown = [day.partition("<details")[0] for day in days]
    onward = r'href="/upcoming#day-\d{4}-\d\d-\d\d">\s*\d+ more'
    full = [len(titles(day)) for day in shown if re.search(onward, day)]
    assert set(full) in ({8}, {4}, {8, 4})
    assert max(len(titles(day)) for day in shown) <= 8


@pytest.mark.parametrize("path", ["", "upcoming", "upcoming?page=2", "upcoming?week=this"])
@pytest.mark.parametrize("who", ["dozen", "many", "busy", "hostile", "teacher"])
def test_pages_are_of_moderate_size(easel, who, path):
    """300 kB of HTML and 1,500 elements at most, for whoever it is."""
    browser = sign_in(easel, who)
    browser.get(f"{easel.url}/{path}", timeout=60)

    page = browser.get(f"{easel.url}/{path}", timeout=60).text

    assert len(page.encode()) <= 300_000
    assert len(re.findall(r"<[a-z]", page)) <= 1500


@pytest.mark.parametrize("who", ["dozen", "many"])
def test_pieces_of_upcoming_hold_all_rows_once(easel, who):
    """Each piece is a page; another filter begins at its first piece."""
    browser = sign_in(easel, who)
    rows = browser.get(f"{easel.url}/upcoming.json", timeout=60).json()["data"]
    shown, path = [], "/upcoming"
    while path:
        page = last_view(browser.get(easel.url + path, timeout=60).text)
        assert "page=" not in page.partition('<nav class="arrows"')[2].partition("</nav>")[0]
        shown += re.findall(r'<li class="row item', page)
        found = re.search(r'<a rel="next" href="([^"]*page=\d+)"', page)
        path = html.unescape(found[1]) if found else ""

    assert len(shown) == len(rows)


def test_today_is_on_the_first_screen_of_upcoming(easel):
    """Past days are folded; one tap chooses a course."""
    browser = sign_in(easel, "dozen")
    page = last_view(browser.get(f"{easel.url}/upcoming", timeout=60).text)

    overdue = page.index('<details class="more" id="overdue">')
    assert overdue < page.index('<h2 id="today">')
    assert "<section" not in page[:overdue]
    chips = page.partition('<nav class="chips"')[2].partition("</nav>")[0]
    path = html.unescape(re.findall(r'href="(/upcoming\?course=\d+)"', chips)[0])
    chosen = browser.get(easel.url + path.replace("?", ".json?"), timeout=60).json()["data"]
    assert {row["course_id"] for row in chosen} == {path.rpartition("=")[2]}


def test_titles_lead_to_easels_own_pages(easel):
    page, twin = home(easel, sign_in(easel, "dozen"))

    rows = [row for day in twin["days"] for row in day["rows"] if row["assignment_id"]]
    row = next(iter([*twin["missing"], *rows]))

    path = f"/courses/{row['course_id']}/assignments/{row['assignment_id']}"
    assert f'class="name" href="{path}"' in page
    for address in re.findall(r'class="name away" href="([^"]*)"', page):
        assert address.startswith(easel.canvas.url), "marked as leading away"
