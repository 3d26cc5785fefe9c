"""Dates, numbers, colours and HTML from Canvas, as people see them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask, render_template
from markupsafe import Markup

from canvas_app import create_app
from canvas_app.canvas.errors import AuthenticationError, SignInRequired, Unavailable
from canvas_app.domain import contrast
from canvas_app.domain.calendar import Person
from canvas_app.gateway import upgrade_database
from canvas_app.services.pages import FailedPage, Page
from canvas_app.services.upcoming import Upcoming
from canvas_app.sources.answer import Source
from canvas_app.views import colors, rendering, safe_html, streaming, wording
from canvas_app.views.error_words import ErrorWords
from tests.factories import local_settings

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)  # a Monday


def page(locale: str = "en-GB", zone: str = "Europe/Berlin") -> Page:
    return Page(profile=Person(time_zone=zone, locale=locale), now=NOW)


def text(markup: Markup) -> str:
    return markup.striptags().replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (NOW + timedelta(hours=3), "Today 12:00, in 3 hours"),
        (NOW - timedelta(minutes=55), "Today 08:05, 55 minutes ago"),
        (NOW + timedelta(seconds=35), "Today 09:00"),
        (NOW - timedelta(minutes=2, seconds=-20), "Today 08:58, 2 minutes ago"),
        (NOW + timedelta(days=1), "Tomorrow 09:00"),
        (NOW - timedelta(days=1), "Yesterday 09:00"),
        (NOW + timedelta(days=3), "Thursday 09:00, in 3 days"),
        (NOW - timedelta(days=6), "Tue 17 Nov 09:00, 6 days ago"),
        (NOW + timedelta(days=21), "Mon 14 Dec 09:00, in 21 days"),
        (datetime(2025, 3, 1, 23, 30, tzinfo=UTC), "2 Mar 2025 00:30, 2 years ago"),
    ],
)
def test_a_moment_is_said_as_people_say_it(moment: datetime, said: str) -> None:
    assert text(wording.when(moment, page())) == said


def test_the_end_of_today_is_no_day_away() -> None:
    early = Page(profile=Person(time_zone="Europe/Berlin", locale="en-GB"), now=NOW.replace(hour=1))

    shown = text(wording.when(NOW.replace(hour=22, minute=59), early))

    assert shown == "Today 23:59, in 22 hours"


def test_a_moment_is_exact_for_machines_and_on_hover() -> None:
    shown = wording.when(NOW, page())
    assert 'datetime="2026-11-23T08:00:00+00:00"' in shown
    assert "Europe/Berlin" in shown
    assert "Monday" in shown


def test_locales_decide_clock_order_and_language() -> None:
    moment = NOW - timedelta(days=6)
    assert text(wording.when(moment, page("en", "America/New_York"))).startswith("Tue, Nov 17 3:00")
    german = wording.when(NOW + timedelta(days=3), page("de"))
    assert text(german) == "Donnerstag 09:00, in 3 Tagen"
    assert 'lang="de"' in german
    assert text(wording.when(NOW + timedelta(days=1), page("xx-nothing"))) == "Tomorrow 9:00 AM"


def test_a_short_day_follows_the_locale() -> None:
    day = date(2026, 11, 26)
    assert text(wording.short_day(day, page("en-GB"))) == "26 Nov"
    assert text(wording.short_day(day, page("en-US"))) == "Nov 26"
    assert "Thursday" in wording.short_day(day, page("en-GB"))


def test_a_date_says_its_own_language_and_direction() -> None:
    assert 'lang="ar" dir="rtl"' in wording.when(NOW, page("ar"))
    assert 'lang="de" dir="ltr"' in wording.when(NOW, page("de"))
    assert "lang=" not in wording.when(NOW, page("en-GB"))


def test_days_and_clocks_stand_alone() -> None:
    assert text(wording.day(date(2026, 11, 23), page())) == "Today"
    assert text(wording.day(date(2026, 11, 26), page())) == "Thursday"
    assert text(wording.clock(NOW, page())) == "09:00"
    assert text(wording.when(NOW, page(), all_day=True)) == "Today"
    assert text(wording.moment(NOW)) == "23 November 2026, 08:00 UTC"


def test_no_moment_is_no_text() -> None:
    assert wording.when(None, page()) == wording.clock(None, page()) == ""
    assert wording.moment(None) == wording.number(None) == ""


def test_numbers_follow_the_locale() -> None:
    assert wording.number(1234.5, page("de")) == "1.234,5"
    assert wording.number(8.0) == "8"
    assert wording.number(92.456, page()) == "92.46"


@pytest.mark.parametrize(
    ("seconds", "said"), [(20, "1 min"), (3600, "1 h"), (183_600, "2 d 3 h"), (86_400, "1 d")]
)
def test_lateness_is_short(seconds: int, said: str) -> None:
    assert wording.late_by(seconds) == said


def test_html_from_canvas_runs_loads_and_styles_nothing() -> None:
    clean = safe_html.rich(
        "<h1 id=x>Week 1</h1><h2 lang=de>Woche 2</h2><script>alert(1)</script>"
        "<p style='color:red' onclick='x()'>a</p>"
        "<img src=http://evil.example/p.png><a href='javascript:x()'>b</a>"
        "<iframe src=x></iframe><style>p{}</style><a href='/files/1'>c</a>",
        "https://canvas.example.edu/courses/1",
    )
    for evil in ("script", "alert", "style", "onclick", "img", "iframe", "<h1", "id="):
        assert evil not in clean
    assert '<h3>Week 1</h3><h3 lang="de">Woche 2</h3>' in clean
    assert 'href="https://canvas.example.edu/files/1"' in clean
    assert safe_html.rich(None) == ""


@pytest.mark.parametrize("monster", ["<div>" * 200_000, "<ul><li>" * 100_000, "<" * 500_000])
def test_of_monstrous_html_the_text_is_left(monster: str) -> None:
    clean = safe_html.rich(f"<p>Read & <b>see</b></p>{monster}<script>x</script>")

    assert clean.startswith("Read &amp; see")
    for evil in ("<div", "<li", "<script"):
        assert evil not in clean


@pytest.mark.parametrize("name", [None, "", "  ", "\u200b\u202e", "\u3164", "\u00a0\u2800"])
def test_a_name_nobody_can_see_is_replaced(name: str | None) -> None:
    assert wording.named(name) == "Untitled"
    assert wording.named("Essay") == "Essay"


def test_only_web_addresses_become_links() -> None:
    assert safe_html.weblink("https://canvas.example.edu/") == "https://canvas.example.edu/"
    assert safe_html.weblink("javascript:alert(1)") == safe_html.weblink(None) == ""


@pytest.mark.parametrize(
    "color", ["#ffff00", "#000000", "#ffffff", "#abc", "1770AB", "red;x", None, "#00ff00"]
)
def test_course_colours_stand_out_on_light_and_dark(color: str | None) -> None:
    readable = colors.readable(color)
    assert len(readable) == 7
    channels = [int(readable[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    own = contrast.luminance((channels[0], channels[1], channels[2]))
    dark = contrast.luminance((0x14 / 255, 0x17 / 255, 0x1C / 255))
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


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Easel, with nobody signed in and without calls to Canvas."""
    folder = tmp_path_factory.mktemp("instance")
    settings = local_settings(folder)
    upgrade_database(settings)
    app = create_app(settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streaming, "current_sign_in", lambda: None)
        yield app
        app.extensions["easel"].close()


