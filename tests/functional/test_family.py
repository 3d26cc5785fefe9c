"""What parents see: each child's own numbers, whole, apart, and nobody else's."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
import requests

from .conftest import RunningEasel, StartEasel, last_view, sign_in

PARENTS = {"mother": ("nadia", "salma", "yusuf"), "father": ("nadia", "yusuf")}
SHARED = "8101"


def enter(easel: RunningEasel, who: str) -> requests.Session:
    return sign_in(easel, who, path="/login?next=/account")


def twin(easel: RunningEasel, browser: requests.Session, path: str) -> dict[str, Any]:
    answer = browser.get(f"{easel.url}/{path}", timeout=60)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def view(easel: RunningEasel, browser: requests.Session, path: str) -> str:
    answer = browser.get(f"{easel.url}/{path}", timeout=60)
    assert answer.status_code == 200, answer.text
    return last_view(answer.text)


def id_of(easel: RunningEasel, who: str) -> str:
    return str(easel.canvas.person(who)["id"])


def own_answer(easel: RunningEasel, who: str, path: str, **query: Any) -> Any:
    """What Canvas answers the child with their own token."""
    headers = {"Authorization": f"Bearer {easel.canvas.token(who)}"}
    answer = requests.get(
        f"{easel.canvas.url}/api/v1/{path}",
        {"per_page": 100, **query},
        headers=headers,
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    assert 'rel="next"' not in answer.headers.get("Link", "")
    return answer.json()


def current_courses(easel: RunningEasel, who: str) -> dict[str, Any]:
    """The child's courses that go on, by id, with totals."""
    asked = {"include[]": ["total_scores"], "enrollment_state": "active"}
    return {str(row["id"]): row for row in own_answer(easel, who, "courses", **asked)}


def own_submissions(easel: RunningEasel, who: str) -> list[dict[str, Any]]:
    return [
        row
        for course in current_courses(easel, who)
        for row in own_answer(
            easel, who, f"courses/{course}/students/submissions", **{"include[]": "assignment"}
        )
    ]


def posted_lately(easel: RunningEasel, who: str) -> dict[str, Any]:
    """The child's scores that were posted within 14 days, by assignment."""
    now = datetime.now(UTC)
    return {
        str(row["assignment_id"]): row["score"]
        for row in own_submissions(easel, who)
        if row["posted_at"]
        and now - datetime.fromisoformat(row["posted_at"]) < timedelta(days=14)
        and row.get("score") is not None
    }


@pytest.mark.parametrize("who", PARENTS)
def test_home_has_each_childs_own_numbers(easel: RunningEasel, who: str) -> None:
    body = twin(easel, enter(easel, who), "dashboard.json")

    assert body["complete"]
    names = {str(easel.canvas.person(key)["id"]): key for key in PARENTS[who]}
    assert {row["id"] for row in body["children"]} == {*names}
    assert all(set(row) == {"id", "name"} for row in body["children"])
    for id_, key in names.items():
        courses = current_courses(easel, key)
        mine = [row for row in body["data"] if row["child_id"] == id_]
        assert {row["child_name"] for row in mine} == {easel.canvas.person(key)["name"]}
        assert {row["id"] for row in mine} == set(courses)
        for row in mine:
            enrollment = courses[row["id"]]["enrollments"][0]
            hidden = "computed_current_score" not in enrollment
            assert (row["grade_state"] == "hidden") is hidden
            if not hidden and not row["letters_only"]:
                assert row["grade_score"] == enrollment["computed_current_score"]
        lacking = own_answer(easel, key, "users/self/missing_submissions")
        missing = [row for row in body["missing"] if row["child_id"] == id_]
        assert {row["assignment_id"] for row in missing} == {str(row["id"]) for row in lacking}
        grades = {
            row["assignment_id"]: row["score"]
            for row in body["new_grades"]
            if row["child_id"] == id_
        }
        posted = posted_lately(easel, key)
        assert set(grades) == set(posted)
        assert all(score in (None, posted[id_]) for id_, score in grades.items())
        assert len([score for score in grades.values() if score is not None]) > 5


