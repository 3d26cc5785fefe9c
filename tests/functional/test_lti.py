"""Easel opens from inside Canvas: a launch by LTI 1.3."""

import json
import logging
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import sqlalchemy as sa

from canvas_app.views.lti import LARGEST_LAUNCH
from tests.conftest import StandIn
from tests.functional.conftest import (
    RunningEasel,
    StartEasel,
    form_to,
    forms,
    send,
    sign_in,
)
from tests.functional.launching import (
    ACCOUNT,
    COOKIE,
    ISSUER,
    Launcher,
    lti_settings,
    new_browser,
    nonce_and_state,
    start_tool,
)

pytestmark = pytest.mark.anyday

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
ROUTES = ("/lti/login", "/lti/config.json", "/lti/jwks.json", "/lti/connected.json", "/lti/open")


@pytest.fixture
def tool(start_easel: StartEasel, canvas: StandIn) -> RunningEasel:
    return start_tool(start_easel, canvas)


def consented(launcher: Launcher, path: str = "") -> requests.Session:
    """Connect Easel by a launch, once, in this browser."""
    page = launcher.landed(path) if path else launcher.landed()
    page = send(launcher.browser, page, form_to(page, "/login/oauth2/accept"))
    assert page.status_code == 200, page.text[:500]
    return launcher.browser


def signs_ins(easel: RunningEasel) -> int:
    gateway = easel.app.extensions["easel"]
    with gateway.storage.engine.connect() as connection:
        return int(connection.execute(sa.text("SELECT count(*) FROM sign_ins")).scalar_one())


def refused(page: requests.Response, title: str, status: int = 400) -> None:
    """Assert that this is the page of this cause, and that only the launch cookie was set."""
    assert f"<h1>{title}</h1>" in unescape(page.text), page.text
    assert page.status_code == status
    assert "easel_sign_in" not in page.headers.get("Set-Cookie", "")
    assert "Load the page again" not in page.text


class TestOff:
    @pytest.mark.parametrize("path", [*ROUTES, "/lti/launch"])
    def test_no_routes(self, easel: RunningEasel, path: str) -> None:
        """Without LTI_CLIENT_ID these addresses do not exist, with any method."""
        for method in ("GET", "POST"):
            answer = requests.request(method, easel.url + path, timeout=30)
            assert answer.status_code == 404
            assert answer.headers["X-Frame-Options"] == "DENY"


class TestConfiguration:
    def test_json(self, tool: RunningEasel) -> None:
        """The JSON for the LTI key has no scopes, no personal data, and course menus in a frame."""
        pasted = requests.get(f"{tool.url}/lti/config.json", timeout=30).json()
        assert pasted["oidc_initiation_url"] == f"{tool.url}/lti/login"
        assert pasted["target_link_uri"] == f"{tool.url}/lti/launch"
        assert pasted["public_jwk_url"] == f"{tool.url}/lti/jwks.json"
        assert pasted["scopes"] == []
        extension = pasted["extensions"][0]
        assert extension["privacy_level"] == "anonymous"
        targets = {
            each["placement"]: each.get("windowTarget")
            for each in extension["settings"]["placements"]
        }
        assert targets == {
            "course_navigation": None,
            "user_navigation": "_blank",
            "global_navigation": "_blank",
            "account_navigation": "_blank",
        }
        assert len(pasted["custom_fields"]) == 6

    def test_never_in_frames(self, start_easel: StartEasel, canvas: StandIn) -> None:
        """With LTI_FRAME=off every entry opens a tab."""
        tool = start_tool(start_easel, canvas, lti=lti_settings(canvas, frame=False))
        pasted = requests.get(f"{tool.url}/lti/config.json", timeout=30).json()
        placements = pasted["extensions"][0]["settings"]["placements"]
        assert {each["windowTarget"] for each in placements} == {"_blank"}

    def test_no_keys_of_its_own(self, tool: RunningEasel) -> None:
        assert requests.get(f"{tool.url}/lti/jwks.json", timeout=30).json() == {"keys": []}


