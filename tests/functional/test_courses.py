"""The courses page: every course and enrollment, the person's own order, favourites, nicknames."""

import html
import re
from datetime import datetime, timedelta

import pytest
import requests

from .conftest import RunningEasel, end_enrollments, form_to, last_view, send, sign_in
from .walk import FURTHER, pieces


def twin(easel: RunningEasel, browser: requests.Session, query: str = "") -> dict:
    answer = browser.get(f"{easel.url}/courses.json{query}", timeout=30)
    assert answer.status_code == 200
    return answer.json()


def page(easel: RunningEasel, browser: requests.Session, query: str = "") -> str:
    answer = browser.get(f"{easel.url}/courses{query}", timeout=30)
    assert answer.status_code == 200
    assert answer.text.rstrip().endswith("</html>")
    return html.unescape(answer.text)


def by_id(body: dict) -> dict[str, dict]:
    return {row["id"]: row for row in body["data"]}


@pytest.fixture
def dozen(easel: RunningEasel) -> requests.Session:
    return sign_in(easel, "dozen")


def test_favourites_first_in_the_dashboards_order(
    easel: RunningEasel, dozen: requests.Session
) -> None:
    body = twin(easel, dozen)

    first = body["groups"][0]
    assert first["state"] == "favorite"
    assert [row["id"] for row in first["rows"]][:2] == ["4102", "4101"]
    assert len(first["rows"]) == 7
    assert all(row["favorite"] for row in first["rows"])
    grouped = [row["id"] for group in body["groups"] for row in group["rows"]]
    assert sorted(grouped) == sorted(by_id(body)), "each course in one group"
    text = page(easel, dozen)
    assert text.index("Statistics</a>") < text.index("Biology 101</a>")
    assert text.index("Favourites") < text.index("Begins later")


def test_every_enrollment_is_counted(easel: RunningEasel, dozen: requests.Session) -> None:
    programming = by_id(twin(easel, dozen))["4106"]

    assert programming["enrolled"] == [
        {"role": "student", "sections": ["Lecture", "Laboratory 3"], "active": True}
    ]
    assert "Student in <bdi>Lecture, Laboratory 3</bdi>" in page(easel, dozen)


def test_restricted_course_is_named_kindly(easel: RunningEasel, dozen: requests.Session) -> None:
    (row,) = [row for row in twin(easel, dozen)["data"] if row["restricted"]]

    text = page(easel, dozen)

    assert "A course that is over or has not begun" in text
    assert f"gives only its number, {row['id']}." in text
    assert f'href="/courses/{row["id"]}"' not in text


def test_states_and_grades_are_told(easel: RunningEasel, dozen: requests.Session) -> None:
    rows = by_id(twin(easel, dozen))

    assert rows["4103"]["grade_state"] == "hidden"
    assert rows["4107"]["grade_state"] == "letter"
    assert rows["4107"]["grade_score"] is None
    assert rows["4101"]["grade_state"] == "percentage"
    assert rows["4101"]["grade_basis"] == "Second half"
    assert rows["4111"]["state"] == "future"
    assert rows["4112"]["state"] == "invited"
    text = page(easel, dozen)
    for said in (
        "graded work, Second half",
        "graded work so far",
        "Total hidden by the teacher",
        "Begins later",
        "Invitation",
        "Closed to you now",
        "English Composition",
        "Writing",
    ):
        assert said in text, said
    assert re.search(r"<details class=\"more\"><summary>2 past courses", text)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=biology", {"4101"}),
        ("?q=BIO-101", {"4101"}),
        ("?q=laboratory 3", {"4106"}),
        ("?q=english", {"4104"}),
        ("?role=teacher", set()),
        ("?q=zzz", set()),
        ("?term=Nowhere", set()),
    ],
)
def test_filters(
    easel: RunningEasel, dozen: requests.Session, query: str, expected: set[str]
) -> None:
    body = twin(easel, dozen, query)

    assert set(by_id(body)) == expected
    assert body["complete"]
    assert body["total"] == 12
    text = page(easel, dozen, query)
    assert f"{len(expected)} of 12 courses." in text
    assert "Show every course" in text
    assert ("No course matches" in text) == (not expected)


