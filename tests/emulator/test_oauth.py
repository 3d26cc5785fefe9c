"""The OAuth2 provider against ``oauth2_provider_controller.rb`` and ``lib/canvas/oauth``."""

import base64
import hashlib
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from canvas_emulator import create_emulator
from tests.emulator.harness import CALLBACK, Emulator, agree, csrf_token

VERIFIER = "a-verifier-of-forty-three-characters-or-more-0123"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
BAD_PKCE = (
    "The provided authorization grant is invalid, expired, revoked, does not match the "
    "redirection URI used in the authorization request, or was issued to another client."
)
NO_GRANT_TYPE = "The grant_type you requested is not currently supported"
TARGET = "The requested resource is invalid, missing, unknown, or malformed."
NOT_PERMITTED = {
    "status": "unauthorized",
    "errors": [{"message": "user not authorized to perform that action"}],
}
COURSES = "url:GET|/api/v1/probe/numbered"


def query(location: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(location).query).items()}


class TestAuthorize:
    @pytest.mark.parametrize("client_id", ["", "abc", "10000000009999", "inactive"])
    def test_unknown_client_is_rendered(self, emulator: Emulator, client_id: str) -> None:
        """Unknown, malformed and inactive keys: 401 JSON with a challenge, never a redirect."""
        if client_id == "inactive":
            client_id = emulator.key("inactive").client_id
        answer = emulator.authorize(emulator.browser(), client_id=client_id)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Canvas OAuth 2.0"
        assert answer.json == {
            "error": "invalid_client",
            "error_description": "unknown client",
        }

    @pytest.mark.parametrize(
        "uri", ["", "https://evil.example/", "https://127.0.0.1/x", "urn:ietf:wg:oauth:2.0:oob"]
    )
    def test_bad_redirect_is_rendered(self, emulator: Emulator, uri: str) -> None:
        """A redirect URI that is not the key's: 400 JSON, never a redirect."""
        answer = emulator.authorize(emulator.browser(), redirect_uri=uri)
        assert answer.status_code == 400
        assert answer.json == {
            "error": "invalid_request",
            "error_description": "redirect_uri does not match client settings",
        }

    @pytest.mark.parametrize(
        ("uri", "status"),
        [
            ("https://easel.example/oauth/callback", 302),
            ("https://easel.example/oauth/callback/", 400),
            ("https://easel.example/oauth/callback?a=b", 400),
            ("https://easel.example/elsewhere", 400),
            ("https://easel.example:8443/oauth/callback", 400),
            ("https://EASEL.example/oauth/callback", 400),
            ("https://beta.easel.example/oauth/callback", 400),
        ],
    )
    def test_list_is_exact(self, emulator: Emulator, uri: str, status: int) -> None:
        """A URI of the list "Redirect URIs" matches itself alone (``provider.rb``)."""
        emulator.control(redirect_uris=["https://easel.example/oauth/callback"])
        answer = emulator.authorize(emulator.browser(), redirect_uri=uri)
        assert answer.status_code == status

    @pytest.mark.parametrize(
        ("uri", "matching", "status"),
        [
            ("http://localhost:8000/oauth/callback", "lenient", 302),
            ("http://localhost:4567/elsewhere", "lenient", 302),
            ("http://easel.localhost/", "lenient", 302),
            ("https://localhost:8000/oauth/callback", "lenient", 400),
            ("http://otherlocalhost/oauth/callback", "lenient", 400),
            ("http://127.0.0.1:8000/oauth/callback", "lenient", 400),
            ("http://[broken", "lenient", 400),
            ("http://localhost:8000/oauth/callback", "exact", 302),
            ("http://localhost:4567/oauth/callback", "exact", 400),
        ],
    )
    def test_legacy_field_is_lenient(
        self, emulator: Emulator, uri: str, matching: str, status: int
    ) -> None:
        """Same scheme, same host or a subdomain (``redirect_domain_matches?``); a switch."""
        emulator.control(settings={"redirect_matching": matching})
        answer = emulator.authorize(emulator.browser(), "legacy", redirect_uri=uri)
        assert answer.status_code == status

    def test_out_of_band(self, emulator: Emulator) -> None:
        """Registered, it answers at Canvas itself, asks even for a trusted key, and no frame."""
        oob = "urn:ietf:wg:oauth:2.0:oob"
        registered = create_emulator(clock=emulator.state.clock, redirect_uris=[oob])
        other = Emulator(registered, registered.extensions["emulator"], emulator.time)
        browser = other.browser()
        other.log_in(browser)
        asked = other.authorize(browser, "trusted", redirect_uri=oob)
        assert urlsplit(asked.location).path == "/login/oauth2/confirm"
        landed = agree(browser)
        assert urlsplit(landed.location).path == "/login/oauth2/auth"
        assert browser.get(landed.location).status_code == 200
        framed = browser.get(
            "/login/oauth2/auth",
            query_string={
                "client_id": other.key("trusted").client_id,
                "response_type": "code",
                "redirect_uri": oob,
            },
            headers={"Sec-Fetch-Dest": "iframe"},
        )
        assert framed.json["error"] == "invalid_request"

    def test_only_navigation(self, emulator: Emulator) -> None:
        """What a script fetches is refused on auth and accept; without the header nothing is."""
        browser = emulator.browser()
        fetched = {"Sec-Fetch-Mode": "cors"}
        for answer in (
            browser.get("/login/oauth2/auth?error=x", headers=fetched),
            browser.post("/login/oauth2/accept", headers=fetched),
        ):
            assert (answer.status_code, answer.mimetype) == (403, "text/plain")
        navigated = {"Sec-Fetch-Mode": "navigate"}
        assert browser.get("/login/oauth2/auth?error=x", headers=navigated).status_code == 200
        emulator.control(settings={"require_navigation": False})
        assert browser.get("/login/oauth2/auth?error=x", headers=fetched).status_code == 200

    def test_last_of_repeated_parameters(self, emulator: Emulator) -> None:
        """Repeating a parameter keeps only the last one; ``scopes`` is read like ``scope``."""
        answer = emulator.browser().get(
            "/login/oauth2/auth",
            query_string=[
                ("client_id", emulator.key("scoped").client_id),
                ("redirect_uri", "https://evil.example/"),
                ("redirect_uri", CALLBACK),
                ("scopes", "one"),
                ("scopes", "two"),
                ("state", "a"),
                ("state", "b"),
            ],
        )
        told = query(answer.location)
        assert (told["error"], told["state"]) == ("invalid_scope", "b")
        assert told["error_description"].endswith("not granted: two")

    def test_nothing_is_stored(self, emulator: Emulator) -> None:
        """Pages and redirects outside ``/api/`` say ``no-store`` and ``no-cache``."""
        browser = emulator.browser()
        for answer in (
            emulator.authorize(browser),
            browser.get("/login"),
            emulator.log_in(browser),
        ):
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Pragma"] == "no-cache"

    def test_error_in_the_query_renders_a_page(self, emulator: Emulator) -> None:
        """With ``code`` or ``error`` the endpoint is the out-of-band landing page."""
        assert emulator.browser().get("/login/oauth2/auth?error=access_denied").status_code == 200

    @pytest.mark.parametrize(
        ("kind", "more", "error", "description"),
        [
            (
                "confidential",
                {"response_type": "token"},
                "unsupported_response_type",
                "Only response_type=code is permitted",
            ),
            (
                "confidential",
                {"prompt": "none"},
                "login_required",
                "prompt=none but there is no current session",
            ),
            (
                "confidential",
                {"prompt": "consent"},
                "unsupported_prompt_type",
                'prompt must be "none" (or omitted)',
            ),
            (
                "test_cluster",
                {},
                "unauthorized_client",
                "Client does not have access to the specified Canvas account.",
            ),
            (
                "switched_off",
                {"response_type": "token"},
                "unauthorized_client",
                "Client does not have access to the specified Canvas account.",
            ),
            ("switched_off", {"resource": "https://elsewhere.example/"}, "invalid_target", TARGET),
            ("confidential", {"resource": "api"}, "invalid_target", TARGET),
            ("confidential", {"resource": "http://[bad"}, "invalid_target", TARGET),
            ("confidential", {"resource": "http://localhost/#part"}, "invalid_target", TARGET),
        ],
    )
    def test_redirected_errors(
        self, emulator: Emulator, kind: str, more: dict[str, str], error: str, description: str
    ) -> None:
        """After the redirect URI is known to be good, errors go there, sorted, with state."""
        answer = emulator.authorize(emulator.browser(), kind, state="s 1", **more)
        assert answer.status_code == 302
        names = re.findall(r"[?&](\w+)=", answer.location)
        assert names == ["error", "error_description", "state"]
        assert query(answer.location) == {
            "error": error,
            "error_description": description,
            "state": "s 1",
        }
        assert "state=s+1" in answer.location

    @pytest.mark.parametrize(
        ("asked", "listed"),
        [
            ("", ""),
            ("nonsense", "nonsense"),
            ("one two", "one and two"),
            ("one two three", "one, two, and three"),
            (f"{COURSES} url:GET|/api/v1/nothing", "url:GET|/api/v1/nothing"),
        ],
    )
    def test_invalid_scope(self, emulator: Emulator, asked: str, listed: str) -> None:
        """A key that requires scopes names those it does not grant, "a, b, and c"."""
        answer = emulator.authorize(emulator.browser(), "scoped", scope=asked)
        told = query(answer.location)
        assert told["error"] == "invalid_scope"
        assert told["error_description"].endswith(
            f"The following scopes were requested, but not granted: {listed}"
        )
        assert "state" not in told

    def test_ordinary_key_asks_for_consent_every_time(self, emulator: Emulator) -> None:
        """There is no memory of earlier consent."""
        browser = emulator.browser()
        first = emulator.authorize(browser, state="x")
        assert urlsplit(first.location).path == "/login"
        logged_in = emulator.log_in(browser)
        assert logged_in.location.endswith("/login/oauth2/confirm")
        answer = agree(browser)
        assert answer.status_code == 302
        assert answer.location.startswith(CALLBACK + "?code=")
        assert re.findall(r"[?&](\w+)=", answer.location) == ["code", "state"]
        assert re.fullmatch("[0-9a-f]{128}", query(answer.location)["code"])
        assert emulator.authorize(browser).location.endswith("/login/oauth2/confirm")

    def test_trusted_key_skips_consent(self, emulator: Emulator) -> None:
        """A trusted key gets its code at log-in, and with ``prompt=none`` in silence."""
        browser = emulator.browser()
        emulator.authorize(browser, "trusted")
        assert emulator.log_in(browser).location.startswith(CALLBACK + "?code=")
        silent = emulator.authorize(browser, "trusted", prompt="none")
        assert silent.location.startswith(CALLBACK + "?code=")

    def test_prompt_none_without_consent(self, emulator: Emulator) -> None:
        """``prompt=none`` with an ordinary key: ``interaction_required``."""
        browser = emulator.browser()
        emulator.log_in(browser)
        answer = emulator.authorize(browser, prompt="none")
        assert query(answer.location)["error"] == "interaction_required"

    def test_remembered_identity(self, emulator: Emulator) -> None:
        """Consent to identity alone, once remembered, is not asked for again."""
        browser = emulator.browser()
        emulator.log_in(browser)
        asked = {"scope": "/auth/userinfo"}
        for remember, then in (("0", "/login/oauth2/confirm"), ("1", "/oauth/callback")):
            emulator.authorize(browser, **asked)
            page = browser.get("/login/oauth2/confirm").text
            assert 'name="remember_access"' in page
            answer = browser.post(
                "/login/oauth2/accept",
                data={"custom_csrf_token": csrf_token(page), "remember_access": remember},
            )
            assert emulator.exchange(query(answer.location)["code"]).status_code == 200
            assert urlsplit(emulator.authorize(browser, **asked).location).path == then
        silent = emulator.authorize(browser, prompt="none", **asked)
        assert "code" in query(silent.location)
        assert emulator.authorize(browser).location.endswith("/confirm")

    def test_key_that_reuses_tokens(self, emulator: Emulator) -> None:
        """``force_token_reuse``: asking whether a token is there already ends the one in use."""
        path = "/api/v1/probe/1/echo"
        first = emulator.grant("reuse")
        assert "expires_in" not in first
        emulator.control(clock={"advance": 7200})
        assert emulator.with_token(first["access_token"], path).status_code == 200
        browser = emulator.browser()
        emulator.log_in(browser)
        answer = emulator.authorize(browser, "reuse", prompt="none")
        assert emulator.with_token(first["access_token"], path).status_code == 401
        second = emulator.exchange(query(answer.location)["code"], "reuse").json
        assert "refresh_token" not in second
        assert emulator.with_token(second["access_token"], path).status_code == 200
        refreshed = emulator.refresh(first["refresh_token"], "reuse").json
        assert set(refreshed) == {"access_token", "token_type", "user", "canvas_region"}
        assert emulator.grant("reuse", "teacher")["refresh_token"]
        emulator.control(revoke_tokens="all")
        assert emulator.authorize(browser, "reuse").location.endswith("/confirm")

    def test_who_may_not_make_tokens(self, emulator: Emulator) -> None:
        """Site-admin staff without the right are refused on the confirm page, without ``state``."""
        assert emulator.grant(person="teacher")
        emulator.control(site_admin_staff=[emulator.person("dozen").id])
        assert emulator.grant(person="teacher")
        browser = emulator.browser()
        emulator.log_in(browser)
        emulator.authorize(browser, state="s")
        answer = browser.get("/login/oauth2/confirm")
        assert query(answer.location) == {
            "error": "client_not_allowed_for_user",
            "error_description": "The current user is logged in but does not have permission to "
            "authorize this application.",
        }
        assert "code" in query(emulator.authorize(browser, "trusted").location)

    @pytest.mark.parametrize(
        "more",
        [{"force_login": "1"}, {"force_login": "0"}, {"force_login": ""}, {"prompt": "login"}],
    )
    def test_forced_login(self, emulator: Emulator, more: dict[str, str]) -> None:
        """``prompt=login`` and any ``force_login`` ask for a log-in in spite of a session."""
        browser = emulator.browser()
        emulator.log_in(browser)
        answer = emulator.authorize(browser, unique_id="ann", **more)
        forced = more.get("force_login", "1")
        assert urlsplit(answer.location).path == "/login"
        assert query(answer.location) == {
            **({"force_login": forced} if forced else {}),
            "pseudonym_session[unique_id]": "ann",
        }
        assert 'value="ann"' in browser.get(answer.location).text

    def test_query_of_the_redirect_uri_is_kept(self, emulator: Emulator) -> None:
        """Parameters are joined with ``&`` when the redirect URI has a query already."""
        browser = emulator.browser()
        uri = "http://localhost:9/cb?a=1"
        answer = emulator.authorize(browser, "legacy", redirect_uri=uri, response_type="x")
        assert answer.location.startswith("http://localhost:9/cb?a=1&error=")

    def test_refusal(self, emulator: Emulator) -> None:
        """Deny sends ``access_denied`` without a description; a second time there is nothing."""
        browser = emulator.browser()
        emulator.log_in(browser)
        emulator.authorize(browser, state="s")
        answer = browser.post("/login/oauth2/deny")
        assert query(answer.location) == {"error": "access_denied", "state": "s"}
        again = browser.post("/login/oauth2/deny")
        assert (again.status_code, again.text) == (400, "Invalid or missing session for oauth")

    def test_refusal_by_get(self, emulator: Emulator) -> None:
        """GET refuses too, unless ``oauth2_deny_post`` is on: 405."""
        browser = emulator.browser()
        emulator.log_in(browser)
        emulator.authorize(browser)
        emulator.control(settings={"oauth2_deny_post": True})
        answer = browser.get("/login/oauth2/deny")
        assert (answer.status_code, answer.text) == (405, "This endpoint requires a POST request")
        emulator.control(settings={"oauth2_deny_post": False})
        assert query(browser.get("/login/oauth2/deny").location)["error"] == "access_denied"

    def test_accept_checks_its_token(self, emulator: Emulator) -> None:
        """Accept answers 400 in plain text without session, without and with a wrong token."""
        browser = emulator.browser()
        assert browser.post("/login/oauth2/accept").text == "Invalid or missing session for oauth"
        emulator.log_in(browser)
        emulator.authorize(browser)
        missing = browser.post("/login/oauth2/accept")
        assert (missing.status_code, missing.text) == (400, "Missing custom CSRF token")
        wrong = browser.post("/login/oauth2/accept", data={"custom_csrf_token": "x"})
        assert (wrong.status_code, wrong.text) == (400, "Invalid custom CSRF token")
        assert wrong.mimetype == "text/plain"
        page = browser.get("/login/oauth2/confirm")
        assert re.fullmatch("[0-9a-f]{48}", csrf_token(page.text))
        assert page.headers["Cache-Control"] == "no-store"

    def test_confirm_without_a_request(self, emulator: Emulator) -> None:
        """The consent page without a pending request: 302 to the log-in."""
        answer = emulator.browser().get("/login/oauth2/confirm")
        assert answer.location.endswith("/login")