def streamed(app: Flask, load: Callable[[], object]) -> list[str]:
    with app.test_request_context("/upcoming?x=1"):
        answer = streaming.stream_page("upcoming.html", load)
        return [part if isinstance(part, str) else part.decode() for part in answer.response]


def test_the_shell_goes_out_before_the_content_is_asked_for(app: Flask) -> None:
    asked = []

    def load() -> Upcoming:
        asked.append(True)
        return Upcoming(complete=True, now=NOW)

    with app.test_request_context("/upcoming"):
        pieces = iter(streaming.stream_page("upcoming.html", load).response)
        shell = next(pieces)
        assert "<h1>Upcoming</h1>" in str(shell)
        assert not asked
        rest = "".join(str(piece) for piece in pieces)
    assert asked
    assert "You have no courses yet" in rest
    assert "flush" not in rest


def test_early_views_come_between_shell_and_page(app: Flask) -> None:
    early = Upcoming(sources=(Source("planner", "waiting"), Source("todo", "fresh", NOW)), now=NOW)
    whole = Upcoming(sources=(Source("planner", "fresh", NOW),), complete=True, now=NOW)

    with app.test_request_context("/upcoming"):
        answer = streaming.stream_page("upcoming.html", lambda: whole, lambda: iter([early]))
        _, view, rest = (str(piece) for piece in answer.response)

    assert "Still coming" in view
    assert "asked for Planner" in text(Markup(view))  # noqa: S704
    assert view.startswith('<div class="waiting early">')
    assert view.count("<div") == view.count("</div>")
    assert "<main" not in view
    assert ' id="' not in view
    assert "Everything is up to date as of" in rest
    assert rest.rstrip().endswith("</html>")