@pytest.mark.parametrize("who", PARENTS)
def test_home_says_the_same_as_its_twin(easel: RunningEasel, who: str) -> None:
    """Each child has a part of the page, with their counts and not the others'."""
    browser = enter(easel, who)
    body, page = twin(easel, browser, "dashboard.json"), view(easel, browser, "")

    parts = page.split('<section class="family"')[1:]
    assert len(parts) == len(PARENTS[who])
    for part, child in zip(parts, body["children"], strict=True):
        assert f'id="child-{child["id"]}"' in part
        tiles = re.findall(r"<strong>(\d+)</strong><span>(\w[\w ]*)", part)
        told = {words.lower().rstrip("s"): int(count) for count, words in tiles}
        for name, words in (("missing", "missing"), ("new_grades", "new grade")):
            rows = [row for row in body[name] if row["child_id"] == child["id"]]
            assert told[words] == len(rows)
        assert 'class="mark"' not in part
        assert "/favorite" not in part
    assert ("Ledger" in page) is (who == "father")
    assert 'class="mark"' in page if who == "father" else 'class="mark"' not in page


def test_home_of_one_child(easel: RunningEasel) -> None:
    """The address chooses one child; nothing of the others is there, nor asked of Canvas."""
    browser, nadia = enter(easel, "mother"), id_of(easel, "nadia")
    before = easel.canvas.stats()["calls"]

    body = twin(easel, browser, f"dashboard.json?child={nadia}")
    page = view(easel, browser, f"?child={nadia}")

    assert {row["child_id"] for row in body["data"]} == {nadia}
    assert len(body["children"]) == 3
    assert "Salma" not in re.sub(r"<nav.*?</nav>", "", page, flags=re.S)
    assert f'href="/upcoming?child={nadia}"' in page
    after = easel.canvas.stats()["calls"]
    route = "GET /api/v1/planner/items"
    assert sum(after[route].values()) - sum(before.get(route, {}).values()) == 1


def test_self_is_the_person_alone(easel: RunningEasel) -> None:
    body = twin(easel, enter(easel, "father"), "dashboard.json?child=self")

    assert [row["name"] for row in body["data"]] == ["Evening Accounting"]
    assert {row["child_id"] for row in body["data"] + body["missing"]} == {None}
    assert body["next"]["title"] == "Ledger 3"


@pytest.mark.parametrize("child", ["25", "1", "999999", "x", "-1", "self2", "23,24"])
@pytest.mark.parametrize("path", ["", "dashboard.json"])
def test_a_child_not_observed(easel: RunningEasel, path: str, child: str) -> None:
    """404 before anything is asked about them: not theirs, not there, no number."""
    browser = enter(easel, "father")
    before = easel.canvas.stats()["calls"]

    answer = browser.get(f"{easel.url}/{path}", params={"child": child}, timeout=30)

    assert answer.status_code == 404
    assert "observe" in answer.text
    asked = {
        route for route, by in easel.canvas.stats()["calls"].items() if by != before.get(route)
    }
    assert asked == {"GET /api/v1/courses", "GET /api/v1/users/:user_id/observees"}


def test_unpaired_observer_reads_how_to_be_linked(easel: RunningEasel) -> None:
    page = view(easel, enter(easel, "unpaired"), "")

    assert "You observe nobody yet" in page
    assert "Pair with Observer" in page


def test_ended_link_hides_the_child(easel: RunningEasel) -> None:
    """At Canvas's next answer; what was kept about the child goes with it."""
    browser, salma = enter(easel, "mother"), id_of(easel, "salma")
    assert "Salma" in view(easel, browser, "")
    cache = easel.app.extensions["easel"].cache
    assert any(b"marker-salma" in value for _, value in cache._kept.values())

    easel.canvas.control(links_ended={id_of(easel, "mother"): [int(salma)]})
    twin(easel, browser, "dashboard.json?retry=courses")

    assert not any(b"marker-salma" in value for _, value in cache._kept.values())
    assert "Salma" not in view(easel, browser, "")
    assert browser.get(f"{easel.url}/?child={salma}", timeout=30).status_code == 404


def test_choice_is_remembered_by_links(easel: RunningEasel) -> None:
    browser, nadia = enter(easel, "mother"), id_of(easel, "nadia")
    view(easel, browser, f"?child={nadia}")
    elsewhere = browser.get(f"{easel.url}/account", timeout=30).text
    assert f'href="/upcoming?child={nadia}"' in elsewhere

    view(easel, browser, "")
    assert 'href="/upcoming"' in browser.get(f"{easel.url}/account", timeout=30).text


