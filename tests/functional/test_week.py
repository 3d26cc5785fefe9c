"""The week's page: windows, filters, tabs, and the same counts as on the start page."""

import html
import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import requests

from .conftest import forms, last_view, sign_in

PORTFOLIO = "Portfolio of the term"  # undated


@pytest.fixture
def browser(easel):
    return sign_in(easel, "dozen", path="/login?next=/account")


def twin(easel, browser, query="", name="upcoming"):
    return browser.get(f"{easel.url}/{name}.json{query}", timeout=30).json()


def test_tiles_count_what_their_links_list(easel, browser):
    board = twin(easel, browser, name="dashboard")

    missing = twin(easel, browser, "?show=missing")["data"]
    due = twin(easel, browser, "?week=this&show=due")["data"]
    grades = twin(easel, browser, "?show=grades")["data"]

    def ids(rows):
        return [(row["type"], row["id"]) for row in rows]

    assert len(missing) > 1
    assert ids(missing) == ids(board["missing"])
    assert ids(due) == ids(board["due"])
    assert ids(grades) == ids(board["new_grades"])


def test_all_that_the_ledger_calls_missing_is_missing_here(easel, browser):
    """Also locked work and earlier grading periods, which Canvas's own list may leave out."""
    ledger = browser.get(f"{easel.url}/submissions.json", timeout=30).json()["data"]
    here = twin(easel, browser, "?show=missing")["data"]

    wanted = {row["assignment_id"] for row in ledger if row["status"] == "missing"}
    assert wanted
    assert {row["assignment_id"] for row in here} == wanted
    # A zero for missing work is a grade, but the row stays.
    entered = {row["assignment_id"] for row in ledger if row["missing"]} - wanted
    rows = [row for row in twin(easel, browser)["data"] if row["assignment_id"] in entered]
    assert entered
    assert {row["assignment_id"] for row in rows} == entered
    assert {(row["status"], row["missing"], row["done"]) for row in rows} == {
        ("graded", True, True)
    }


def test_undated_work_handed_in_is_not_open(easel, browser):
    """Only the calendar lists it, with the person's submission."""
    work = next(row for row in twin(easel, browser)["data"] if row["title"] == PORTFOLIO)
    assert (work["status"], work["done"]) == ("due", False)
    path = f"/api/v1/courses/{work['course_id']}/assignments/{work['id']}/submissions"
    answer = requests.post(
        f"{easel.canvas.url}{path}",
        json={"submission": {"submission_type": "online_url", "url": "https://example.edu/mine"}},
        headers={"Authorization": f"Bearer {easel.canvas.token('dozen')}"},
        timeout=10,
    )
    assert answer.status_code == 201, answer.text

    body = twin(easel, browser, "?retry=all")

    (row,) = [row for row in body["data"] if row["title"] == PORTFOLIO]
    assert (row["status"], row["done"]) == ("submitted", True)


def test_new_grades_carry_their_scores(easel, browser):
    for body in (twin(easel, browser), twin(easel, browser, name="dashboard")):
        found = body["new_grades"]
        assert found
        for row in found:
            assert row["status"] in ("graded", "resubmitted", "redo_requested")
            assert row["posted_at"]
            assert row["grade"] is not None
            assert (row["score"] is None) == row["letters_only"]
    page = html.unescape(browser.get(easel.url, timeout=30).text)
    first = next(row for row in found if row["score"] is not None)
    assert f"<b>{first['score']:g}</b>" in page


def day_of_week(weeks: int, weekday: int) -> date:
    """Return a day of the week, so many weeks from this one, in Denver; Monday is 0."""
    today = datetime.now(ZoneInfo("America/Denver")).date()
    return today + timedelta(weeks=weeks, days=weekday - today.weekday())


def week_name(weeks: int) -> str:
    return f"{day_of_week(weeks, 0):%G-W%V}"


def test_a_week_and_its_neighbours(easel, browser):
    before, week, after = (week_name(n) for n in (-1, 0, 1))

    body = twin(easel, browser, f"?week={week}")

    assert (body["week"], body["previous_week"], body["next_week"]) == (week, before, after)
    days = {row["day"] for row in body["data"] if row["type"] != "grading"}
    assert days
    assert str(day_of_week(0, 0)) <= min(days) <= max(days) <= str(day_of_week(0, 6))
    assert twin(easel, browser, f"?week={day_of_week(0, 3)}")["data"] == body["data"]
    assert twin(easel, browser, "?week=this")["data"] == body["data"]
    page = browser.get(f"{easel.url}/upcoming?week={week}&type=quiz", timeout=30).text
    page = html.unescape(page)
    assert f'rel="prev" href="/upcoming?type=quiz&week={before}"' in page
    assert f'rel="next" href="/upcoming?type=quiz&week={after}"' in page


