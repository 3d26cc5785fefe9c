"""This Canvas as an LTI 1.3 platform.

Sources: ``lti_advantage_adapter.rb``, ``authentication_controller.rb``, ``key_storage.rb``,
``variable_expander.rb``, ``tool_configuration.rb`` and the LTI pages of Canvas's documentation.
"""

import json
import re
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import Client, TestResponse

from canvas_emulator.lti.jwt import unb64url
from tests.emulator.harness import Emulator

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
TOOL = "https://tool.example"
LAUNCH = f"{TOOL}/launch"
VARIABLES = {
    "user_id": "$Canvas.user.id",
    "global_id": "$Canvas.user.globalId",
    "masquerading_id": "$Canvas.masqueradingUser.id",
    "course_id": "$Canvas.course.id",
    "student_view": "$com.instructure.User.student_view",
    "time_zone": "$Person.address.timezone",
    "unknown": "$Canvas.no.such.variable",
}


def configuration(**more: Any) -> dict[str, Any]:
    placements = [
        {"placement": "course_navigation", "text": "Tool here"},
        {"placement": "global_navigation", "windowTarget": "_blank"},
        {"placement": "user_navigation", "enabled": False},
        {"placement": "account_navigation"},
    ]
    extension = {
        "platform": "canvas.instructure.com",
        "privacy_level": more.pop("privacy_level", "anonymous"),
        "settings": {"text": "Tool", "placements": placements},
    }
    return {
        "title": "A tool",
        "description": "For tests",
        "oidc_initiation_url": f"{TOOL}/login",
        "target_link_uri": LAUNCH,
        "public_jwk_url": f"{TOOL}/jwks.json",
        "custom_fields": VARIABLES,
        "extensions": [extension],
        "unknown": 1,
    } | more


@dataclass
class Form:
    action: str
    target: str
    fields: dict[str, str]


def form_of(page: TestResponse, number: int = -1) -> Form:
    """A form of a page, as a browser would send it."""
    tag = re.findall(r"<form[^>]*>.*?</form>", page.text, re.DOTALL)[number]
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', tag)
    target = re.search(r'target="([^"]*)"', tag)
    action = re.search(r'action="([^"]*)"', tag)
    assert action is not None
    return Form(
        unescape(action[1]),
        target[1] if target else "",
        {name: unescape(value) for name, value in fields},
    )


@pytest.fixture
def platform(emulator: Emulator) -> Emulator:
    emulator.control(lti={"install": [{"configuration": configuration()}]})
    return emulator


def logged_in(emulator: Emulator, person: str = "dozen") -> Client:
    browser = emulator.browser()
    emulator.log_in(browser, person)
    return browser


def opened(browser: Client, path: str = "/courses/4101/external_tools/1") -> Form:
    page = browser.get(path)
    assert page.status_code == 200, page.text
    return form_of(page)


def asked(leg1: Form, **changes: str | None) -> dict[str, str]:
    """What a tool asks in the second leg."""
    parameters = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": leg1.fields["client_id"],
        "redirect_uri": LAUNCH,
        "login_hint": leg1.fields["login_hint"],
        "lti_message_hint": leg1.fields["lti_message_hint"],
        "state": "a state",
        "nonce": "a nonce",
    } | changes
    return {name: value for name, value in parameters.items() if value is not None}


def authorized(browser: Client, leg1: Form, **changes: str | None) -> TestResponse:
    return browser.get("/api/lti/authorize", query_string=asked(leg1, **changes))


def claims_of(browser: Client, answer: TestResponse) -> dict[str, Any]:
    """The claims of the token a page posts, checked with the published keys."""
    keys = KeySet.import_key_set(browser.get("/api/lti/security/jwks").json)
    token = form_of(answer).fields["id_token"]
    return dict(jwt.decode(token, keys, algorithms=["RS256"]).claims)