def test_people_without_children_are_asked_nothing_more(easel: RunningEasel) -> None:
    for who in ("dozen", "newcomer", "nadia"):
        body = twin(easel, enter(easel, who), "dashboard.json")
        assert body["children"] == []
        assert {row["child_id"] for row in body["data"]} <= {None}
    assert "GET /api/v1/users/:user_id/observees" not in easel.canvas.stats()["calls"]


def test_single_course_observers_learn_the_name(easel: RunningEasel) -> None:
    """Karin is not linked to Maya, but observes her in two courses."""
    body = twin(easel, enter(easel, "observer"), "dashboard.json")

    assert body["children"] == [{"id": "1", "name": "Maya Lindqvist"}]
    assert {row["id"] for row in body["data"]} == {"4101", "4102"}


@pytest.mark.parametrize("who", PARENTS)
def test_upcoming_has_each_childs_own_work(easel: RunningEasel, who: str) -> None:
    """Each child's rows are those that the child sees, with the same status, day and score."""
    browser = enter(easel, who)
    body = twin(easel, browser, "upcoming.json")
    assert body["complete"]

    for key in PARENTS[who]:
        child = id_of(easel, key)
        theirs = {(row["type"], row["id"]): row for row in body["data"] if row["child_id"] == child}
        own = twin(easel, enter(easel, key), "upcoming.json")
        seen = {(row["type"], row["id"]): row for row in own["data"]}
        assert set(theirs) == set(seen)
        told = ("title", "course_id", "due_at", "status", "done", "points_possible", "late")
        for thing, row in theirs.items():
            assert {name: row[name] for name in told} == {name: seen[thing][name] for name in told}
        scores = {row["assignment_id"]: row["score"] for row in own["new_grades"]}
        assert scores == {
            row["assignment_id"]: row["score"]
            for row in body["new_grades"]
            if row["child_id"] == child
        }


def test_upcoming_of_one_child_and_of_oneself(easel: RunningEasel) -> None:
    browser = enter(easel, "father")
    everybody = twin(easel, browser, "upcoming.json")["data"]

    for chosen in (id_of(easel, "nadia"), "self"):
        rows = twin(easel, browser, f"upcoming.json?child={chosen}")["data"]
        wanted = None if chosen == "self" else chosen
        assert rows == [row for row in everybody if row["child_id"] == wanted]
        assert rows


def test_upcoming_names_the_child_in_each_row(easel: RunningEasel) -> None:
    """And has no tick, star or form for a child's things; links lead to the child's page."""
    browser = enter(easel, "mother")
    body, page = twin(easel, browser, "upcoming.json"), view(easel, browser, "upcoming")

    rows = re.findall(r'<li class="row item.*?</li>', page, re.S)
    assert len(rows) > 20
    for row in rows:
        (named,) = re.findall(r'class="whose" dir="auto">(\w+ Haddad)<', row)
        (child,) = [c["id"] for c in body["children"] if c["name"] == named]
        for link in re.findall(r'href="(/courses/[^"]*)"', row):
            assert link.endswith(f"?child={child}")
    assert 'class="mark"' not in page
    assert "/planner/notes/" not in page


def test_father_sees_both_apart(easel: RunningEasel) -> None:
    """His own work first, with its ticks; then the children's, without."""
    page = view(easel, enter(easel, "father"), "upcoming")

    own, _, theirs = page.partition("The students you observe")
    assert "Ledger 3" in own
    assert "Haddad</span>" not in own.partition('<details class="more" id="overdue"')[2]
    assert "Ledger" not in theirs.partition('<section aria-labelledby="grades"')[0]
    assert 'class="mark"' in own
    assert 'class="mark"' not in theirs.partition('id="finished"')[0]


def test_siblings_in_one_course_have_their_own_dates(easel: RunningEasel) -> None:
    body = twin(easel, enter(easel, "mother"), "upcoming.json?course=" + SHARED)

    dues = {row["child_name"]: row["due_at"] for row in body["data"] if row["title"] == "Interview"}
    assert len(set(dues.values())) == 3
    statuses = {
        row["child_name"]: row["status"] for row in body["data"] if row["title"] == "Photo essay"
    }
    assert statuses == {
        "Nadia Haddad": "submitted",
        "Yusuf Haddad": "missing",
        "Salma Haddad": "excused",
    }


