"""What an API call meets: token, scope, masquerade, parameters, the form of answers."""

import re
import uuid

import pytest

from canvas_emulator.resource import Router, permitted
from tests.emulator.harness import Emulator

ECHO = "/api/v1/probe/1/echo"
SCOPE = "url:GET|/api/v1/probe/:probe_id/echo"
GLOBAL = 10**13


class TestToken:
    def test_none(self, emulator: Emulator) -> None:
        """No credentials: 401 with a Bearer challenge and no-store."""
        answer = emulator.browser().get(ECHO)
        assert answer.status_code == 401
        assert answer.json == {
            "status": "unauthenticated",
            "errors": [{"message": "user authorization required"}],
        }
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="canvas-lms"'
        assert answer.headers["Cache-Control"] == "no-store"

    def test_unknown(self, emulator: Emulator) -> None:
        """An unknown token: "Invalid access token." with the challenge."""
        answer = emulator.with_token("nonsense", ECHO)
        assert answer.status_code == 401
        assert answer.json == {"errors": [{"message": "Invalid access token."}]}
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="canvas-lms"'

    def test_places(self, emulator: Emulator) -> None:
        """Header (``Bearer``, case counts), query or body may carry the token."""
        token, browser = emulator.token("dozen"), emulator.browser()
        assert browser.get(ECHO, query_string={"access_token": token}).status_code == 200
        assert browser.post(ECHO, data={"access_token": token}).status_code == 200
        lower = browser.get(ECHO, headers={"Authorization": f"bearer {token}"})
        assert lower.status_code == 401
        by_json = emulator.browser().post(ECHO, json={"access_token": token})
        assert by_json.status_code == 200
        number = emulator.browser().post(ECHO, json={"access_token": 7})
        assert number.status_code == 401

    def test_user_agent_rule(self, emulator: Emulator) -> None:
        """Hosted Canvas refuses requests without a User-Agent with 403; a switch."""
        no_agent = {"User-Agent": ""}
        assert emulator.call(ECHO, headers=no_agent).status_code == 200
        emulator.control(settings={"require_user_agent": True})
        answer = emulator.call(ECHO, headers=no_agent)
        assert answer.status_code == 403
        assert answer.json["error"] == "Forbidden"
        assert emulator.call(ECHO, headers={"User-Agent": "x"}).status_code == 200


class TestScopes:
    def test_missing_scope(self, emulator: Emulator) -> None:
        """A missing scope: 401 without a challenge, so that nobody refreshes for it."""
        token = emulator.grant("scoped", scope=SCOPE)["access_token"]
        assert emulator.with_token(token, ECHO).status_code == 200
        assert emulator.with_token(token, ECHO, method="HEAD").status_code == 200
        for answer in (
            emulator.with_token(token, ECHO, method="POST"),
            emulator.with_token(token, "/api/v1/probe/numbered"),
        ):
            assert answer.status_code == 401
            text = "Insufficient scopes on access token."
            assert answer.json == {"errors": [{"message": text}]}
            assert "WWW-Authenticate" not in answer.headers

    def test_patterns(self) -> None:
        """A parameter matches one segment; a format suffix is allowed."""
        scopes = ["url:GET|/api/v1/courses/:course_id/users"]
        assert permitted(scopes, "GET", "/api/v1/courses/sis_course_id:a.b/users")
        assert permitted(scopes, "HEAD", "/api/v1/courses/1/users.json")
        assert not permitted(scopes, "GET", "/api/v1/courses/1/2/users")
        assert not permitted(scopes, "GET", "/api/v1/courses/1/users/2")

    @pytest.mark.parametrize(
        ("kind", "query", "kept"),
        [
            ("scoped", "include[]=term&include[]=uuid", ["uuid"]),
            ("scoped", "include[]=term", []),
            ("scoped", "include=uuid", []),
            ("scoped_includes", "include[]=term", ["term"]),
        ],
    )
    def test_includes_are_dropped(
        self, emulator: Emulator, kind: str, query: str, kept: list[str]
    ) -> None:
        """Without ``allow_includes`` a scoped key loses all includes but uuid, silently."""
        token = emulator.grant(kind, scope=SCOPE)["access_token"]
        answer = emulator.with_token(token, f"{ECHO}?{query}&includes[]=a")
        assert answer.status_code == 200
        assert answer.json["include"] == kept

    def test_includes_come_when_the_key_allows_them(self, emulator: Emulator) -> None:
        """What an administrator switches on holds for tokens that are out already."""
        token = emulator.grant("scoped", scope=SCOPE)["access_token"]
        emulator.control(settings={"allow_includes": True})
        answer = emulator.with_token(token, f"{ECHO}?include[]=term")
        assert answer.json["include"] == ["term"]


