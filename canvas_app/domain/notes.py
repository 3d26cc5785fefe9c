"""The text of an own note: plain where a person reads or writes it, HTML where Canvas keeps it.

Canvas sanitises the text as HTML when it is saved, so that ``R&D`` comes back as ``R&amp;D``
(``planner_note.rb``), and its own planner shows it as plain text.
"""

import html
import re

from canvas_app.domain.html_tokens import unescaped

BREAK = re.compile(r"(?i)<(?:br|/p|/div|/li|/h[1-6]|/tr)\b[^<>]*>")
TAG = re.compile(r"""<[a-zA-Z/!](?:"[^"<]*"|'[^'<]*'|[^'"<>])*>""")


def note_text(kept: str | None) -> str:
    """What was typed, each line and blank of it, so that saving it again changes nothing.

    Another program may have saved tags; they are left out.
    """
    return unescaped(TAG.sub("", BREAK.sub("\n", kept or "")))


def note_html(text: str) -> str:
    """What to send so that :func:`note_text` reads it again, whatever signs are in it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return html.escape(lines, quote=False)
