"""docs/developers.md is true: its programs run, its exchange is the real one, commands exist."""

import base64
import re
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import requests
from click.testing import CliRunner

from canvas_app.cli import easel as command
from tests.conftest import ROOT, StandIn, printed

from .conftest import RunningEasel, form_to, forms, send

pytestmark = pytest.mark.anyday

GUIDE = (ROOT / "docs" / "developers.md").read_text()
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
WIRE = "\n".join(re.findall(r"^```http\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("program", PROGRAMS, ids=range(len(PROGRAMS)))
def test_programs_run(canvas: StandIn, tmp_path: Path, program: str) -> None:
    file = tmp_path / "program.py"
    file.write_text(program)
    token = canvas.token("dozen")

    assert printed(file, token=token, CANVAS=canvas.url, TOKEN=token).strip()


def test_exchange_is_the_one_that_happens(easel: RunningEasel) -> None:
    """The stand-in Canvas takes these parameters and answers these fields, and Easel sends them."""
    canvas, browser = easel.canvas, easel.browser()
    asked = dict(parse_qsl(found(r"GET /login/oauth2/auth\?(\S+)")))
    sent = browser.get(f"{easel.url}/login", timeout=30, allow_redirects=False)
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
    callback, key = asked["redirect_uri"], canvas.key("confidential")
    page = browser.get(
        f"{canvas.url}/login/oauth2/auth", params=asked | {"code_challenge": challenge}, timeout=30
    )
    who = canvas.person("dozen")
    page = send(
        browser,
        page,
        forms(page)[0],
        **{
            "pseudonym_session[unique_id]": who["login"],
            "pseudonym_session[password]": who["password"],
        },
    )
    form = form_to(page, "/login/oauth2/accept")
    accept = f"{canvas.url}/login/oauth2/accept"
    back = browser.post(accept, form["fields"], timeout=30, allow_redirects=False)
    given = dict(parse_qsl(back.headers["Location"].partition("?")[2]))
    body = dict(parse_qsl(found(r"^(grant_type=authorization_code\S+)")))
    real = {"client_secret": key["client_secret"], "code": given["code"]}
    answer = requests.post(
        f"{canvas.url}/login/oauth2/token", body | real | {"code_verifier": verifier}, timeout=30
    )

    assert asked.keys() == dict(parse_qsl(sent.headers["Location"].partition("?")[2])).keys()
    assert asked["client_id"] == body["client_id"] == key["client_id"]
    assert body["redirect_uri"] == callback
    assert given.keys() == {"code", "state"}
    assert answer.status_code == 200, answer.text
    shown = {*re.findall(r'"(\w+)": ', found(r"^(\{.*\})$"))}
    assert answer.json().keys() == shown - {"id", "name"}
    assert {"id", "name"} <= answer.json()["user"].keys()


def found(pattern: str) -> str:
    """The group of a pattern in the exchange of the guide."""
    match = re.search(pattern, WIRE, re.MULTILINE)
    assert match
    return match[1]


def test_commands_exist() -> None:
    for name, options in re.findall(r"`easel (\w+)([^`]*)`", GUIDE):
        shown = CliRunner().invoke(command, [name, "--help"])
        assert shown.exit_code == 0, name
        for option in re.findall(r"--[a-z-]+", options):
            assert option in shown.output, (name, option)


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#([^)]*))?\)", GUIDE)
    for path, anchor in links:
        text = (ROOT / "docs" / path).read_text()
        headings = [each.lower().replace(" ", "-") for each in re.findall(r"^#+ (.*)$", text, re.M)]
        assert not anchor or anchor in headings, (path, anchor)
