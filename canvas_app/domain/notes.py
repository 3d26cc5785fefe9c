"""The text of a personal note: plain where a person reads or writes it, HTML in Canvas.

Canvas sanitises the text as HTML when it is saved, so that ``R&D`` comes back as ``R&amp;D``
(``planner_note.rb``), and its own planner shows it as plain text.
"""

import html
import re

from canvas_app.domain.html_tokens import unescaped

BREAK = re.compile(r"(?i)<(?:br|/p|/div|/li|/h[1-6]|/tr)\b[^<>]*>")
TAG = re.compile(r"""<[a-zA-Z/!](?:"[^"<]*"|'[^'<]*'|[^'"<>])*>""")


def note_text(kept: str | None) -> str:
    """Return the typed text with all its lines and blanks, so that saving it changes nothing.

    Another program may have saved tags; they are left out.
    """
    return unescaped(TAG.sub("", BREAK.sub("\n", kept or "")))


def note_html(text: str) -> str:
    """Return HTML from which :func:`note_text` reads the same text, whatever characters it has."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return html.escape(lines, quote=False)
