"""Pages that need more scopes than a sign-in was asked for, and a key that lacks scopes."""

from dataclasses import replace

import pytest

from canvas_app.canvas.api import FEATURE_SCOPES, LATEST_SCOPES, SCOPES

from .conftest import RunningEasel, StartEasel, form_to, forms, send, sign_in

pytestmark = pytest.mark.anyday

COURSES = "url:GET|/api/v1/courses"


def need(easel: RunningEasel, *scopes: str) -> None:
    """Let Easel need these scopes, as a next version might."""
    door = easel.app.extensions["easel"]
    door.settings = replace(door.settings, scopes=scopes)


@pytest.fixture
def easel(start_easel: StartEasel) -> RunningEasel:
    return start_easel(scopes=(COURSES,))


def test_pages_that_need_more_ask_for_a_sign_in(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    assert browser.get(f"{easel.url}/courses", timeout=30).ok
    need(easel, *SCOPES)
    before = easel.canvas.stats()["calls"]

    page = browser.get(f"{easel.url}/courses?a=b", timeout=10)
    start = browser.get(f"{easel.url}/", timeout=10)
    twin = browser.get(f"{easel.url}/courses.json", timeout=10)

    assert (page.status_code, start.status_code, twin.status_code) == (403, 403, 403)
    assert "sign in once more" in page.text
    assert "/login?next=/courses%3Fa%3Db" in page.text
    new = [scope for scope in SCOPES if scope not in {COURSES, *FEATURE_SCOPES}]
    assert all(f"<li>{scope}</li>" in page.text for scope in new)
    assert f"<li>{COURSES}</li>" not in page.text
    body = twin.json()
    assert (body["data"], body["complete"]) == ([], False)
    assert body["sources"][0]["status"] == "denied"
    assert "Sign in again" in body["error"]
    assert new[0] in body["error"]
    assert easel.canvas.stats()["calls"] == before, "Canvas was asked nothing"


def test_signing_in_again_ends_it(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    other = sign_in(easel, "dozen")
    need(easel, *SCOPES)
    page = browser.get(f"{easel.url}/courses", timeout=10)
    assert page.status_code == 403

    page = browser.get(f"{easel.url}/login?next=/courses", timeout=10)
    page = send(browser, page, form_to(page, "/login/oauth2/accept"))

    assert (page.status_code, page.url) == (200, f"{easel.url}/courses")
    assert other.get(f"{easel.url}/courses.json", timeout=30).json()["complete"] is True
    account = browser.get(f"{easel.url}/account", timeout=10)
    assert all(scope in account.text for scope in SCOPES)


def test_account_and_sign_out_stay_usable(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    need(easel, *SCOPES)

    account = browser.get(f"{easel.url}/account", timeout=10)
    assert account.ok
    page = send(browser, account, form_to(account, "/logout"))

    assert "signed out" in page.text
    assert easel.canvas.stats()["revocations"] == 1


def test_fewer_scopes_ask_nobody(easel: RunningEasel) -> None:
    need(easel, *SCOPES)
    browser = sign_in(easel, "dozen")
    need(easel, COURSES)

    assert browser.get(f"{easel.url}/courses", timeout=30).ok


def test_grant_of_an_unscoped_key_is_renewed(start_easel: StartEasel) -> None:
    """Canvas: "unscoped key becomes scoped: old tokens stop working" (``developer_keys.md``)."""
    easel = start_easel()
    browser = sign_in(easel, "dozen")
    need(easel, *SCOPES)

    assert browser.get(f"{easel.url}/courses", timeout=10).status_code == 403


def test_scoped_key_serves_every_page(start_easel: StartEasel) -> None:
    easel = start_easel(key="scoped_includes", scopes="auto")
    browser = sign_in(easel, "dozen")

    for twin in ("dashboard", "courses", "upcoming", "submissions"):
        body = browser.get(f"{easel.url}/{twin}.json", timeout=30).json()
        assert body["complete"] is True, (twin, body["sources"])


def test_canvas_that_misses_a_scope_names_the_remedy(start_easel: StartEasel) -> None:
    easel = start_easel(key="scoped_includes", scopes=(COURSES,))
    browser = sign_in(easel, "dozen")
    course = browser.get(f"{easel.url}/courses.json", timeout=30).json()["data"][0]["id"]

    page = browser.get(f"{easel.url}/courses/{course}", timeout=30)
    twin = browser.get(f"{easel.url}/courses.json", timeout=30).json()

    assert page.status_code == 403
    assert "CANVAS_SCOPES=auto" in page.text
    assert all(scope in page.text for scope in SCOPES)
    details = [source["detail"] for source in twin["sources"] if source["status"] == "denied"]
    assert details
    assert all("python -m canvas_app scopes" in detail for detail in details)
    shown = browser.get(f"{easel.url}/courses", timeout=30)
    assert "python -m canvas_app scopes" in shown.text


def test_key_without_the_scopes_names_them(start_easel: StartEasel) -> None:
    easel = start_easel(key="scoped_includes", scopes=(COURSES, "url:GET|/api/v1/moon"))
    browser = easel.browser()
    page = browser.get(f"{easel.url}/login", timeout=10)
    if page.url.startswith(easel.canvas.url):
        who = easel.canvas.person("dozen")
        page = send(
            browser,
            page,
            forms(page)[0],
            **{
                "pseudonym_session[unique_id]": who["login"],
                "pseudonym_session[password]": who["password"],
            },
        )

    assert page.status_code == 502
    assert "url:GET|/api/v1/moon" in page.text
    assert "Allow Include Parameters" in page.text


def test_answers_never_cross_grants(easel: RunningEasel) -> None:
    """A new grant begins with an empty cache, even with the same owner and generation."""
    browser = sign_in(easel, "dozen")
    browser.get(f"{easel.url}/courses.json", timeout=30)
    door = easel.app.extensions["easel"]
    asked = easel.canvas.stats()["calls"]["GET /api/v1/courses"]["200"]

    door.storage.disconnect(1, door.endpoint_for)  # as another process does: the cache stays
    sign_in(easel, "dozen", browser)
    browser.get(f"{easel.url}/courses.json", timeout=30)

    assert easel.canvas.stats()["calls"]["GET /api/v1/courses"]["200"] > asked


SECTIONS = "url:GET|/api/v1/courses/:course_id/sections"


def test_key_without_a_features_scope_signs_everybody_in(start_easel: StartEasel) -> None:
    """Only the pages of that feature say that something is missing."""
    easel = start_easel(key="scoped_includes", scopes="auto")
    easel.canvas.control(settings={"scopes_off": [SECTIONS]})

    browser = sign_in(easel, "teacher", path="/login?next=/teaching")
    landed = browser.get(f"{easel.url}/teaching.json", timeout=60).json()
    roster = browser.get(f"{easel.url}/courses/4101/roster.json", timeout=60).json()
    page = browser.get(f"{easel.url}/courses/4101/roster", timeout=60).text

    assert landed["complete"] is True
    assert roster["complete"] is False
    lacking = [each for each in roster["sources"] if each["status"] == "denied"]
    assert [each["name"] for each in lacking] == ["sections"]
    assert "developer key" in lacking[0]["detail"]
    assert len(roster["data"]) == 64
    assert "Not everything is here" in page
    again = sign_in(easel, "dozen")
    assert again.get(f"{easel.url}/courses.json", timeout=60).json()["complete"] is True


def test_key_without_the_latest_scope_loses_nothing_else(start_easel: StartEasel) -> None:
    """As after an upgrade: features that the key granted before stay."""
    easel = start_easel(key="scoped_includes", scopes="auto")
    easel.canvas.control(settings={"scopes_off": sorted(LATEST_SCOPES)})

    teacher, admin = sign_in(easel, "teacher"), sign_in(easel, "admin")
    roster = teacher.get(f"{easel.url}/courses/4101/roster.json", timeout=60).json()
    found = admin.get(f"{easel.url}/admin/courses.json?q=biology", timeout=60).json()

    assert roster["complete"] is True
    assert (found["data"], found["complete"]) == ([], False)
    (denied,) = [each for each in found["sources"] if each["status"] == "denied"]
    assert "developer key" in denied["detail"]


def test_key_without_a_scope_of_all_is_asked_three_times_at_most(start_easel: StartEasel) -> None:
    easel = start_easel(key="scoped_includes", scopes="auto")
    easel.canvas.control(settings={"scopes_off": [COURSES]})
    browser = easel.browser()

    page = browser.get(f"{easel.url}/login", timeout=30)

    assert page.status_code == 502
    assert COURSES in page.text