class TestFirstLeg:
    def test_authentication_request(self, tool: RunningEasel) -> None:
        """It goes to the configured address with a new state and nonce; the hints pass unread."""
        launcher = Launcher(tool)
        fields = launcher.opened()
        answer = launcher.initiated(fields)
        url = urlsplit(answer.headers["Location"])
        assert answer.status_code == 302
        assert f"{url.scheme}://{url.netloc}" == tool.canvas.url
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        assert query["redirect_uri"] == f"{tool.url}/lti/launch"
        assert query["login_hint"] == fields["login_hint"]
        assert query["lti_message_hint"] == fields["lti_message_hint"]
        assert (query["scope"], query["prompt"]) == ("openid", "none")
        again = launcher.initiated(fields)
        assert set(nonce_and_state(again)).isdisjoint(nonce_and_state(answer))

    def test_get(self, tool: RunningEasel) -> None:
        """The specification lets a platform use GET as well."""
        fields = Launcher(tool).opened()
        answer = requests.get(
            f"{tool.url}/lti/login", params=fields, allow_redirects=False, timeout=30
        )
        assert answer.status_code == 302

    @pytest.mark.parametrize(
        ("dest", "partitioned"), [("document", False), ("iframe", True), ("", False)]
    )
    def test_cookie(self, tool: RunningEasel, dest: str, partitioned: bool) -> None:
        """There is one cookie, for ten minutes and this host only; in a frame it is partitioned."""
        launcher = Launcher(tool)
        cookies = launcher.initiated(launcher.opened(), dest).headers["Set-Cookie"]
        name, *attributes = [part.strip() for part in cookies.split(";")]
        assert name.startswith(f"{COOKIE}=")
        wanted = {"Secure", "HttpOnly", "Path=/", "Max-Age=600", "SameSite=None"}
        assert wanted <= set(attributes)
        assert ("Partitioned" in attributes) is partitioned
        assert not any(part.startswith("Domain") for part in attributes)

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://evil.example"},
            {"client_id": "10000000000999"},
            {"iss": ""},
            {"client_id": "<script>alert(1)</script>"},
        ],
    )
    def test_unknown_platform(self, tool: RunningEasel, changes: dict[str, str]) -> None:
        """A page names issuer and client id, and redirects nowhere."""
        launcher = Launcher(tool)
        answer = launcher.initiated(launcher.opened() | changes)
        refused(answer, "This Canvas is not one that Easel knows")
        assert "<script>alert" not in answer.text
        assert "Location" not in answer.headers

    def test_hostile_target(self, tool: RunningEasel) -> None:
        """``target_link_uri`` is never followed."""
        launcher = Launcher(tool)
        fields = launcher.opened() | {"target_link_uri": "https://evil.example/"}
        assert "evil.example" not in launcher.initiated(fields).headers["Location"]