def test_term_and_role_together(easel: RunningEasel) -> None:
    browser = sign_in(easel, "ta")
    every = twin(easel, browser)
    assert every["roles"] == ["student", "ta"]

    assists = twin(easel, browser, "?role=ta")
    studies = twin(easel, browser, "?role=student")

    assert by_id(assists).keys() == {"4101"}
    assert len(assists["data"]) + len(studies["data"]) == len(every["data"])
    assert "Teaching assistant in <bdi>Thursday laboratory</bdi>" in page(easel, browser)
    for term in every["terms"]:
        rows = twin(easel, browser, f"?term={term}")["data"]
        assert rows
        assert {row["term"] for row in rows} == {term}


@pytest.mark.parametrize("query", ["?role=king", "?q=", "?term=&role=", "?arrange=7", "?q=%00"])
def test_unknown_filters_harm_nothing(
    easel: RunningEasel, dozen: requests.Session, query: str
) -> None:
    assert page(easel, dozen, query)


@pytest.mark.parametrize(("who", "count"), [("newcomer", 0), ("dozen", 12), ("many", 137)])
def test_any_number_of_courses(easel: RunningEasel, who: str, count: int) -> None:
    browser = sign_in(easel, who)

    body, found = twin(easel, browser), list(pieces(browser, easel, "/courses"))

    assert len(body["data"]) == body["total"] == count
    text = "".join(found)
    assert text.count('<li class="card">') == count
    ids = set(re.findall(r'<h3><a href="/courses/(\d+)"', text))
    assert ids == {row["id"] for row in body["data"] if not row["restricted"]}
    if not count:
        assert "You have no courses yet" in text
    assert all(text.count(f"{count} courses") for text in found[:count])


@pytest.mark.parametrize("query", ["arrange=1", "role=student&arrange=1"])
def test_pieces_of_courses_to_arrange(easel: RunningEasel, query: str) -> None:
    """The first piece has twenty courses; another filter, or Done, leads to the first piece."""
    browser = sign_in(easel, "many")
    body = browser.get(f"{easel.url}/courses.json?{query}&page=3", timeout=30).json()

    found = list(pieces(browser, easel, f"/courses?{query}"))

    cards = [re.findall(r'id="course-(\d+)"', text) for text in found]
    assert {id_ for ids in cards for id_ in ids} == {row["id"] for row in body["data"]}
    assert sum(map(len, cards)) == body["total"]
    assert 20 <= len(cards[0]) <= 30
    for text in found:
        form = text.partition('<form class="filters"')[2].partition("</form>")[0]
        assert "page" not in re.findall('name="([^"]*)"', form)
        done = re.search(r'href="([^"]*)">Done arranging', text)
        assert done
        assert "page=" not in done[1]


@pytest.mark.parametrize("write", ["favorite", "nickname"])
def test_forms_lead_back_to_a_moved_course(easel: RunningEasel, write: str) -> None:
    """A new favourite moves to the first piece, a renamed course to its place by name."""
    browser = sign_in(easel, "many")
    third = browser.get(f"{easel.url}/courses?arrange=1&page=3", timeout=30)
    id_ = re.findall(r'id="course-(\d+)"', third.text)[5]
    filled = {"nickname": "Zzz"} if write == "nickname" else {}

    after = send(browser, third, form_to(third, f"/courses/{id_}/{write}"), **filled)

    assert after.url == f"{easel.url}/courses?arrange=1&at={id_}#course-{id_}"
    assert f'id="course-{id_}"' in last_view(after.text)
    further = FURTHER.search(last_view(after.text)) or re.search(
        'rel="prev" href="([^"]*)"', after.text
    )
    assert further
    next_piece = browser.get(easel.url + html.unescape(further[1]), timeout=30).text
    assert f'id="course-{id_}"' not in last_view(next_piece)


def test_favourite_and_undo(easel: RunningEasel, dozen: requests.Session) -> None:
    arranged = dozen.get(f"{easel.url}/courses?arrange=1", timeout=30)
    form = form_to(arranged, "/courses/4102/favorite")
    assert form["fields"]["on"] == "0"

    after = send(dozen, arranged, form)

    assert after.history[0].status_code == 303
    assert after.url.partition("#")[0] == f"{easel.url}/courses?arrange=1&at=4102"
    assert "“Statistics” is no longer a favourite" in after.text
    assert not by_id(twin(easel, dozen))["4102"]["favorite"]
    undone = send(dozen, after, form_to(after, "/courses/4102/favorite"))
    assert "“Statistics” is a favourite" in undone.text
    assert by_id(twin(easel, dozen))["4102"]["favorite"]


