"""Pages in another language: an existing catalogue is used, with its direction and plurals."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask, render_template_string

from canvas_app.domain.calendar import Person
from canvas_app.services.pages import Page
from canvas_app.views import languages, wording

SKIP = "Skip to content"


def folder_with(tmp_path: Path, locale: str, **plural: str) -> Path:
    """A folder that holds one small catalogue."""
    catalog = Catalog(locale=locale)
    catalog.add(SKIP, f"<{locale}> & on")
    catalog.add(("%(num)s hat", "%(num)s hats"), tuple(plural.values()) or ("%(num)s", "%(num)s"))
    written = BytesIO()
    write_mo(written, catalog)
    home = tmp_path / locale / "LC_MESSAGES"
    home.mkdir(parents=True)
    (home / "messages.mo").write_bytes(written.getvalue())
    return tmp_path


@pytest.fixture
def app() -> Iterator[Flask]:
    made = Flask(__name__)
    languages.init_app(made)
    languages.catalogue.cache_clear()
    yield made
    languages.catalogue.cache_clear()


def said(app: Flask, template: str, asked: str | None) -> str:
    headers = {"Accept-Language": asked} if asked else {}
    with app.test_request_context(headers=headers):
        return render_template_string(template)


TEMPLATE = "{{ language() }} {{ language().text_direction }} {{ _('Skip to content') }}"


@pytest.mark.parametrize("asked", [None, "en", "en-GB", "de", "xx;q=1", "*", ";;;"])
def test_english_needs_no_catalogue(app: Flask, asked: str | None) -> None:
    assert said(app, TEMPLATE, asked) == f"en ltr {SKIP}"


def test_a_catalogue_that_is_there_is_used(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(languages, "FOLDER", folder_with(tmp_path, "ar"))

    assert said(app, TEMPLATE, "ar-EG,en;q=0.5") == "ar rtl <ar> & on"
    assert said(app, TEMPLATE, "de,en;q=0.5") == f"en ltr {SKIP}"


def test_plurals_are_the_languages_own(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = {"one": "%(num)s kapelusz", "few": "%(num)s kapelusze", "many": "%(num)s kapeluszy"}
    monkeypatch.setattr(languages, "FOLDER", folder_with(tmp_path, "pl", **forms))
    hats = "{{ ngettext('%(num)s hat', '%(num)s hats', n) }}"

    for count, word in ((1, "kapelusz"), (3, "kapelusze"), (5, "kapeluszy")):
        template = f"{{% set n = {count} %}}{hats}"
        assert said(app, template, "pl") == f"{count} {word}"
    assert said(app, "{% set n = 2 %}" + hats, "en") == "2 hats"


def test_english_is_spoken_where_no_request_is(app: Flask) -> None:
    with app.app_context():
        assert languages.language().language == "en"


NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
DUE = NOW + timedelta(days=3)


@pytest.mark.parametrize(
    ("asked", "person", "marked"),
    [
        ("en", "en", ""),
        ("en", "es", ' lang="es" dir="ltr"'),
        ("en", "ar", ' lang="ar" dir="rtl"'),
        ("ar", "en", ' lang="en" dir="ltr"'),
        ("ar", "ar", ""),
    ],
)
def test_a_date_says_its_language_where_it_is_not_the_pages(
    app: Flask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    person: str,
    marked: str,
) -> None:
    monkeypatch.setattr(languages, "FOLDER", folder_with(tmp_path, "ar"))
    page = Page(now=NOW, profile=Person(time_zone="UTC", locale=person))

    with app.test_request_context(headers={"Accept-Language": asked}):
        for written in (
            wording.when(DUE, page),
            wording.clock(DUE, page),
            wording.day(DUE.date(), page),
            wording.away(DUE.date(), page),
            wording.span(NOW.date(), DUE.date(), page),
        ):
            assert re.findall(' lang="[^"]*" dir="[^"]*"', written) == [marked] * bool(marked)


def test_counts_are_written_as_the_language_does(app: Flask) -> None:
    hats = "{{ ngettext('%(num)s hat', '%(num)s hats', 1200) }}"

    assert said(app, hats, "en") == "1,200 hats"
    named = "{{ ngettext('%(num)s hat', '%(num)s hats', 2, num='<2') }}"
    assert said(app, named, "en") == "&lt;2 hats"
