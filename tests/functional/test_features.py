"""Features that an institution switches off are gone from pages, twins and exports."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from canvas_app.domain.features import SCOPES_OF
from canvas_app.settings import FEATURES
from canvas_app.views.switches import features_at
from tests.conftest import StandIn

from .classes import BIOLOGY
from .conftest import RunningEasel, StartEasel, last_view, sign_in
from .test_assignment_class import path, work_named
from .test_feed import fetch, make_feed

pytestmark = pytest.mark.anyday

WORK = "Cell structure worksheet"


def open_with(start_easel: StartEasel, who: str, *off: str) -> "Visit":
    easel = start_easel(features_off=frozenset(off))
    return Visit(easel, sign_in(easel, who))


class Visit:
    """Somebody signed in to an Easel."""

    def __init__(self, easel: RunningEasel, browser: requests.Session) -> None:
        self.easel = easel
        self.browser = browser

    def status(self, path: str) -> int:
        return self.get(path).status_code

    def get(self, path: str) -> requests.Response:
        return self.browser.get(f"{self.easel.url}{path}", timeout=60)

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text[:500]
        return last_view(answer.text)

    def twin(self, path: str) -> dict[str, Any]:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text[:500]
        return dict(answer.json())


def exports(easel: RunningEasel) -> Iterator[str]:
    """Return every address of a table, with ids of the campus."""
    for rule in easel.app.url_map.iter_rules():
        if rule.rule.endswith(".csv"):
            given = re.sub("<int:course_id>", str(BIOLOGY), rule.rule)
            yield re.sub("<[^>]*>", "1", given)


def test_every_export_is_off(start_easel: StartEasel, canvas: StandIn) -> None:
    """Also tables that are added later; and no page links to one."""
    visit = open_with(start_easel, "teacher", "exports")

    assert {visit.status(each) for each in exports(visit.easel)} == {404}
    for page in ("/submissions", "/teaching", f"/courses/{BIOLOGY}/gradebook"):
        assert ".csv" not in visit.page(page)
    assert ".csv" not in visit.page(path(work_named(canvas, WORK), ""))
    assert ".csv" not in visit.page(f"/courses/{BIOLOGY}/roster")
    assert visit.twin("/submissions.json")["complete"] is True


@pytest.mark.parametrize(
    ("who", "off", "own", "of_class"),
    [
        ("dozen", "exports:student", 404, 403),
        ("dozen", "exports:teacher", 200, 404),
        ("teacher", "exports:student", 200, 200),
        ("teacher", "exports:teacher", 404, 404),
        ("observer", "exports:observer", 404, 403),
        ("observer", "exports:student", 200, 403),
    ],
)
def test_exports_of_one_role(
    start_easel: StartEasel, who: str, off: str, own: int, of_class: int
) -> None:
    visit = open_with(start_easel, who, off)

    assert visit.status("/submissions.csv") == own
    linked = "/submissions.csv" in visit.page("/submissions")
    assert linked == (own == 200)
    assert visit.status(f"/courses/{BIOLOGY}/gradebook.csv") == of_class


@pytest.mark.parametrize("off", ["teaching", "teaching:teacher"])
def test_pages_of_a_class_are_off(start_easel: StartEasel, canvas: StandIn, off: str) -> None:
    """Page, twin and table are off; an assignment's page shows the work, but not the class."""
    visit = open_with(start_easel, "teacher", off)
    work = work_named(canvas, WORK)

    for place in ("/teaching", f"/courses/{BIOLOGY}/gradebook", f"/courses/{BIOLOGY}/roster"):
        assert [visit.status(f"{place}{ending}") for ending in ("", ".json", ".csv")] == [404] * 3
    assert visit.status(path(work, ".csv")) == 404
    twin = visit.twin(path(work))
    assert (twin["teaching"], twin["distribution"], twin["not_submitted"]) == (None, None, [])
    assert WORK in visit.page(path(work, ""))
    home = visit.page("/")
    assert "/teaching" not in home
    assert "to grade" in home
    assert visit.twin("/dashboard.json")["complete"] is True