def test_nickname_and_undo(easel: RunningEasel, dozen: requests.Session) -> None:
    arranged = dozen.get(f"{easel.url}/courses?arrange=1", timeout=30)
    form = form_to(arranged, "/courses/4101/nickname")

    after = send(dozen, arranged, form, nickname="  Frogs <b>& co </b> ")

    row = by_id(twin(easel, dozen))["4101"]
    assert (row["name"], row["original_name"]) == ("Frogs <b>& co </b>", "Biology 101")
    assert "is called “Frogs &lt;b&gt;&amp; co &lt;/b&gt;”" in after.text
    undone = send(dozen, after, form_to(after, "/courses/4101/nickname"))
    row = by_id(twin(easel, dozen))["4101"]
    assert (row["name"], row["original_name"]) == ("Biology 101", None)
    assert "has its own name again" in undone.text
    redone = send(dozen, undone, form_to(undone, "/courses/4101/nickname"))
    assert "Frogs" in redone.text


def test_too_long_a_nickname(easel: RunningEasel, dozen: requests.Session) -> None:
    arranged = dozen.get(f"{easel.url}/courses?arrange=1", timeout=30)
    form = form_to(arranged, "/courses/4101/nickname")

    after = send(dozen, arranged, form, nickname="x" * 60)

    assert "at most 59 characters" in after.text
    assert by_id(twin(easel, dozen))["4101"]["name"] == "Biology 101"


@pytest.mark.parametrize(
    ("action", "fields", "path"),
    [
        ("/courses/4101/favorite", {}, "/api/v1/users/self/favorites/courses/4101"),
        ("/courses/4101/nickname", {"nickname": "x"}, "/api/v1/users/self/course_nicknames/4101"),
    ],
)
@pytest.mark.parametrize("status", [403, 400, 503])
def test_failed_write_says_what_became_of_it(
    easel: RunningEasel,
    dozen: requests.Session,
    action: str,
    fields: dict[str, str],
    path: str,
    status: int,
) -> None:
    arranged = dozen.get(f"{easel.url}/courses?arrange=1", timeout=30)
    fault = {"path": path, "kind": "status", "status": status, "times": None}
    easel.canvas.control(faults=[fault])

    after = send(dozen, arranged, form_to(arranged, action), **fields)

    assert after.status_code == 200
    assert ("Nothing was changed." in after.text) or ("it may be done" in after.text)
    assert "Undo" not in after.text
    assert by_id(twin(easel, dozen))["4101"]["name"] == "Biology 101"


def test_forms_need_their_token(easel: RunningEasel, dozen: requests.Session) -> None:
    for action in ("favorite", "nickname"):
        answer = dozen.post(f"{easel.url}/courses/4101/{action}", timeout=10)
        assert answer.status_code == 400


def test_totals_can_be_hidden_by_me(easel: RunningEasel, dozen: requests.Session) -> None:
    settings = dozen.get(f"{easel.url}/help/keyboard", timeout=10)
    form = form_to(settings, "/help/keyboard")
    assert "Show grade" not in page(easel, dozen)

    send(dozen, settings, form, look="dark", keys="on", grades="hidden")

    text = page(easel, dozen)
    assert "<summary>Show grade<span" in text
    assert 'data-look="dark"' in text
    assert twin(easel, dozen)["data"][0]["grade"], "the twin is for programs, not for eyes"
    send(dozen, settings, form, look="dark", keys="on", grades="nonsense")
    assert "Show grade" not in page(easel, dozen)


def test_one_round_trip_deep(easel: RunningEasel, dozen: requests.Session) -> None:
    before = easel.canvas.stats()["calls"]
    easel.app.extensions["easel"].cache._kept.clear()

    twin(easel, dozen)

    after = easel.canvas.stats()["calls"]
    asked = {
        route: sum(by.values()) - sum(before.get(route, {}).values()) for route, by in after.items()
    }
    assert asked["GET /api/v1/courses"] == 3
    assert asked["GET /api/v1/users/:user_id/enrollments"] == 1
    assert sum(asked.values()) == 7