def launched(
    emulator: Emulator, person: str = "dozen", path: str = "/courses/4101/external_tools/1"
) -> dict[str, Any]:
    browser = logged_in(emulator, person)
    return claims_of(browser, authorized(browser, opened(browser, path)))


class TestKeys:
    def test_three_keys_for_ten_days(self, platform: Emulator) -> None:
        """Past, present and future key, named by ISO times, cached 10 days (key_storage.rb)."""
        answer = platform.browser().get("/api/lti/security/jwks")
        assert answer.headers["Cache-Control"] == "max-age=864000"
        keys = answer.json["keys"]
        assert len({key["kid"] for key in keys}) == 3
        for key in keys:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", key["kid"])
            assert set(key) == {"kty", "e", "n", "kid", "alg", "use"}
            assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")

    def test_rotation(self, platform: Emulator) -> None:
        """The future key signs after a rotation; two rotations sign with an unknown one."""
        browser = logged_in(platform)
        before = [key["kid"] for key in browser.get("/api/lti/security/jwks").json["keys"]]
        kids = []
        for _ in range(3):
            token = form_of(authorized(browser, opened(browser))).fields["id_token"]
            kids.append(json.loads(unb64url(token.partition(".")[0]))["kid"])
            platform.control(lti={"rotate_keys": 1})
        assert kids[:2] == before[1:]
        assert kids[2] not in before
        after = [key["kid"] for key in browser.get("/api/lti/security/jwks").json["keys"]]
        assert kids[2] == after[0]


class TestRegistrations:
    def test_listed(self, platform: Emulator) -> None:
        """Two keys, one off in the account; addresses; redirect URIs are the target alone."""
        platform.control(lti={"deploy": [{"course": 4102, "custom_fields": {"user_id": "7"}}]})
        told = platform.browser().get("/_emulator/lti").json
        assert told["issuer"] == "https://canvas.instructure.com"
        assert told["authorize"].endswith("/api/lti/authorize_redirect")
        assert [(key["kind"], key["on"]) for key in told["keys"]] == [
            ("lti", True),
            ("lti_off", False),
        ]
        own = told["keys"][0]
        assert re.fullmatch(r"1\d{13}", own["client_id"])
        assert own["redirect_uris"] == [LAUNCH]
        assert [each["course"] for each in own["deployments"]] == [None, 4102]
        for each in own["deployments"]:
            assert re.fullmatch(r"\d+:[0-9a-f]{40}", each["id"])

    @pytest.mark.parametrize(
        ("changes", "fault"),
        [
            ({"public_jwk_url": None}, "tool configuration must have public jwk or public jwk url"),
            (
                {"public_jwk_url": None, "public_jwk": {"kty": "RSA"}},
                "tool configuration public jwk must have alg and use",
            ),
            ({"title": None}, "title"),
            ({"extensions": []}, "extensions"),
            ({"privacy_level": "secret"}, "privacy_level"),
        ],
    )
    def test_bad_configuration(
        self, emulator: Emulator, changes: dict[str, Any], fault: str
    ) -> None:
        """What Canvas would not take as a key's JSON is refused (tool_configuration.rb)."""
        pasted = {k: v for k, v in configuration(**changes).items() if v is not None}
        body = {"lti": {"install": [{"configuration": pasted}]}}
        answer = emulator.browser().post("/_emulator/control", json=body)
        assert answer.status_code == 400
        assert fault in answer.json["error"]

    def test_unknown_course(self, platform: Emulator) -> None:
        body = {"lti": {"deploy": [{"course": 1}]}}
        answer = platform.browser().post("/_emulator/control", json=body)
        assert (answer.status_code, "$.lti.deploy" in answer.json["error"]) == (400, True)

    def test_installed_once(self, platform: Emulator) -> None:
        """Pasting the JSON again changes the key, not its deployment."""
        platform.control(lti={"install": [{"configuration": configuration(title="New")}]})
        told = platform.browser().get("/_emulator/lti").json["keys"][0]
        assert len(told["deployments"]) == 1