def test_weeks_hold_what_the_whole_list_holds(easel, browser):
    whole = twin(easel, browser)["data"]
    first, last = str(day_of_week(-3, 0)), str(day_of_week(1, 6))
    dated = {
        (row["type"], row["id"])
        for row in whole
        if row["day"] and first <= row["day"] <= last and row["type"] != "grading"
    }
    weeks = [twin(easel, browser, f"?week={week_name(n)}")["data"] for n in range(-3, 2)]

    found = [(row["type"], row["id"]) for rows in weeks for row in rows]
    assert len(found) == len(set(found))
    assert set(found) == dated
    takes = {(row["type"], row["id"]): row["can_submit"] for row in whole}
    told = {(row["type"], row["id"]): row["can_submit"] for rows in weeks for row in rows}
    # Parts of discussions are looked up in the calendar for the whole list alone.
    known = [key for key in told if key[0] != "sub_assignment"]
    assert {key: told[key] for key in known} == {key: takes[key] for key in known}


def test_filters_stand_in_the_address(easel, browser):
    everything = twin(easel, browser)["data"]

    def ids(query):
        return {(row["type"], row["id"]) for row in twin(easel, browser, query)["data"]}

    def those(**wanted):
        return {
            (row["type"], row["id"])
            for row in everything
            if all(row[name] in values for name, values in wanted.items())
        }

    assert ids("?type=quiz") == those(type={"quiz"})
    assert ids("?type=quiz&type=planner_note") == those(type={"quiz", "planner_note"})
    assert ids("?course=4101") == those(course_id={"4101"})
    assert ids("?course=4101&status=graded") == those(course_id={"4101"}, status={"graded"})
    assert ids("?without=4101") == those() - those(course_id={"4101"})
    assert 0 < len(ids("?favorites=1")) < len(everything)


@pytest.mark.parametrize(
    "query",
    [
        "?week=nonsense",
        "?week=2026-W99&show=x",
        "?type=x&status=y&course=z",
        "?week=0001-01-01",
        "?week=9999-12-31",
        "?week=%00&course=%F0%9F%92%A9&without=",
    ],
)
def test_unknown_wishes_change_nothing(easel, browser, query):
    body = twin(easel, browser, query)

    assert len(body["data"]) == len(twin(easel, browser)["data"])
    assert browser.get(f"{easel.url}/upcoming{query}", timeout=30).status_code == 200


def test_the_filter_form_says_what_is_chosen(easel, browser):
    query = "?week=2026-W48&course=4101&type=quiz&done=1"
    page = browser.get(f"{easel.url}/upcoming{query}", timeout=30)

    form = next(form for form in reversed(forms(page)) if form["action"] == "/upcoming")
    assert form["method"] == "GET"
    assert form["fields"]["week"] == "2026-W48"
    assert 'name="course" value="4101" checked' in page.text
    assert 'name="type" value="quiz" checked' in page.text
    assert 'id="done" name="done" value="1" checked' in page.text
    assert "Filter: 2 chosen" in page.text
    assert '<a href="/upcoming?week=2026-W48">Show everything</a>' in page.text
    page = browser.get(f"{easel.url}/upcoming?without=4101&without=4102", timeout=30)
    form = next(form for form in reversed(forms(page)) if form["action"] == "/upcoming")
    assert form["fields"]["without"] == "4102"
    assert '<option value="4101" selected>' in page.text


def test_nothing_matching_says_so(easel, browser):
    page = browser.get(f"{easel.url}/upcoming?status=locked&type=planner_note", timeout=30)

    assert "Nothing matches" in page.text
    assert "Show everything" in page.text


def test_announcements_are_not_work(easel, browser):
    page = ""
    for piece in (1, 2):
        whole = browser.get(f"{easel.url}/upcoming?page={piece}", timeout=30).text
        page += last_view(whole)

    apart = page.partition('id="announcements"')[2]
    assert "Microscopes are back" in apart
    assert "Microscopes are back" not in page.partition('id="announcements"')[0]
    counts = {tab["value"]: tab["count"] for tab in twin(easel, browser)["tabs"]}
    rows = twin(easel, browser)["data"]
    assert counts["done"] == sum(row["done"] for row in rows)


UNGRADED = {
    "Introduce yourself": "nothing_to_hand_in",
    "What surprised you in the laboratory?": "nothing_to_hand_in",
    "Bring a question to the lecture": "nothing_to_hand_in",
    "Choose a topic for the poster": "due",
    "Practice: cell division": "nothing_to_hand_in",
    "Practice: heredity": "due",
}


def test_ungraded_discussions_and_quizzes_are_never_behind(easel, browser):
    """They cannot be submitted: not overdue, missing or late, and without points."""
    body, board = twin(easel, browser), twin(easel, browser, name="dashboard")

    rows = {row["title"]: row for row in body["data"] if row["title"] in UNGRADED}
    assert {title: row["status"] for title, row in rows.items()} == UNGRADED
    for row in rows.values():
        facts = ("late", "missing", "done", "points_possible")
        assert not any(row[name] for name in facts)
    assert not {row["title"] for row in (*board["missing"], *board["behind"])} & UNGRADED.keys()
    assert not {row["title"] for row in twin(easel, browser, "?show=missing")["data"]} & rows.keys()
    overdue = browser.get(f"{easel.url}/upcoming", timeout=30).text
    overdue = overdue.rpartition('id="overdue"')[2].partition("</section>")[0]
    assert "Field notes, week 9" in overdue
    assert not [title for title in UNGRADED if html.escape(title) in overdue]