def test_course_that_goes_on_without_the_person(
    easel: RunningEasel, dozen: requests.Session
) -> None:
    """An enrollment stored as completed in an available course is on no list of courses."""
    before = by_id(twin(easel, dozen))["4106"]
    end_enrollments(easel.canvas, "dozen", 4106)
    easel.app.extensions["easel"].cache._kept.clear()

    body, text = twin(easel, dozen), page(easel, dozen)

    row = by_id(body)["4106"]
    assert body["complete"]
    assert (row["state"], row["roles"], row["name"]) == ("past", ["student"], before["name"])
    assert set(row["sections"]) == {"Lecture", "Laboratory 3"}
    assert row["grade"] == before["grade"] == "94.12 %"
    assert "3 past courses" in text


@pytest.mark.parametrize("restricts", [True, False])
def test_own_dates_of_a_course_count_where_it_says_so(
    easel: RunningEasel, dozen: requests.Session, restricts: bool
) -> None:
    """A running course is not called future or past because of dates that have no effect."""
    now = datetime.fromisoformat(twin(easel, dozen)["sources"][0]["fetched_at"])
    day, flag = timedelta(days=2), {"restrict_enrollments_to_course_dates": restricts}
    ahead, past = ((now + by).isoformat() for by in (day, -day))
    easel.canvas.control(courses={4101: {"start_at": ahead} | flag, 4102: {"end_at": past} | flag})
    easel.app.extensions["easel"].cache._kept.clear()

    body = by_id(twin(easel, dozen))
    board = dozen.get(f"{easel.url}/dashboard.json", timeout=30).json()
    week = dozen.get(f"{easel.url}/submissions.json", timeout=30).json()

    states = [body[id_]["state"] for id_ in ("4101", "4102")]
    assert states == (["future", "past"] if restricts else ["current", "current"])
    cards = {row["id"] for row in board["data"]}
    assert ({"4101", "4102"} <= cards) is not restricts
    assert ("4102" in {row["course_id"] for row in week["data"]}) is not restricts


def test_ended_course_is_found_and_counted(easel: RunningEasel, dozen: requests.Session) -> None:
    board = dozen.get(f"{easel.url}/dashboard.json", timeout=30).json()
    end_enrollments(easel.canvas, "dozen", 4106)
    easel.app.extensions["easel"].cache._kept.clear()

    found = dozen.get(f"{easel.url}/search.json", params={"q": "programming"}, timeout=30).json()
    after = dozen.get(f"{easel.url}/dashboard.json", timeout=30).json()

    assert [row["id"] for row in found["data"] if row["type"] == "course"] == ["4106"]
    assert after["other_courses"] == board["other_courses"] + 1


def test_ended_course_that_is_closed_is_named_kindly(
    easel: RunningEasel, dozen: requests.Session
) -> None:
    """Canvas forbids it by its id; the list describes it as any other closed course."""
    end_enrollments(easel.canvas, "dozen", 4110)
    easel.app.extensions["easel"].cache._kept.clear()

    body = twin(easel, dozen)

    assert body["complete"]
    assert by_id(body)["4110"]["restricted"] is True


def test_lost_ended_enrollments_are_told(easel: RunningEasel, dozen: requests.Session) -> None:
    path = "/api/v1/users/self/enrollments"
    easel.canvas.control(
        faults=[{"method": "GET", "path": path, "kind": "status", "status": 503, "times": None}]
    )
    easel.app.extensions["easel"].cache._kept.clear()

    body, text = twin(easel, dozen), page(easel, dozen)

    assert not body["complete"]
    assert re.search(r"at least \d+ courses\.", text)


def test_page_without_the_past_says_so(easel: RunningEasel, dozen: requests.Session) -> None:
    fault = {
        "method": "GET",
        "path": "/api/v1/courses",
        "query": {"enrollment_state": "completed"},
        "kind": "status",
        "status": 503,
        "times": None,
    }
    easel.canvas.control(faults=[fault])

    body, text = twin(easel, dozen), page(easel, dozen)

    assert not body["complete"]
    assert "Biology 101" in text
    assert re.search(r"at least \d+ courses\.", text)
