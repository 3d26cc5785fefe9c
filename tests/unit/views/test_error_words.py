"""The words of error pages: complete for each code, plain text, English in the log."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask

from canvas_app import TEMPLATES
from canvas_app.troubles import STATUS, Trouble
from canvas_app.views import languages
from canvas_app.views.error_words import logged_words_of, words_of

FACTS: dict[str, Any] = {
    "signed_in": True,
    "error": "server_error",
    "redirect_uri": "https://easel.example.edu/oauth/callback",
    "asked": "",
    "scopes": ("url:GET|/api/v1/courses", "url:GET|/api/v1/planner/items"),
    "method": "GET",
    "path": "/api/v1/courses",
    "canvas_message": "5 < 6 & more",
    "reason": "Teapot",
    "unfinished": "form",
    "issuer": "https://canvas.instructure.com",
    "client_id": "10000000000042",
    "detail": "1:8865aa05b4b79b64a91a86042e43af5ea8ae79eb",
    "name": "Maya Lindqvist",
    "revoked": True,
}


@pytest.fixture
def app() -> Iterator[Flask]:
    made = Flask(__name__, template_folder=str(TEMPLATES))
    made.jinja_env.trim_blocks = made.jinja_env.lstrip_blocks = True
    languages.init_app(made)
    languages.catalogue.cache_clear()
    with made.test_request_context():
        yield made
    languages.catalogue.cache_clear()


@pytest.mark.parametrize("code", STATUS)
def test_each_code_says_what_happened_and_what_to_do(app: Flask, code: str) -> None:
    """With a title; nothing is markup, and no sentence runs into the next."""
    words = words_of(Trouble(code, **FACTS))

    for text in (words.title, words.happened, words.what_to_do):
        assert text
        assert "\n" not in text
    for text in (words.title, words.happened, words.what_to_do, words.for_admin):
        assert "<" not in text.replace(FACTS["canvas_message"], "")
        assert "&#" not in text
        assert "  " not in text
        assert text == text.strip()


@pytest.mark.parametrize("code", ["not_allowed", "canvas_refused_request"])
def test_canvas_is_quoted_as_it_spoke(app: Flask, code: str) -> None:
    """The page escapes it, once."""
    assert words_of(Trouble(code, **FACTS)).for_admin == "Canvas says: 5 < 6 & more"
    assert words_of(Trouble(code, **FACTS | {"canvas_message": None})).for_admin == ""


def test_scopes_to_paste_stand_on_lines_of_their_own(app: Flask) -> None:
    """Canvas's form takes them one by one."""
    told = words_of(Trouble("invalid_scope", **FACTS)).for_admin

    assert told.startswith("The key enforces scopes: set CANVAS_SCOPES=auto. In Canvas (Admin,")
    assert told.splitlines()[1:] == list(FACTS["scopes"])
    assert (
        "CANVAS_SCOPES"
        not in words_of(Trouble("invalid_scope", **FACTS | {"asked": "x"})).for_admin
    )


@pytest.mark.parametrize(
    ("unfinished", "happened", "what_to_do"),
    [
        ("sign_in", "Nobody was signed in.", "sign in again"),
        ("finishing", "Your sign-in is not finished.", "load this page again"),
        ("form", "Nothing was done.", "send the form again"),
        ("callback", "you are still signed in as before.", "load this page again"),
    ],
)
def test_what_the_lost_session_store_left_undone(
    app: Flask, unfinished: str, happened: str, what_to_do: str
) -> None:
    """Each place that needs the store says what was not done."""
    words = words_of(Trouble("sessions_away", **FACTS | {"unfinished": unfinished}))

    assert happened in words.happened
    assert what_to_do in words.what_to_do


def test_a_form_that_came_too_late_is_named(app: Flask) -> None:
    """By its endpoint; for other forms there is a general sentence."""
    named = words_of(Trouble("signed_out", form="planner.add_note"))
    other = words_of(Trouble("signed_out", form="nowhere", ended_by_canvas=True))

    assert named.happened == "This browser is signed out of Easel. The note was not saved."
    assert other.happened == "Canvas has ended Easel's access. What you sent was not done."


def test_a_sign_in_may_have_left_another_one(app: Flask) -> None:
    """An earlier sign-in is still valid."""
    before = words_of(Trouble("access_denied", signed_in=True)).happened
    nobody = words_of(Trouble("access_denied", signed_in=False)).happened

    assert "still signed in" in before
    assert "Nobody was signed in" in nobody


def test_the_log_is_english(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the language of the page, before and after."""
    catalog = Catalog(locale="de")
    catalog.add("Page not found", "Seite nicht gefunden")
    written = BytesIO()
    write_mo(written, catalog)
    home = tmp_path / "de" / "LC_MESSAGES"
    home.mkdir(parents=True)
    (home / "messages.mo").write_bytes(written.getvalue())
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    trouble = Trouble("http_404")

    with app.test_request_context(headers={"Accept-Language": "de"}):
        titles = [of(trouble).title for of in (words_of, logged_words_of, words_of)]

    assert titles == ["Seite nicht gefunden", "Page not found", "Seite nicht gefunden"]