class TestTab:
    def test_first_time(self, tool: RunningEasel) -> None:
        """Nobody has connected Easel yet, so Canvas asks for consent; then the course opens."""
        launcher = Launcher(tool)
        page = launcher.landed()
        page = send(launcher.browser, page, form_to(page, "/login/oauth2/accept"))
        assert page.url == f"{tool.url}/courses/4101"
        assert "Biology 101" in page.text

    def test_connected_before(self, tool: RunningEasel) -> None:
        """With a grant the page opens at once, in a browser that has never signed in."""
        consented(Launcher(tool))
        launcher = Launcher(tool)
        page = launcher.landed("/courses/4102/external_tools/1")
        assert page.url == f"{tool.url}/courses/4102"
        assert "Statistics" in page.text
        assert [each.status_code for each in page.history] == [303]
        assert signs_ins(tool) == 2

    def test_signed_in_already(self, tool: RunningEasel) -> None:
        """A browser that is signed in gets no second sign-in."""
        launcher = Launcher(tool)
        consented(launcher)
        assert launcher.landed().url == f"{tool.url}/courses/4101"
        assert signs_ins(tool) == 1

    @pytest.mark.parametrize(
        ("placement", "path"),
        [
            ("global_navigation", "/"),
            ("user_navigation", "/"),
            ("account_navigation", "/help/canvas"),
        ],
    )
    def test_placements(self, tool: RunningEasel, placement: str, path: str) -> None:
        """Each entry leads to its page."""
        launcher = Launcher(tool, "admin")
        consented(launcher)
        page = launcher.landed(ACCOUNT.format(placement))
        assert urlsplit(page.url).path == path

    def test_sign_in_cookie_is_as_ever(self, tool: RunningEasel) -> None:
        """A sign-in by a launch has the same cookie as one by consent; a launch works once."""
        consented(Launcher(tool))
        launcher = Launcher(tool)
        answer = launcher.launched()
        url = tool.url + answer.headers["Location"]
        entered = launcher.browser.get(url, allow_redirects=False, timeout=30)
        cookies = entered.raw.headers.getlist("Set-Cookie")
        sign_in_cookie = next(each for each in cookies if each.startswith("easel_sign_in="))
        assert "SameSite=Lax" in sign_in_cookie
        assert "Partitioned" not in sign_in_cookie
        launcher.browser.cookies.set("easel_sign_in", None)
        refused(launcher.browser.get(url, timeout=30), "This launch was used already")

    @pytest.mark.parametrize("before", ["nothing", "signed in", "consent"])
    def test_sign_out_ends_it(self, tool: RunningEasel, before: str) -> None:
        """After a sign-out, a launch's address signs nobody in again, however it was used."""
        launcher = Launcher(tool)
        if before != "consent":
            consented(Launcher(tool))
        if before == "signed in":
            launcher.landed()
        page = launcher.landed()
        address = page.history[0].url
        if before == "consent":
            page = send(launcher.browser, page, form_to(page, "/login/oauth2/accept"))
            Launcher(tool).landed()  # another browser keeps the grant
        account = launcher.browser.get(f"{tool.url}/account", timeout=30)
        send(launcher.browser, account, form_to(account, "/logout"))
        refused(launcher.browser.get(address, timeout=30), "This launch was used already")

    def test_five_tabs(self, tool: RunningEasel) -> None:
        """Five launches in one browser each end in their page; a sixth replaces the first."""
        launcher = Launcher(tool)
        consented(launcher)
        answers = [launcher.token() for _ in range(6)]
        refused(
            launcher.posted("/lti/launch", answers[0]),
            "This launch is not one that this browser began",
        )
        for answer in answers[1:]:
            assert launcher.posted("/lti/launch", answer).status_code == 303


