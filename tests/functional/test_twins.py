"""The JSON twins: what scripts and outside checks rely on, field by field."""

import pytest
import requests

from .conftest import sign_in

FIELDS = {
    "courses": {"id", "name", "code", "term", "roles", "grade", "restricted", "url"},
    "upcoming": {
        *("id", "type", "title", "course_id", "course_name", "due_at", "status"),
        *("points_possible", "done", "url"),
    },
    "submissions": {
        *("assignment_id", "course_id", "title", "status", "late", "points_deducted", "score"),
        *("grade", "points_possible", "due_at", "submitted_at", "graded_at", "url"),
    },
}
TWINS = ["dashboard", "courses", "upcoming", "submissions", "courses/4101"]


@pytest.mark.parametrize("name", TWINS)
def test_signed_out_is_told_in_json(easel, name):
    answer = easel.browser().get(f"{easel.url}/{name}.json", allow_redirects=False, timeout=30)

    assert answer.status_code == 401
    assert answer.json()["data"] == []
    assert answer.json()["complete"] is False


def test_rows_carry_their_fields(easel):
    browser = sign_in(easel, "dozen")

    for name, wanted in FIELDS.items():
        answer = browser.get(f"{easel.url}/{name}.json", timeout=30)

        assert answer.headers["Content-Type"] == "application/json"
        body = answer.json()
        assert body["complete"] is True, body["sources"]
        assert body["data"]
        for row in body["data"]:
            assert wanted <= row.keys()
            ids = [value for key, value in row.items() if key == "id" or key.endswith("_id")]
            assert all(isinstance(value, str | None) for value in ids)
        for source in body["sources"]:
            assert {"name", "status", "fetched_at", "detail"} <= source.keys()
            assert source["status"] == "fresh"
            assert source["fetched_at"].endswith("Z")


def test_second_view_is_from_the_cache(easel, canvas):
    browser = sign_in(easel, "dozen")
    first = browser.get(f"{easel.url}/courses.json", timeout=30).json()
    before = canvas.stats()["calls"]

    again = browser.get(f"{easel.url}/courses.json", timeout=30).json()

    assert again["data"] == first["data"]
    assert canvas.stats()["calls"] == before


def test_dashboard_twin_has_its_parts(easel):
    body = sign_in(easel, "dozen").get(f"{easel.url}/dashboard.json", timeout=30).json()

    assert {"missing", "due", "new_grades", "days", "grading"} <= body.keys()
    assert body["data"][0]["name"]


def test_course_twin_has_course_and_work(easel):
    body = sign_in(easel, "dozen").get(f"{easel.url}/courses/4101.json", timeout=30).json()

    assert body["course"]["name"] == "Biology 101"
    assert FIELDS["submissions"] <= body["data"][0].keys()


def test_teacher_twins_list_what_waits(easel):
    browser = sign_in(easel, "teacher")

    todo = browser.get(f"{easel.url}/upcoming.json", timeout=30).json()["data"]
    ledger = browser.get(f"{easel.url}/submissions.json", timeout=30).json()["data"]

    assert any(row["type"] == "grading" and row["needs_grading"] for row in todo)
    assert all(row["kind"] == "grading" and "speed_grader" in row["url"] for row in ledger)


@pytest.mark.parametrize("path", ["courses/99999999.json", "courses/abc.json", "courses/4301.json"])
def test_foreign_and_bad_ids(easel, path):
    answer = sign_in(easel, "newcomer").get(f"{easel.url}/{path}", timeout=30)

    assert answer.status_code in (403, 404)


def test_lost_course_fails_with_the_shape(easel, canvas):
    browser = sign_in(easel, "dozen")
    fault = {"method": "GET", "path": "/api/v1/courses/4101", "kind": "html", "times": None}
    canvas.control(faults=[fault])

    answer = browser.get(f"{easel.url}/courses/4101.json", timeout=30)

    assert answer.status_code == 503
    assert answer.json()["complete"] is False
    assert answer.json()["error"]


def test_denied_course_is_one_source(easel, canvas):
    browser = sign_in(easel, "dozen")
    path = "/api/v1/courses/4101/students/submissions"
    canvas.control(faults=[{"method": "GET", "path": path, "kind": "status", "status": 403}])

    body = browser.get(f"{easel.url}/submissions.json", timeout=30).json()

    assert body["complete"] is False
    states = {source["status"] for source in body["sources"]}
    assert states == {"fresh", "denied"}
    assert body["data"]


def test_ended_grant_is_401(easel, canvas):
    browser = sign_in(easel, "dozen")
    canvas.control(revoke_tokens="all")

    answer = browser.get(f"{easel.url}/courses.json", timeout=30)

    assert answer.status_code == 401
    assert answer.json()["complete"] is False


@pytest.mark.parametrize("who", ["dozen", "many", "newcomer", "teacher", "ta"])
def test_every_course_is_listed(canvas, easel, who):
    """Concluded, future, restricted and invited courses too: all that Canvas knows of."""
    expected = set()
    url = f"{canvas.url}/api/v1/courses?per_page=100" + "".join(
        f"&state[]={state}" for state in ("unpublished", "available", "completed")
    )
    while url:
        answer = requests.get(
            url, headers={"Authorization": f"Bearer {canvas.token(who)}"}, timeout=30
        )
        expected |= {str(course["id"]) for course in answer.json()}
        url = answer.links.get("next", {}).get("url")

    body = sign_in(easel, who).get(f"{easel.url}/courses.json", timeout=30).json()

    assert {row["id"] for row in body["data"]} == expected
    assert body["complete"]
