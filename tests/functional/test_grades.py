"""A course's grades as a person sees them: totals, check, what-if, goal, periods, hidden ones."""

import html
import re

import pytest
import requests

from .conftest import sign_in

PROGRAMMING, BIOLOGY, STATISTICS, HISTORY, CHEMISTRY = 4106, 4101, 4102, 4103, 4107
ENGLISH = 4104
ALGEBRA = 9_070_000_000_000_417
STUDIED = [4101, 4102, 4103, 4104, 4106, 4107, 4108, 4109, 4111, ALGEBRA]


@pytest.fixture
def dozen(easel):
    return sign_in(easel, "dozen")


def twin(easel, browser, course, **query):
    answer = browser.get(f"{easel.url}/courses/{course}/grades.json", params=query, timeout=30)
    assert answer.status_code == 200
    return answer.json()


def text(easel, browser, course, **query):
    answer = browser.get(f"{easel.url}/courses/{course}/grades", params=query, timeout=30)
    assert answer.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", answer.text)).split())


@pytest.mark.parametrize("period", ["", "all"])
def test_own_calculation_agrees_with_canvas(easel, dozen, period):
    """The stand-in computes its totals by itself, so agreement is a check of both."""
    for course in STUDIED:
        page = twin(easel, dozen, course, period=period)

        assert page["complete"]
        graded = not page["why_not"] and page["own"]["current"] is not None
        assert page["check"] == ("agrees" if graded else "unchecked"), page["own"]
        assert bool(page["why_not"]) == (course in (HISTORY, CHEMISTRY))


def test_each_grading_period_agrees(easel, dozen):
    for course in (BIOLOGY, ALGEBRA):
        for period in twin(easel, dozen, course)["periods"]:
            page = twin(easel, dozen, course, period=period["id"])

            assert page["basis"] == period["title"]
            assert page["check"] == "agrees"
            assert page["canvas"]["current"] is not None


def test_current_period_is_the_default(easel, dozen):
    page = twin(easel, dozen, BIOLOGY)

    assert page["basis"] == "Second half"
    assert [period["chosen"] for period in page["periods"]] == [False, True]
    assert twin(easel, dozen, BIOLOGY, period="77")["basis"] == "Second half"


def test_all_periods_are_put_together_by_weight(easel, dozen):
    page = twin(easel, dozen, BIOLOGY, period="all")

    given = [period["contribution"] for period in page["periods"]]
    assert sum(given) == pytest.approx(page["canvas"]["current"], abs=0.01)


def test_worth_is_what_full_marks_move(easel, dozen):
    """Weights of 110 % stay as they are: the proposal alone is the 40 % of its group."""
    page = twin(easel, dozen, STATISTICS)
    proposal = next(row for row in page["data"] if row["title"] == "Project proposal")
    works = [row for row in page["data"] if row["what_if"] is None and row["can_try"]]
    full = {f"s{row['assignment_id']}": str(row["points_possible"]) for row in works}

    best = twin(easel, dozen, STATISTICS, **full)["what_if"]["final"]
    without = twin(easel, dozen, STATISTICS, **(full | {f"s{proposal['assignment_id']}": "0"}))[
        "what_if"
    ]["final"]

    assert (best, without) == (110, 70)
    assert proposal["share"] == best - without == 40


def test_worth_over_all_weighted_periods(easel, dozen):
    page = twin(easel, dozen, BIOLOGY, period="all")
    second = twin(easel, dozen, BIOLOGY)

    over_all = {row["title"]: row["share"] for row in page["data"]}
    alone = {row["title"]: row["share"] for row in second["data"] if row["share"]}
    assert alone
    for title, share in alone.items():
        assert over_all[title] == pytest.approx(share / 2), "the period counts half"


def test_groups_add_up_and_name_what_is_dropped(easel, dozen):
    page = twin(easel, dozen, STATISTICS)
    dropped = [row["title"] for row in page["data"] if row["part"] == "dropped"]
    shown = text(easel, dozen, STATISTICS)

    assert len(dropped) == 2
    assert "The lowest score is dropped." in shown
    assert "Dropped" in shown
    given = [group["contribution"] or 0 for group in page["groups"]]
    assert sum(given) == pytest.approx(page["canvas"]["current"], abs=0.01)


