"""docs/emulator.md says what the emulator does: its commands run, its tables are whole."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
import requests

from canvas_emulator import faults
from canvas_emulator.control import Control, Switches, Throttle
from canvas_emulator.state import Settings, developer_keys
from tests.conftest import ROOT, StandIn, running

GUIDE = (ROOT / "docs" / "emulator.md").read_text()
BODIES = re.findall(r"^```json\n(.*?)\n```$", GUIDE, re.MULTILINE | re.DOTALL)
INLINE = [each for each in re.findall(r"`(\{[^`]*\})`", GUIDE) if "…" not in each]


@pytest.fixture(scope="module")
def emulator() -> Iterator[StandIn]:
    with running() as stand_in:
        yield stand_in


def section(title: str) -> str:
    return GUIDE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def firsts(title: str) -> list[str]:
    """The names in the first column of a section's table."""
    rows = re.findall(r"^\| (`[^|]*) \|", section(title), re.MULTILINE)
    return [name for row in rows for name in re.findall("`([^`]+)`", row)]


@pytest.mark.parametrize("body", [*BODIES, *INLINE])
def test_bodies_are_taken(emulator: StandIn, body: str) -> None:
    answer = requests.post(f"{emulator.url}/_emulator/control", data=body.encode(), timeout=30)
    requests.post(f"{emulator.url}/_emulator/control", json={"reset": True}, timeout=30)

    assert (answer.status_code, answer.text) == (200, "{}")


def test_every_key_of_a_body_is_told() -> None:
    """``lti`` and ``site_admin_staff`` belong to other chapters."""
    told = set(re.findall(r'"(\w+)":', GUIDE))
    keys = {field.name for field in msgspec.structs.fields(Control)}
    limits = {field.name for field in msgspec.structs.fields(Throttle)}

    assert keys - told - {"lti", "site_admin_staff", "assignments", "submissions"} == set()
    assert {each for each in limits if f"`{each}`" not in section("Its switches")} == set()


def test_people_and_keys_are_all_told(emulator: StandIn) -> None:
    assert {*firsts("Its people")} == {*emulator.people}
    assert {*firsts("Its developer keys")} == {key.kind for key in developer_keys(()).values()}
    for person in emulator.people.values():
        assert person["password"] == f"{person['login']}-password"


def test_faults_and_switches_are_all_told() -> None:
    assert {*firsts("Its faults")} == {*get_args(faults.Kind)}
    assert {*firsts("What is not known for sure")} == {
        field.name for field in msgspec.structs.fields(Switches)
    }


def test_switches_begin_as_told() -> None:
    rows = re.findall(r"^\| (`[^|]*) \| ([^|]*) \|", section("What is not known for sure"), re.M)
    begin: dict[str, Any] = vars(Settings())
    words = {"true": True, "false": False, "none": ()}
    for names, values in rows:
        given = [each.strip(" `") for each in values.split(",")]
        own = re.findall("`([^`]+)`", names)
        for name, value in zip(own, given * len(own), strict=False):
            assert begin[name] == words.get(value, int(value) if value.isdigit() else value), name


def test_options_exist() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "canvas_emulator", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout

    named, known = ({*re.findall(r"--[a-z][a-z-]+", text)} for text in (GUIDE, shown))
    assert named - known == set()


def test_calls_run(emulator: StandIn, tmp_path: Path) -> None:
    """The shell's and Python's, with the two variables that the guide names."""
    environ = os.environ | {"CANVAS": emulator.url, "TOKEN": emulator.token("dozen")}
    python = re.search(r"^```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert python
    program = tmp_path / "first_call.py"
    program.write_text(python[1])
    ran = subprocess.run(
        [sys.executable, str(program)],
        cwd=ROOT,
        env=environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert "4101 " in ran.stdout
    for path in re.findall(r"\$CANVAS(/\S+?)[\"\s]", GUIDE):
        headers = {"Authorization": f"Bearer {environ['TOKEN']}"}
        assert requests.get(f"{emulator.url}{path}", headers=headers, timeout=30).ok, path


def test_routes_that_are_told_exist(emulator: StandIn) -> None:
    routes = requests.get(f"{emulator.url}/_emulator/routes", timeout=30).json()
    known = {f"{each['method']} {each['path']}" for each in routes}
    told = {*re.findall(r"`((?:GET|POST) /_emulator/\w+)`", GUIDE)}

    assert told
    assert told - known == set()


def test_load_test_lists_have_the_length_told(emulator: StandIn) -> None:
    headers = {"Authorization": f"Bearer {emulator.token('admin')}"}
    for path in ("accounts/1/users", "courses/900/enrollments"):
        answer = requests.get(
            f"{emulator.url}/api/v1/{path}?per_page=100", headers=headers, timeout=30
        )
        assert answer.ok, answer.text
        assert len(answer.json()) == 100
