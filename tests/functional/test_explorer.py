"""The API explorer shows developers what Canvas answers them, and changes nothing."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from .conftest import RunningEasel, StartEasel, form_to, forms, send, sign_in, to_consent

pytestmark = pytest.mark.anyday


def explore(
    easel: RunningEasel, browser: requests.Session, path: str, **fields: str
) -> requests.Response:
    page = browser.get(f"{easel.url}/explorer", timeout=30)
    assert page.status_code == 200
    return send(browser, page, form_to(page, "/explorer"), path=path, **fields)


def calls(easel: RunningEasel) -> int:
    return sum(sum(found.values()) for found in easel.canvas.stats()["calls"].values())


def test_answer_is_shown(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    page = explore(easel, browser, "/api/v1/courses?per_page=2&include[]=term")

    text = html.unescape(page.text)
    assert page.status_code == 200
    assert "GET /api/v1/courses?per_page=2&include[]=term" in text
    assert "Cost 0.05" in text
    assert re.search(r'<meter min="0" max="600\.0" .*value="\d+', page.text)
    assert "<summary>term {" in text
    assert 'curl --request GET --header "Authorization: Bearer $CANVAS_TOKEN"' in text
    assert "canvas.paginate(" in text
    assert "X-Request-Context-Id" in text
    assert easel.canvas.token("dozen") not in page.text


def test_pages_are_followed(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    page = explore(easel, browser, "courses?per_page=2")

    to_next = [form for form in forms(page) if "page=2" in form["fields"].get("path", "")]
    assert to_next
    second = send(browser, page, to_next[0])
    assert "page=2&per_page=2" in html.unescape(second.text)
    assert second.status_code == 200


def test_answer_is_searched(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    page = explore(easel, browser, "users/self", find="lindqvist")

    assert "places with “lindqvist”" in page.text
    assert "name: Maya Lindqvist" in page.text


@pytest.mark.parametrize(
    ("path", "status"), [("courses/6001", 403), ("courses/999999999", 404), ("nothing", 501)]
)
def test_refusals_are_shown_as_they_are(easel: RunningEasel, path: str, status: int) -> None:
    page = explore(easel, sign_in(easel, "dozen"), path)

    assert page.status_code == 200
    assert f'<h2 id="answer">{status}' in page.text
    assert "errors" in page.text


@pytest.mark.parametrize(
    "path",
    [
        "https://elsewhere.example/api/v1/users/self",
        "users/self?as_user_id=2",
        "courses/4101/students/submissions?include[]=read_status",
        "/api/v1/courses/:id",
        "/api/v1/../login",
    ],
)
def test_what_it_refuses_is_not_asked(easel: RunningEasel, path: str) -> None:
    browser = sign_in(easel, "dozen")
    before = calls(easel)
    page = explore(easel, browser, path)

    assert page.status_code == 400
    assert "Nothing was asked." in page.text
    assert calls(easel) == before


def test_scopes_bound_it(start_easel: StartEasel) -> None:
    easel = start_easel("scoped_includes", scopes="auto")
    browser = sign_in(easel, "dozen")

    assert explore(easel, browser, "courses").status_code == 200
    outside = explore(easel, browser, "users/self/page_views")
    assert outside.status_code == 400
    assert "scopes" in outside.text


def test_history_stays_in_the_browser(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    for path in ("users/self", "courses?per_page=1", "users/self"):
        explore(easel, browser, path)
    page = browser.get(f"{easel.url}/explorer", timeout=30)

    asked = [form["fields"].get("path") for form in forms(page)]
    assert [each for each in asked if each] == ["/api/v1/users/self", "/api/v1/courses?per_page=1"]
    other = sign_in(easel, "many").get(f"{easel.url}/explorer", timeout=30)
    assert "Asked before" not in other.text


def test_large_answers_are_text(easel: RunningEasel) -> None:
    """What a browser could not fold quickly is shown whole, as text."""
    browser = sign_in(easel, "many")
    page = explore(easel, browser, "courses?per_page=100&include[]=term")

    assert '<pre class="code panel"' in page.text
    assert "<summary>term" not in page.text


def test_answers_above_two_megabytes_are_not_read(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    long = [(r"^.*$", "[" + "1," * 1_100_000 + "1]")]
    fault = {"path": "/api/v1/users/self", "kind": "rewrite", "rewrite": long}
    easel.canvas.control(faults=[fault])
    page = explore(easel, browser, "users/self")

    assert "larger than 2,097,152 bytes" in page.text


def test_html_and_hostile_text_are_text(easel: RunningEasel) -> None:
    browser = sign_in(easel, "hostile")
    easel.canvas.control(faults=[{"path": "/api/v1/users/self", "kind": "html"}])
    page = explore(easel, browser, "users/self")
    courses = explore(easel, browser, "courses")

    assert "&lt;html" in page.text.lower()
    assert "<script>alert" not in courses.text


def test_one_call_at_a_time(easel: RunningEasel) -> None:
    """A second call is refused, not queued, because the first may take long."""
    browser = sign_in(easel, "dozen")
    page = browser.get(f"{easel.url}/explorer", timeout=30)
    form = form_to(page, "/explorer")
    easel.canvas.control(faults=[{"path": "/api/v1/users/self", "kind": "slow", "seconds": 3}])

    def ask(path: str) -> int:
        return send(browser, page, form, path=path).status_code

    with ThreadPoolExecutor(2) as threads:
        statuses = sorted(threads.map(ask, ["users/self", "users/self"]))
    assert statuses == [200, 429]
    assert ask("courses") == 200


def test_not_while_acting(easel: RunningEasel) -> None:
    admin = easel.browser()
    page = to_consent(easel, "admin", admin)
    home = admin.get(f"{easel.canvas.url}/", timeout=10)
    who = easel.canvas.person("dozen")["id"]
    send(admin, home, form_to(home, f"/users/{who}/masquerade"))
    page = admin.get(f"{easel.url}/login", timeout=10)
    page = send(admin, page, form_to(page, "/login/oauth2/accept"))
    answer = admin.get(f"{easel.url}/explorer", timeout=10)

    assert answer.status_code == 403
    assert "only for your own account" in answer.text


@pytest.mark.parametrize("off", ["explorer", "explorer:student"])
def test_off_by_a_setting(start_easel: StartEasel, off: str) -> None:
    easel = start_easel(features_off=frozenset({off}))
    browser = sign_in(easel, "dozen")

    assert browser.get(f"{easel.url}/explorer", timeout=30).status_code == 404
    assert "/explorer" not in browser.get(f"{easel.url}/account", timeout=30).text


def test_strangers_sign_in_first(easel: RunningEasel) -> None:
    answer: Any = easel.browser().get(f"{easel.url}/explorer", timeout=30, allow_redirects=False)
    assert answer.status_code == 302


def test_account_leads_there(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    assert 'href="/explorer"' in browser.get(f"{easel.url}/account", timeout=30).text


def test_form_from_elsewhere_is_refused(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    before = calls(easel)
    answer = browser.post(f"{easel.url}/explorer", data={"path": "users/self"}, timeout=30)

    assert answer.status_code == 400
    assert calls(easel) == before