class TestPeople:
    def test_another_person(self, tool: RunningEasel) -> None:
        """Canvas and the browser know different people: a page names both and offers both ways."""
        consented(Launcher(tool, "many"), "/courses/5001/external_tools/1")
        launcher = Launcher(tool)
        consented(launcher)
        launcher.log_in("many")
        page = launcher.landed("/courses/5001/external_tools/1")
        assert page.status_code == 409
        assert "Canvas opened Easel for <bdi>Jonas Weber</bdi>" in page.text
        assert "signed in to Easel as <bdi>Maya Lindqvist</bdi>" in page.text
        links = re.findall(r'class="button[^"]*" href="([^"]*)"', page.text)
        stay = launcher.browser.get(f"{tool.url}/account", timeout=30)
        assert "Maya Lindqvist" in stay.text
        assert links[1] == "/courses/5001"
        switched = launcher.browser.get(tool.url + links[0].replace("&amp;", "&"), timeout=30)
        assert switched.url == f"{tool.url}/courses/5001"
        assert "Jonas Weber" in switched.text

    def test_unknown_other_person(self, tool: RunningEasel) -> None:
        """Somebody who has not connected Easel is not named, because a launch has no names."""
        launcher = Launcher(tool)
        consented(launcher)
        launcher.log_in("many")
        page = launcher.landed("/courses/5001/external_tools/1")
        assert "Canvas opened Easel for somebody else" in page.text

    def test_other_account_consents(self, tool: RunningEasel) -> None:
        """If another person consents at Canvas, their token is revoked and nobody is signed in."""
        launcher = Launcher(tool)
        launcher.landed()
        before = tool.canvas.stats()
        launcher.log_in("many")
        page = launcher.browser.get(f"{tool.canvas.url}/login/oauth2/confirm", timeout=30)
        answer = launcher.launched("/courses/5001/external_tools/1")
        assert answer.status_code == 303
        # Maya's launch goes on, although Jonas is logged in to Canvas by now.
        maya = Launcher(tool)
        consent = maya.landed()
        maya.log_in("many")
        consent = maya.browser.get(consent.url, timeout=30)
        page = send(maya.browser, consent, form_to(consent, "/login/oauth2/accept"))
        refused(page, "You agreed as somebody else", 403)
        assert "Jonas Weber" in page.text
        assert signs_ins(tool) == 0
        assert tool.canvas.stats()["revocations"] == before["revocations"] + 1
        assert maya.browser.get(f"{tool.url}/account", timeout=30).url != f"{tool.url}/account"

    def test_another_shard(self, tool: RunningEasel) -> None:
        """Somebody from another shard is recognised by their global id."""
        path = "/courses/4113/external_tools/1"
        consented(Launcher(tool, "visitor"), path)
        assert Launcher(tool, "visitor").landed(path).url == f"{tool.url}/courses/4113"

    def test_merged_person(self, tool: RunningEasel) -> None:
        """A course may send an older ``sub``, which changes nothing."""
        consented(Launcher(tool))
        page = Launcher(tool).landed("/courses/4103/external_tools/1")
        assert page.url == f"{tool.url}/courses/4103"

    def test_grant_from_before(self, tool: RunningEasel) -> None:
        """A grant without a global id is found by the id within this Canvas."""
        consented(Launcher(tool))
        with tool.app.extensions["easel"].storage.engine.begin() as connection:
            connection.execute(sa.text("UPDATE grants SET global_id = NULL"))
        assert Launcher(tool).landed().url == f"{tool.url}/courses/4101"

    def test_global_id_comes_with_a_refresh(self, tool: RunningEasel) -> None:
        """A grant from before learns the id when its token is renewed."""
        browser = consented(Launcher(tool))
        engine = tool.app.extensions["easel"].storage.engine
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE grants SET global_id = NULL"))
        tool.canvas.control(expire_tokens="all")
        assert browser.get(f"{tool.url}/courses/4102", timeout=60).status_code == 200
        with engine.connect() as connection:
            told = connection.execute(sa.text("SELECT global_id FROM grants")).scalar_one()
        assert told == 10_000_000_000_000 + tool.canvas.person("dozen")["id"]

    @pytest.mark.parametrize("absent", [False, True])
    def test_acting_as(self, tool: RunningEasel, absent: bool) -> None:
        """If somebody acts as a person, or may do so, the person's own grant is never used."""
        consented(Launcher(tool))
        launcher = Launcher(tool, "dozen" if absent else "admin")
        if absent:
            gone = {"claims": {f"{CLAIM}custom": {"masquerading_id": None}}}
            tool.canvas.control(lti={"tamper": [gone]})
        else:
            who = tool.canvas.person("dozen")["id"]
            launcher.browser.post(f"{tool.canvas.url}/users/{who}/masquerade", timeout=30)
        page = launcher.landed()
        assert page.url.startswith(f"{tool.canvas.url}/login/oauth2/")
        page = send(launcher.browser, page, form_to(page, "/login/oauth2/accept"))
        assert page.url == f"{tool.url}/courses/4101"
        assert ("is acting as" in page.text) is not absent

    def test_student_view(self, tool: RunningEasel) -> None:
        launcher = Launcher(tool, "teacher")
        launcher.browser.post(f"{tool.canvas.url}/courses/4101/student_view", timeout=30)
        refused(launcher.launched(), "Easel cannot be seen in student view", 403)

    def test_nobody(self, tool: RunningEasel) -> None:
        tool.canvas.control(courses={4101: {"is_public": True}})
        refused(Launcher(tool, None).launched(), "Nobody is logged in to Canvas", 403)

    def test_forged_custom_fields(self, tool: RunningEasel) -> None:
        """A deployment that somebody made in a course is refused; the page shows its id."""
        consented(Launcher(tool, "many"), "/courses/5001/external_tools/1")
        victim = str(10_000_000_000_000 + tool.canvas.person("many")["id"])
        forged = {"course": 4101, "custom_fields": {"global_id": victim}}
        tool.canvas.control(lti={"deploy": [forged]})
        page = Launcher(tool).launched("/courses/4101/external_tools/2")
        refused(page, "Easel does not accept launches from this place yet", 403)
        assert re.search(r"2:[0-9a-f]{40}", page.text)

    def test_scopes_grew(self, tool: RunningEasel) -> None:
        """A grant that lacks scopes of today's pages leads to consent again."""
        consented(Launcher(tool))
        gateway = tool.app.extensions["easel"]
        object.__setattr__(gateway.settings, "scopes", ("url:GET|/api/v1/courses",))
        page = Launcher(tool).landed()
        assert page.url.startswith(f"{tool.canvas.url}/login/oauth2/")


