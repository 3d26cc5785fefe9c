"""Checks of the code (ruff's S rules) and of the locked dependencies."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.anyday

PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([^ ;\\\"]+)", re.MULTILINE)
PROGRAMS = ("canvas_app", "canvas_emulator", "bench", "fuzz")


def test_findings_are_excused_with_a_reason() -> None:
    """Ruff's S rules (bandit's) are on everywhere; each exception has its reason."""
    excuses = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in PROGRAMS
        for path in (ROOT / folder).rglob("*.py")
        for line in path.read_text().splitlines()
        if re.search(r"noqa: S\d", line)
    ]

    assert excuses
    assert [each for each in excuses if not re.search(r"noqa: S\d+ - \w", each)] == []


def test_static_analysis_is_switched_on() -> None:
    rules = re.search(r"^select = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)

    assert rules
    assert '"S"' in rules[1]


def make(target: str, folder: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run a target of the Makefile with a lock file of its own; nothing is installed."""
    program = shutil.which("make")
    if program is None:
        assert not os.environ.get("CI"), "these tests need make"
        pytest.skip("there is no make here")
    return subprocess.run(
        [program, "--no-print-directory", "-o", ".venv/.ready", f"LOCKED={folder}", target],
        cwd=ROOT,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_audit_and_sbom_are_of_what_is_installed(tmp_path: Path) -> None:
    """uv's own lock file is bound to the versions of the requirement files."""
    made = make(str(tmp_path / "locked" / "pyproject.toml"), tmp_path / "locked")
    assert made.returncode == 0, made.stderr
    text = (tmp_path / "locked" / "pyproject.toml").read_text()
    bound = text.partition("constraint-dependencies")[2].replace('  "', "")
    pinned = PIN.findall((ROOT / "requirements-dev.txt").read_text())

    assert PIN.findall(bound) == pinned
    assert {*PIN.findall((ROOT / "requirements.txt").read_text())} <= {*pinned}


def test_audit_without_a_network_says_so(tmp_path: Path) -> None:
    """``make check`` does not fail for it, and says that nothing was audited."""
    nowhere = "http://127.0.0.1:1"
    audited = make(
        "audit",
        tmp_path / "locked",
        HTTPS_PROXY=nowhere,
        HTTP_PROXY=nowhere,
        ALL_PROXY=nowhere,
        NO_PROXY="",
        UV_CACHE_DIR=str(tmp_path / "cache"),
        UV_HTTP_RETRIES="0",
    )

    assert audited.returncode == 0, audited.stderr
    assert "were NOT audited" in audited.stdout
