"""The page that docs/your-own-page.md describes works, added to a copy of Easel."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.anyday

GUIDE = (ROOT / "docs" / "your-own-page.md").read_text()
NEW = re.compile(r"^New file `([^`]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDED = re.compile(
    r"^In `([^`]+)`, before `([^`]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
COPIED = ("canvas_app", "canvas_emulator", "templates", "tests", "pyproject.toml")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a checkout with the guide's files and lines."""
    for name in COPIED:
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(place, tmp_path)
    for path, marker, text in ADDED.findall(GUIDE):
        file = tmp_path / path
        before = file.read_text()
        assert before.count(f"\n{marker}") == 1, (path, marker)
        file.write_text(before.replace(f"\n{marker}", f"\n{text}{marker}"))
    for path, text in NEW.findall(GUIDE):
        (tmp_path / path).write_text(text)
    return tmp_path


def test_page_of_the_guide_works(copy: Path) -> None:
    """Its own test passes, and so do those of scopes, imports and formatting."""
    assert len(NEW.findall(GUIDE)) == 4
    tests = ("tests/functional/test_announcements.py", "tests/unit/commands/test_scopes.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_files_of_the_guide_are_in_form(copy: Path) -> None:
    new = [path for path, _ in NEW.findall(GUIDE) if path.endswith(".py")]
    for command in (("ruff", "check"), ("ruff", "format", "--check")):
        done = subprocess.run(
            [sys.executable, "-m", *command, *new],
            cwd=copy,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout
