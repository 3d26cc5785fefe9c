"""Every page in a made-up language: text that stays English cannot be translated."""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pytest
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import request

from canvas_app.troubles import STATUS, Trouble
from canvas_app.views import languages
from tests.conftest import ROOT
from tests.functional.conftest import RunningEasel, form_to, send, sign_in

LOCALE = "eo"
OPEN, CLOSE = "⟦", "⟧"
SHOWN = {"title", "aria-label", "placeholder", "alt", "data-label"}
NOT_READ = {"script", "style", "kbd", "textarea", "time", "bdi"}  # dates and names stay as they are
VOID = {"meta", "link", "input", "br", "hr", "img"}


def collected(tmp_path: Path) -> Catalog:
    """Return what ``pybabel extract`` finds, run as languages.py says."""
    template = tmp_path / "messages.pot"
    mapping = f"--mapping-file={ROOT / 'pyproject.toml'}"
    CommandLineInterface().run(
        ["pybabel", "-q", "extract", mapping, f"--output-file={template}", str(ROOT)]
    )
    with template.open("rb") as file:
        return read_po(file)


def bracket(text: str) -> str:
    """Put the sentence's own words in brackets, and what is filled in outside of them."""
    return OPEN + re.sub(r"%\(\w+\)s", rf"{CLOSE}\g<0>{OPEN}", text) + CLOSE


def ids_of(message: str | tuple[str, ...]) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(message)


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Make a language that puts every sentence in brackets."""
    catalog = Catalog(locale=LOCALE)
    for message in collected(tmp_path):
        if message.id:
            forms = ids_of(message.id)
            bracketed = tuple(bracket(form) for form in forms)
            catalog.add(message.id, bracketed if len(forms) > 1 else bracketed[0])
    written = BytesIO()
    write_mo(written, catalog)
    home = tmp_path / "translations" / LOCALE / "LC_MESSAGES"
    home.mkdir(parents=True)
    (home / "messages.mo").write_bytes(written.getvalue())
    monkeypatch.setattr(languages, "FOLDER", tmp_path / "translations")
    languages.catalogue.cache_clear()
    yield LOCALE
    languages.catalogue.cache_clear()


class Words(HTMLParser):
    """A page's text and spoken attributes, without Canvas's and what is in another language."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[tuple[str, bool]] = []
        self.page_language = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.page_language = self.page_language or given.get("lang", "")
        foreign = given.get("lang", self.page_language) != self.page_language
        silent = foreign or given.get("class") == "rich" or tag in NOT_READ
        if not (silent or self.silent):
            self.found += (given[name] for name in SHOWN & set(given))
        if tag not in VOID:
            self.open.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self.silent:  # each line of a list that is ready to copy is one of its members
            listed = bool(self.open) and self.open[-1][0] == "pre"
            self.found += data.splitlines() if listed else [data]

    @property
    def silent(self) -> bool:
        return any(silent for _, silent in self.open)


def bare(page: str) -> set[str]:
    """Return the parts of a page's text that are outside all brackets and have a letter."""
    words = Words()
    words.feed(page)
    depth = 0
    outside = set()
    for text in words.found:
        kept = ""
        for character in text:
            if character == OPEN:
                depth += 1
            elif character == CLOSE:
                depth -= 1
            elif not depth:
                kept += character
        assert depth >= 0
        outside |= pieces(kept)
    assert depth == 0
    return outside


def pieces(text: str) -> set[str]:
    """Return the parts of a text that have letters: list members, without signs around them."""
    parts = re.split(r", | – | · |/|<[^>]*>", " ".join(unescape(text).split()))
    return {bared for part in parts if (bared := re.sub(r"^[\W\d_]+|[\W\d_]+$", "", part))}