def test_never_dropped_work_is_named(easel, dozen):
    assert "Never dropped: Install the tools." in text(easel, dozen, PROGRAMMING)


def test_what_if_by_hand(easel, dozen):
    """(8 + 7 + 6.5 + 1) / 25 without the lowest, 6.5 of 8, is 16 / 17; with another 4 of 8 that
    one is the lowest, and it is 22.5 / 25."""
    page = twin(easel, dozen, PROGRAMMING)
    (fourth,) = [row for row in page["data"] if row["title"] == "Exercise 4"]
    assert page["canvas"]["current"] == 94.12

    tried = twin(easel, dozen, PROGRAMMING, **{f"s{fourth['assignment_id']}": "4"})

    assert tried["what_if"]["current"] == 90.0
    assert tried["own"]["current"] == 94.12
    assert [row["title"] for row in tried["data"] if row["part"] == "dropped"] == ["Exercise 4"]


def test_what_if_has_the_letter_of_its_total(easel, dozen):
    """English: (86 + 91) / 200 is 88.5, a B+; with another 100 it is 277 / 300, an A-."""
    page = twin(easel, dozen, ENGLISH)
    open_row = next(row for row in page["data"] if row["part"] == "ungraded")
    assert (page["canvas"]["current_grade"], page["own"]["current_grade"]) == ("B+", "B+")

    tried = twin(easel, dozen, ENGLISH, **{f"s{open_row['assignment_id']}": "100"})

    assert tried["what_if"]["current"] == 92.33
    assert tried["what_if"]["current_grade"] == "A-"


@pytest.mark.parametrize(
    ("scale", "bound", "letter"),
    [
        (4.0, 0.941, "B"),  # 3.7648 points are 3.76, which are 94 %
        (None, 0.941, "A"),
        (7.0, 0.9413, "A"),  # 6.5884 points are 6.59, which are 94.14 %
        (None, 0.9413, "B"),
    ],
)
def test_letters_of_a_scheme_based_on_points(easel, dozen, scale, bound, letter):
    scheme = {"grading_scheme": [["A", bound], ["B", 0]], "scaling_factor": scale}
    easel.canvas.control(courses={PROGRAMMING: {"grading_standard": True} | scheme})
    easel.app.extensions["easel"].cache._kept.clear()
    page = twin(easel, dozen, PROGRAMMING)
    row = next(r for r in page["data"] if r["title"] == "Exercise 1")

    tried = twin(easel, dozen, PROGRAMMING, **{f"s{row['assignment_id']}": str(row["score"])})

    assert page["check"] == "agrees"
    assert page["canvas"]["current"] == tried["what_if"]["current"] == 94.12
    assert page["canvas"]["current_grade"] == letter
    assert (page["own"]["current_grade"], tried["what_if"]["current_grade"]) == (letter, letter)


def test_form_works_without_script(easel, dozen):
    page = dozen.get(f"{easel.url}/courses/{PROGRAMMING}/grades", timeout=30)
    fields = re.findall(r'name="(s\d+)"', page.text)
    sent = dict.fromkeys(fields, "") | {fields[0]: "4", "goal": ""}

    answer = dozen.get(f"{easel.url}/courses/{PROGRAMMING}/grades", params=sent, timeout=30)

    assert answer.url.endswith(f"/grades?{fields[0]}=4")
    assert "With 1 changed score" in answer.text
    assert "Take all back" in answer.text


def test_goal_reached_when_tried(easel, dozen):
    page = twin(easel, dozen, PROGRAMMING, goal="85 %")
    aim = page["aim"]
    open_rows = [row for row in page["data"] if row["part"] == "ungraded"]
    assert aim["state"] == "reachable"
    assert aim["open_work"] == len(open_rows) == 2

    scores = {
        f"s{row['assignment_id']}": str(row["points_possible"] * aim["needed"] / 100)
        for row in open_rows
    }
    tried = twin(easel, dozen, PROGRAMMING, **scores)

    assert 85 <= tried["what_if"]["final"] < 86