class TestMasquerade:
    @pytest.mark.parametrize("form", ["{id}", "{global_id}", "sis_login_id:{login}"])
    def test_admin(self, emulator: Emulator, form: str) -> None:
        """An administrator acts as anybody; both ids stand in the headers."""
        student, admin = emulator.person("dozen"), emulator.person("admin")
        name = form.format(id=student.id, global_id=GLOBAL + student.id, login=student.login)
        answer = emulator.call(f"{ECHO}?as_user_id={name}", "admin")
        assert answer.json["viewer_id"] == student.id
        assert answer.json["real_user_id"] == admin.id
        assert answer.headers["X-Canvas-User-Id"] == str(GLOBAL + student.id)
        assert answer.headers["X-Canvas-Real-User-Id"] == str(GLOBAL + admin.id)

    @pytest.mark.parametrize("name", ["999999999", "nonsense", "sis_login_id:nobody"])
    def test_nobody(self, emulator: Emulator, name: str) -> None:
        """An unknown target: 401 whose ``errors`` is a string."""
        answer = emulator.call(f"{ECHO}?as_user_id={name}", "admin")
        assert answer.status_code == 401
        assert answer.json == {"errors": "Invalid as_user_id"}

    def test_others_may_not(self, emulator: Emulator) -> None:
        """Without the right: the same 401; oneself is always allowed."""
        teacher = emulator.person("teacher")
        answer = emulator.call(f"{ECHO}?as_user_id={teacher.id}")
        assert (answer.status_code, answer.json) == (401, {"errors": "Invalid as_user_id"})
        own = emulator.call(f"{ECHO}?as_user_id=self")
        assert own.json["real_user_id"] is None
        assert "X-Canvas-Real-User-Id" not in own.headers


