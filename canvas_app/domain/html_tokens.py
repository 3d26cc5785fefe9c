"""HTML split into tags and text in one pass, whatever is in it."""

import html as entities
import re

# A tag ends at the first ">" outside of quoted values, or with the text (HTML, section 13.2.5).
# Nothing in it is read twice: each part is possessive.
_VALUE = r"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+|(?=>|\Z))"""
_ATTRIBUTE = rf"(?:=[^\s/>=]*+|[^\s/>=]++)(?:\s*+=\s*+{_VALUE})?"
TOKEN = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<[!?][^>]*+(?:>|\Z)"
    rf"|<(?P<end>/?)(?P<name>[A-Za-z][^\s/>]*+)(?P<attributes>(?:[\s/]++|{_ATTRIBUTE})*+)(?:>|\Z)",
    re.DOTALL,
)
_PAIR = re.compile(
    r"""[\s/]*+(=?[^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"?|'([^']*+)'?|([^\s>"'][^\s>]*+)|(?=>|\Z)))?"""
)
_LONG_NUMBER = re.compile(r"&#(?:([0-9]{8,}+)|[xX]([0-9a-fA-F]{8,}+));?")


def unescaped(text: str) -> str:
    """Return text without character references; numbers of no character become U+FFFD.

    Python refuses to parse a number of thousands of digits.
    """
    return entities.unescape(_LONG_NUMBER.sub(_shortened, text)) if "&" in text else text


def _shortened(number: re.Match[str]) -> str:
    base, digits = ("", number[1]) if number[1] else ("x", number[2])
    digits = digits.lstrip("0")
    return f"&#{base}{digits or 0};" if len(digits) < 8 else "\ufffd"


def attributes_of(source: str) -> dict[str, str]:
    """Return a tag's attributes by lower-case name; the first of equal names counts."""
    found: dict[str, str] = {}
    for name, double, single, bare in _PAIR.findall(source):
        if name:
            found.setdefault(name.lower(), unescaped(double or single or bare))
    return found


def one_line(text: str) -> str:
    return " ".join(text.split())
