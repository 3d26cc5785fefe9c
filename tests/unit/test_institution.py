"""The institution's settings: valid values, and those that stop the start with a reason."""

from pathlib import Path

import pytest

from canvas_app.domain.contrast import DARK_GROUNDS, ENOUGH, LIGHT_GROUNDS, least_contrast
from canvas_app.institution import LARGEST_LOGO, Institution
from canvas_app.settings import Settings, SettingsError

from .test_settings import full

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'


def institution_of(folder: Path, **given: str) -> Institution:
    return Settings.from_environ(full(folder, **given)).institution


def fault_of(folder: Path, **given: str) -> str:
    with pytest.raises(SettingsError) as stopped:
        institution_of(folder, **given)
    (fault,) = stopped.value.faults
    return fault


def test_nothing_is_set(tmp_path: Path) -> None:
    assert institution_of(tmp_path) == Institution()


def test_all_is_set(tmp_path: Path) -> None:
    logo = tmp_path / "logo"
    logo.write_bytes(SVG)
    found = institution_of(
        tmp_path,
        SITE_NAME="Université d’Exemple",
        SITE_LOGO=str(logo),
        SITE_ACCENT="#C8102E",
        IMPRINT_URL="https://example.edu/imprint?lang=en",
        PRIVACY_URL="https://example.edu/privacy",
        SUPPORT_URL="mailto:help@example.edu",
    )

    assert found.name == "Université d’Exemple"
    assert found.logo is not None
    assert (found.logo.media_type, found.logo.content) == ("image/svg+xml", SVG)
    assert found.accent is not None
    assert found.accent.light == "#c8102e"
    assert least_contrast(found.accent.dark, DARK_GROUNDS) >= ENOUGH
    assert found.imprint_url == "https://example.edu/imprint?lang=en"
    assert found.support_url == "mailto:help@example.edu"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0" + bytes(9), "image/jpeg"),
        (b"GIF89a" + bytes(9), "image/gif"),
        (b"RIFF\n\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\xef\xbb\xbf<svg/>", "image/svg+xml"),
    ],
)
def test_logos_are_known_by_their_content(tmp_path: Path, content: bytes, kind: str) -> None:
    logo = tmp_path / "logo.txt"
    logo.write_bytes(content)
    found = institution_of(tmp_path, SITE_LOGO=str(logo)).logo

    assert found is not None
    assert found.media_type == kind


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html></html>", "is not an image that browsers show"),
        (b"", "is not an image that browsers show"),
        (PNG + bytes(LARGEST_LOGO), "is too large"),
        (None, "cannot be read (No such file or directory)"),
    ],
)
def test_what_is_no_logo(tmp_path: Path, content: bytes | None, said: str) -> None:
    logo = tmp_path / "logo.png"
    if content is not None:
        logo.write_bytes(content)

    assert fault_of(tmp_path, SITE_LOGO=str(logo)).startswith(f"SITE_LOGO {said}: name a PNG")


@pytest.mark.parametrize("name", ["x" * 61, "one\ntwo", "bell\a"])
def test_names_that_do_not_fit(tmp_path: Path, name: str) -> None:
    assert "SITE_NAME is not one line of at most 60" in fault_of(tmp_path, SITE_NAME=name)


def test_a_pale_accent_names_a_darker_one(tmp_path: Path) -> None:
    """The shade in the message is accepted when it is set."""
    fault = fault_of(tmp_path, SITE_ACCENT="#ffcc00")
    better = fault.rpartition("such as ")[2].rstrip(".")

    assert "SITE_ACCENT has a contrast of 1." in fault
    accent = institution_of(tmp_path, SITE_ACCENT=better).accent
    assert accent is not None
    assert least_contrast(accent.light, LIGHT_GROUNDS) >= ENOUGH


@pytest.mark.parametrize("color", ["red", "#12345", "#1234567", "1a56a0", "#1a56ag"])
def test_what_is_no_color(tmp_path: Path, color: str) -> None:
    assert "SITE_ACCENT is not a colour" in fault_of(tmp_path, SITE_ACCENT=color)


@pytest.mark.parametrize("name", ["IMPRINT_URL", "PRIVACY_URL", "SUPPORT_URL"])
@pytest.mark.parametrize(
    "url",
    [
        *(
            "example.edu/privacy",
            "javascript:alert(1)",
            "https://",
            "ftp://example.edu/",
            "//x.edu",
        ),
        *("https://me:pw@example.edu/", "https://example.edu/a b", "http://[", "mailto:nobody"),
    ],
)
def test_links_that_lead_nowhere(tmp_path: Path, name: str, url: str) -> None:
    assert f"{name} is not the address of a page" in fault_of(tmp_path, **{name: url})


def test_only_support_is_a_mailbox(tmp_path: Path) -> None:
    assert "IMPRINT_URL" in fault_of(tmp_path, IMPRINT_URL="mailto:help@example.edu")