class TestParameters:
    def test_query_form_and_json(self, emulator: Emulator) -> None:
        """Query, form and JSON are read alike; nested names have brackets."""
        by_form = emulator.call(
            f"{ECHO}?a=1", method="POST", data={"note[title]": "x", "ids[]": ["1", "2"]}
        )
        by_json = emulator.call(
            f"{ECHO}?a=1", method="POST", json={"note": {"title": "x"}, "ids": [1, 2]}
        )
        expected = {"a": ["1"], "note[title]": ["x"], "ids[]": ["1", "2"]}
        assert by_form.json["params"] == by_json.json["params"] == expected
        values = emulator.call(ECHO, method="POST", json={"t": True, "f": False, "n": None})
        assert values.json["params"] == {"f": ["false"], "n": [""], "t": ["true"]}
        assert emulator.call(ECHO, method="POST", json=[1]).json["params"] == {}

    def test_bad_json(self, emulator: Emulator) -> None:
        """A body that is no JSON: 400."""
        answer = emulator.call(
            ECHO, method="POST", data="{", headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 400

    def test_reading(self, emulator: Emulator) -> None:
        """``name[]`` or a scalar make a list; the last of a scalar counts; yes has five forms."""
        answer = emulator.call(f"{ECHO}?include=term&colour=red&colour=blue&flag=on")
        assert answer.json["include"] == ["term"]
        assert answer.json["colour"] == "blue"
        assert answer.json["flag"] is True
        assert emulator.call(f"{ECHO}?flag=0").json["flag"] is False


class TestRoutes:
    def test_format_suffix_and_escapes(self, emulator: Emulator) -> None:
        """``.json`` is accepted; an escaped slash stays inside its segment."""
        assert emulator.call(f"{ECHO}.json").status_code == 200
        answer = emulator.call("/api/v1/probe/sis_course_id:a%2Fb%20c/echo")
        assert answer.json["probe"] == "sis_course_id:a/b c"
        token = emulator.grant("scoped", scope=SCOPE)["access_token"]
        escaped = emulator.with_token(token, "/api/v1/probe/sis_course_id:a%2Fb/echo")
        assert escaped.status_code == 200

    @pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/probe//echo", "/api/v2/probe"])
    def test_endpoint_it_lacks(
        self, emulator: Emulator, path: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """501, so that nobody believes Canvas has nothing there; a line tells who runs it.

        design.md 2, The emulator.
        """
        for answer in (
            emulator.call(path),
            emulator.with_token("unknown", path),
            emulator.browser().get(path),
        ):
            assert answer.status_code == 501
            assert answer.json == {"errors": [{"message": "this emulator has no such endpoint"}]}
            assert "WWW-Authenticate" not in answer.headers
        assert f"GET {path}: this emulator has no such endpoint" in caplog.text
        assert emulator.call(ECHO, method="PUT").status_code == 501
        assert "PUT /api/v1/probe/1/echo: this" in caplog.text

    @pytest.mark.parametrize("path", ["/nothing", "/login/oauth2/nothing", "/files/1"])
    def test_page_it_lacks(self, emulator: Emulator, path: str) -> None:
        assert emulator.browser().get(path).status_code == 501
        assert emulator.browser().post("/login/oauth2/confirm").status_code == 501

    @pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/probe//echo", "/api/v2/probe"])
    def test_unknown_route(self, emulator: Emulator, path: str) -> None:
        """No such route in Canvas itself: a page, the token is not even read (ExceptionsApp)."""
        emulator.control(settings={"unknown_route": 404})
        for answer in (emulator.call(path), emulator.with_token("unknown", path)):
            assert (answer.status_code, answer.mimetype) == (404, "text/html")
            assert "WWW-Authenticate" not in answer.headers
        assert emulator.call(ECHO, method="PUT").status_code == 404
        assert emulator.browser().get(path).status_code == 404

    def test_literal_before_parameter(self) -> None:
        """A literal segment wins, and a dead end there falls back to the parameter."""
        router = Router()
        router.get("/users/self/x")(lambda call: 1)
        router.get("/users/:id/y")(lambda call, id: 2)
        router.put("/users/:id")(lambda call, id: 3)
        router.delete("/users/:id")(lambda call, id: 4)
        found = router.match("GET", "/users/self/y")
        assert found is not None
        assert (found[0].template, found[1]) == ("/users/:id/y", {"id": "self"})
        assert router.match("POST", "/users/self/y") is None
        assert router.match("PUT", "/users/5") is not None
        assert router.match("DELETE", "/users/5/") is not None


class TestErrors:
    def test_bodies(self, emulator: Emulator) -> None:
        """403, 404, 400 in Canvas's words; 201 and headers pass through."""
        forbidden = emulator.call("/api/v1/probe/raises/forbidden")
        assert forbidden.status_code == 403
        assert forbidden.json == {
            "status": "unauthorized",
            "errors": [{"message": "user not authorized to perform that action"}],
        }
        assert "WWW-Authenticate" not in forbidden.headers
        missing = emulator.call("/api/v1/probe/raises/not_found")
        text = "The specified resource does not exist."
        assert (missing.status_code, missing.json) == (404, {"errors": [{"message": text}]})
        bad = emulator.call("/api/v1/probe/raises/bad_request")
        assert (bad.status_code, bad.json) == (400, {"message": "no"})
        made = emulator.call("/api/v1/probe/raises/created")
        assert (made.status_code, made.headers["X-Probe"]) == (201, "yes")

    def test_older_permission_status(self, emulator: Emulator) -> None:
        """Older Canvas refused with 401, still without a challenge."""
        emulator.control(settings={"permission_status": 401})
        answer = emulator.call("/api/v1/probe/raises/forbidden")
        assert answer.status_code == 401
        assert "WWW-Authenticate" not in answer.headers

    def test_crash(self, emulator: Emulator) -> None:
        """A mistake in an endpoint: 500 in the exception form."""
        answer = emulator.call("/api/v1/probe/raises/mistake")
        assert answer.status_code == 500
        assert answer.json == {
            "errors": [{"message": "An error occurred.", "error_code": "internal_server_error"}]
        }


class TestForm:
    def test_headers(self, emulator: Emulator) -> None:
        """A UUID for support, Canvas's meta pairs, the caller's global id, framing rules."""
        grant = emulator.grant()
        answer = emulator.with_token(grant["access_token"], ECHO)
        headers = answer.headers
        assert uuid.UUID(headers["X-Request-Context-Id"])
        assert re.search(r"at=\d+;", headers["X-Canvas-Meta"])
        assert f"dk={emulator.key('confidential').client_id};" in headers["X-Canvas-Meta"]
        assert headers["X-Canvas-User-Id"] == str(GLOBAL + emulator.person("dozen").id)
        assert headers["Content-Type"] == "application/json; charset=utf-8"
        assert headers["Cache-Control"] == "max-age=0, private, must-revalidate"
        assert "frame-ancestors" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer-when-downgrade"

    def test_cookies_with_every_token(self, emulator: Emulator) -> None:
        """A session and a CSRF cookie each time; whoever sends them back is counted."""
        browser, headers = emulator.browser(), {"Authorization": f"Bearer {emulator.token('many')}"}
        first = browser.get(ECHO, headers=headers).headers.getlist("Set-Cookie")
        assert [cookie.partition("=")[0] for cookie in first] == [
            "_normandy_session",
            "_csrf_token",
        ]
        assert emulator.state.stats.report()["cookies"] == 0
        second = browser.get(ECHO, headers=headers).headers.getlist("Set-Cookie")
        assert second != first
        assert emulator.state.stats.report()["cookies"] == 1
        assert not emulator.browser().get(ECHO).headers.getlist("Set-Cookie")

    def test_header_names(self, emulator: Emulator) -> None:
        """Hosted Canvas sends header names in lower case since 2024; a switch."""
        assert all(name == name.lower() for name, _ in emulator.call(ECHO).headers)
        emulator.control(settings={"lowercase_headers": False})
        assert "X-Request-Cost" in [name for name, _ in emulator.call(ECHO).headers]

    def test_ids_as_numbers(self, emulator: Emulator) -> None:
        """Without the special Accept header ids are numbers; markup is escaped."""
        answer = emulator.call("/api/v1/probe/ids")
        assert answer.json["id"] == 1
        assert answer.json["user_ids"] == [3, 4]
        assert rb"\u003cb\u003e\u0026" in answer.data
        assert answer.json["name"] == '"id":7 <b>&'

    def test_ids_as_strings(self, emulator: Emulator) -> None:
        """``application/json+canvas-string-ids`` makes id, ``*_id``, ids and ``*_ids`` strings.

        ``doc/api/object_ids.md``, ``lib/api.rb``.
        """
        accept = {"Accept": "application/json+canvas-string-ids, application/json"}
        answer = emulator.call("/api/v1/probe/ids", headers=accept)
        assert answer.json == {
            "id": "1",
            "course_id": "2",
            "parent_id": None,
            "user_ids": ["3", "4"],
            "ids": ["8", "9"],
            "grids": [10],
            "score": 5,
            "grid": 6,
            "name": '"id":7 <b>&',
            "none_ids": [],
        }

    def test_gzip(self, emulator: Emulator) -> None:
        """Longer answers are compressed when that is accepted."""
        plain = emulator.call("/api/v1/probe/long")
        packed = emulator.call("/api/v1/probe/long", headers={"Accept-Encoding": "gzip, br"})
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert len(packed.data) < len(plain.data) / 4

    def test_etag(self, emulator: Emulator) -> None:
        """A weak ETag; 304 without a body when it is known, at full cost."""
        answer = emulator.call("/api/v1/probe/long")
        etag = answer.headers["ETag"]
        assert re.fullmatch('W/"[0-9a-f]{32}"', etag)
        again = emulator.call("/api/v1/probe/long", headers={"If-None-Match": etag})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["X-Request-Cost"] == "0.05"