class TestLogin:
    def test_lists_the_demo_people(self, emulator: Emulator) -> None:
        """The form has Canvas's field names, and a button for each demo person."""
        page = emulator.browser().get("/login").text
        assert 'name="pseudonym_session[unique_id]"' in page
        assert 'name="pseudonym_session[password]"' in page
        assert emulator.person("teacher").login in page

    def test_wrong_password(self, emulator: Emulator) -> None:
        """A wrong password shows the form again and opens no session."""
        browser = emulator.browser()
        form = {
            "pseudonym_session[unique_id]": emulator.person("dozen").login,
            "pseudonym_session[password]": "wrong",
        }
        answer = browser.post("/login", data=form)
        assert answer.status_code == 400
        assert "Please verify your login or password" in answer.text
        assert browser.get_cookie("canvas_session") is None

    def test_session_id_changes_and_ends(self, emulator: Emulator) -> None:
        """A log-in gives the session a new id; logging out ends it on the server too."""
        browser = emulator.browser()
        emulator.authorize(browser)
        before = browser.get_cookie("canvas_session").value
        emulator.log_in(browser)
        after = browser.get_cookie("canvas_session").value
        assert before != after
        assert emulator.person("dozen").name.split()[0] in browser.get("/").text
        browser.post("/logout")
        browser.set_cookie("canvas_session", after)
        assert "Log in" in browser.get("/").text
        assert emulator.browser().post("/logout").status_code == 302

    def test_acting_as_somebody(self, emulator: Emulator) -> None:
        """Authorised while masquerading, the token answer names the real user too."""
        browser = emulator.browser()
        student = emulator.person("dozen")
        emulator.log_in(browser, "admin")
        assert "Act as" in browser.get("/").text
        browser.post(f"/users/{student.id}/masquerade")
        emulator.authorize(browser)
        code = query(agree(browser).location)["code"]
        body = emulator.exchange(code).json
        assert body["user"]["id"] == student.id
        assert body["real_user"]["id"] == emulator.person("admin").id
        refreshed = emulator.refresh(body["refresh_token"]).json
        assert "real_user" not in refreshed
        answer = emulator.with_token(refreshed["access_token"], "/api/v1/probe/1/echo")
        assert answer.json["viewer_id"] == student.id
        assert answer.headers["X-Canvas-Real-User-Id"] == str(10**13 + emulator.person("admin").id)
        other = emulator.with_token(
            refreshed["access_token"],
            f"/api/v1/probe/1/echo?as_user_id={emulator.person('many').id}",
        )
        assert (other.status_code, other.json) == (401, {"errors": "Cannot change masquerade"})

    def test_students_may_not_act(self, emulator: Emulator) -> None:
        """Only an administrator may act as somebody."""
        browser = emulator.browser()
        emulator.log_in(browser)
        assert browser.post("/users/5/masquerade").status_code == 403