def strings(value: Any) -> Iterator[str]:
    """Every text in a JSON answer."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)


TWINS = ("/dashboard", "/courses", "/upcoming", "/submissions")
SEARCH = "/search?q=essay"
FURTHER = (
    "/courses?arrange=1",
    "/courses?q=nothing-like-it",
    "/upcoming?show=missing&status=due",
    "/upcoming?week=2026-W47",
    "/submissions?sort=score&status=graded",
    "/submissions?q=nothing-like-it",
    "/search?q=nothing-like-it",
    "/account",
    "/account/feeds",
    "/help/keyboard",
)
NAMED = {"odd", "uri", "odd uri", "a", "b", "a b", "Teapot", "No"}  # on error pages
NAMESAKES = {"Assignments", "Later"}  # a group and a grading period of the campus, too
PROPER = {"Easel", "Canvas", "production", "http", "nothing-like-it"}
ZONES = {piece for zone in available_timezones() for piece in pieces(zone.replace("_", " "))}


@pytest.mark.parametrize("person", ["dozen", "teacher", "newcomer"])
def test_no_word_of_easel_stays_english(
    easel: RunningEasel, made_up: str, tmp_path: Path, person: str
) -> None:
    browser = sign_in(easel, person)
    browser.headers["Accept-Language"] = made_up

    def read(path: str) -> Any:
        answer = browser.get(easel.url + path, timeout=30)
        assert answer.ok, path
        return answer.json() if ".json" in path else answer.text

    twins = {path: read(f"{path}.json") for path in TWINS} | {SEARCH: read("/search.json?q=essay")}
    courses = [row["id"] for row in twins["/courses"]["data"] if not row["restricted"]]
    work = {row["status"]: row for row in twins["/submissions"]["data"]}.values()
    for path in (
        *(f"/courses/{id}{page}" for id in courses for page in ("", "/grades")),
        *(f"/courses/{row['course_id']}/assignments/{row['assignment_id']}" for row in work),
    ):
        twins[path] = read(f"{path}.json")
    sentences = {form for message in collected(tmp_path) for form in ids_of(message.id)}
    data = {piece for twin in twins.values() for text in strings(twin) for piece in pieces(text)}
    known = (data - sentences) | NAMESAKES | PROPER | ZONES | {easel.canvas.person(person)["name"]}

    wrong = {}
    for path in (*twins, *FURTHER):
        page = read(path.replace("/dashboard", "/"))
        assert f'<html lang="{made_up}" dir="ltr"' in page
        wrong[path] = bare(page) - known
    assert {path: texts for path, texts in wrong.items() if texts} == {}


def test_the_page_before_sign_in_is_in_its_language(easel: RunningEasel, made_up: str) -> None:
    page = easel.browser().get(easel.url, headers={"Accept-Language": made_up}, timeout=30).text

    assert bare(page) <= PROPER


def test_what_is_missing_is_said_in_the_pages_language(easel: RunningEasel, made_up: str) -> None:
    planner = {"path": "/api/v1/planner/items", "kind": "status", "status": 503, "times": None}
    denied = {
        "path": "/api/v1/users/self/missing_*",
        "kind": "status",
        "status": 403,
        "times": None,
    }
    easel.canvas.control(faults=[planner, denied])
    browser = sign_in(easel, "dozen")
    browser.headers["Accept-Language"] = made_up

    sources = browser.get(f"{easel.url}/upcoming.json", timeout=30).json()["sources"]
    why = {piece for source in sources for piece in pieces(source["detail"])}

    for path in ("/", "/upcoming", "/upcoming?show=due"):
        page = browser.get(easel.url + path, timeout=30).text
        alert = page[page.index('<div class="alert"') : page.index("</ul>", page.index('"alert"'))]
        assert len(re.findall(f"{OPEN}[^{CLOSE}]+{CLOSE}", alert)) > 4
        assert bare(alert) <= why


def test_a_message_is_in_the_pages_language(easel: RunningEasel, made_up: str) -> None:
    browser = sign_in(easel, "dozen")
    browser.headers["Accept-Language"] = made_up
    page = browser.get(f"{easel.url}/courses?arrange=1", timeout=30)

    answer = send(browser, page, form_to(page, "/favorite"))

    told = re.search(r'<form class="notice".*?</form>', answer.text, re.DOTALL)
    assert told
    assert told[0].count(OPEN) == told[0].count(CLOSE) >= 2


def test_error_pages_are_in_the_pages_language(easel: RunningEasel, made_up: str) -> None:
    """Each error page is translated; what it quotes stays as it is."""
    facts = {"error": "odd", "redirect_uri": "uri", "scopes": ("a", "b"), "reason": "Teapot"}

    @easel.app.get("/trouble/<code>")
    def trouble(code: str) -> str:
        unfinished = request.args.get("unfinished")
        raise Trouble(code, **facts, signed_in=False, canvas_message="No", unfinished=unfinished)

    ways = ("sign_in", "finishing", "form", "callback")
    codes = [*STATUS, *(f"sessions_away?unfinished={each}" for each in ways)]
    wrong = {}
    for code in codes:
        answer = easel.browser().get(
            f"{easel.url}/trouble/{code}", headers={"Accept-Language": made_up}, timeout=30
        )
        assert answer.status_code == STATUS[code.partition("?")[0]]
        page = answer.text.replace(answer.headers["X-Request-Id"], "")
        wrong[code] = bare(page) - PROPER - NAMED
    assert {code: texts for code, texts in wrong.items() if texts} == {}


def test_every_sentence_can_be_collected(tmp_path: Path) -> None:
    found = {form for message in collected(tmp_path) for form in ids_of(message.id)}

    assert len(found) > 400
    assert {"Skip to content", "%(num)s students", "Today"} <= found
    for template in sorted((ROOT / "templates").rglob("*.html")):
        source = template.read_text()
        for said in re.findall(r"\b(?:_|ngettext)\(\s*([^)]{0,12})", source):
            assert said.startswith(('"', "'")), f"{template.name}: _({said}"