def test_goal_begins_where_the_total_ends(easel, dozen):
    """Nothing on open work gives the final total; work waiting for review counts in both."""
    page = twin(easel, dozen, BIOLOGY, goal="90")

    assert page["aim"]["least"] == page["canvas"]["final"]


def test_goal_in_words(easel, dozen):
    for goal, words in (
        ("99.9", "99.9 % is out of reach"),
        ("5", "5 % is certain"),
        ("85", "To end with 85 % you need"),
        ("much", "A goal is a percentage"),
        ("-3", "A goal is a percentage"),
        ("nan", "A goal is a percentage"),
    ):
        assert words in text(easel, dozen, PROGRAMMING, goal=goal)


def test_odd_scores_are_told(easel, dozen):
    rows = twin(easel, dozen, PROGRAMMING)["data"]
    ids = [row["assignment_id"] for row in rows]
    odd = ["-1", "lots", "1e99", "99", "8,5", "NaN"]
    page = twin(
        easel, dozen, PROGRAMMING, **{f"s{id_}": t for id_, t in zip(ids, odd, strict=True)}
    )

    told = [problem["text"] for problem in page["problems"]]
    assert told == [
        "A score below 0 was not tried.",
        "That is not a number, so it was not tried.",
        "Such a high score was not tried.",
        "99 is above the highest score, 8; it was not tried.",
        "8.5 is above the highest score, 8; it was not tried.",
        "That is not a number, so it was not tried.",
    ]
    assert [row["what_if"] for row in page["data"]] == [None, None, None, None, None, None]


def test_scores_that_may_be_meant_otherwise_are_asked_about(easel, dozen):
    """A score above the points, or "1,000", counts only once the person has said what they mean."""
    id_ = next(r for r in twin(easel, dozen, PROGRAMMING)["data"] if r["can_try"])["assignment_id"]
    address = f"{easel.url}/courses/{PROGRAMMING}/grades"

    def told(**query):
        page = dozen.get(address, params=query, timeout=30).text
        links = re.findall(r'<a class="button small"[^>]*href="([^"]*)">([^<]*)<', page)
        return page, [(html.unescape(href), words) for href, words in links]

    page, links = told(**{f"s{id_}": "9"})
    assert "9 is above the highest score, 8; it was not tried." in page
    assert f'name="s{id_}" value="9"' in page
    ((href, words),) = links
    assert words == "Count it anyway"
    meant = dozen.get(f"{easel.url}{href}", timeout=30).text
    assert "With 1 changed score" in html.unescape(meant)
    assert f'name="o{id_}" value="9"' in meant

    page, links = told(**{f"s{id_}": "1,000"})
    assert "“1,000” may be 1 or 1000" in page
    assert [words for _, words in links] == ["I mean 1", "I mean 1000"]
    assert twin(easel, dozen, PROGRAMMING, **{f"s{id_}": "1,000"})["what_if"] is None
    assert f'name="s{id_}" value="1"' in dozen.get(f"{easel.url}{links[0][0]}", timeout=30).text

    again, links = told(**{f"s{id_}": "10", f"o{id_}": "9"})
    assert "10 is above the highest score" in again, "another score is asked about again"


def test_totals_have_honest_names(easel, dozen):
    """Ungraded work counts 0 in one total, submitted work gets full marks in the other."""
    shown = text(easel, dozen, BIOLOGY)
    page = twin(easel, dozen, BIOLOGY)

    assert "If everything not graded yet counted 0:" in shown
    assert "nothing more is handed in" not in shown
    assert page["own"]["final"] < page["handed_in"]["final"] <= 100
    assert "If what you handed in gets full marks and the rest counted 0:" in shown


def test_shares_say_of_what_they_are_a_share(easel, dozen):
    of_period = dozen.get(f"{easel.url}/courses/{BIOLOGY}/grades", timeout=30).text
    of_all = dozen.get(f"{easel.url}/courses/{BIOLOGY}/grades?period=all", timeout=30).text

    assert "Worth <small>of this grading period</small>" in of_period
    assert "Worth <small>of the final total</small>" in of_all