def test_a_key_without_the_scopes_of_what_is_off(start_easel: StartEasel, canvas: StandIn) -> None:
    """They are not asked for, so the key need not grant them, and no page lacks anything."""
    canvas.control(settings={"scopes_off": sorted(SCOPES_OF["teaching"])})
    easel = start_easel(
        "scoped_includes", scopes="auto", features_off=frozenset({"teaching", "explorer"})
    )
    visit = Visit(easel, sign_in(easel, "teacher"))
    asked = easel.browser().get(f"{easel.url}/login", timeout=30, allow_redirects=False)

    assert "submission_summary" not in asked.headers["Location"]
    for twin in ("/dashboard.json", "/search.json?q=a", path(work_named(canvas, WORK))):
        body = visit.twin(twin)
        assert body["complete"] is True, (twin, body["sources"])


def test_teaching_stays_with_teachers(start_easel: StartEasel) -> None:
    visit = open_with(start_easel, "teacher", "teaching:student", "teaching:observer")
    assert visit.status("/teaching") == 200


def test_who_teaches_asks_nothing_of_a_class(start_easel: StartEasel, canvas: StandIn) -> None:
    visit = open_with(start_easel, "teacher", "teaching")
    work = work_named(canvas, WORK)
    before = canvas.stats()["calls"]
    visit.page(path(work, ""))
    made = {route for route, count in canvas.stats()["calls"].items() if count != before.get(route)}

    assert not [route for route in made if "enrollments" in route or "submission_summary" in route]


@pytest.mark.parametrize("off", ["student_search", "student_search:teacher"])
def test_search_finds_no_students(start_easel: StartEasel, off: str) -> None:
    found = open_with(start_easel, "teacher").twin("/search.json?q=a")["data"]
    visit = open_with(start_easel, "teacher", off)
    without = visit.twin("/search.json?q=a")["data"]

    assert "student" in {row["type"] for row in found}
    assert without == [row for row in found if row["type"] != "student"]
    assert "/students/" not in visit.page("/search?q=a")


def test_students_lead_to_canvas_without_rosters(start_easel: StartEasel) -> None:
    visit = open_with(start_easel, "teacher", "teaching")
    rows = [row for row in visit.twin("/search.json?q=a")["data"] if row["type"] == "student"]

    assert rows
    assert not any(row["path"] for row in rows)
    assert f'href="{rows[0]["url"]}"' in visit.page("/search?q=a")


@pytest.mark.parametrize(("off", "shown"), [("", True), ("teacher", True), ("student", False)])
def test_class_statistics_of_students(
    start_easel: StartEasel, canvas: StandIn, off: str, shown: bool
) -> None:
    visit = open_with(start_easel, "dozen", *([f"class_statistics:{off}"] if off else ()))
    work = work_named(canvas, WORK)

    assert (visit.twin(path(work))["statistics"] is not None) == shown
    assert ('id="class"' in visit.page(path(work, ""))) == shown


@pytest.mark.parametrize("off", ["class_statistics", "class_statistics:teacher"])
def test_class_statistics_of_teachers(start_easel: StartEasel, canvas: StandIn, off: str) -> None:
    """The table of scores stays, because it lists the class and is not a statistic of it."""
    visit = open_with(start_easel, "teacher", off)
    work = work_named(canvas, WORK)
    twin = visit.twin(path(work))
    page = visit.page(path(work, ""))

    assert twin["distribution"] is None
    assert twin["teaching"] is not None
    assert "Download as CSV" in page
    assert 'class="picture' not in page
    assert "Median" not in visit.get(path(work, ".csv")).text


