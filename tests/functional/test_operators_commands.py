"""Commands about people's access: list it, end it, forget a person, end unused grants."""

import json
import os
import subprocess
import sys

import pytest

from tests import moment
from tests.conftest import ROOT

from .conftest import RunningEasel, sign_in
from .test_cli import environ

pytestmark = pytest.mark.anyday


def easel_command(easel: RunningEasel, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "canvas_app", *words],
        cwd=ROOT,
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        | moment.environ()
        | environ(easel),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_tokens_are_listed_without_secrets(easel: RunningEasel) -> None:
    sign_in(easel, "dozen")
    (kept,) = json.loads(easel_command(easel, "tokens", "list", "--json").stdout)

    assert kept["user_id"] == easel.canvas.person("dozen")["id"]
    assert (kept["browsers"], kept["feeds"], kept["environment"]) == (1, 0, "production")
    assert not {"sealed", "token", "access_token"} & kept.keys()
    table = easel_command(easel, "tokens", "list").stdout
    assert f"production  {kept['user_id']}" in table


def test_one_grant_is_revoked(easel: RunningEasel) -> None:
    one, other = sign_in(easel, "dozen"), sign_in(easel, "many")
    grants = json.loads(easel_command(easel, "tokens", "list", "--json").stdout)
    (id_,) = [g["id"] for g in grants if g["user_id"] == easel.canvas.person("dozen")["id"]]

    done = easel_command(easel, "tokens", "revoke", str(id_), "999")

    assert done.returncode == 1
    assert "Ended: 1. Still to be revoked at Canvas: 0." in done.stdout
    assert "No such grant: 999." in done.stderr
    assert easel.canvas.stats()["revocations"] == 1
    assert "/account" not in one.get(f"{easel.url}/account", timeout=30).url
    assert other.get(f"{easel.url}/account", timeout=30).url.endswith("/account")


def test_all_are_revoked_only_when_it_is_meant(easel: RunningEasel) -> None:
    sign_in(easel, "dozen")

    asked = easel_command(easel, "tokens", "revoke-all")
    assert (asked.returncode, easel.canvas.stats()["revocations"]) == (2, 0)
    done = easel_command(easel, "tokens", "revoke-all", "--yes")

    assert (done.returncode, easel.canvas.stats()["revocations"]) == (0, 1)


def test_person_is_forgotten(easel: RunningEasel) -> None:
    browser = sign_in(easel, "dozen")
    person = str(easel.canvas.person("dozen")["id"])

    done = easel_command(easel, "user", "forget", person)
    again = easel_command(easel, "user", "forget", person)

    assert done.returncode == 0, done.stderr
    assert "Forgotten." in done.stdout
    assert f"event=forgotten-by-operator environment=production user_id={person}" in done.stderr
    assert (again.returncode, "Nothing is stored" in again.stderr) == (1, True)
    assert "/account" not in browser.get(f"{easel.url}/account", timeout=30).url


def test_what_is_used_stays(easel: RunningEasel) -> None:
    sign_in(easel, "dozen")

    done = easel_command(easel, "retention", "--days", "1")

    assert (done.returncode, done.stdout) == (0, "Ended: 0.\n")