class TestExchange:
    def test_body(self, emulator: Emulator) -> None:
        """Keys in Canvas's order; no scope; an hour; not to be stored."""
        answer = emulator.exchange(emulator.code())
        person = emulator.person("dozen")
        assert list(answer.json) == [
            "access_token",
            "token_type",
            "user",
            "canvas_region",
            "refresh_token",
            "expires_in",
        ]
        assert answer.json["token_type"] == "Bearer"
        assert answer.json["expires_in"] == 3600
        assert answer.json["user"] == {
            "id": person.id,
            "name": person.name,
            "global_id": str(10**13 + person.id),
            "effective_locale": person.locale or "en",
            "fake_student": False,
        }
        assert re.fullmatch("[A-Za-z0-9]{64}", answer.json["access_token"])
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Pragma"] == "no-cache"

    def test_fake_student(self, emulator: Emulator) -> None:
        """Whom "student view" made says so in the token answer."""
        campus = emulator.state.campus
        test = next(person for person in campus.people.values() if person.fake)
        browser = emulator.browser()
        form = {
            "pseudonym_session[unique_id]": test.login,
            "pseudonym_session[password]": test.password,
        }
        browser.post("/login", data=form)
        emulator.authorize(browser)
        body = emulator.exchange(query(agree(browser).location)["code"]).json
        assert body["user"]["fake_student"] is True

    def test_basic_and_json(self, emulator: Emulator) -> None:
        """HTTP Basic is the fallback for the client's credentials; a JSON body is read too."""
        key = emulator.key("confidential")
        basic = emulator.browser().post(
            "/login/oauth2/token",
            data={"grant_type": "authorization_code", "code": emulator.code()},
            auth=(key.client_id, key.client_secret),
        )
        assert basic.status_code == 200
        as_json = emulator.browser().post(
            "/login/oauth2/token",
            json={
                "code": emulator.code(),
                "client_id": key.client_id,
                "client_secret": key.client_secret,
            },
        )
        assert as_json.status_code == 200
        wins = emulator.browser().post(
            "/login/oauth2/token",
            data={"grant_type": "refresh_token", "client_id": "0"},
            auth=(key.client_id, key.client_secret),
        )
        assert wins.json["error_description"] == "unknown client"
        assert (
            emulator.browser().post("/login/oauth2/token", json=["x"]).json["error"]
            == "unsupported_grant_type"
        )

    @pytest.mark.parametrize(
        ("more", "status", "error", "description"),
        [
            (
                {"grant_type": "password", "client_id": "0"},
                400,
                "unsupported_grant_type",
                NO_GRANT_TYPE,
            ),
            (
                {"grant_type": "client_credentials", "client_id": "0"},
                401,
                "invalid_client",
                "unknown client",
            ),
            (
                {"grant_type": "client_credentials"},
                401,
                "invalid_client",
                "invalid JWT assertion",
            ),
            (
                {"client_assertion": "a.b.c", "client_secret": "x"},
                401,
                "invalid_client",
                "invalid JWT assertion",
            ),
            (
                {"client_id": "0", "client_secret": ""},
                401,
                "invalid_client",
                "unknown client",
            ),
            ({"client_secret": "x", "code": ""}, 401, "invalid_client", "invalid client"),
            ({"client_secret": "é"}, 401, "invalid_client", "invalid client"),
            ({"code_verifier": "x", "code": ""}, 400, "invalid_grant", BAD_PKCE),
            ({"grant_type": ""}, 400, "unsupported_grant_type", NO_GRANT_TYPE),
            ({"code": ""}, 400, "invalid_grant", "authorization_code not found"),
            ({"code": "f" * 128}, 400, "invalid_grant", "authorization_code not found"),
            (
                {"grant_type": "refresh_token"},
                400,
                "invalid_request",
                "You must provide the refresh_token parameter when using the refresh_token "
                "grant type",
            ),
            *(
                (
                    {"grant_type": "refresh_token", "refresh_token": token},
                    400,
                    "invalid_grant",
                    "refresh_token not found",
                )
                for token in ("x", "")
            ),
        ],
    )
    def test_refusals_in_order(
        self,
        emulator: Emulator,
        more: dict[str, str],
        status: int,
        error: str,
        description: str,
    ) -> None:
        """Each check answers before those that come after it (``request_error.rb``)."""
        answer = emulator.exchange("f" * 128, **more)
        assert answer.status_code == status
        assert answer.json == {"error": error, "error_description": description}
        challenge = answer.headers.get("WWW-Authenticate")
        assert challenge == ("Canvas OAuth 2.0" if status == 401 else None)

    def test_code_that_is_not_sent(self, emulator: Emulator) -> None:
        """Without the parameter the request is wrong; a code without a type is an exchange."""
        key = emulator.key("confidential")
        form = {"client_id": key.client_id, "client_secret": key.client_secret}
        asked = form | {"grant_type": "authorization_code"}
        answer = emulator.browser().post("/login/oauth2/token", data=asked)
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
        answer = emulator.browser().post("/login/oauth2/token", data=form | {"code": ""})
        assert answer.json["error_description"] == "authorization_code not found"

    def test_code_is_used_once(self, emulator: Emulator) -> None:
        """A used code is "not found"; a failed attempt does not use it up."""
        code = emulator.code()
        assert emulator.exchange(code, client_secret="wrong").status_code == 401
        assert emulator.exchange(code).status_code == 200
        again = emulator.exchange(code)
        assert again.json["error_description"] == "authorization_code not found"

    def test_code_lives_600_seconds(self, emulator: Emulator) -> None:
        """A code dies after 600 seconds, also when control moves the clock."""
        living, dead = emulator.code(), emulator.code()
        emulator.control(clock={"advance": 599})
        assert emulator.exchange(living).status_code == 200
        emulator.time.seconds += 2
        assert emulator.exchange(dead).json["error"] == "invalid_grant"

    def test_code_of_another_key(self, emulator: Emulator) -> None:
        """A code belongs to the key that asked for it; the redirect URI is never looked at."""
        code = emulator.code("trusted")
        answer = emulator.exchange(code)
        assert answer.json == {"error": "invalid_grant", "error_description": "incorrect client"}
        other = "https://anything.example/"
        assert emulator.exchange(code, "trusted", redirect_uri=other).status_code == 200

    def test_resource(self, emulator: Emulator) -> None:
        """A bad ``resource`` is the last thing refused; the code stays good."""
        code = emulator.code(resource="http://localhost/api/v1")
        for more in ({"resource": "elsewhere"}, {"resource": "http://localhost/"}, {}):
            bad = emulator.exchange(code, **more)  # not what was sent at auth
            assert bad.json == {"error": "invalid_target", "error_description": TARGET}
        unasked = emulator.exchange(emulator.code(), resource="http://localhost/")
        assert unasked.json["error"] == "invalid_target"
        grant = emulator.exchange(code, resource="http://localhost/api/v1").json
        answer = emulator.refresh(grant["refresh_token"], resource="elsewhere")
        assert (answer.status_code, answer.json["error"]) == (400, "invalid_target")

    def test_every_exchange_adds_a_grant(self, emulator: Emulator) -> None:
        """Older grants go on working, unless ``replace_tokens`` destroys them."""
        first, second = emulator.grant(), emulator.grant()
        path = "/api/v1/probe/1/echo"
        assert emulator.with_token(first["access_token"], path).status_code == 200
        third = emulator.exchange(emulator.code(), replace_tokens="1").json
        for old in (first, second):
            answer = emulator.with_token(old["access_token"], path)
            assert answer.json == {"errors": [{"message": "Revoked access token."}]}
        assert emulator.with_token(third["access_token"], path).status_code == 200

    def test_key_that_replaces(self, emulator: Emulator) -> None:
        """A key may force ``replace_tokens``; tokens of other people and keys stay."""
        path, others = (
            "/api/v1/probe/1/echo",
            [emulator.grant(), emulator.grant("replacing", "many")],
        )
        first = emulator.grant("replacing")
        second = emulator.grant("replacing")
        assert emulator.with_token(first["access_token"], path).status_code == 401
        for grant in (second, *others):
            assert emulator.with_token(grant["access_token"], path).status_code == 200

    def test_userinfo_scope_gives_no_token(self, emulator: Emulator) -> None:
        """Scope exactly ``/auth/userinfo``: identity only, the access token is null."""
        body = emulator.grant(scope="/auth/userinfo")
        assert body["access_token"] is None
        assert "refresh_token" not in body
        assert body["user"]["id"] == emulator.person("dozen").id

    def test_scoped_key_may_ask_for_identity(self, emulator: Emulator) -> None:
        """``/auth/userinfo`` is a scope every key can grant."""
        assert emulator.grant("scoped", scope="/auth/userinfo")["access_token"] is None

    def test_older_canvas_redirects_errors(self, emulator: Emulator) -> None:
        """About 2020, token errors were a 302 to the redirect URI that was sent."""
        emulator.control(settings={"token_errors_redirect": True})
        answer = emulator.exchange("x", redirect_uri=CALLBACK)
        assert answer.status_code == 302
        assert query(answer.location)["error"] == "invalid_grant"
        joined = emulator.exchange("x", redirect_uri=f"{CALLBACK}?a=1")
        assert joined.location.startswith(f"{CALLBACK}?a=1&error=")
        assert emulator.exchange("x").status_code == 400