@pytest.mark.parametrize("off", ["what_if", "what_if:student"])
def test_nothing_is_tried_out(start_easel: StartEasel, canvas: StandIn, off: str) -> None:
    """Scores and goal in an address are ignored; Canvas's totals and Easel's check are shown."""
    visit = open_with(start_easel, "dozen", off)
    work = work_named(canvas, WORK)
    query = f"?s{work['id']}=1&goal=90"
    twin, plain = (visit.twin(f"/courses/{BIOLOGY}/grades.json{each}") for each in (query, ""))
    page = visit.page(f"/courses/{BIOLOGY}/grades{query}")

    assert (twin["what_if"], twin["aim"], twin["handed_in"], twin["problems"]) == (None,) * 3 + (
        [],
    )
    assert not any(row["can_try"] for row in twin["data"])
    assert twin["canvas"] == plain["canvas"]
    assert twin["own"] is not None
    words = re.sub("<a [^>]*>", " ", page)  # links keep the parameters of the address
    assert not re.search("what if|tried out|goal|gets full marks", words, re.IGNORECASE)
    assert "what-if" not in visit.page(f"/courses/{BIOLOGY}")


def test_others_try_out_all_the_same(start_easel: StartEasel) -> None:
    visit = open_with(start_easel, "dozen", "what_if:observer", "what_if:teacher")

    assert "What if" in visit.page(f"/courses/{BIOLOGY}/grades")


def test_feeds_are_off(start_easel: StartEasel) -> None:
    """No feed can be made; existing ones say why they stopped, and can be ended."""
    easel = start_easel()
    browser = sign_in(easel, "dozen")
    address = make_feed(easel, browser)
    assert fetch(address).status_code == 200
    switch_off(easel, "feeds")
    answer = fetch(address)
    account = browser.get(f"{easel.url}/account", timeout=30).text

    assert (answer.status_code, answer.text) == (
        404,
        "The school that runs Easel has switched calendar feeds off.\n",
    )
    assert browser.get(f"{easel.url}/account/feeds", timeout=30).status_code == 404
    assert "switched calendar feeds off" in account
    assert "New calendar feed" not in account
    assert "End this feed" in account


def test_feeds_of_one_role_are_off(start_easel: StartEasel) -> None:
    """Canvas is asked for the roles when a feed is made, and whenever it is renewed."""
    easel = start_easel()
    student, teacher = sign_in(easel, "dozen"), sign_in(easel, "teacher")
    own, other = make_feed(easel, student), make_feed(easel, teacher)
    switch_off(easel, "feeds:student")
    page = student.get(f"{easel.url}/account/feeds", timeout=30)
    account = student.get(f"{easel.url}/account", timeout=30)
    token = re.search('name="csrf_token" value="([^"]+)"', account.text)
    assert token
    fields = {"csrf_token": token[1], "label": "School", "kind": "work"}
    made = student.post(f"{easel.url}/account/feeds", data=fields, timeout=30)

    assert "switched calendar feeds off" in page.text
    assert made.status_code == 403
    assert [fetch(own).status_code for _ in range(2)] == [404, 404]
    assert fetch(other).status_code == 200
    assert make_feed(easel, teacher)


def switch_off(easel: RunningEasel, *features: str) -> None:
    """Switch a feature off, as a restart with another setting does."""
    gateway = easel.app.extensions["easel"]
    object.__setattr__(gateway.settings, "features_off", frozenset(features))


def test_reason_is_told(start_easel: StartEasel) -> None:
    visit = open_with(start_easel, "teacher", "teaching")
    page, twin = visit.get("/teaching"), visit.get("/teaching.json")

    assert "has switched it off" in page.text
    assert "FEATURES_OFF" in page.text
    assert twin.headers["Content-Type"] == "application/json"


def test_nobody_signed_in_learns_the_same(start_easel: StartEasel) -> None:
    easel = start_easel(features_off=frozenset(FEATURES))
    answer = easel.browser().get(f"{easel.url}/explorer", timeout=30, allow_redirects=False)

    assert answer.status_code == 404


def test_each_feature_has_its_place(easel: RunningEasel) -> None:
    """Every feature has addresses of its own, except those that are only parts of a page."""
    placed = {
        feature for rule in easel.app.url_map.iter_rules() for feature, _ in features_at(rule.rule)
    }
    assert placed == {*FEATURES} - {"class_statistics", "what_if", "student_search"}
