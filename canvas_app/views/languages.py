"""Which language a page speaks: the catalogue that fits best what the browser asks for.

English stands in the templates themselves. Another language is
``canvas_app/translations/<locale>/LC_MESSAGES/messages.mo`` (made by ``pybabel``), and is offered
as soon as it is there. The browser is asked, not Canvas, because a page's shell goes out before
Canvas answers; dates and numbers follow the person's Canvas locale.

``pybabel extract --mapping-file=pyproject.toml --output-file=messages.pot .`` collects the
sentences. What the services say in words of their own, and what Canvas says, stays as it is.
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
    # Jinja's own format each sentence anew, which took a third of a long page's time.
    app.jinja_env.globals.update(_=sentence, gettext=sentence, ngettext=counted, language=language)
    app.jinja_env.filters["figure"] = figure


def available() -> tuple[str, ...]:
    """English, and every locale that has a compiled catalogue."""
    found = (path.parts[-3] for path in FOLDER.glob("*/LC_MESSAGES/messages.mo"))
    return (ENGLISH, *sorted(found))


def language() -> Locale:
    """The language of this request's page."""
    if not has_request_context():
        return Locale(ENGLISH)
    chosen: Locale | None = g.get("language")
    if chosen is None:
        asked = [name.replace("-", "_") for name in request.accept_languages.values()]
        chosen = g.language = Locale.parse(negotiate_locale(asked, available()) or ENGLISH)
    return chosen


@contextmanager
def in_english() -> Iterator[None]:
    """Speak English meanwhile, whatever the language of this request's page."""
    before = language(), request_catalogue()
    g.language, g.catalogue = Locale(ENGLISH), catalogue(FOLDER, ENGLISH)
    try:
        yield
    finally:
        g.language, g.catalogue = before


def gettext(message: str) -> str:
    """A sentence in the page's language."""
    return request_catalogue().gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """A sentence with a count, in the plural form the page's language has for it."""
    return request_catalogue().ngettext(one, many, count)


def request_catalogue() -> NullTranslations:
    """The sentences of this request's language; a page asks for them hundreds of times."""
    if not has_request_context():
        return catalogue(FOLDER, ENGLISH)
    found: NullTranslations | None = g.get("catalogue")
    if found is None:
        found = g.catalogue = catalogue(FOLDER, str(language()))
    return found


def counted(one: str, many: str, count: int, **named: object) -> Markup:
    """A template's sentence with a count: ``%(num)s``, unless it is named, is the count."""
    return filled(ngettext(one, many, count), {"num": figure(count), **named})


def sentence(message: str, **named: object) -> Markup:
    """A template's sentence with what it names."""
    said = gettext(message)
    return filled(said, named) if named else whole(said)


def filled(said: str, named: dict[str, object]) -> Markup:
    """A sentence, which may hold markup, with its names escaped."""
    safe = {name: escape(value) for name, value in named.items()}
    return Markup(said % safe)  # noqa: S704


@lru_cache(maxsize=4096)  # the sentences of the templates, in each language spoken here
def whole(said: str) -> Markup:
    """A sentence that names nothing; its per cent signs stand twice, as gettext has them."""
    return filled(said, {})


def figure(count: int) -> str:
    """A count as the page's language writes it: 1,234."""
    return figure_text(count, language())


@lru_cache(maxsize=4096)  # the same few counts all over a page
def figure_text(count: int, locale: Locale) -> str:
    return format_decimal(count, locale=locale)


@lru_cache
def catalogue(folder: Path, locale: str) -> NullTranslations:
    """A language's sentences; English needs none."""
    return Translations.load(folder, [locale]) if locale != ENGLISH else NullTranslations()