@pytest.mark.parametrize("who", PARENTS)
def test_courses_have_each_childs_totals(easel: RunningEasel, who: str) -> None:
    """Past ones too; hidden totals say so, and courses with letters alone show a letter."""
    browser = enter(easel, who)
    body, page = twin(easel, browser, "courses.json"), view(easel, browser, "courses")

    assert body["complete"]
    assert body["total"] == len(body["data"])
    for key in PARENTS[who]:
        theirs = {r["id"]: r for r in body["data"] if r["child_id"] == id_of(easel, key)}
        seen = {r["id"]: r for r in twin(easel, enter(easel, key), "courses.json")["data"]}
        assert set(theirs) == set(seen)
        assert len(theirs) == 9
        told = ("grade", "grade_state", "grade_basis", "state", "term", "letters_only")
        for id_, row in theirs.items():
            assert {name: row[name] for name in told} == {name: seen[id_][name] for name in told}
            assert row["roles"] == ["observer"]
            if row["grade"]:
                assert row["grade"] in page
    own = [row["name"] for row in body["data"] if row["child_id"] is None]
    assert own == (["Evening Accounting"] if who == "father" else [])
    assert page.count("Total hidden by the teacher") == 3


def test_courses_of_one_child(easel: RunningEasel) -> None:
    browser, salma = enter(easel, "mother"), id_of(easel, "salma")
    body = twin(easel, browser, f"courses.json?child={salma}")
    page = view(easel, browser, f"courses?child={salma}&arrange=1")

    assert {row["child_name"] for row in body["data"]} == {"Salma Haddad"}
    assert 'href="/courses/8101?child=25"' in page
    assert "/favorite" not in page
    assert "/nickname" not in page
    assert '<input type="hidden" name="child" value="25">' in page


@pytest.mark.parametrize("who", PARENTS)
def test_submissions_are_each_childs_own(easel: RunningEasel, who: str) -> None:
    """Each score, comment and date is as the child sees it, and stands under that child alone."""
    browser = enter(easel, who)
    body = twin(easel, browser, "submissions.json")

    assert body["complete"]
    assert body["total"] == len(body["data"])
    for key in PARENTS[who]:
        child = id_of(easel, key)
        theirs = {row["id"]: row for row in body["data"] if row["child_id"] == child}
        seen = {
            row["id"]: row for row in twin(easel, enter(easel, key), "submissions.json")["data"]
        }
        assert set(theirs) == set(seen)
        told = ("title", "status", "score", "grade", "due_at", "submitted_at", "late", "comments")
        for id_, row in theirs.items():
            assert {name: row[name] for name in told} == {name: seen[id_][name] for name in told}
        markers = set(re.findall("marker-[a-z]+", str(list(theirs.values()))))
        assert markers == {f"marker-{key}"}
    assert {row["title"] for row in body["data"] if row["child_id"] is None} == (
        {"Ledger 1", "Ledger 2", "Ledger 3"} if who == "father" else set()
    )


def test_submissions_of_one_child(easel: RunningEasel) -> None:
    browser, yusuf = enter(easel, "mother"), id_of(easel, "yusuf")
    path = f"?child={yusuf}&course={SHARED}&sort=course"
    body, page = (
        twin(easel, browser, f"submissions.json{path}"),
        view(easel, browser, f"submissions{path}"),
    )
    table = browser.get(f"{easel.url}/submissions.csv{path}", timeout=30).text

    assert {row["child_id"] for row in body["data"]} == {yusuf}
    scores = {row["title"]: row["score"] for row in body["data"]}
    assert scores["Column"] == 72
    assert "Editor's test" not in scores
    assert "marker-yusuf" in page
    assert not re.search("marker-(nadia|salma)", page + table)
    assert table.splitlines()[0].rstrip().endswith('"Student"')
    assert table.count("Yusuf Haddad") == len(body["data"])
    plain = enter(easel, "nadia").get(f"{easel.url}/submissions.csv", timeout=30).text
    assert "Student" not in plain.splitlines()[0]


