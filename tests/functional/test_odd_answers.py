"""Values that Canvas should not send: each page, twin, table and feed works and loses no row."""

import json
import re

import pytest
from icalendar import Calendar

from .conftest import sign_in
from .test_feed import fetch, later, make_feed

pytestmark = pytest.mark.anyday

PAGES = (
    "/",
    "/courses",
    "/courses/4101",
    "/courses/4101/grades",
    "/upcoming",
    "/submissions",
    "/search?q=a",
    "/account",
)
TWINS = (
    "/dashboard.json",
    "/courses.json",
    "/courses/4101.json",
    "/courses/4101/grades.json",
    "/upcoming.json",
    "/submissions.json",
    "/submissions.csv",
)
# Dates of courses decide what is asked for, so the second walk changes these.
DATES = (
    r'"((?!start_at|end_at)[a-z_]+_at|plannable_date|todo_date|start_date|end_date'
    r'|cached_due_date)":"[^"]*"'
)
TITLES = r'"(title|name|comment|display_name)":"[^"\\]{2}'
NUMBERS = r'"(points_possible|score|entered_score|points|seconds_late|group_weight)":[\d.]+'
ZONE = [r'"time_zone":"[^"]*"', '"time_zone":"Asia/Tokyo"']

ODD = {
    "before all dates": ([DATES, r'"\1":"0001-01-01T00:00:00Z"'],),
    "after all dates": (ZONE, [DATES, r'"\1":"9999-12-31T23:59:59Z"']),
    "five digits": ([DATES, r'"\1":"12026-11-27T10:00:00Z"'],),
    "without a zone": (ZONE, [DATES, r'"\1":"2026-11-27T10:00:00"']),
    "no dates": ([DATES, r'"\1":"soon"'],),
    "half a character": ([TITLES, r'"\1":"\\ud800'],),
    "a control character": ([TITLES, '"\\1":"\x07'],),
    "no UTF-8": ([TITLES, '"\\1":"\xff'],),
    "a null character": ([TITLES, r'"\1":"\\u0000'],),
    "numbers beyond measure": ([NUMBERS, r'"\1":1e300'],),
    "hardly any number": ([NUMBERS, r'"\1":1e-300'],),
    "nothing needed": ([r'"(position|html_url|course_code|is_favorite)":', r'"\1":[[1]],"was":'],),
    "a zone of two lines": ([ZONE[0], r'"time_zone":"a\\r\\nb"'],),
    "no list": ([r'"(grading_scheme|submission_types|sections)":', r'"\1":[[{}],7],"was":'],),
}
SAID = {"no dates", "numbers beyond measure", "no list"}


def ids(twin):
    return sorted(row.get("id") or row.get("assignment_id") for row in twin["data"])


@pytest.mark.parametrize("odd", ODD)
def test_odd_values(odd, start_easel, canvas):
    """Pages work with a value of each kind in every row that has one."""
    easel = start_easel(cache_seconds=0)
    browser = sign_in(easel, "dozen")
    address = make_feed(easel, browser)
    before = browser.get(f"{easel.url}/submissions.json", timeout=60).json()
    assert fetch(address).status_code == 200
    later(easel)
    row = before["data"][0]
    work = f"/courses/{row['course_id']}/assignments/{row['assignment_id']}"
    fault = {"kind": "rewrite", "path": "/api/v1/*", "method": "GET", "times": None}
    canvas.control(faults=[fault | {"rewrite": list(ODD[odd])}])

    for path in (*PAGES, work):
        page = browser.get(f"{easel.url}{path}", timeout=60)
        text = page.content.decode()
        assert page.status_code == 200, path
        assert "could not be finished" not in text, path
        assert not re.search("[\ud800-\udfff]", text), path
    answers = {path: browser.get(f"{easel.url}{path}", timeout=60) for path in TWINS}
    for path, answer in answers.items():
        assert answer.status_code == 200, path
        text = answer.content.decode()
        if path.endswith("json"):
            json.loads(text, parse_constant=pytest.fail)
    found = answers["/submissions.json"].json()
    assert ids(found) == ids(before)
    assert found["complete"] is (before["complete"] and odd not in SAID)
    feed = fetch(address)
    assert feed.status_code == 200
    told = str(Calendar.from_ical(feed.content.decode())["X-WR-CALDESC"])
    assert ("could not be understood" in told) is (odd in SAID)


def test_numbers_beyond_eight_bytes(easel, canvas):
    """A number of more than eight bytes works in cached answers too."""
    much = [r'("grading_scheme":\[\["[^"]*",)[\d.]+', r"\g<1>1" + 30 * "0"]
    fault = {"kind": "rewrite", "path": "/api/v1/courses*", "times": None}
    canvas.control(faults=[fault | {"rewrite": [much]}])
    browser = sign_in(easel, "dozen")

    for path in ("/", "/courses/4101", "/courses/4101/grades", "/courses/4101/grades.json"):
        for _ in range(2):
            page = browser.get(f"{easel.url}{path}", timeout=60)
            assert page.status_code == 200, path
            assert "could not be finished" not in page.text, path


def test_invalid_id_loses_only_its_part(easel, canvas):
    """An ended enrollment has an invalid course id, so only that course is missing."""
    fault = {"kind": "rewrite", "path": "/api/v1/users/self/enrollments", "times": None}
    canvas.control(faults=[fault | {"rewrite": [[r'"course_id":"\d+"', r'"course_id":"\\u0000"']]}])
    browser = sign_in(easel, "dozen")

    for path in ("/courses.json", "/search.json?q=a"):
        twin = browser.get(f"{easel.url}{path}", timeout=60)
        assert twin.status_code == 200, path
        assert not twin.json()["complete"], path


def test_a_row_that_is_none_is_lost_alone_and_said(start_easel, canvas):
    easel = start_easel(cache_seconds=0)
    browser = sign_in(easel, "dozen")
    before = browser.get(f"{easel.url}/courses.json", timeout=60).json()
    fault = {"kind": "rewrite", "path": "/api/v1/courses", "times": None}
    canvas.control(faults=[fault | {"rewrite": [['"id":"4101"', '"id":{}']]}])

    twin = browser.get(f"{easel.url}/courses.json", timeout=60).json()
    page = browser.get(f"{easel.url}/courses", timeout=60)

    (source,) = [one for one in twin["sources"] if one["name"] == "courses"]
    assert source["status"] == "partial"
    assert source["detail"] == "1 row could not be understood and is left out."
    assert set(ids(before)) - set(ids(twin)) == {"4101"}
    assert "could not be understood" in page.text


@pytest.mark.parametrize("who", ["teacher", "observer", "dozen"])
@pytest.mark.parametrize("odd", ["before all dates", "after all dates", "no dates"])
def test_odd_values_for_teachers_and_observers(who, odd, start_easel, canvas):
    """Teachers and observers have lists of their own; courses, terms and events are changed too."""
    easel = start_easel(cache_seconds=0)
    browser = sign_in(easel, who)
    address = make_feed(easel, browser)
    fault = {"kind": "rewrite", "path": "/api/v1/*", "method": "GET", "times": None}
    rewrite = [[find.replace("(?!start_at|end_at)", ""), put] for find, put in ODD[odd]]
    canvas.control(faults=[fault | {"rewrite": rewrite}])

    for path in ("/", "/courses", "/courses/4101", "/upcoming", "/submissions", *TWINS[:3]):
        page = browser.get(f"{easel.url}{path}", timeout=60)
        assert page.status_code == 200, path
        assert "could not be finished" not in page.content.decode(), path
    assert fetch(address).status_code == 200
