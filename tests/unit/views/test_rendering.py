"""Dates, numbers, colours and HTML from Canvas, as people get to see them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from markupsafe import Markup

from canvas_app.canvas.errors import Unavailable
from canvas_app.services.dates import Profile
from canvas_app.services.pages import Page
from canvas_app.views import rendering

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)  # a Monday


def page(locale: str = "en-GB", zone: str = "Europe/Berlin") -> Page:
    return Page(profile=Profile(time_zone=zone, locale=locale), now=NOW)


def text(markup: Markup) -> str:
    return markup.striptags().replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (NOW + timedelta(hours=3), "Today 12:00, in 3 hours"),
        (NOW + timedelta(days=1), "Tomorrow 09:00"),
        (NOW - timedelta(days=1), "Yesterday 09:00"),
        (NOW + timedelta(days=3), "Thursday 09:00, in 3 days"),
        (NOW - timedelta(days=6), "Tue 17 Nov 09:00, 6 days ago"),
        (NOW + timedelta(days=21), "Mon 14 Dec 09:00, in 3 weeks"),
        (datetime(2025, 3, 1, 23, 30, tzinfo=UTC), "2 Mar 2025 00:30, 2 years ago"),
    ],
)
def test_a_moment_is_said_as_people_say_it(moment: datetime, said: str) -> None:
    assert text(rendering.when(moment, page())) == said


def test_a_moment_is_exact_for_machines_and_on_hover() -> None:
    shown = rendering.when(NOW, page())
    assert 'datetime="2026-11-23T08:00:00+00:00"' in shown
    assert "Europe/Berlin" in shown
    assert "Monday" in shown


def test_locales_decide_clock_order_and_language() -> None:
    moment = NOW - timedelta(days=6)
    assert text(rendering.when(moment, page("en", "America/New_York"))).startswith(
        "Tue, Nov 17 3:00"
    )
    german = rendering.when(NOW + timedelta(days=3), page("de"))
    assert text(german) == "Donnerstag 09:00, in 3 Tagen"
    assert 'lang="de"' in german
    assert text(rendering.when(NOW + timedelta(days=1), page("xx-nothing"))) == "Tomorrow 9:00 AM"


def test_days_and_clocks_stand_alone() -> None:
    assert text(rendering.day(date(2026, 11, 23), page())) == "Today"
    assert text(rendering.day(date(2026, 11, 26), page())) == "Thursday"
    assert text(rendering.clock(NOW, page())) == "09:00"
    assert text(rendering.when(NOW, page(), all_day=True)) == "Today"
    assert text(rendering.moment(NOW)) == "23 November 2026, 08:00 UTC"


def test_no_moment_is_no_text() -> None:
    assert rendering.when(None, page()) == rendering.clock(None, page()) == ""
    assert rendering.moment(None) == rendering.number(None) == ""


def test_numbers_follow_the_locale() -> None:
    assert rendering.number(1234.5, page("de")) == "1.234,5"
    assert rendering.number(8.0) == "8"
    assert rendering.number(92.456, page()) == "92.46"


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 courses"), (1, "1 course"), (1200, "1,200 courses")]
)
def test_counts_agree_with_their_noun(count: int, said: str) -> None:
    assert rendering.plural(count, "course") == said


def test_an_irregular_plural_is_given() -> None:
    assert rendering.plural(2, "quiz", "quizzes") == "2 quizzes"


@pytest.mark.parametrize(
    ("seconds", "said"), [(20, "1 min"), (3600, "1 h"), (183_600, "2 d 3 h"), (86_400, "1 d")]
)
def test_lateness_is_short(seconds: int, said: str) -> None:
    assert rendering.late_by(seconds) == said


def test_html_from_canvas_runs_loads_and_styles_nothing() -> None:
    clean = rendering.rich(
        "<h1 id=x>Week 1</h1><script>alert(1)</script><p style='color:red' onclick='x()'>a</p>"
        "<img src=http://evil.example/p.png><a href='javascript:x()'>b</a>"
        "<iframe src=x></iframe><style>p{}</style><a href='/files/1'>c</a>",
        "https://canvas.example.edu/courses/1",
    )
    for evil in ("script", "alert", "style", "onclick", "img", "iframe", "<h1", "id="):
        assert evil not in clean
    assert "<h3>Week 1</h3>" in clean
    assert 'href="https://canvas.example.edu/files/1"' in clean
    assert rendering.rich(None) == ""


@pytest.mark.parametrize("name", [None, "", "  ", "\u200b\u202e", "\u3164", "\u00a0\u2800"])
def test_a_name_nobody_can_see_is_replaced(name: str | None) -> None:
    assert rendering.named(name) == "Untitled"
    assert rendering.named("Essay") == "Essay"


def test_only_web_addresses_become_links() -> None:
    assert rendering.weblink("https://canvas.example.edu/") == "https://canvas.example.edu/"
    assert rendering.weblink("javascript:alert(1)") == rendering.weblink(None) == ""


@pytest.mark.parametrize(
    "color", ["#ffff00", "#000000", "#ffffff", "#abc", "1770AB", "red;x", None, "#00ff00"]
)
def test_course_colours_stand_out_on_light_and_dark(color: str | None) -> None:
    readable = rendering.readable(color)
    assert len(readable) == 7
    channels = [int(readable[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    own = rendering.luminance((channels[0], channels[1], channels[2]))
    dark = rendering.luminance((0x14 / 255, 0x17 / 255, 0x1C / 255))
    assert 1.05 / (own + 0.05) >= 3
    assert (own + 0.05) / (dark + 0.05) >= 3


@dataclass
class Stored:
    sign_ins: int
    last_seen: datetime


def test_stored_facts_are_listed_from_records_and_mappings() -> None:
    assert rendering.facts({"sign_ins": 2}) == [("Sign ins", 2)]
    assert rendering.facts(Stored(1, NOW))[1][0] == "Last seen"
    assert rendering.facts(None) == []


def streamed(load: object) -> list[str]:
    app = Flask("easel-test")
    rendering.init_app(app)
    app.jinja_env.globals["load"] = load

    def pieces() -> Iterator[str]:
        template = app.jinja_env.from_string("shell{{ FLUSH }}{{ load() }}")
        return template.generate({})

    app.jinja_loader = None
    app.jinja_env.loader = rendering_loader()
    with app.test_request_context("/upcoming?x=1"):
        return list(rendering.parts(pieces()))


def rendering_loader():  # type: ignore[no-untyped-def]
    from jinja2 import FileSystemLoader

    from tests.conftest import ROOT

    return FileSystemLoader(ROOT / "templates")


def test_the_shell_goes_out_before_the_content_is_asked_for() -> None:
    assert streamed(lambda: "content") == ["shell", "content"]


def fail_with(error: Exception) -> object:
    def load() -> None:
        raise error

    return load


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a mistake"),
        Unavailable(
            "down",
            method="GET",
            path="/",
            status=None,
            request_id=None,
            at=NOW,
            repeat_is_safe=True,
            canvas_message=None,
        ),
    ],
)
def test_what_fails_after_the_shell_is_said_in_place(error: Exception) -> None:
    shell, rest = streamed(fail_with(error))
    assert shell == "shell"
    assert "This page could not be finished" in rest
    assert "Try again" in rest