class TestPages:
    def test_course_menu(self, platform: Emulator) -> None:
        """A course's menu has the entry of the placement, with the placement's text."""
        page = logged_in(platform).get("/courses/4101").text
        assert '<a href="/courses/4101/external_tools/1">Tool here</a>' in page

    def test_deployed_in_one_course(self, platform: Emulator) -> None:
        """An app added to a course shows in that course alone."""
        platform.control(lti={"deploy": [{"course": 4102}]})
        browser = logged_in(platform)
        assert "external_tools/2" in browser.get("/courses/4102").text
        assert "external_tools/2" not in browser.get("/courses/4101").text
        assert browser.get("/courses/4101/external_tools/2").status_code == 404

    @pytest.mark.parametrize(
        ("person", "entries"),
        [
            ("dozen", {"global_navigation"}),
            ("admin", {"global_navigation", "account_navigation"}),
        ],
    )
    def test_menus(self, platform: Emulator, person: str, entries: set[str]) -> None:
        """Global navigation is everybody's, account navigation administrators'; none is off."""
        page = logged_in(platform, person).get("/").text
        assert set(re.findall(r"launch_type=(\w+)", page)) == entries

    def test_frame(self, platform: Emulator) -> None:
        """The launch frame lists what it allows and is in no sandbox (lti/launch.rb)."""
        page = logged_in(platform).get("/courses/4101/external_tools/1").text
        frame = re.search(r"<iframe[^>]*tool_content[^>]*>", page)
        assert frame is not None
        assert "clipboard-write *" in frame[0]
        assert "sandbox" not in frame[0]
        assert 'target="tool_content"' in page

    def test_new_tab(self, platform: Emulator) -> None:
        """``windowTarget: _blank``: a new tab, in which the launch is the page, without a frame."""
        browser = logged_in(platform)
        assert 'target="_blank">Tool</a>' in browser.get("/").text
        path = "/accounts/1/external_tools/1?launch_type=global_navigation"
        page = browser.get(path)
        assert "<iframe" not in page.text
        assert form_of(page).target == ""

    def test_off_in_the_configuration(self, platform: Emulator) -> None:
        """A placement that is not enabled is nowhere."""
        path = "/accounts/1/external_tools/1?launch_type=user_navigation"
        assert logged_in(platform).get(path).status_code == 404

    @pytest.mark.parametrize("path", ["/courses/4101", "/accounts/1/external_tools/1"])
    def test_asks_to_log_in(self, platform: Emulator, path: str) -> None:
        answer = platform.browser().get(path)
        assert (answer.status_code, answer.location) == (302, "/login")

    @pytest.mark.parametrize(
        "path", ["/courses/1", "/courses/6001", "/accounts/1/external_tools/1"]
    )
    def test_not_theirs(self, platform: Emulator, path: str) -> None:
        """A course without the person, and the administrators' menu."""
        assert logged_in(platform).get(path).status_code == 404

    def test_session_cookie(self, platform: Emulator) -> None:
        """A browser gets ``SameSite=None; Secure``; a Canvas set up for development does not."""
        who = platform.person("dozen")
        form = {
            "pseudonym_session[unique_id]": who.login,
            "pseudonym_session[password]": who.password,
        }
        headers = {"Sec-Fetch-Site": "same-origin"}
        cookie = platform.browser().post("/login", data=form, headers=headers).headers["Set-Cookie"]
        assert "SameSite=None" in cookie
        assert "Secure" in cookie
        platform.control(lti={"session_cookie": "lax"})
        cookie = platform.browser().post("/login", data=form, headers=headers).headers["Set-Cookie"]
        assert "SameSite=Lax" in cookie
        assert "Secure" not in cookie

    def test_storage_frame(self, platform: Emulator) -> None:
        """The hidden frame is on another host, and answers for the page its token names only."""
        platform.control(lti={"storage": True})
        browser = logged_in(platform)
        page = browser.get("/courses/4101/external_tools/1")
        assert form_of(page).fields["lti_storage_target"] == "post_message_forwarding"
        found = re.search(r'name="post_message_forwarding" src="([^"]*)"', page.text)
        assert found is not None
        frame = urlsplit(unescape(found[1]))
        assert frame.hostname == "127.0.0.1"  # the test's browser is at localhost
        answer = browser.get(frame.path, query_string=frame.query)
        assert "frame-ancestors http://localhost" in answer.headers["Content-Security-Policy"]
        for token in ("", "x", "a.b.c"):
            refused = browser.get(f"{frame.path}?token={token}")
            assert (refused.status_code, refused.text) == (403, "Invalid token")