SPOILED: dict[str, tuple[dict[str, Any], str, int]] = {
    "none": ({"key": "none"}, "Canvas's launch is signed in a way Easel does not accept", 400),
    "PEM as secret": (
        {"key": "public_as_secret"},
        "Canvas's launch is signed in a way Easel does not accept",
        400,
    ),
    "another key": ({"key": "foreign"}, "The signature of this launch is wrong", 400),
    "unknown key": (
        {"header": {"kid": "2001-01-01T00:00:00Z"}},
        "Easel does not know the key of this launch",
        400,
    ),
    "jku": (
        {"header": {"jku": "https://evil.example/keys"}},
        "This launch names a key of its own",
        400,
    ),
    "issuer": (
        {"claims": {"iss": "https://evil.example"}},
        "This launch comes from another Canvas",
        400,
    ),
    "audience": (
        {"claims": {"aud": "10000000000999", "azp": "10000000000999"}},
        "This launch is meant for another key",
        400,
    ),
    "party": ({"claims": {"azp": "1"}}, "This launch was given to another tool", 400),
    "expired": ({"claims": {"exp": 1}}, "This launch is too old", 400),
    "clock": (
        {"claims": {"iat": 9_999_999_999, "exp": 9_999_999_999}},
        "The clocks of Canvas and Easel differ",
        400,
    ),
    "nonce": ({"claims": {"nonce": "another"}}, "This launch belongs to another request", 400),
    "deployment": (
        {"claims": {f"{CLAIM}deployment_id": "9:0"}},
        "Easel does not accept launches from this place yet",
        403,
    ),
    "version": (
        {"claims": {f"{CLAIM}version": "1.1"}},
        "This launch is of another LTI version",
        400,
    ),
    "type": (
        {"claims": {f"{CLAIM}message_type": "LtiDeepLinkingRequest"}},
        "Easel cannot be used for this",
        400,
    ),
    "not JSON": ({"payload": "no"}, "Canvas's launch cannot be read", 400),
    "nobody": ({"claims": {"sub": None}}, "Nobody is logged in to Canvas", 403),
    "variables": (
        {"claims": {f"{CLAIM}custom": {"global_id": None}}},
        "Canvas does not tell Easel who you are",
        502,
    ),
    "course": (
        {"claims": {f"{CLAIM}custom": {"course_id": "../logout"}}},
        "Canvas does not tell Easel which course this is",
        502,
    ),
    "login_required": ({"error": "login_required"}, "Canvas does not know who you are", 403),
    "key off": ({"error": "unauthorized_client"}, "Easel is switched off in this Canvas", 502),
    "request": ({"error": "invalid_request_object"}, "Canvas did not understand Easel", 502),
    "used": ({"error": "launch_no_longer_valid"}, "This launch was used already", 400),
    "other error": ({"error": "<b>x"}, "Canvas could not open Easel", 502),
}


