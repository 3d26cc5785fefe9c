"""The words of error pages, from ``templates/errors/<code>.html``."""

from dataclasses import dataclass

from flask import current_app
from markupsafe import Markup

from canvas_app.troubles import Trouble
from canvas_app.views.languages import in_english


@dataclass(frozen=True)
class ErrorWords:
    """The text of an error page. ``for_admin`` is for the people who run Easel; it may be empty."""

    title: str
    happened: str
    what_to_do: str
    for_admin: str


def words_of(trouble: Trouble) -> ErrorWords:
    """Return the words of a trouble in the language of this request's page."""
    template = current_app.jinja_env.get_template(f"errors/{trouble.code}.html")
    module = template.make_module(trouble.facts)

    def text(name: str) -> str:
        return Markup(getattr(module, name, "")).unescape().strip()  # noqa: S704 - becomes text

    return ErrorWords(
        title=text("title"),
        happened=text("happened"),
        what_to_do=text("what_to_do"),
        for_admin=text("for_admin"),
    )


def logged_words_of(trouble: Trouble) -> ErrorWords:
    """Return the words of a trouble in English, for the log."""
    with in_english():
        return words_of(trouble)
