"""HTML from Canvas, sanitised before a page shows it."""

import logging

import nh3
from markupsafe import Markup, escape

from canvas_app.domain.rich_text import ATTRIBUTES, TAGS, Tidied, plain_text, tidied
from canvas_app.views.languages import gettext

log = logging.getLogger(__name__)

MOST_GROWTH = 4  # how many times as long sanitising may make HTML: each link gets a ``rel``


def rich(html: str | None, base: str = "") -> Markup:
    """Return Canvas's HTML without anything that runs, loads or styles; links become absolute.

    Of excessively large HTML only the text is kept. If something was left out, a last line says so.
    """
    if not html:
        return Markup("")
    said = words()
    made = tidied(html, base, said)
    note = Markup('<p class="meta">{}</p>').format(said["left_out"]) if made.left_out else ""
    return sanitised(made) + note


def sanitised(made: Tidied) -> Markup:
    """Sanitise tidied HTML once more, in case the tidying missed something."""
    if made.text_alone:
        return Markup(made.html)  # noqa: S704 - escaped text and line breaks
    clean = nh3.clean(
        made.html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    if len(clean) > MOST_GROWTH * len(made.html) + 1000:
        log.warning("HTML of %s characters grew to %s", len(made.html), len(clean))
        return escape(plain_text(made.html))
    return Markup(clean)  # noqa: S704 - nh3 has cleaned it


def plain(html: str | None) -> str:
    """Return Canvas's HTML as plain text, for places that can show only text."""
    return plain_text(html, words())


def words() -> dict[str, str]:
    """Return the words shown in place of a picture, a medium, or content that cannot be shown."""
    return {
        "picture": gettext("Picture"),
        "video": gettext("Video"),
        "audio": gettext("Audio"),
        "embedded": gettext("Embedded content"),
        "details": gettext("Details"),
        "link": gettext("Link"),
        "left_out": gettext("Something in this text cannot be shown here. Canvas shows it."),
    }


def weblink(url: str | None) -> str:
    """Return the address if it may be used in a link (http or https), else an empty text."""
    return url if url and url.startswith(("https://", "http://")) else ""