class TestRefused:
    @pytest.mark.parametrize("name", SPOILED)
    def test_one_page_each(self, tool: RunningEasel, name: str) -> None:
        """Each cause has a page of its own; nobody is signed in, and the next launch works."""
        tampering, title, status = SPOILED[name]
        consented(Launcher(tool))
        tool.canvas.control(lti={"tamper": [tampering]})
        launcher = Launcher(tool)
        page = launcher.launched()
        refused(page, title, status)
        assert signs_ins(tool) == 1
        assert launcher.landed().url == f"{tool.url}/courses/4101"

    def test_rotated_keys(self, tool: RunningEasel) -> None:
        """After two rotations the unknown key is fetched once and then used from memory."""
        consented(Launcher(tool))
        keys = tool.app.extensions["easel.lti"]["production"]
        keys._asked_at = None  # as if a minute had passed
        tool.canvas.control(lti={"rotate_keys": 2})
        assert Launcher(tool).landed().url == f"{tool.url}/courses/4101"

    def test_keys_away(self, tool: RunningEasel) -> None:
        """If the keys cannot be fetched, a page says so, and when to try again."""
        away = {"kind": "status", "path": "/api/lti/security/jwks", "status": 503, "times": None}
        tool.canvas.control(faults=[away])
        page = Launcher(tool).launched()
        refused(page, "Canvas's keys cannot be reached", 503)
        assert page.headers["Retry-After"] == "60"

    def test_too_large(self, tool: RunningEasel) -> None:
        """A body beyond the limit is not read."""
        launcher = Launcher(tool)
        for path in ("/lti/launch", "/lti/login"):
            answer = launcher.posted(path, {"id_token": "x" * (LARGEST_LAUNCH + 1)})
            assert answer.status_code == 413
            assert launcher.posted(path, {"id_token": "x" * 2**20}).status_code == 413

    @pytest.mark.parametrize("token", ["", "garbage", "a.b.c"])
    def test_garbage(self, tool: RunningEasel, token: str) -> None:
        launcher = Launcher(tool)
        answer = launcher.token() | {"id_token": token}
        refused(launcher.posted("/lti/launch", answer), "Canvas's launch cannot be read")

    def test_spent(self, tool: RunningEasel) -> None:
        """The same answer twice, the second time with the earlier cookie, makes one sign-in."""
        consented(Launcher(tool))
        launcher = Launcher(tool)
        answer = launcher.token()
        cookie = launcher.browser.cookies.get(COOKIE)
        assert launcher.posted("/lti/launch", answer).status_code == 303
        refused(
            launcher.posted("/lti/launch", answer),
            "This launch is not one that this browser began",
        )
        launcher.browser.cookies.set(COOKIE, cookie, domain="127.0.0.1", path="/")
        refused(launcher.posted("/lti/launch", answer), "This launch was used already")