def work_named(easel: RunningEasel, course: str, name: str) -> str:
    works = own_answer(easel, "admin", f"courses/{course}/assignments")
    return next(str(row["id"]) for row in works if row["name"] == name)


def test_assignment_shows_each_childs_work(easel: RunningEasel) -> None:
    """All children who have it, or the one of the address; each with their own score and words."""
    browser, work = enter(easel, "mother"), work_named(easel, SHARED, "Column")
    path = f"courses/{SHARED}/assignments/{work}"
    body, page = twin(easel, browser, f"{path}.json"), view(easel, browser, path)

    scores = {row["child_name"]: row["score"] for row in body["data"]}
    assert scores == {"Nadia Haddad": 91, "Yusuf Haddad": 72, "Salma Haddad": 53}
    assert len(body["children"]) == 3
    assert body["complete"]
    assert all(f"Work of <bdi>{name}</bdi>" in page for name in scores)
    assert "Hand in at Canvas" not in page

    salma = id_of(easel, "salma")
    body = twin(easel, browser, f"{path}.json?child={salma}")
    page = view(easel, browser, f"{path}?child={salma}")
    assert [row["child_id"] for row in body["data"]] == [salma]
    assert "marker-salma" in page
    assert not re.search("marker-(nadia|yusuf)", page)


def test_assignment_of_one_child_alone(easel: RunningEasel) -> None:
    """Work that a sibling does not have is no failure; other dates are told apart."""
    browser = enter(easel, "mother")
    work = work_named(easel, SHARED, "Editor's test")
    body = twin(easel, browser, f"courses/{SHARED}/assignments/{work}.json")
    assert [row["child_name"] for row in body["data"]] == ["Nadia Haddad"]
    assert body["complete"]

    work = work_named(easel, SHARED, "Interview")
    path = f"courses/{SHARED}/assignments/{work}"
    assert "Due at different times for each student" in view(easel, browser, path)
    dues = {row["due_at"] for row in twin(easel, browser, f"{path}.json")["data"]}
    assert len(dues) == 3


def test_pages_of_a_course_know_who_is_in_it(easel: RunningEasel) -> None:
    """A child of theirs who is not in this course, or somebody else's: 404."""
    browser, work = enter(easel, "father"), work_named(easel, SHARED, "Column")
    for child in (id_of(easel, "salma"), "1", "x"):
        path = f"courses/{SHARED}/assignments/{work}"
        assert browser.get(f"{easel.url}/{path}?child={child}", timeout=30).status_code == 404
        assert browser.get(f"{easel.url}/{path}.json?child={child}", timeout=30).status_code == 404
    assert (
        twin(easel, browser, f"courses/{SHARED}/assignments/{work}.json?child=self")["data"] == []
    )


@pytest.mark.parametrize("key", PARENTS["mother"])
def test_grades_are_the_childs_own(easel: RunningEasel, key: str) -> None:
    """Totals, how they come about, and each row, in all of the child's courses."""
    browser, own, child = enter(easel, "mother"), enter(easel, key), id_of(easel, key)
    courses = [row["id"] for row in twin(easel, own, "courses.json")["data"]]
    assert len(courses) == 9
    for course in courses:
        seen = twin(easel, own, f"courses/{course}/grades.json")
        body = twin(easel, browser, f"courses/{course}/grades.json?child={child}")
        told = ("state", "basis", "canvas", "own", "check", "why_not", "period")
        assert {name: body[name] for name in told} == {name: seen[name] for name in told}
        assert body["complete"]
        assert body["what_if"] is None
        facts = ("assignment_id", "status", "score", "grade", "due_at", "part", "share")
        rows = [{name: row[name] for name in facts} for row in body["data"]]
        assert rows == [{name: row[name] for name in facts} for row in seen["data"]]
        assert {row["child_id"] for row in body["data"]} <= {child}
    page = view(easel, browser, f"courses/{courses[0]}/grades?child={child}")
    assert 'name="goal"' not in page
    assert "What if" not in page