class TestPkce:
    def test_verifier_must_fit(self, emulator: Emulator) -> None:
        """base64url(SHA-256(verifier)) without padding equals the challenge."""
        code = emulator.code(**PKCE)
        assert emulator.exchange(code, code_verifier=VERIFIER).status_code == 200

    @pytest.mark.parametrize("sent", [{}, {"code_verifier": "wrong"}, {"code_verifier": ""}])
    def test_wrong_or_missing_verifier(self, emulator: Emulator, sent: dict[str, str]) -> None:
        """Without the right verifier: ``invalid_grant``."""
        answer = emulator.exchange(emulator.code(**PKCE), **sent)
        assert answer.json == {"error": "invalid_grant", "error_description": BAD_PKCE}

    def test_challenge_is_gone_after_one_attempt(self, emulator: Emulator) -> None:
        """The challenge is deleted on the first attempt, so the right verifier comes too late."""
        code = emulator.code(**PKCE)
        emulator.exchange(code, code_verifier="wrong")
        assert emulator.exchange(code, code_verifier=VERIFIER).json["error"] == "invalid_grant"

    @pytest.mark.parametrize("blank", [{}, {"code_verifier": ""}])
    def test_blank_verifier_leaves_the_challenge(
        self, emulator: Emulator, blank: dict[str, str]
    ) -> None:
        """Only an attempt with a verifier deletes it (``pkce.rb``)."""
        code = emulator.code(**PKCE)
        assert emulator.exchange(code, **blank).json["error_description"] == BAD_PKCE
        assert emulator.exchange(code, code_verifier=VERIFIER).status_code == 200

    def test_other_methods_are_ignored(self, emulator: Emulator) -> None:
        """Any method but S256 is ignored, and a verifier then fails."""
        plain = {"code_challenge": VERIFIER, "code_challenge_method": "plain"}
        assert emulator.exchange(emulator.code(**plain)).status_code == 200
        answer = emulator.exchange(emulator.code(**plain), code_verifier=VERIFIER)
        assert answer.json["error_description"] == BAD_PKCE

    def test_earlier_years(self, emulator: Emulator) -> None:
        """2024-25 a verifier not sent was not asked for; before, without its feature, no PKCE."""
        emulator.control(settings={"pkce": "lenient"})
        assert emulator.exchange(emulator.code(**PKCE)).status_code == 200
        wrong = emulator.exchange(emulator.code(**PKCE), code_verifier="wrong")
        assert wrong.json["error_description"] == BAD_PKCE
        emulator.control(settings={"pkce": "off"})
        assert emulator.exchange(emulator.code(**PKCE)).status_code == 200
        late = emulator.exchange(emulator.code(**PKCE), code_verifier=VERIFIER)
        assert late.json["error_description"] == BAD_PKCE

    def test_public_client(self, emulator: Emulator) -> None:
        """A public client needs no secret with PKCE, but a wrong one still fails."""
        code = emulator.code("public", **PKCE)
        wrong = emulator.exchange(code, "public", client_secret="x", code_verifier=VERIFIER)
        assert wrong.json["error_description"] == "invalid client"
        bare = emulator.exchange(code, "public", client_secret="")
        assert (bare.status_code, bare.json["error_description"]) == (400, BAD_PKCE)
        unproved = emulator.exchange(emulator.code("public"), "public", client_secret="")
        assert (unproved.status_code, unproved.json["error"]) == (401, "invalid_client")
        good = emulator.exchange(code, "public", client_secret="", code_verifier=VERIFIER)
        assert good.status_code == 200

    def test_confidential_client_needs_its_secret(self, emulator: Emulator) -> None:
        """PKCE does not replace a confidential client's secret."""
        code = emulator.code(**PKCE)
        answer = emulator.exchange(code, client_secret="", code_verifier=VERIFIER)
        assert answer.status_code == 401