class TestLoginInitiation:
    def test_parameters(self, platform: Emulator) -> None:
        """The first leg's parameters, and no other (lti_advantage_adapter.rb)."""
        leg1 = opened(logged_in(platform))
        assert leg1.action == f"{TOOL}/login"
        assert set(leg1.fields) == {
            "iss",
            "login_hint",
            "client_id",
            "lti_deployment_id",
            "target_link_uri",
            "lti_message_hint",
            "canvas_environment",
            "canvas_region",
        }
        assert leg1.fields["iss"] == "https://canvas.instructure.com"
        assert re.fullmatch("[0-9a-f]{40}", leg1.fields["login_hint"])
        assert leg1.fields["target_link_uri"] == LAUNCH
        assert leg1.fields["canvas_environment"] == "prod"
        assert leg1.fields["canvas_region"] == "not_configured"

    def test_another_issuer(self, platform: Emulator) -> None:
        """``lti_iss`` of a self-hosted Canvas, and its environment."""
        platform.control(lti={"issuer": "https://canvas.example.edu", "environment": "test"})
        fields = opened(logged_in(platform)).fields
        assert fields["iss"] == "https://canvas.example.edu"
        assert fields["canvas_environment"] == "test"


class TestAuthentication:
    def test_answer(self, platform: Emulator) -> None:
        """Posted to the tool: token, state as sent, and Rails's two stray fields."""
        browser = logged_in(platform)
        answer = authorized(browser, opened(browser))
        form = form_of(answer)
        assert form.action == LAUNCH
        assert set(form.fields) == {"id_token", "state", "utf8", "authenticity_token"}
        assert form.fields["state"] == "a state"
        assert claims_of(browser, answer)["nonce"] == "a nonce"

    def test_storage_target(self, platform: Emulator) -> None:
        """``lti_storage_target`` comes back when it was sent out."""
        platform.control(lti={"storage": True})
        browser = logged_in(platform)
        fields = form_of(authorized(browser, opened(browser))).fields
        assert fields["lti_storage_target"] == "post_message_forwarding"

    def test_post(self, platform: Emulator) -> None:
        """The request may be a POST too."""
        browser = logged_in(platform)
        answer = browser.post("/api/lti/authorize", data=asked(opened(browser)))
        assert "id_token" in form_of(answer).fields

    def test_shared_address(self, platform: Emulator) -> None:
        """The address all schools share sends the browser to the host within the hint."""
        browser = logged_in(platform)
        parameters = asked(opened(browser))
        answer = browser.get("/api/lti/authorize_redirect", query_string=parameters)
        assert answer.location.startswith("http://localhost/api/lti/authorize?")
        assert "id_token" in form_of(browser.get(answer.location)).fields
        posted = browser.post(
            "/api/lti/authorize_redirect", data=asked(opened(browser)), follow_redirects=True
        )
        assert "id_token" in form_of(posted).fields
        refused = browser.get("/api/lti/authorize_redirect?lti_message_hint=x")
        assert refused.status_code == 400

    @pytest.mark.parametrize("hint", ["", "x", "a.b.c", None])
    def test_bad_hint(self, platform: Emulator, hint: str | None) -> None:
        """Canvas's own error; nothing reaches the tool."""
        browser = logged_in(platform)
        answer = authorized(browser, opened(browser), lti_message_hint=hint)
        assert answer.status_code == 400
        assert "Invalid lti_message_hint" in answer.text
        assert "<form" not in answer.text

    def test_old_hint(self, platform: Emulator) -> None:
        """A hint lives five minutes."""
        browser = logged_in(platform)
        leg1 = opened(browser)
        platform.control(clock={"advance": 301})
        assert "Invalid lti_message_hint" in authorized(browser, leg1).text

    @pytest.mark.parametrize(
        "changes",
        [
            {"nonce": None},
            {"prompt": None},
            {"response_mode": None},
            {"response_type": None},
            {"login_hint": None},
            {"scope": "openid profile"},
        ],
    )
    def test_bad_request(self, platform: Emulator, changes: dict[str, str | None]) -> None:
        """A missing parameter or another scope is posted to the tool, with the state."""
        browser = logged_in(platform)
        fields = form_of(authorized(browser, opened(browser), **changes)).fields
        assert fields["error"] == "invalid_request_object"
        assert fields["state"] == "a state"
        assert "id_token" not in fields

    def test_only_scope_is_compared(self, platform: Emulator) -> None:
        """Of the other parameters only their presence counts."""
        browser = logged_in(platform)
        leg1 = opened(browser)
        answer = authorized(browser, leg1, prompt="login", response_type="code", response_mode="x")
        assert "id_token" in form_of(answer).fields

    def test_somebody_else(self, platform: Emulator) -> None:
        """A session of somebody else, or another login hint."""
        leg1 = opened(logged_in(platform))
        other = form_of(authorized(logged_in(platform, "many"), leg1)).fields
        assert other["error"] == "login_required"
        assert other["error_description"] == "Must have an active user session"
        hinted = form_of(authorized(logged_in(platform), leg1, login_hint="0" * 40)).fields
        assert hinted["error"] == "login_required"

    def test_key_off(self, platform: Emulator) -> None:
        """The key was switched off in the account after the click."""
        browser = logged_in(platform)
        leg1 = opened(browser)
        platform.control(lti={"switched_on": {"lti": False}})
        fields = form_of(authorized(browser, leg1)).fields
        assert fields["error"] == "unauthorized_client"
        assert fields["error_description"] == "Client not authorized in requested context"

    def test_no_session(self, platform: Emulator) -> None:
        """No cookie: Canvas sends itself the request again, then shows an error of its own."""
        leg1 = opened(logged_in(platform))
        stranger = platform.browser()
        first = form_of(authorized(stranger, leg1))
        assert (first.action, first.fields["retried"]) == ("/api/lti/authorize", "true")
        second = stranger.post(first.action, data=first.fields)
        assert second.status_code == 401
        assert "Launch Error" in second.text
        assert TOOL not in second.text

    def test_no_session_before_2024(self, platform: Emulator) -> None:
        """Older Canvas tells the tool at once."""
        platform.control(lti={"retry_without_session": False})
        leg1 = opened(logged_in(platform))
        fields = form_of(authorized(platform.browser(), leg1)).fields
        assert fields["error"] == "login_required"

    def test_cookie_lost(self, platform: Emulator) -> None:
        """Control can lose the cookie, as Safari does after redirects."""
        browser = logged_in(platform)
        leg1 = opened(browser)
        platform.control(lti={"tamper": [{"lost_session": True}]})
        assert form_of(authorized(browser, leg1)).fields["error"] == "login_required"
        assert "id_token" in form_of(authorized(browser, leg1)).fields

    def test_once(self, platform: Emulator) -> None:
        """The payload is given once."""
        browser = logged_in(platform)
        leg1 = opened(browser)
        assert "id_token" in form_of(authorized(browser, leg1)).fields
        fields = form_of(authorized(browser, leg1)).fields
        assert fields["error"] == "launch_no_longer_valid"

    @pytest.mark.parametrize(
        "uri",
        [None, "https://evil.example/launch", f"{LAUNCH}/", f"{TOOL}/launch2", f"{TOOL}/login"],
    )
    def test_bad_redirect(self, platform: Emulator, uri: str | None) -> None:
        """Canvas's own 400, whatever else is wrong; the payload stays for a right request."""
        browser = logged_in(platform)
        leg1 = opened(browser)
        answer = authorized(browser, leg1, redirect_uri=uri)
        assert (answer.status_code, answer.text) == (400, "Invalid redirect_uri")
        assert "id_token" in form_of(authorized(browser, leg1)).fields

    def test_redirect_query(self, emulator: Emulator) -> None:
        """A listed query must be there; more of it may."""
        listed = f"{LAUNCH}?tenant=1"
        install = {"configuration": configuration(target_link_uri=listed)}
        emulator.control(lti={"install": [install]})
        browser = logged_in(emulator)
        leg1 = opened(browser)
        assert authorized(browser, leg1).status_code == 400
        right = authorized(browser, leg1, redirect_uri=f"{listed}&more=2")
        assert form_of(right).action == f"{listed}&more=2"