def test_grades_of_siblings_stand_apart(easel: RunningEasel) -> None:
    browser = enter(easel, "mother")
    body = twin(easel, browser, f"courses/{SHARED}/grades.json")
    page = view(easel, browser, f"courses/{SHARED}/grades")

    totals = {child: each["canvas"]["current"] for child, each in body["by_child"].items()}
    assert totals == {
        id_of(easel, "nadia"): 91,
        id_of(easel, "salma"): 53,
        id_of(easel, "yusuf"): 72,
    }
    parts = page.split('<section class="family"')[1:]
    assert len(parts) == 3
    for part in parts:
        (child,) = set(re.findall(r'/assignments/\d+\?child=(\d+)"', part))
        assert f'id="child-{child}"' in part
    assert len(set(re.findall(r'id="([^"]*)"', page))) == len(re.findall(r'id="([^"]*)"', page))


def test_a_course_shows_each_childs_work(easel: RunningEasel) -> None:
    browser, nadia = enter(easel, "mother"), id_of(easel, "nadia")
    body = twin(easel, browser, f"courses/{SHARED}.json")
    page = view(easel, browser, f"courses/{SHARED}")

    assert len({row["child_id"] for row in body["data"]}) == 3
    tests = [row["child_id"] for row in body["data"] if row["title"] == "Editor's test"]
    assert tests == [nadia]
    assert page.count('<section class="family"') == 3
    one = twin(easel, browser, f"courses/{SHARED}.json?child={nadia}")
    assert {row["child_id"] for row in one["data"]} == {nadia}
    for path in (f"courses/{SHARED}", f"courses/{SHARED}/grades"):
        answer = browser.get(f"{easel.url}/{path}?child=1", timeout=30)
        assert answer.status_code == 404


def test_key_without_the_new_scope_signs_everybody_in(start_easel: StartEasel) -> None:
    """The children are known by their courses; the page says what may be missing."""
    easel = start_easel(key="scoped_includes", scopes="auto")
    easel.canvas.control(settings={"scopes_off": ["url:GET|/api/v1/users/:user_id/observees"]})

    for who in ("mother", "nadia"):
        browser = enter(easel, who)
        body, page = twin(easel, browser, "dashboard.json"), view(easel, browser, "")
        assert body["complete"]
        names = [child["name"] for child in body["children"]]
        assert names == (
            ["Nadia Haddad", "Salma Haddad", "Yusuf Haddad"] if who == "mother" else []
        )
        assert ("does not let it read the list of linked students" in page) is (who == "mother")


def test_key_that_drops_includes_says_what_is_missing(start_easel: StartEasel) -> None:
    """Totals come with an include alone; the rest is here, and nobody's work mixes."""
    easel = start_easel(key="scoped", scopes="auto")
    browser = enter(easel, "mother")

    body, page = twin(easel, browser, "dashboard.json"), view(easel, browser, "")

    assert not body["complete"]
    assert "the totals of the students you observe" in page
    assert len({row["child_id"] for row in body["data"]}) == 3
    for key in PARENTS["mother"]:
        lacking = own_answer(easel, key, "users/self/missing_submissions")
        missing = [row for row in body["missing"] if row["child_id"] == id_of(easel, key)]
        assert {row["assignment_id"] for row in missing} == {str(row["id"]) for row in lacking}


def test_interleaved_views_never_mix(easel: RunningEasel) -> None:
    """Each child's marker stands in that child's rows alone; FAMILY_VIEWS makes it longer."""
    views = int(os.environ.get("FAMILY_VIEWS", "120"))
    children = {id_of(easel, key): key for key in PARENTS["mother"]}
    browsers = {who: enter(easel, who) for who in PARENTS}
    random = Random(8101)
    asked = []
    for _ in range(views):
        who = random.choice(list(PARENTS))
        child = random.choice([id_ for id_, key in children.items() if key in PARENTS[who]])
        path = random.choice(["dashboard.json", "upcoming.json", "submissions.json"])
        asked.append((who, path, random.choice([child, ""])))

    def look(wish: tuple[str, str, str]) -> set[tuple[str, str]]:
        who, path, child = wish
        body = twin(easel, browsers[who], f"{path}?child={child}")
        rows = [*body["data"], *body.get("new_grades", ()), *body.get("missing", ())]
        assert not child or {row["child_id"] for row in rows} == {child}
        return {
            (row["child_id"], marker)
            for row in rows
            for marker in re.findall("marker-([a-z]+)", str(row))
        }

    with ThreadPoolExecutor(4) as pool:
        found = set().union(*pool.map(look, asked))

    assert found == set(children.items())