class TestRefresh:
    def test_old_access_token_dies_at_once(self, emulator: Emulator) -> None:
        """A refresh overwrites the access token in its row; no refresh token in the answer."""
        grant = emulator.grant()
        answer = emulator.refresh(grant["refresh_token"])
        assert answer.status_code == 200
        assert "refresh_token" not in answer.json
        assert answer.json["expires_in"] == 3600
        path = "/api/v1/probe/1/echo"
        dead = emulator.with_token(grant["access_token"], path)
        assert dead.json == {"errors": [{"message": "Invalid access token."}]}
        assert emulator.with_token(answer.json["access_token"], path).status_code == 200
        again = emulator.refresh(grant["refresh_token"])
        assert again.status_code == 200
        assert emulator.with_token(answer.json["access_token"], path).status_code == 401

    def test_an_hour(self, emulator: Emulator) -> None:
        """Access tokens live 3600 s and then read "Invalid", not "Expired"."""
        grant = emulator.grant()
        path = "/api/v1/probe/1/echo"
        emulator.control(clock={"advance": 3599})
        assert emulator.with_token(grant["access_token"], path).status_code == 200
        emulator.control(clock={"advance": 2})
        answer = emulator.with_token(grant["access_token"], path)
        assert answer.status_code == 401
        assert answer.json == {"errors": [{"message": "Invalid access token."}]}
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="canvas-lms"'
        emulator.control(clock={"advance": 400 * 86400})
        assert emulator.refresh(grant["refresh_token"]).status_code == 200

    def test_public_client_rotates(self, emulator: Emulator) -> None:
        """A public client's refresh token is replaced each time; 120 idle minutes end it."""
        grant = emulator.exchange(
            emulator.code("public", **PKCE), "public", code_verifier=VERIFIER
        ).json
        first = emulator.refresh(grant["refresh_token"], "public", client_secret="").json
        assert first["refresh_token"] != grant["refresh_token"]
        used = emulator.refresh(grant["refresh_token"], "public")
        assert used.json["error_description"] == "refresh_token not found"
        emulator.control(clock={"advance": 119 * 60})
        second = emulator.refresh(first["refresh_token"], "public").json
        emulator.control(clock={"advance": 120 * 60})
        over = emulator.refresh(second["refresh_token"], "public")
        assert over.json["error"] == "invalid_grant"

    def test_wrong_key_and_old_wording(self, emulator: Emulator) -> None:
        """A refresh token of another key; the older ``invalid_request`` for an unknown one."""
        grant = emulator.grant()
        other = emulator.refresh(grant["refresh_token"], "trusted")
        assert other.json == {"error": "invalid_grant", "error_description": "incorrect client"}
        emulator.control(settings={"invalid_grant_wording": "old"})
        assert emulator.refresh("unknown").json == {
            "error": "invalid_request",
            "error_description": "refresh_token not found",
        }

    def test_test_cluster_key(self, emulator: Emulator) -> None:
        """Outside a test cluster such a key's tokens are invalid and not refreshed."""
        emulator.control(settings={"check_test_cluster": False})
        grant = emulator.grant("test_cluster")
        assert emulator.with_token(grant["access_token"], "/api/v1/probe/1/echo").status_code == 200
        emulator.control(settings={"check_test_cluster": True})
        answer = emulator.with_token(grant["access_token"], "/api/v1/probe/1/echo")
        assert answer.json == {"errors": [{"message": "Invalid access token."}]}
        assert emulator.refresh(grant["refresh_token"], "test_cluster").status_code == 400

    def test_refresh_looks_at_neither_person_nor_switch(self, emulator: Emulator) -> None:
        """Both get a fresh token, and every call with it is refused (``access_token.rb``)."""
        suspended, off = emulator.grant(person="many"), emulator.grant("trusted")
        emulator.control(suspended=[emulator.person("many").id], keys_off=["trusted"])
        path = "/api/v1/probe/1/echo"
        for kind, grant in (("confidential", suspended), ("trusted", off)):
            refused = emulator.with_token(grant["access_token"], path)
            fresh = emulator.refresh(grant["refresh_token"], kind)
            again = emulator.with_token(fresh.json["access_token"], path)
            assert fresh.status_code == 200
            for answer in (refused, again):
                assert answer.status_code == 401
                assert answer.json == {"errors": [{"message": "Invalid access token."}]}
                assert answer.headers["WWW-Authenticate"] == 'Bearer realm="canvas-lms"'
        emulator.control(suspended=[], keys_off=[])
        assert emulator.with_token(fresh.json["access_token"], path).status_code == 200

    def test_suspended_people_cannot_log_in(self, emulator: Emulator) -> None:
        """Nor does a browser of theirs stay logged in; others are not touched."""
        mine, other = emulator.browser(), emulator.browser()
        emulator.log_in(mine)
        emulator.log_in(other, "teacher")
        emulator.control(suspended=[emulator.person("dozen").id])
        assert "Log out" not in mine.get("/").text
        assert emulator.log_in(mine).status_code == 400
        assert "Log out" in other.get("/").text