def test_a_discussion_that_is_only_posted_is_not_due(easel, browser):
    """Its date is the day it was posted, as the page says, and it does not count as work."""
    rows = {row["title"]: row for row in twin(easel, browser)["data"]}
    page = html.unescape(browser.get(f"{easel.url}/upcoming", timeout=30).text)

    assert rows["What surprised you in the laboratory?"]["only_posted"] is True
    assert rows["Choose a topic for the poster"]["only_posted"] is False
    row = page.rpartition(">What surprised you in the laboratory?</a>")[2].partition("</li>")[0]
    assert "Posted " in re.sub("<[^>]*>", "", row)
    soon = {row["title"] for row in twin(easel, browser, "?show=due")["data"]}
    assert {"Choose a topic for the poster", "Practice: heredity"} <= soon
    assert "What surprised you in the laboratory?" not in soon


def test_an_ungraded_quiz_is_done_by_the_mark_alone(start_easel, canvas):
    """Canvas shows nothing else about it."""
    easel = start_easel(cache_seconds=0)
    browser = sign_in(easel, "dozen", path="/login?next=/account")
    (row,) = [r for r in twin(easel, browser)["data"] if r["title"] == "Practice: cell division"]
    headers = {"Authorization": f"Bearer {canvas.token('dozen')}"}
    mark = {"plannable_type": "quiz", "plannable_id": row["id"], "marked_complete": "true"}
    url = f"{canvas.url}/api/v1/planner/overrides"
    assert requests.post(url, headers=headers, data=mark, timeout=30).status_code == 201

    (row,) = [r for r in twin(easel, browser)["data"] if r["title"] == "Practice: cell division"]

    assert (row["done"], row["status"]) == (True, "nothing_to_hand_in")


def test_a_finished_peer_review_is_done(easel, browser):
    """Canvas goes on listing it; its own state says that it is done."""
    rows = [row for row in twin(easel, browser)["data"] if row["type"] == "assessment_request"]

    assert [(row["status"], row["done"]) for row in rows] == [("submitted", True), ("due", False)]
    assert {row["title"] for row in rows} == {"Essay: why we age"}
    page = browser.get(f"{easel.url}/upcoming?show=done", timeout=30).text
    finished = page.rpartition('id="finished"')[2]
    assert f'href="{rows[0]["url"]}"' in finished
    assert f'href="{rows[1]["url"]}"' not in finished


def test_work_has_its_weight(easel, browser):
    rows = twin(easel, browser)["data"]
    weighed = [row for row in rows if row["weight"] is not None]

    assert weighed
    assert all(0 < row["weight"] <= 100 for row in weighed)
    assert not any(row["weight"] for row in rows if row["letters_only"])
    # Once /upcoming has loaded the weights, the dashboard shows them without a call.
    before = easel.canvas.stats()["calls"]
    board = twin(easel, browser, name="dashboard")
    groups = "GET /api/v1/courses/:course_id/assignment_groups"
    assert easel.canvas.stats()["calls"][groups] == before[groups]
    assert any(row["weight"] for row in board["due"])


def test_dashboard_asks_one_round_for_any_number_of_courses(easel, canvas):
    browser = sign_in(easel, "many", path="/login?next=/account")

    twin(easel, browser, name="dashboard")

    calls = canvas.stats()["calls"]
    assert not [route for route in calls if "/courses/:course_id" in route]
    asked = sum(sum(found.values()) for route, found in calls.items() if "/api/v1/" in route)
    assert asked <= 20


def test_lost_stream_says_at_least(easel, browser, canvas):
    path = "/api/v1/users/self/activity_stream"
    canvas.control(faults=[{"method": "GET", "path": path, "kind": "html", "times": None}])

    page = html.unescape(last_view(browser.get(easel.url, timeout=30).text))

    assert "At least" in page.partition('class="lead"')[2].partition("</p>")[0]
    lead = page.partition('class="lead"')[2].partition("</p>")[0]
    assert "new grade" in lead.partition("At least")[2]
    assert "At least" not in lead.partition("missing")[0]


def test_teacher_reads_first_what_waits(easel, canvas):
    """It is above the week, which has a note for today so that it is not empty."""
    requests.post(
        f"{canvas.url}/api/v1/planner_notes",
        json={"title": "Today", "todo_date": datetime.now(UTC).isoformat()},
        headers={"Authorization": f"Bearer {canvas.token('teacher')}"},
        timeout=30,
    ).raise_for_status()
    page = sign_in(easel, "teacher").get(easel.url, timeout=30).text

    assert page.index('id="grading"') < page.index('id="week"')
    assert "to grade, oldest" in page.rpartition("<h1>")[2].partition("</h1>")[0]


def test_checkpoints_stand_for_their_discussion(easel, browser):
    """They are listed by their dates, and the discussion is not listed as undated work as well."""
    rows = [row for row in twin(easel, browser)["data"] if "edit genes" in row["title"]]

    assert [row["type"] for row in rows] == ["sub_assignment", "sub_assignment"]
    assert rows[0]["due_at"] < rows[1]["due_at"]