def test_unknown_assignments_are_ignored(easel, dozen):
    page = twin(easel, dozen, PROGRAMMING, s1="5", s="5", sx="1")

    assert page["what_if"] is None
    assert page["problems"] == []


def test_excused_work_counts_once_a_score_is_tried(easel, dozen):
    """As in Canvas's own What-if scores; a goal still asks nothing of excused work."""
    page = twin(easel, dozen, BIOLOGY, period="all")
    (excused,) = [row for row in page["data"] if row["part"] == "excused"]
    assert excused["can_try"] is True
    name = f"s{excused['assignment_id']}"

    tried = twin(easel, dozen, BIOLOGY, period="all", **{name: "0"})
    query = {"period": "all", name: "0"}
    page_of_it = dozen.get(f"{easel.url}/courses/{BIOLOGY}/grades", params=query, timeout=30)

    (row,) = [row for row in tried["data"] if row["assignment_id"] == excused["assignment_id"]]
    assert (row["part"], row["what_if"]) == ("counted", 0)
    assert tried["what_if"]["current"] < page["own"]["current"]
    assert f'name="{name}" value="0"' in page_of_it.text
    goal = twin(easel, dozen, BIOLOGY, period="all", goal="90")["aim"]["open_work"]
    with_try = twin(easel, dozen, BIOLOGY, period="all", goal="90", **{name: "5"})["aim"]
    assert with_try["open_work"] == goal


def test_hidden_totals_are_not_worked_out(easel, dozen):
    page = twin(easel, dozen, HISTORY, goal="90")
    shown = text(easel, dozen, HISTORY, goal="90")

    assert (page["state"], page["why_not"]) == ("hidden", "hidden")
    assert page["own"] is page["aim"] is page["what_if"] is None
    assert page["history"] == []
    assert all(group["percent"] is group["earned"] is None for group in page["groups"])
    assert "The teacher hides the total of this course." in shown
    assert "What if" not in shown
    assert "23.5 / 25" in shown


def test_letters_only_shows_no_number(easel, dozen):
    page = twin(easel, dozen, CHEMISTRY)
    shown = text(easel, dozen, CHEMISTRY)

    assert (page["state"], page["why_not"]) == ("letter", "letters")
    assert page["canvas"]["current"] is None
    assert page["canvas"]["current_grade"] == "B"
    assert "%" not in shown
    assert "/ 20" not in shown
    assert "This course shows letters" in shown


def test_line_of_grades_over_time(easel, dozen):
    page = dozen.get(f"{easel.url}/courses/{PROGRAMMING}/grades", timeout=30).text
    history = twin(easel, dozen, PROGRAMMING)["history"]

    assert len(history) == 4
    assert history[-1][1] == 94.12
    assert 'class="over-time" role="img"' in page
    assert "<title>Total for graded work" in page


def test_difference_is_told(easel, dozen, canvas):
    """A new grade is in the list while the total is still the previous one."""
    row = next(r for r in twin(easel, dozen, PROGRAMMING)["data"] if r["title"] == "Exercise 2")
    work = f"courses/{PROGRAMMING}/assignments/{row['assignment_id']}"
    graded = requests.put(
        f"{canvas.url}/api/v1/{work}/submissions/{canvas.person('dozen')['id']}",
        data={"submission[posted_grade]": "2"},
        headers={"Authorization": f"Bearer {canvas.token('admin')}"},
        timeout=30,
    )
    assert graded.status_code == 200

    page = twin(easel, dozen, PROGRAMMING, retry="assignments")

    assert (page["check"], page["differs"]) == ("differs", "fresh")
    assert page["canvas"]["current"] == 94.12
    assert page["own"]["current"] == 91.18  # (8 + 6.5 + 1) / 17
    shown = text(easel, dozen, PROGRAMMING)
    assert "94.12 % for graded work" in shown
    assert "gives another number: 91.18 %" in shown


def grade(canvas, row, points):
    """Grade a submission of the dozen campus as an administrator."""
    work = f"courses/{row['course_id']}/assignments/{row['assignment_id']}"
    graded = requests.put(
        f"{canvas.url}/api/v1/{work}/submissions/{canvas.person('dozen')['id']}",
        data={"submission[posted_grade]": str(points)},
        headers={"Authorization": f"Bearer {canvas.token('admin')}"},
        timeout=30,
    )
    assert graded.status_code == 200