class TestToken:
    def test_registered_claims(self, platform: Emulator) -> None:
        """``aud`` is text, ``azp`` the same; an hour from the click; ``sub`` is a UUID."""
        browser = logged_in(platform)
        leg1 = opened(browser)
        clicked = int(platform.state.clock.seconds())
        platform.control(clock={"advance": 100})
        claims = claims_of(browser, authorized(browser, leg1))
        assert claims["aud"] == claims["azp"] == leg1.fields["client_id"]
        assert (claims["iat"], claims["exp"]) == (clicked, clicked + 3600)
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", claims["sub"])
        assert claims[f"{CLAIM}version"] == "1.3.0"
        assert claims[f"{CLAIM}message_type"] == "LtiResourceLinkRequest"
        assert claims[f"{CLAIM}deployment_id"] == leg1.fields["lti_deployment_id"]
        assert claims[f"{CLAIM}target_link_uri"] == LAUNCH
        assert claims["https://www.instructure.com/placement"] == "course_navigation"

    def test_quirks(self, platform: Emulator) -> None:
        """Stray members, nulls, and a frame said even of a new tab."""
        tab = "/accounts/1/external_tools/1?launch_type=global_navigation"
        for path in ("/courses/4101/external_tools/1", tab):
            claims = launched(platform, path=path)
            assert claims[f"{CLAIM}launch_presentation"]["document_target"] == "iframe"
            assert claims[f"{CLAIM}resource_link"]["description"] is None
            for name in ("context", "resource_link", "tool_platform", "launch_presentation"):
                assert claims[f"{CLAIM}{name}"]["validation_context"] is None
                assert claims[f"{CLAIM}{name}"]["errors"] == {"errors": {}}

    def test_context(self, platform: Emulator) -> None:
        """The context's id is no Canvas id; in a menu the resource link is the context."""
        course = launched(platform)
        context = course[f"{CLAIM}context"]
        assert re.fullmatch("[0-9a-f]{40}", context["id"])
        assert (context["label"], context["title"]) == ("BIO-101", "Biology 101")
        kind = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"
        assert context["type"] == [kind]
        assert course[f"{CLAIM}resource_link"]["id"] == context["id"]
        path = "/accounts/1/external_tools/1?launch_type=global_navigation"
        assert launched(platform, path=path)[f"{CLAIM}context"]["type"] == ["Account"]

    def test_variables(self, platform: Emulator) -> None:
        """All text; the anonymous level hides none; what is unknown keeps its name."""
        custom = launched(platform)[f"{CLAIM}custom"]
        assert custom == {
            "user_id": "1",
            "global_id": "10000000000001",
            "masquerading_id": "$Canvas.masqueradingUser.id",
            "course_id": "4101",
            "student_view": "false",
            "time_zone": "America/Denver",
            "unknown": "$Canvas.no.such.variable",
        }
        path = "/accounts/1/external_tools/1?launch_type=global_navigation"
        assert launched(platform, path=path)[f"{CLAIM}custom"]["course_id"] == "$Canvas.course.id"

    def test_same_global_id_as_oauth(self, platform: Emulator) -> None:
        """``$Canvas.user.globalId`` is the token answer's ``user.global_id``, across shards too."""
        for person, path in (
            ("dozen", "/courses/4101/external_tools/1"),
            ("visitor", "/courses/4113/external_tools/1"),
        ):
            user = platform.grant(person=person)["user"]
            custom = launched(platform, person, path)[f"{CLAIM}custom"]
            assert custom["global_id"] == user["global_id"]
            assert custom["user_id"] == str(user["id"])
        assert user["global_id"] == "20000000000077"

    def test_forged_custom_fields(self, platform: Emulator) -> None:
        """Whoever may edit a deployment sets its custom fields; ``sub`` is not among them."""
        platform.control(
            lti={"deploy": [{"course": 4101, "custom_fields": {"global_id": "10000000000002"}}]}
        )
        honest = launched(platform)
        forged = launched(platform, path="/courses/4101/external_tools/2")
        assert forged[f"{CLAIM}custom"]["global_id"] == "10000000000002"
        assert forged["sub"] == honest["sub"]
        assert forged[f"{CLAIM}deployment_id"] != honest[f"{CLAIM}deployment_id"]

    def test_merged_person(self, platform: Emulator) -> None:
        """A merged person has an older ``sub`` in one course, and the same ids (user.rb)."""
        here = launched(platform)
        there = launched(platform, path="/courses/4103/external_tools/1")
        assert here["sub"] != there["sub"]
        ids = [each[f"{CLAIM}custom"]["global_id"] for each in (here, there)]
        assert ids[0] == ids[1]
        assert launched(platform, path="/courses/4102/external_tools/1")["sub"] == here["sub"]

    @pytest.mark.parametrize(
        ("level", "names"),
        [
            ("anonymous", set()),
            ("name_only", {"name", "given_name", "family_name", f"{CLAIM}lis"}),
            ("email_only", {"email"}),
            (
                "public",
                {"name", "given_name", "family_name", f"{CLAIM}lis", "email", "picture"},
            ),
        ],
    )
    def test_privacy(self, emulator: Emulator, level: str, names: set[str]) -> None:
        """What each level adds."""
        install = {"configuration": configuration(privacy_level=level)}
        emulator.control(lti={"install": [install]})
        personal = {"name", "given_name", "family_name", f"{CLAIM}lis", "email", "picture"}
        claims = launched(emulator)
        assert personal & set(claims) == names
        assert f"{CLAIM}role_scope_mentor" not in claims

    def test_mentor(self, emulator: Emulator) -> None:
        """An observer's students, by their ``sub``, at the public level."""
        install = {"configuration": configuration(privacy_level="public")}
        emulator.control(lti={"install": [install]})
        mentored = launched(emulator, "observer")[f"{CLAIM}role_scope_mentor"]
        assert mentored == [launched(emulator)["sub"]]

    @pytest.mark.parametrize(
        ("person", "wanted"),
        [
            ("dozen", {"membership#Learner", "institution/person#Student", "system/person#User"}),
            ("teacher", {"membership#Instructor", "institution/person#Instructor"}),
            ("ta", {"membership#Instructor", "membership/Instructor#TeachingAssistant"}),
            ("observer", {"membership#Mentor"}),
            ("admin", {"institution/person#Administrator"}),
        ],
    )
    def test_roles(self, platform: Emulator, person: str, wanted: set[str]) -> None:
        """All roles, sorted; institution roles count other courses (substitutions_helper.rb)."""
        roles = launched(platform, person)[f"{CLAIM}roles"]
        assert roles == sorted(roles)
        assert wanted <= {role.rpartition("/lis/v2/")[2] for role in roles}
        if person == "ta":  # who studies in another course
            assert "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Student" in roles
            assert "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner" not in roles


