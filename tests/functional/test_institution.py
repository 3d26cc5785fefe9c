"""The institution's name, logo, colour and links: on every page, and in no data."""

import re

import pytest

from canvas_app.institution import Accent, Institution, Logo

from .conftest import RunningEasel, StartEasel, sign_in
from .test_feed import fetch, make_feed

pytestmark = pytest.mark.anyday

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
EXAMPLE = Institution(
    name="École <Example>",
    logo=Logo("image/svg+xml", SVG),
    accent=Accent("#a01a56", "#f68fbe"),
    imprint_url="https://example.edu/imprint?a=1&b=2",
    privacy_url="https://example.edu/privacy",
    support_url="mailto:help@example.edu",
)
NAME = "École &lt;Example&gt;"


@pytest.fixture
def school(start_easel: StartEasel) -> RunningEasel:
    return start_easel(institution=EXAMPLE)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/help/keyboard", 200), ("/nowhere", 404), ("/login?environment=none", 404)],
)
def test_pages_of_strangers(school: RunningEasel, path: str, status: int) -> None:
    answer = school.browser().get(f"{school.url}{path}", timeout=30)

    assert answer.status_code == status
    shows_all(answer.text)
    assert ("Help of your school" in answer.text) == (status == 404)


@pytest.mark.parametrize("path", ["/", "/courses", "/upcoming", "/submissions", "/account"])
def test_pages_of_people(school: RunningEasel, path: str) -> None:
    shows_all(sign_in(school, "dozen").get(f"{school.url}{path}", timeout=60).text)


def shows_all(text: str) -> None:
    head = text.partition("<main")[0]
    assert f"{NAME}</title>" in head
    assert f'<bdi class="school">{NAME}</bdi>' in head
    assert '<img class="logo"' in head
    assert "/institution/accent.css?v=a01a56" in head
    foot = text.rpartition("<footer")[2]
    for url in ("https://example.edu/imprint?a=1&amp;b=2", "https://example.edu/privacy"):
        assert f'href="{url}"' in foot
    assert 'href="mailto:help@example.edu"' in foot


def test_no_twin_and_no_table_changes(school: RunningEasel, start_easel: StartEasel) -> None:
    plain = start_easel()
    ours, others = sign_in(school, "dozen"), sign_in(plain, "dozen")
    for path in ("/courses.json", "/submissions.csv"):
        one, other = (
            b.get(f"{e.url}{path}", timeout=60) for b, e in ((ours, school), (others, plain))
        )
        assert without_moments(one.text) == without_moments(other.text)
    feed = fetch(make_feed(school, ours)).text
    assert "Example" not in feed.replace("example.edu", "")


def without_moments(text: str) -> str:
    return re.sub(r'"(fetched_at|as_of)":\s*"[^"]*"', "", text)


def test_logo_can_do_nothing(school: RunningEasel) -> None:
    """An SVG opened by itself is a document, and its scripts must not run with Easel's origin."""
    page = school.browser().get(f"{school.url}/", timeout=30).text
    address = re.search('<img class="logo" src="([^"]+)"', page)
    assert address
    answer = school.browser().get(f"{school.url}{address[1]}", timeout=30)

    assert answer.content == SVG
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "script" not in answer.headers["Content-Security-Policy"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"].startswith("public")


def test_accent_has_both_appearances(school: RunningEasel) -> None:
    answer = school.browser().get(f"{school.url}/institution/accent.css", timeout=30)

    assert answer.headers["Content-Type"].startswith("text/css")
    assert "--link: light-dark(#a01a56, #f68fbe)" in answer.text


def test_below_a_path(start_easel: StartEasel) -> None:
    easel = start_easel(prefix="/easel", institution=EXAMPLE)
    text = easel.browser().get(f"{easel.url}/", timeout=30).text

    assert 'src="/easel/institution/logo' in text


def test_nothing_without_settings(easel: RunningEasel) -> None:
    browser = easel.browser()
    text = browser.get(f"{easel.url}/", timeout=30).text

    assert "institution" not in text
    for path in ("logo", "accent.css"):
        assert browser.get(f"{easel.url}/institution/{path}", timeout=30).status_code == 404
