"""A tool made with PyLTI1p3, the best-known Python library, signs people in here unchanged."""

import re
from html import unescape
from typing import Any

import pytest
import requests
from flask import Flask, jsonify
from pylti1p3.contrib.flask.message_launch import FlaskMessageLaunch
from pylti1p3.contrib.flask.oidc_login import FlaskOIDCLogin
from pylti1p3.contrib.flask.request import FlaskRequest
from pylti1p3.exception import LtiException
from pylti1p3.tool_config.dict import ToolConfDict

from tests.conftest import StandIn

TOOL = "https://tool.example"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
CONFIGURATION = {
    "title": "A tool",
    "description": "Made with PyLTI1p3",
    "oidc_initiation_url": f"{TOOL}/login",
    "target_link_uri": f"{TOOL}/launch",
    "public_jwk_url": f"{TOOL}/jwks.json",
    "custom_fields": {"global_id": "$Canvas.user.globalId"},
    "extensions": [
        {"settings": {"placements": [{"placement": "course_navigation"}]}},
    ],
}


def tool_of(canvas: StandIn) -> Flask:
    """The library's own example, with this Canvas as its platform."""
    told = requests.get(f"{canvas.url}/_emulator/lti", timeout=10).json()
    key = told["keys"][0]
    platforms = ToolConfDict(
        {
            told["issuer"]: {
                "default": True,
                "client_id": key["client_id"],
                "auth_login_url": told["authorize"],
                "auth_token_url": f"{canvas.url}/login/oauth2/token",
                "key_set_url": told["jwks"],
                "deployment_ids": [each["id"] for each in key["deployments"]],
            }
        }
    )
    app = Flask(__name__)
    app.secret_key = "a tool's own"

    @app.post("/login")
    def login() -> Any:
        asked = FlaskRequest()
        return FlaskOIDCLogin(asked, platforms).redirect(asked.get_param("target_link_uri"))

    @app.post("/launch")
    def launch() -> Any:
        launched = FlaskMessageLaunch(FlaskRequest(), platforms)
        return jsonify(launched.get_launch_data())

    @app.errorhandler(LtiException)
    def refused(fault: LtiException) -> Any:
        return jsonify(error=str(fault)), 400

    return app


def answer_of(canvas: StandIn) -> Any:
    """Somebody opens the tool in a course; what the tool made of it."""
    browser, tool = requests.Session(), tool_of(canvas).test_client()
    who = canvas.person("dozen")
    form = {
        "pseudonym_session[unique_id]": who["login"],
        "pseudonym_session[password]": who["password"],
    }
    browser.post(f"{canvas.url}/login", data=form, timeout=10)
    page = browser.get(f"{canvas.url}/courses/4101/external_tools/1", timeout=10)
    asked = tool.post("/login", data=fields(page.text), base_url=TOOL)
    assert asked.status_code == 302, asked.text
    posted = browser.get(asked.location, timeout=10)
    return tool.post("/launch", data=fields(posted.text), base_url=TOOL)


def fields(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


def test_signs_in(canvas: StandIn) -> None:
    """The library takes the launch, with all its quirks."""
    canvas.control(lti={"install": [{"configuration": CONFIGURATION}]})
    answer = answer_of(canvas)
    assert answer.status_code == 200, answer.text
    assert answer.json[f"{CLAIM}custom"] == {"global_id": "10000000000001"}
    assert answer.json[f"{CLAIM}context"]["label"] == "BIO-101"


@pytest.mark.parametrize(
    "tampering", [{"key": "foreign"}, {"key": "none"}, {"claims": {"aud": "1"}}]
)
def test_refuses(canvas: StandIn, tampering: dict[str, Any]) -> None:
    """What is spoilt on purpose is noticed by it, too."""
    canvas.control(lti={"install": [{"configuration": CONFIGURATION}], "tamper": [tampering]})
    answer = answer_of(canvas)
    assert (answer.status_code, "error" in answer.json) == (400, True)