def test_early_views_leave_their_ids_to_the_whole_page() -> None:
    page = f'<main><h1>x</h1>{streaming.FLUSH}<h2 id="a">A</h2><p aria-labelledby="a">b</p></main>'

    assert streaming.early_view(page) == ('<div class="waiting early"><h2>A</h2><p>b</p></div>\n')


def test_this_pages_address_keeps_filters_alone(app: Flask) -> None:
    with app.test_request_context("/upcoming?course=4&course=5&retry=planner"):
        assert rendering.here() == "/upcoming?course=4&course=5"
        assert rendering.here(retry="work: a&b") == (
            "/upcoming?course=4&course=5&retry=work%3A+a%26b"
        )
    with app.test_request_context("/upcoming?retry=planner"):
        assert rendering.here() == "/upcoming"


def test_many_missing_parts_are_folded(app: Flask) -> None:
    sources = tuple(
        Source(f"submissions: C{n}", "failed", course_id=str(n), course_name=f"C{n}")
        for n in range(9)
    )
    rest = streamed(app, lambda: Upcoming(sources=sources, now=NOW))[1]

    assert "0 of 9 courses up to date" in rest
    assert "3 more parts missing" in rest
    assert "retry=submissions%3A+C8" in rest


def test_old_answers_say_from_when_and_why(app: Flask) -> None:
    at = NOW - timedelta(minutes=12)
    sources = (
        Source("planner", "stale", at, "Canvas did not answer in time.", refreshing=True),
        *(Source(f"work: C{n}", "stale", at, refreshing=True) for n in range(4)),
    )
    whole = text(
        Markup(streamed(app, lambda: Upcoming(sources=sources, complete=True, now=NOW))[1])  # noqa: S704
    )
    assert "Everything is here as of Today 08:" not in whole  # it is 12 minutes older
    assert "12 minutes ago" in whole
    assert "could not be renewed" in whole
    many = tuple(
        Source(f"work: C{n}", "stale", at, "Canvas did not answer in time.") for n in range(9)
    )
    rest = streamed(app, lambda: Upcoming(sources=many, complete=True, now=NOW))[1]
    assert "9 parts could not be renewed. Canvas did not answer in time." in rest
    assert "retry=all" in rest
    mixed = (*sources, Source("todo", "fresh", NOW))
    rest = streamed(app, lambda: Upcoming(sources=mixed, complete=True, now=NOW))[1]
    assert "5 parts of this page are from" in text(Markup(rest))  # noqa: S704


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("a mistake"), "This page could not be finished"),
        (Unavailable("Canvas is down"), "This page could not be finished"),
        (SignInRequired("The grant is over"), "Canvas has ended your sign-in"),
    ],
)
def test_what_fails_after_the_shell_is_said_in_place(
    app: Flask, error: Exception, said: str
) -> None:
    def load() -> None:
        raise error

    shell, rest = streamed(app, load)
    assert "<h1>" in shell
    assert said in rest
    assert "mistake" not in rest


def test_a_page_refused_as_a_whole_offers_the_way_on(app: Flask) -> None:
    ended = streamed(app, lambda: FailedPage(failure=AuthenticationError("no")))[1]
    assert "Sign in again" in ended
    down = streamed(app, lambda: FailedPage(failure=Unavailable("down")))[1]
    assert "Retry" in down


def test_each_source_that_is_not_fresh_is_named(app: Flask) -> None:
    sources = (
        Source("courses", "fresh", NOW),
        Source("planner", "stale", NOW - timedelta(minutes=12), refreshing=True),
        Source("todo", "denied"),
        Source("missing", "partial", NOW, "3 of 5 pages came."),
        Source("colors", "failed"),
    )
    rest = streamed(app, lambda: Upcoming(sources=sources, complete=False, now=NOW))[1]
    for said in (
        "Not everything is here",
        "1 of 5 parts up to date",
        "12 minutes ago",
        "being renewed",
        "Canvas does not share this with you",
        "3 of 5 pages came.",
        "Canvas did not answer",
        "Retry",
    ):
        assert said in rest


def test_an_error_page_stands_while_the_database_is_away(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OSError("no database")

    monkeypatch.setattr(streaming, "current_sign_in", away)
    with app.test_request_context("/"):
        page = render_template(
            "error.html", words=ErrorWords("Easel failed", "A fault.", "Wait.", ""), status=500
        )
    assert "Easel failed" in page
    assert "A fault." in page
    assert "Wait." in page