class TestRevoke:
    def revoke(self, emulator: Emulator, token: str, **more: Any) -> Any:
        return emulator.with_token(token, "/login/oauth2/token", method="DELETE", **more)

    def test_ends_the_grant(self, emulator: Emulator) -> None:
        """DELETE takes the row, its refresh token with it; the token then reads "Revoked"."""
        grant = emulator.grant()
        answer = self.revoke(emulator, grant["access_token"])
        assert (answer.status_code, answer.json) == (200, {})
        used = emulator.with_token(grant["access_token"], "/api/v1/probe/1/echo")
        assert used.status_code == 401
        assert used.json == {"errors": [{"message": "Revoked access token."}]}
        assert used.headers["WWW-Authenticate"] == 'Bearer realm="canvas-lms"'
        assert emulator.refresh(grant["refresh_token"]).json["error"] == "invalid_grant"
        again = self.revoke(emulator, grant["access_token"])
        assert (again.status_code, again.mimetype) == (401, "text/html")
        assert "WWW-Authenticate" not in again.headers
        emulator.control(settings={"rejection_wording": "old"})
        older = emulator.with_token(grant["access_token"], "/api/v1/probe/1/echo")
        assert older.json == {"errors": [{"message": "Invalid access token."}]}
        assert emulator.state.stats.report()["revocations"] == 1

    @pytest.mark.parametrize("accept", ["*/*", "application/json"])
    def test_bad_token_gets_a_page(self, emulator: Emulator, accept: str) -> None:
        """The path is not under ``/api/``: 401 as HTML, without a challenge, whatever is asked."""
        suspended = emulator.grant()["access_token"]
        expired = emulator.grant(person="many")["access_token"]
        emulator.control(expire_tokens=[emulator.person("many").id])
        emulator.control(suspended=[emulator.person("dozen").id])
        for token in ("unknown", suspended, expired):
            answer = self.revoke(emulator, token, headers={"Accept": accept})
            assert (answer.status_code, answer.mimetype) == (401, "text/html")
            assert "WWW-Authenticate" not in answer.headers

    def test_without_a_token(self, emulator: Emulator) -> None:
        """JSON where it is accepted, else the log-in form; a browser's session alone gets 400."""
        browser = emulator.browser()
        answer = browser.delete("/login/oauth2/token", headers={"Accept": "application/json"})
        assert answer.status_code == 401
        assert answer.json["status"] == "unauthenticated"
        assert "WWW-Authenticate" not in answer.headers
        answer = browser.delete("/login/oauth2/token")
        assert (answer.status_code, answer.location) == (302, "/login")
        emulator.log_in(browser)
        answer = browser.delete("/login/oauth2/token")
        assert answer.status_code == 400
        assert answer.json == {
            "message": "can't delete OAuth access token when not using an OAuth access token"
        }

    def test_expire_sessions(self, emulator: Emulator) -> None:
        """``expire_sessions=1`` logs the person out of every browser, nobody else."""
        mine, other = emulator.browser(), emulator.browser()
        emulator.log_in(mine)
        emulator.log_in(other, "teacher")
        grant = emulator.grant()
        self.revoke(emulator, grant["access_token"], data={"expire_sessions": "1"})
        assert "Log out" not in mine.get("/").text
        assert "Log out" in other.get("/").text

    def test_personal_tokens_stay(self, emulator: Emulator) -> None:
        """People's own tokens always work."""
        self.revoke(emulator, emulator.token("dozen"))
        emulator.control(revoke_tokens="all", expire_tokens="all")
        assert emulator.call("/api/v1/probe/1/echo").status_code == 200


