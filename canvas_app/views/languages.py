"""The language of a page: the available one that best fits the browser's preference.

English is in the templates themselves. Another language is
``canvas_app/translations/<locale>/LC_MESSAGES/messages.mo`` (made by ``pybabel``), and is offered
as soon as that file exists. The browser decides, not Canvas, because a page's shell is sent before
Canvas answers; dates and numbers follow the person's Canvas locale.

``pybabel extract --mapping-file=pyproject.toml --output-file=messages.pot .`` collects the
sentences. Sentences written by the services or by Canvas are not translated.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.numbers import format_decimal
from babel.support import Translations
from flask import Flask, g, has_request_context, request
from markupsafe import Markup, escape

FOLDER = Path(__file__).resolve().parent.parent / "translations"
ENGLISH = "en"


def init_app(app: Flask) -> None:
    """Give templates ``_``, ``ngettext``, ``{% trans %}`` and ``language()``."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, ngettext, newstyle=True
    )
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    # Jinja's own functions format a sentence anew each time: a third of a long page's time.
    app.jinja_env.globals.update(_=sentence, gettext=sentence, ngettext=counted, language=language)
    app.jinja_env.filters["figure"] = figure


def available() -> tuple[str, ...]:
    """Return English and every locale that has a compiled catalogue."""
    found = (path.parts[-3] for path in FOLDER.glob("*/LC_MESSAGES/messages.mo"))
    return (ENGLISH, *sorted(found))


def language() -> Locale:
    """Return the language of this request's page."""
    if not has_request_context():
        return Locale(ENGLISH)
    chosen: Locale | None = g.get("language")
    if chosen is None:
        asked = [name.replace("-", "_") for name in request.accept_languages.values()]
        chosen = g.language = Locale.parse(negotiate_locale(asked, available()) or ENGLISH)
    return chosen


@contextmanager
def in_english() -> Iterator[None]:
    """Use English inside this context, whatever the language of this request's page."""
    before = language(), request_catalogue()
    g.language, g.catalogue = Locale(ENGLISH), catalogue(FOLDER, ENGLISH)
    try:
        yield
    finally:
        g.language, g.catalogue = before


def gettext(message: str) -> str:
    """Return a sentence in the page's language."""
    return request_catalogue().gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """Return a sentence with a count, in the right plural form of the page's language."""
    return request_catalogue().ngettext(one, many, count)


def request_catalogue() -> NullTranslations:
    """Return the catalogue of this request's language, kept because a page uses it so often."""
    if not has_request_context():
        return catalogue(FOLDER, ENGLISH)
    found: NullTranslations | None = g.get("catalogue")
    if found is None:
        found = g.catalogue = catalogue(FOLDER, str(language()))
    return found


def counted(one: str, many: str, count: int, **named: object) -> Markup:
    """Return a template's sentence with a count; ``%(num)s`` is the count unless it is given."""
    return filled(ngettext(one, many, count), {"num": figure(count), **named})


def sentence(message: str, **named: object) -> Markup:
    """Return a template's sentence with its names filled in."""
    said = gettext(message)
    return filled(said, named) if named else whole(said)


def filled(said: str, named: dict[str, object]) -> Markup:
    """Return a sentence, which may hold markup, with these names filled in and escaped."""
    safe = {name: escape(value) for name, value in named.items()}
    return Markup(said % safe)  # noqa: S704 - ours, with escaped names


@lru_cache(maxsize=4096)  # the sentences of the templates, in each available language
def whole(said: str) -> Markup:
    """Return a sentence that has no names to fill in; its doubled per cent signs become single."""
    return filled(said, {})


def figure(count: int) -> str:
    """Return a count as the page's language writes it: 1,234."""
    return figure_text(count, language())


@lru_cache(maxsize=4096)  # because a page shows the same few counts again and again
def figure_text(count: int, locale: Locale) -> str:
    return format_decimal(count, locale=locale)


@lru_cache
def catalogue(folder: Path, locale: str) -> NullTranslations:
    """Return a language's catalogue; an empty one for English."""
    return Translations.load(folder, [locale]) if locale != ENGLISH else NullTranslations()