class TestState:
    def test_no_cookie(self, tool: RunningEasel) -> None:
        """A browser that keeps no cookies is told so."""
        launcher = Launcher(tool)
        answer = launcher.token()
        launcher.browser.cookies.clear()
        refused(
            launcher.posted("/lti/launch", answer),
            "Your browser kept no cookie for this launch",
        )

    def test_forged_cookie(self, tool: RunningEasel) -> None:
        launcher = Launcher(tool)
        answer = launcher.token()
        cookie = launcher.browser.cookies.get(COOKIE)
        assert cookie is not None
        launcher.browser.cookies.set(COOKIE, f"A{cookie[1:]}", domain="127.0.0.1", path="/")
        refused(
            launcher.posted("/lti/launch", answer),
            "Your browser kept no cookie for this launch",
        )

    @pytest.mark.parametrize("state", [None, "", "forged"])
    def test_forged_state(self, tool: RunningEasel, state: str | None) -> None:
        launcher = Launcher(tool)
        answer = launcher.token() | {"state": state}
        if state is None:
            del answer["state"]
        refused(
            launcher.posted("/lti/launch", answer),
            "This launch is not one that this browser began",
        )

    def test_login_csrf(self, tool: RunningEasel) -> None:
        """An attacker's whole answer, posted by the victim's browser, signs nobody in."""
        attacker = Launcher(tool, "many")
        consented(attacker, "/courses/5001/external_tools/1")
        answer = attacker.token("/courses/5001/external_tools/1")
        victim = Launcher(tool)
        victim.initiated(victim.opened())
        refused(
            victim.posted("/lti/launch", answer),
            "This launch is not one that this browser began",
        )
        assert signs_ins(tool) == 1

    def test_ticket_signs_nobody_in(self, tool: RunningEasel) -> None:
        """The link opened in another browser leads to Canvas, never into the account."""
        consented(Launcher(tool))
        door = Launcher(tool).launched(dest="iframe")
        link = re.search(r'href="(/lti/open\?ticket=[^"]*)"', door.text)
        assert link is not None
        stranger = new_browser()
        page = stranger.get(tool.url + link[1], timeout=30)
        assert page.url.startswith(f"{tool.canvas.url}/login")
        for bad in ("00", "zz", link[1][17:-2] + "00", "0" * 3000):
            refused(
                stranger.get(f"{tool.url}/lti/open?ticket={bad}", timeout=30),
                "This launch was used already",
            )


