"""Canvas's HTML where text alone can stand."""

import html
import re

import nh3

MOST_TAGS = 10_000  # more than any text has; the sanitiser needs the square of their depth


def bearable(rich: str) -> bool:
    """Whether the sanitiser is done with it in no time."""
    return rich.count("<") <= MOST_TAGS


def plain_text(rich: str | None) -> str:
    """Canvas's HTML as text: what is a paragraph there stands on a line of its own."""
    broken = re.sub(r"(?i)<(br|/p|/div|/li|/h[1-6]|/tr)\b[^<>]*>", "\n", rich or "")
    few = bearable(broken)
    text = nh3.clean(broken, tags=set()) if few else re.sub(r"<[^<>]*>", " ", broken)
    lines = (" ".join(line.split()) for line in html.unescape(text).splitlines())
    return "\n".join(filter(None, lines))
