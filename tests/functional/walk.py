"""Every page, twin and table of a person, for rules that must hold on all of them."""

import html
import re
from collections.abc import Iterator

import requests

from .conftest import RunningEasel, last_view

APART = (
    *("/login", "/oauth/", "/help/", "/healthz", "/readyz", "/metrics", "/static/"),
    *("/explorer", "/admin/", "/institution/"),
    "/exports/",  # only for the person who prepared one
    "/calendar/<secret>.ics",
)
"""Prefixes of routes that show nothing from a person's courses, and the feed's (no cookie)."""


def addresses(assignment_id: str, course_id: str = "4101") -> dict[str, list[str]]:
    """Return for each route the addresses to request: pages and twins with their main queries."""
    course = f"/courses/{course_id}"
    work = f"{course}/assignments/{assignment_id}"
    shows = [f"show={name}" for name in ("missing", "due", "grades", "done")]
    return {
        "/": ["/", "/?show=missing", "/?show=due"],
        "/dashboard.json": ["/dashboard.json"],
        "/account": ["/account"],
        "/account/feeds": ["/account/feeds"],
        "/courses": ["/courses", "/courses?arrange=1"],
        "/courses.json": ["/courses.json"],
        "/upcoming": ["/upcoming", *(f"/upcoming?{query}" for query in ("week=this", *shows))],
        "/upcoming.json": ["/upcoming.json", "/upcoming.json?show=grades"],
        "/submissions": ["/submissions", "/submissions?sort=graded", "/submissions?status=graded"],
        "/submissions.json": ["/submissions.json", "/submissions.json?sort=score"],
        "/submissions.csv": ["/submissions.csv"],
        "/teaching": ["/teaching", "/teaching?group=course"],
        "/teaching.json": ["/teaching.json"],
        "/teaching.csv": ["/teaching.csv"],
        "/courses/<int:course_id>/gradebook": [
            f"{course}/gradebook",
            f"{course}/gradebook?view=heat",
            f"{course}/gradebook?period=all",
        ],
        "/courses/<int:course_id>/gradebook.json": [f"{course}/gradebook.json"],
        "/courses/<int:course_id>/gradebook.csv": [f"{course}/gradebook.csv"],
        "/courses/<int:course_id>/roster": [f"{course}/roster"],
        "/courses/<int:course_id>/roster.json": [f"{course}/roster.json"],
        "/courses/<int:course_id>/roster.csv": [f"{course}/roster.csv"],
        "/courses/<int:course_id>/students/<int:user_id>": [
            f"{course}/students/1",
            f"{course}/students/1?show=missing",
        ],
        "/courses/<int:course_id>/students/<int:user_id>.json": [f"{course}/students/1.json"],
        "/courses/<int:course_id>/students/<int:user_id>.csv": [f"{course}/students/1.csv"],
        "/search": ["/search?q=e"],
        "/search.json": ["/search.json?q=e"],
        "/courses/<int:course_id>": [course],
        "/courses/<int:course_id>.json": [f"{course}.json"],
        "/courses/<int:course_id>/grades": [f"{course}/grades", f"{course}/grades?period=all"],
        "/courses/<int:course_id>/grades.json": [f"{course}/grades.json?period=all"],
        "/courses/<int:course_id>/assignments/<int:assignment_id>": [work],
        "/courses/<int:course_id>/assignments/<int:assignment_id>.json": [f"{work}.json"],
        "/courses/<int:course_id>/assignments/<int:assignment_id>.csv": [f"{work}.csv"],
    }


def routes(easel: RunningEasel) -> set[str]:
    """Return every route that can show something from a person's courses."""
    rules = easel.app.url_map.iter_rules()
    read = (rule.rule for rule in rules if "GET" in (rule.methods or ()))
    return {rule for rule in read if not rule.startswith(APART)}


def read(browser: requests.Session, easel: RunningEasel, path: str) -> str:
    """Return a page's text, decoded as UTF-8 whatever its type."""
    return browser.get(f"{easel.url}{path}", timeout=60).content.decode("utf-8-sig")


FURTHER = re.compile(r'<a rel="next" href="([^"]*\bpage=\d+[^"]*)"')


def pieces(browser: requests.Session, easel: RunningEasel, path: str) -> Iterator[str]:
    """Return a long list from its first piece to the last, following the links."""
    while path:
        page = last_view(read(browser, easel, path))
        yield page
        found = FURTHER.search(page)
        path = html.unescape(found[1]) if found else ""


MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
WHEN = re.compile(
    rf"<time.*?</time>|\d{{4}}-\d\d-\d\d|\d{{1,2}}:\d\d(?::\d\d)?"
    rf"|\b\d{{1,2}} (?:{MONTHS})\b|\b(?:{MONTHS}) \d{{1,2}}\b"
    r"|\b\d{1,2} (?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b"
    r"|\b(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec) \d{1,2}\b",
    re.DOTALL,
)


def without_moments(text: str) -> str:
    """Remove dates and clock times from a page or its text, to look for other numbers in it.

    At 20:44, for example, every page that shows the time contains a 44.
    """
    return WHEN.sub(" ", text)