class TestPeople:
    def test_acting_as(self, platform: Emulator) -> None:
        """The person's ``sub``, and the administrator in ``$Canvas.masqueradingUser.id``."""
        browser = logged_in(platform, "admin")
        browser.post("/users/1/masquerade")
        claims = claims_of(browser, authorized(browser, opened(browser)))
        assert claims["sub"] == launched(platform)["sub"]
        assert claims[f"{CLAIM}custom"]["masquerading_id"] == str(platform.person("admin").id)

    def test_student_view(self, platform: Emulator) -> None:
        """The test student, with the role of its kind; only for who teaches there."""
        assert logged_in(platform).post("/courses/4101/student_view").status_code == 403
        browser = logged_in(platform, "teacher")
        assert browser.post("/courses/4101/student_view").status_code == 302
        claims = claims_of(browser, authorized(browser, opened(browser)))
        assert claims[f"{CLAIM}custom"]["student_view"] == "true"
        test_user = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
        assert test_user in claims[f"{CLAIM}roles"]

    def test_nobody(self, platform: Emulator) -> None:
        """A public course may be launched by nobody: no ``sub``, a hint that names nobody."""
        platform.control(courses={4101: {"is_public": True}})
        browser = platform.browser()
        leg1 = opened(browser)
        claims = claims_of(browser, authorized(browser, leg1))
        assert "sub" not in claims
        assert claims[f"{CLAIM}custom"]["user_id"] == "$Canvas.user.id"
        assert opened(platform.browser()).fields["login_hint"] == leg1.fields["login_hint"]