def test_total_that_lags_is_no_error(easel, dozen, canvas):
    """Canvas calculates totals some time after a grade; until then it answers the old ones."""
    row = next(r for r in twin(easel, dozen, PROGRAMMING)["data"] if r["title"] == "Exercise 2")
    canvas.control(settings={"totals_lag": 120})
    grade(canvas, row, 2)
    easel.app.extensions["easel"].cache._kept.clear()

    page, shown = twin(easel, dozen, PROGRAMMING), text(easel, dozen, PROGRAMMING)

    assert (page["canvas"]["current"], page["own"]["current"]) == (94.12, 91.18)
    assert (page["check"], page["differs"]) == ("differs", "fresh")
    assert "That is normal now: a grade is so new" in shown
    assert "alert" not in re.findall(
        r'class="(\w+)"><p><strong>Easel',
        dozen.get(f"{easel.url}/courses/{PROGRAMMING}/grades", timeout=30).text,
    )
    canvas.control(clock={"advance": 121})
    easel.app.extensions["easel"].cache._kept.clear()
    after = twin(easel, dozen, PROGRAMMING)
    assert (after["canvas"]["current"], after["check"]) == (91.18, "agrees")


def test_total_set_by_hand_is_no_error(easel, dozen, canvas):
    """It replaces the current and the final total, and those of each grading period."""
    for course in (PROGRAMMING, BIOLOGY):
        canvas.control(courses={course: {"override_scores": {1: 99.5}}})
        easel.app.extensions["easel"].cache._kept.clear()
        for period in [{}] + [{"period": p["id"]} for p in twin(easel, dozen, course)["periods"]]:
            page = twin(easel, dozen, course, **period)

            assert (page["canvas"]["current"], page["canvas"]["final"]) == (99.5, 99.5)
            assert page["check"] == "differs"
            if page["own"]["current"] != page["own"]["final"]:
                assert page["differs"] == "by_hand"
                shown = text(easel, dozen, course, **period)
                assert "as it does when a teacher has set it by hand" in shown


def test_missing_list_says_so(easel, dozen, canvas):
    path = f"/api/v1/courses/{PROGRAMMING}/assignment_groups"
    canvas.control(
        faults=[{"method": "GET", "path": path, "kind": "status", "status": 404, "times": None}]
    )

    page = twin(easel, dozen, PROGRAMMING)

    assert page["complete"] is False
    assert page["why_not"] == "incomplete"
    assert page["canvas"]["current"] == 94.12
    assert "94.12 %" in text(easel, dozen, PROGRAMMING)


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("teacher", "They are in Canvas's gradebook."),
        ("admin", "Canvas gives no total here."),  # the course does not say her role in it
    ],
)
def test_others_have_no_grade_of_theirs(easel, who, words):
    shown = text(easel, sign_in(easel, who), BIOLOGY)

    assert words in shown
    assert "What if" not in shown


def test_hostile_names_stay_text(easel):
    browser = sign_in(easel, "hostile")

    page = browser.get(f"{easel.url}/courses/6001/grades?goal=<script>", timeout=30)

    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "goal=<script" not in page.text


@pytest.mark.parametrize(("course", "status"), [(99999999, 404), (4301, 403)])
def test_foreign_courses_have_a_page(easel, dozen, course, status):
    page = dozen.get(f"{easel.url}/courses/{course}/grades", timeout=30)
    data = dozen.get(f"{easel.url}/courses/{course}/grades.json", timeout=30)

    assert page.status_code == data.status_code == status


def test_restricted_course_is_said_to_be_closed(easel, dozen):
    assert "Closed to you now" in text(easel, dozen, 4110)


def test_signed_out(easel):
    browser = easel.browser()
    page = browser.get(f"{easel.url}/courses/4101/grades", allow_redirects=False, timeout=30)
    data = browser.get(f"{easel.url}/courses/4101/grades.json", timeout=30)

    assert (page.status_code, data.status_code) == (302, 401)
