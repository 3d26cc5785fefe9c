"""What an institution adds to Easel's pages: its name, logo, accent colour, and links."""

import re
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from canvas_app.domain.contrast import (
    DARK_GROUNDS,
    ENOUGH,
    LIGHT_GROUNDS,
    least_contrast,
    readable_shade,
)
from canvas_app.lti.settings import SettingsReader

LONGEST_SITE_NAME = 60  # characters
LARGEST_LOGO = 256 * 1024  # bytes
COLOR = re.compile(r"#[0-9a-f]{6}")
SIGNATURES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"(\xef\xbb\xbf)?\s*<(\?xml|!--|!DOCTYPE svg|svg)"), "image/svg+xml"),
)
"""How image files begin, and their media types."""


@dataclass(frozen=True)
class Logo:
    """An image file, as it was when Easel started."""

    media_type: str
    content: bytes = field(repr=False)

    @property
    def version(self) -> str:
        return sha256(self.content).hexdigest()[:12]


@dataclass(frozen=True)
class Accent:
    """The institution's colour, ``#rrggbb``, and a lighter one for dark pages."""

    light: str
    dark: str


@dataclass(frozen=True)
class Institution:
    """The institution that runs this Easel; empty text or None where nothing is set."""

    name: str = ""
    logo: Logo | None = None
    accent: Accent | None = None
    imprint_url: str = ""
    privacy_url: str = ""
    support_url: str = ""


def read_institution(reader: SettingsReader) -> Institution:
    """Read ``SITE_*``, ``IMPRINT_URL``, ``PRIVACY_URL`` and ``SUPPORT_URL``."""
    return Institution(
        name=read_name(reader),
        logo=read_logo(reader),
        accent=read_accent(reader),
        imprint_url=read_link(reader, "IMPRINT_URL"),
        privacy_url=read_link(reader, "PRIVACY_URL"),
        support_url=read_link(reader, "SUPPORT_URL", mail=True),
    )


def read_name(reader: SettingsReader) -> str:
    given = reader.text("SITE_NAME")
    if len(given) > LONGEST_SITE_NAME or not given.isprintable():
        reader.fault(
            f"SITE_NAME is not one line of at most {LONGEST_SITE_NAME} characters",
            "shorten it, or leave it out",
        )
    return given


def read_logo(reader: SettingsReader) -> Logo | None:
    """Return the logo's content, so that a file that is changed later is not served unchecked."""
    given = reader.text("SITE_LOGO")
    if not given:
        return None
    remedy = f"name a PNG, JPEG, GIF, WebP or SVG file of at most {LARGEST_LOGO // 1024} KB"
    try:
        with Path(given).open("rb") as file:
            content = file.read(LARGEST_LOGO + 1)
    except OSError as fault:
        reader.fault(f"SITE_LOGO cannot be read ({fault.strerror})", remedy)
        return None
    kinds = [kind for begins, kind in SIGNATURES if begins.match(content)]
    if not kinds or len(content) > LARGEST_LOGO:
        what = "is too large" if kinds else "is not an image that browsers show"
        reader.fault(f"SITE_LOGO {what}", remedy)
        return None
    return Logo(kinds[0], content)


def read_accent(reader: SettingsReader) -> Accent | None:
    """Return the accent colour, which must have contrast on light pages; dark ones lighten it."""
    given = reader.text("SITE_ACCENT").lower()
    if not given:
        return None
    if not COLOR.fullmatch(given):
        reader.fault("SITE_ACCENT is not a colour", "write it as #rrggbb, such as #1a56a0")
        return None
    found = least_contrast(given, LIGHT_GROUNDS)
    if found < ENOUGH:
        darker = readable_shade(given, LIGHT_GROUNDS, lighter=False)
        reader.fault(
            f"SITE_ACCENT has a contrast of {found:.1f} to 1, and links in it need {ENOUGH} to 1",
            f"use a darker shade, such as {darker}",
        )
        return None
    return Accent(given, readable_shade(given, DARK_GROUNDS, lighter=True))


def read_link(reader: SettingsReader, name: str, *, mail: bool = False) -> str:
    """Return an address for a link; ``mail`` allows ``mailto:`` too."""
    given = reader.text(name)
    try:
        parts = urlsplit(given)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        right = right and parts.username is None
    except ValueError:
        right = False
    if mail and given.startswith("mailto:"):
        right = "@" in given
    if given and not (right and given.isascii() and given.isprintable() and " " not in given):
        forms = "https://school.example.edu/page" + (" or mailto:help@example.edu" if mail else "")
        reader.fault(f"{name} is not the address of a page", f"use {forms}, or leave it out")
    return given