class TestTampering:
    @pytest.mark.parametrize(
        "tampering",
        [
            {"key": "none"},
            {"key": "public_as_secret"},
            {"key": "foreign"},
            {"payload": "not json"},
        ],
    )
    def test_bad_signatures(self, platform: Emulator, tampering: dict[str, Any]) -> None:
        """None of these passes a check with the published keys; the next launch is right."""
        platform.control(lti={"tamper": [tampering]})
        browser = logged_in(platform)
        bad = authorized(browser, opened(browser))
        with pytest.raises(Exception, match=r"\w"):
            claims_of(browser, bad)
        assert claims_of(browser, authorized(browser, opened(browser)))["sub"]

    def test_retired_key(self, platform: Emulator) -> None:
        """A key that is in the set no more."""
        platform.control(lti={"rotate_keys": 1, "tamper": [{"key": "retired"}]})
        browser = logged_in(platform)
        token = form_of(authorized(browser, opened(browser))).fields["id_token"]
        kid = json.loads(unb64url(token.partition(".")[0]))["kid"]
        assert kid not in {k["kid"] for k in browser.get("/api/lti/security/jwks").json["keys"]}

    def test_claims_and_header(self, platform: Emulator) -> None:
        """Members are merged, null removes; so often, and an empty list clears."""
        tampering = {
            "claims": {"sub": None, "azp": "x", f"{CLAIM}custom": {"user_id": None, "more": "y"}},
            "header": {"jku": "https://evil.example/keys"},
            "times": 2,
        }
        platform.control(lti={"tamper": [tampering]})
        for _ in range(2):
            claims = launched(platform)
            assert "sub" not in claims
            assert claims["azp"] == "x"
            assert claims[f"{CLAIM}custom"]["more"] == "y"
            assert "user_id" not in claims[f"{CLAIM}custom"]
        assert "sub" in launched(platform)
        platform.control(lti={"tamper": [{"claims": {"azp": "x"}, "times": None}]})
        assert launched(platform)["azp"] == launched(platform)["azp"] == "x"
        platform.control(lti={"tamper": []})
        assert launched(platform)["azp"] != "x"

    def test_error(self, platform: Emulator) -> None:
        platform.control(lti={"tamper": [{"error": "server_error"}]})
        browser = logged_in(platform)
        fields = form_of(authorized(browser, opened(browser))).fields
        assert fields["error"] == "server_error"
        assert fields["state"] == "a state"