class TestSessionToken:
    def ask(self, emulator: Emulator, token: str, **query: str) -> Any:
        return emulator.with_token(token, "/login/session_token", query_string=query)

    def test_opens_a_session_once(self, emulator: Emulator) -> None:
        """The URL logs whoever opens it in, once, and leads on without its secret."""
        grant = emulator.grant()
        answer = self.ask(emulator, grant["access_token"], return_to="http://localhost/?a=1")
        assert answer.status_code == 200
        assert answer.json["requires_terms_acceptance"] is False
        url = answer.json["session_url"]
        assert re.fullmatch(r"http://localhost/\?a=1&session_token=\w{64}", url)
        browser, late = emulator.browser(), emulator.browser()
        assert browser.get(url).location == "/?a=1"
        assert emulator.person("dozen").name in browser.get("/").text
        late.get(url)
        assert "Log out" not in late.get("/").text
        unused = self.ask(emulator, grant["access_token"]).json["session_url"]
        assert unused.startswith("http://localhost/?session_token=")
        emulator.control(revoke_tokens="all")
        late.get(unused)
        assert "Log out" not in late.get("/").text

    @pytest.mark.parametrize(
        ("return_to", "status", "body"),
        [
            ("courses", 400, {"error": "Invalid redirect URL"}),
            ("http://[bad", 400, {"error": "Invalid redirect URL"}),
            ("https://localhost/", 403, NOT_PERMITTED),
            ("http://elsewhere.example/", 403, NOT_PERMITTED),
        ],
    )
    def test_bad_target(self, emulator: Emulator, return_to: str, status: int, body: Any) -> None:
        """No absolute URL: 400; another scheme or host: unauthorized, as JSON where accepted."""
        token = emulator.grant()["access_token"]
        answer = emulator.with_token(
            token,
            "/login/session_token",
            query_string={"return_to": return_to},
            headers={"Accept": "application/json"},
        )
        assert (answer.status_code, answer.json) == (status, body)
        page = self.ask(emulator, token, return_to=return_to)
        assert page.mimetype == ("application/json" if status == 400 else "text/html")

    def test_needs_a_token(self, emulator: Emulator) -> None:
        """Without a token, to log in; with one that is bad or does not reach: 401, a page."""
        answer = emulator.browser().get("/login/session_token")
        assert (answer.status_code, answer.location) == (302, "/login")
        scoped = emulator.grant("scoped", scope=COURSES)["access_token"]
        for token in (scoped, "unknown"):
            refused = self.ask(emulator, token)
            assert (refused.status_code, refused.mimetype) == (401, "text/html")
            assert "WWW-Authenticate" not in refused.headers
