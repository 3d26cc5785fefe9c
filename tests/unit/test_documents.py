"""Files, tests, settings and cookies named in the documents exist."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from canvas_app.storage.schema import metadata
from tests.conftest import ROOT

pytestmark = pytest.mark.anyday

DOCUMENTS = ("docs/security.md", "docs/privacy.md", "SECURITY.md")
QUOTED = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"([\w./-]+\.(?:py|html|css|conf|md|yml|toml|txt|example)|Makefile)((?:::\w+)*)")
SETTING = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
LINK = re.compile(r"\]\(([^)#:]+)[^)]*\)")


def quoted(document: str) -> Iterator[str]:
    return (each[1] for each in QUOTED.finditer((ROOT / document).read_text()))


def found(name: str) -> Path | None:
    """Return the file of this name: from the top, or below canvas_app/ or tests/."""
    places = (ROOT / folder / name for folder in (".", "canvas_app", "tests"))
    return next((place for place in places if place.is_file()), None)


@cache
def program() -> str:
    return "\n".join(path.read_text() for path in (ROOT / "canvas_app").rglob("*.py"))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_and_tests_exist(document: str) -> None:
    missing = []
    for word in quoted(document):
        named = FILE.fullmatch(word)
        if named is None:
            continue
        path = found(named[1])
        text = path.read_text() if path else ""
        parts = [each for each in named[2].split("::") if each]
        if path is None or not all(
            re.search(rf"^ *(?:def|class) {part}\b", text, re.MULTILINE) for part in parts
        ):
            missing.append(word)
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_settings_exist(document: str) -> None:
    """Each is explained in .env.example and read by the program."""
    words = (each.partition("=")[0].partition("/")[0] for each in quoted(document))
    named = {each for each in words if SETTING.fullmatch(each)}
    example = (ROOT / ".env.example").read_text()

    assert named
    assert {each for each in named if not re.search(rf"^#?{each}=", example, re.MULTILINE)} == set()
    assert {each for each in named if f'"{each}"' not in program()} == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    folder = (ROOT / document).parent
    links = LINK.findall((ROOT / document).read_text())

    assert links
    assert [each for each in links if not (folder / each).is_file()] == []


def test_every_table_is_told() -> None:
    """Both documents list every table of the database."""
    for document in ("docs/security.md", "docs/privacy.md"):
        told = {*quoted(document)}
        tables = {*metadata.tables} - ({"notes"} if "privacy" in document else set())
        assert tables - told == set(), document


def test_every_cookie_is_told() -> None:
    names = r'cookie_name\("(\w+)"|COOKIE = "([\w-]+)"'
    named = re.findall(names, program())
    cookies = {next(filter(None, each)) for each in named}

    assert len(cookies) == 4
    assert cookies - {*quoted("docs/privacy.md")} == set()
    assert program().count(".set_cookie(") == 3  # and the session's, which Flask sets


def test_commands_exist() -> None:
    """Every ``easel`` command and ``make`` target named."""
    commands = {path.stem for path in (ROOT / "canvas_app" / "commands").glob("[!_]*.py")}
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        for word in quoted(document):
            first, _, rest = word.partition(" ")
            if first == "easel":
                assert rest.split()[0] in commands, word
            if first == "make":
                assert rest.split()[0] in targets, word