class TestFrame:
    def test_door(self, tool: RunningEasel) -> None:
        """In a frame: one sentence and a link that opens a tab; only Canvas may frame the page."""
        launcher = Launcher(tool)
        door = launcher.launched(dest="iframe")
        assert door.status_code == 200
        policy = door.headers["Content-Security-Policy"]
        assert f"frame-ancestors {tool.canvas.url}" in policy.split("; ")
        assert "X-Frame-Options" not in door.headers
        links = re.findall(r"<a [^>]*>", door.text)
        assert len(links) == 1
        assert 'target="_blank"' in links[0]
        assert "noopener" in links[0]
        names = [each.partition("=")[0] for each in door.raw.headers.getlist("Set-Cookie")]
        assert names == [COOKIE]

    def test_door_leads_to_the_course(self, tool: RunningEasel) -> None:
        """The tab asks for consent and shows the course; then the frame says it is connected."""
        launcher = Launcher(tool)
        door = launcher.launched(dest="iframe")
        ask = re.search(r'data-ask="([^"]*)"', door.text)
        link = re.search(r'href="(/lti/open[^"]*)"', door.text)
        assert ask is not None
        assert link is not None
        asked = launcher.browser.get(tool.url + ask[1], timeout=30)
        assert (asked.status_code, asked.json()) == (401, {"connected": False})
        page = launcher.browser.get(tool.url + link[1], timeout=30)
        page = send(launcher.browser, page, form_to(page, "/login/oauth2/accept"))
        assert page.url == f"{tool.url}/courses/4101"
        asked = launcher.browser.get(tool.url + ask[1], timeout=30)
        assert (asked.status_code, asked.json()) == (200, {"connected": True})

    def test_another_persons_browser(self, tool: RunningEasel) -> None:
        """The tab is signed in as somebody else, so the page offers both ways on."""
        launcher = Launcher(tool)
        consented(launcher)
        launcher.log_in("many")
        door = launcher.launched("/courses/5001/external_tools/1", dest="iframe")
        link = re.search(r'href="(/lti/open[^"]*)"', door.text)
        assert link is not None
        assert launcher.browser.get(tool.url + link[1], timeout=30).status_code == 409

    def test_no_cookies_in_frames(self, tool: RunningEasel) -> None:
        """With all third-party cookies blocked (Firefox) the link has no ticket."""
        launcher = Launcher(tool)
        answer = launcher.token(dest="iframe")
        launcher.browser.cookies.clear()
        door = launcher.posted("/lti/launch", answer, "iframe")
        assert door.status_code == 200
        assert 'href="/" target="_blank"' in door.text

    def test_refusals_show_in_the_frame(self, tool: RunningEasel) -> None:
        """An error page is shown in the frame, and its links open outside of it."""
        tool.canvas.control(lti={"tamper": [{"error": "login_required"}]})
        page = Launcher(tool).launched(dest="iframe")
        assert "X-Frame-Options" not in page.headers
        assert all('target="_blank"' in link for link in re.findall(r"<a [^>]*>", page.text))

    @pytest.mark.parametrize(
        "path", ["/", "/login", "/courses", "/account", "/lti/nothing", "/lti/open"]
    )
    def test_nothing_else_is_framed(self, tool: RunningEasel, path: str) -> None:
        """No other page may be framed."""
        headers = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}
        answer = requests.get(tool.url + path, headers=headers, allow_redirects=False, timeout=30)
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]

    def test_tabs_are_not_framed(self, tool: RunningEasel) -> None:
        """A launch in a tab has the same headers as every page."""
        tool.canvas.control(lti={"tamper": [{"error": "login_required"}]})
        page = Launcher(tool).launched()
        assert page.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_nothing_of_a_launch_is_kept(tool: RunningEasel, caplog: pytest.LogCaptureFixture) -> None:
    """No token, hint, state or nonce is in a log line, a counter, an address or a database row."""
    caplog.set_level(logging.DEBUG)
    launcher = Launcher(tool)
    fields = launcher.opened()
    begun = launcher.initiated(fields)
    answer = launcher.answered(begun)
    launched = launcher.posted("/lti/launch", answer)
    page = launcher.browser.get(tool.url + launched.headers["Location"], timeout=30)
    send(launcher.browser, page, form_to(page, "/login/oauth2/accept"))
    Launcher(tool).launched(dest="iframe")
    secrets = [
        fields["login_hint"],
        fields["lti_message_hint"],
        answer["id_token"],
        *nonce_and_state(begun),
    ]
    gateway = tool.app.extensions["easel"]
    rows = []
    with gateway.storage.engine.connect() as connection:
        for table in ("grants", "sign_ins", "spent_nonces", "notes", "outbox"):
            rows += [str(row) for row in connection.execute(sa.text(f"SELECT * FROM {table}"))]  # noqa: S608
    told = [record.getMessage() for record in caplog.records if record.name.startswith("easel")]
    told += [record.getMessage() for record in caplog.records if "canvas_app" in record.name]
    counted = tool.app.extensions["easel.metrics"].text().decode()
    assert 'easel_launches_total{outcome="opened"} 1.0' in counted
    assert 'easel_launches_total{outcome="door"} 1.0' in counted
    for secret in secrets:
        for text in (*rows, *told, counted, launched.headers["Location"]):
            assert secret not in text
    line = next(text for text in told if text.startswith("launch: opened"))
    assert line == ("launch: opened; environment production, placement course_navigation, in a tab")


def test_sign_in_by_hand_is_as_before(tool: RunningEasel) -> None:
    """Somebody who opens Easel's own address signs in without a launch."""
    browser = sign_in(tool, "dozen")
    assert browser.get(f"{tool.url}/account", timeout=30).status_code == 200


def test_the_json_is_what_canvas_takes(tool: RunningEasel) -> None:
    """Canvas accepts the JSON that Easel offers, and shows the entries it names."""
    launcher = Launcher(tool)
    page = launcher.browser.get(f"{tool.canvas.url}/courses/4101", timeout=30)
    assert ">Easel</a>" in page.text
    assert json.dumps(ISSUER) in json.dumps(
        requests.get(f"{tool.canvas.url}/_emulator/lti", timeout=30).json()
    )
    assert forms(page) == []


def test_administrators_are_told_both_keys(tool: RunningEasel) -> None:
    """The page shows the redirect URIs and the address of the JSON."""
    page = tool.browser().get(f"{tool.url}/help/canvas", timeout=30).text
    for address in ("/oauth/callback", "/lti/config.json", "/lti/launch"):
        assert f"{tool.url}{address}" in page
