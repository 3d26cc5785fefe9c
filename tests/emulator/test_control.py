"""The switches under ``/_emulator``: what they accept, and what each of them does."""

import re
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from canvas_emulator import create_emulator
from tests.conftest import ROOT, StandIn, start_emulator, stop
from tests.emulator.harness import START, Emulator

ECHO = "/api/v1/probe/1/echo"
NUMBERED = "/api/v1/probe/numbered"
BOOKMARKED = "/api/v1/probe/bookmarked"


def following(answer: Any) -> str:
    found = re.search(r'<([^>]*)>; rel="next"', answer.headers.get("Link", ""))
    return found[1] if found else ""


class TestControl:
    @pytest.mark.parametrize(
        ("body", "fault"),
        [
            ("{", "truncated"),
            ('{"latncy": 1}', "latncy"),
            ('{"throttle": {"status": 500}}', "status"),
            ('{"faults": [{"kind": "explode"}]}', "explode"),
            ('{"settings": {"permission_status": 404}}', "permission_status"),
            ('{"clock": {"set": "tomorrow"}}', "clock"),
        ],
    )
    def test_faulty_bodies(self, emulator: Emulator, body: str, fault: str) -> None:
        """400 names the fault, and nothing was changed."""
        answer = emulator.browser().post("/_emulator/control", data=body)
        assert answer.status_code == 400
        assert fault in answer.json["error"]

    def test_answer(self, emulator: Emulator) -> None:
        """200 with an empty object."""
        answer = emulator.browser().post("/_emulator/control", json={"latency": 0})
        assert (answer.status_code, answer.json) == (200, {})

    def test_name_of_the_application(self, emulator: Emulator) -> None:
        """The consent page names it; by default it names the kind of the key."""
        named = []
        for name in ("", "Easel", ""):
            emulator.browser().post("/_emulator/control", json={"app_name": name})
            browser = emulator.browser()
            emulator.log_in(browser)
            emulator.authorize(browser)
            page = browser.get("/login/oauth2/confirm").text
            named.append(page.partition("<h1>")[2].partition(" is requesting access")[0])
        assert named == ["Demo app (confidential)", "Easel", "Demo app (confidential)"]

    def test_people(self, emulator: Emulator) -> None:
        """People worth meeting, each with a token that works and a password that logs in."""
        people = emulator.browser().get("/_emulator/people").json
        keys = {person["key"] for person in people}
        assert {"dozen", "many", "newcomer", "hostile", "teacher", "admin", "ta"} <= keys
        for person in people:
            assert set(person) == {"id", "key", "name", "login", "password", "roles", "token"}
            answer = emulator.with_token(person["token"], ECHO)
            assert answer.json["viewer_id"] == person["id"]
            browser = emulator.browser()
            assert emulator.log_in(browser, person["key"]).status_code == 302

    def test_keys(self, emulator: Emulator) -> None:
        """One developer key of each kind; client ids are global ids."""
        keys = emulator.browser().get("/_emulator/keys").json
        kinds = {key["kind"] for key in keys}
        assert kinds == {
            "confidential",
            "trusted",
            "scoped",
            "scoped_includes",
            "public",
            "inactive",
            "test_cluster",
            "switched_off",
            "replacing",
            "reuse",
            "legacy",
        }
        for key in keys:
            assert re.fullmatch(r"1\d{13}", key["client_id"])
            assert len(key["client_secret"]) == 64
            listed = "http://127.0.0.1:8000/oauth/callback" in key["redirect_uris"]
            assert listed == (key["redirect_uri"] is None) == (key["kind"] != "legacy")

    def test_secrets_are_in_no_repr(self, emulator: Emulator) -> None:
        """Keys and token rows show neither secret nor token."""
        key = emulator.key("confidential")
        grant = emulator.grant()
        row = emulator.state.tokens.of(grant["access_token"])
        assert key.client_secret not in repr(key)
        assert grant["access_token"] not in repr(row)
        assert grant["refresh_token"] not in repr(row)

    def test_stats(self, emulator: Emulator) -> None:
        """Calls by route and status; exchanges, refreshes, revocations; greatest parallelism."""
        grant = emulator.grant()
        token = emulator.refresh(grant["refresh_token"]).json["access_token"]
        emulator.with_token(token, ECHO)
        emulator.with_token(token, "/api/v1/nothing")
        emulator.with_token(token, "/login/oauth2/token", method="DELETE")
        emulator.with_token(token, ECHO)
        stats = emulator.browser().get("/_emulator/stats").json
        assert stats["calls"]["GET /api/v1/probe/:probe_id/echo"] == {"200": 1, "401": 1}
        assert stats["calls"]["GET (unknown)"] == {"501": 1}
        assert stats["calls"]["POST /login/oauth2/token"] == {"200": 2}
        counted = {name: stats[name] for name in ("exchanges", "refreshes", "revocations")}
        assert counted == {"exchanges": 1, "refreshes": 1, "revocations": 1}
        assert (stats["throttled"], stats["in_flight_max"]) == (0, 1)

    def test_profiles(self, emulator: Emulator) -> None:
        """Hosted: hwm 700, 429, names in lower case, the User-Agent rule, all by one switch."""
        told = []
        for profile in ("hosted", "open_source"):
            emulator.control(profile=profile)
            answer = emulator.call(ECHO)
            remaining = float(answer.headers["X-Rate-Limit-Remaining"])
            bare = emulator.call(ECHO, headers={"User-Agent": ""}).status_code
            names = {name for name, _ in answer.headers}
            told.append((round(remaining), bare, "x-request-cost" in names))
            emulator.control(throttle={"hwm": 40})
            assert emulator.call(ECHO).status_code == (429 if profile == "hosted" else 403)
        assert told == [(700, 403, True), (600, 200, False)]
        emulator.control(profile="hosted", throttle={"status": 403})
        assert emulator.state.quotas.limits.status == 403

    def test_reset_forgets_what_is_under_way(self, emulator: Emulator) -> None:
        """A request of an earlier test that still waits is not counted, and takes no new fault."""

        def others_begin(_: float) -> None:
            emulator.control(reset=True, faults=[{"kind": "html", "path": "/api/*"}])

        emulator.control(latency=5)
        emulator.state.sleep = others_begin
        try:
            late = emulator.call(ECHO)
        finally:
            emulator.state.sleep = emulator.time.sleep
        assert late.is_json
        stats = emulator.state.stats.report()
        assert (stats["calls"], stats["in_flight_max"]) == ({}, 0)
        assert not emulator.call(ECHO).is_json

    def test_reset(self, emulator: Emulator) -> None:
        """Reset comes first and puts everything back: grants, clock, switches, counters."""
        grant = emulator.grant()
        emulator.control(
            clock={"advance": 60}, latency=1, costs=9, settings={"api_max_per_page": 1}
        )
        emulator.control(reset=True, costs=7)
        answer = emulator.with_token(grant["access_token"], ECHO)
        assert answer.json == {"errors": [{"message": "Invalid access token."}]}
        assert emulator.time.slept == []
        assert answer.headers["X-Request-Cost"] == "7.0"
        assert emulator.state.clock.now() < START.replace(minute=30)
        assert emulator.refresh(grant["refresh_token"]).status_code == 400

    def test_reset_undoes_writes(self, emulator: Emulator) -> None:
        """A campus somebody wrote to is built anew; an untouched one is kept."""
        before = emulator.state.campus
        emulator.call(ECHO)
        emulator.control(reset=True)
        assert emulator.state.campus is before
        emulator.call(ECHO, method="POST")
        emulator.control(reset=True)
        assert emulator.state.campus is not before

    def test_campus_size(self, emulator: Emulator) -> None:
        """The load-test lists get as long as asked."""
        emulator.control(campus={"bulk_rows": 120})
        answer = emulator.call("/api/v1/accounts/1/users?per_page=50", "admin")
        assert answer.status_code == 200
        assert "page=3&per_page=50" in answer.headers["Link"]

    def test_more_work(self, emulator: Emulator) -> None:
        """Copies of a course's published assignments, each with everybody's submissions."""
        before = len(emulator.campus().work_of(4101))
        emulator.control(more_work={4101: 60})
        works = emulator.campus().work_of(4101)
        assert len(works) == before + 60
        assert len({work.id for work in works}) == len(works)
        assert works[before].name == f"{works[0].name} (2)"
        rows = emulator.campus().submissions_of(works[-1])
        assert set(rows) == set(emulator.campus().submissions_of(works[0]))
        bad = emulator.browser().post("/_emulator/control", json={"more_work": {"7": 1}})
        assert (bad.status_code, "$.more_work" in bad.json["error"]) == (400, True)

    def test_latency(self, emulator: Emulator) -> None:
        """One latency for every API call, or one by route; other pages only when named."""
        emulator.control(latency=0.25)
        emulator.call(ECHO)
        emulator.browser().get("/login")
        assert emulator.time.slept == [0.25]
        emulator.control(latency={"default": 0, "GET /api/v1/probe/numbered": 0.5})
        emulator.call(ECHO)
        emulator.call(NUMBERED)
        assert emulator.time.slept == [0.25, 0.5]
        emulator.control(latency={"POST /login/oauth2/token": 2})
        emulator.exchange("x")
        assert emulator.time.slept == [0.25, 0.5, 2]

    def test_costs_by_route(self, emulator: Emulator) -> None:
        """Costs by route template, with a default."""
        emulator.control(costs={"default": 1, "GET /api/v1/probe/numbered": 3})
        assert emulator.call(ECHO).headers["X-Request-Cost"] == "1.0"
        assert emulator.call(NUMBERED).headers["X-Request-Cost"] == "3.0"
        emulator.control(costs={"GET /api/v1/probe/numbered": 4})
        assert emulator.call(ECHO).headers["X-Request-Cost"] == "1.0"

    def test_routes(self, emulator: Emulator) -> None:
        """What it answers: the API, OAuth2, its own; a client need not guess."""
        listed = emulator.browser().get("/_emulator/routes").json
        rows = {(row["method"], row["path"]) for row in listed}
        assert len(rows) == len(listed)
        assert rows >= {
            ("GET", "/api/v1/courses"),
            ("GET", "/api/v1/accounts/:account_id/courses"),
            ("DELETE", "/login/oauth2/token"),
            ("POST", "/users/:person_id/masquerade"),
            ("GET", "/_emulator/routes"),
        }
        assert ("GET", "/api/v1/courses/:course_id/quizzes") not in rows

    def test_answers_are_dated_by_the_clock(self, canvas: StandIn) -> None:
        """RFC 9110 section 6.6.1: an answer's Date is its server's time."""
        canvas.control(clock={"set": "2027-01-01T11:00:00Z"})
        date = requests.get(f"{canvas.url}/login", timeout=10).headers["Date"]
        assert date.startswith("Fri, 01 Jan 2027 11:00:0")

    def test_clock(self, emulator: Emulator) -> None:
        """The clock is moved by seconds or set, with or without a zone, and runs on."""
        emulator.control(clock={"set": "2027-01-01T12:00:00+01:00"})
        assert emulator.state.clock.now().isoformat() == "2027-01-01T11:00:00+00:00"
        emulator.control(clock={"set": "2027-01-01T12:00:00", "advance": 60})
        emulator.time.seconds += 5
        assert emulator.state.clock.now().isoformat() == "2027-01-01T12:01:05+00:00"

    def test_expire_and_revoke_by_person(self, emulator: Emulator) -> None:
        """Expired access tokens can be refreshed, revoked grants cannot; others stay."""
        mine, other = emulator.grant(), emulator.grant(person="teacher")
        person = emulator.person("dozen").id
        emulator.control(expire_tokens=[person])
        assert emulator.with_token(mine["access_token"], ECHO).status_code == 401
        assert emulator.with_token(other["access_token"], ECHO).status_code == 200
        assert emulator.refresh(mine["refresh_token"]).status_code == 200
        emulator.control(revoke_tokens=[str(person)])
        assert emulator.refresh(mine["refresh_token"]).status_code == 400
        emulator.control(revoke_tokens="all")
        assert emulator.refresh(other["refresh_token"]).status_code == 400


@pytest.mark.usefixtures("rows")
class TestFaults:
    def test_matching(self, emulator: Emulator) -> None:
        """Method, glob, query and person are matched; ``after`` and ``times`` count."""
        person = emulator.person("dozen").id
        fault = {
            "method": "GET",
            "path": "/api/v1/probe/*",
            "query": {"page": 2},
            "person": person,
            "kind": "status",
            "status": 503,
            "after": 1,
            "times": 2,
        }
        emulator.control(faults=[fault])
        assert emulator.call(NUMBERED).status_code == 200
        assert emulator.call(f"{ECHO}?page=2", method="POST").status_code == 200
        assert emulator.call(f"{NUMBERED}?page=2", "teacher").status_code == 200
        assert emulator.call("/api/v1/other?page=2").status_code == 501
        statuses = [emulator.call(f"{NUMBERED}?page=2").status_code for _ in range(4)]
        assert statuses == [200, 503, 503, 200]

    def test_until_cleared(self, emulator: Emulator) -> None:
        """``times`` null strikes until an empty list clears all."""
        emulator.control(faults=[{"kind": "status", "status": 500, "times": None}])
        assert [emulator.call(ECHO).status_code for _ in range(3)] == [500] * 3
        emulator.control(faults=[])
        assert emulator.call(ECHO).status_code == 200

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            (401, "Invalid access token."),
            (403, "user not authorized to perform that action"),
            (404, "not_found"),
            (429, "Rate Limit Exceeded"),
            (500, "internal_server_error"),
            (502, "bad_gateway"),
            (504, "An error occurred."),
        ],
    )
    def test_status(self, emulator: Emulator, status: int, words: str) -> None:
        """A status with the body Canvas has for it; 401 challenges."""
        emulator.control(faults=[{"kind": "status", "status": status}])
        answer = emulator.call(ECHO)
        assert answer.status_code == status
        assert words in answer.text
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)

    def test_html(self, emulator: Emulator) -> None:
        """An HTML page of the edge in front of Canvas, without Canvas's headers."""
        emulator.control(faults=[{"kind": "html"}, {"kind": "html", "status": 200}])
        answer = emulator.call(ECHO)
        assert (answer.status_code, answer.mimetype) == (503, "text/html")
        assert "X-Request-Cost" not in answer.headers
        assert emulator.call(ECHO).status_code == 200

    def test_slow(self, emulator: Emulator) -> None:
        """A slow answer is a whole one."""
        emulator.control(faults=[{"kind": "slow", "seconds": 4}])
        assert emulator.call(ECHO).status_code == 200
        assert emulator.time.slept == [4]

    def test_redirect(self, emulator: Emulator) -> None:
        """A redirect, to the log-in or where it is told."""
        there = "https://elsewhere.example/"
        emulator.control(faults=[{"kind": "redirect"}, {"kind": "redirect", "location": there}])
        assert emulator.call(ECHO).location == "http://localhost/login"
        assert emulator.call(ECHO).location == there

    def test_links(self, emulator: Emulator) -> None:
        """Links to another host, to the page itself, or none."""
        kinds = ("link_host", "link_loop", "link_missing", "link_loop")
        emulator.control(faults=[{"kind": kind} for kind in kinds])
        assert following(emulator.call(NUMBERED)).startswith(
            "http://canvas.elsewhere.example/api/v1/"
        )
        assert "page=2&" in following(emulator.call(f"{NUMBERED}?page=2"))
        assert "Link" not in emulator.call(NUMBERED).headers
        assert emulator.call(ECHO).status_code == 200

    def test_odd_links(self, emulator: Emulator) -> None:
        """Links with ``;`` and ``,`` in their query, and to a host that is named."""
        emulator.control(
            faults=[{"kind": "link_odd"}, {"kind": "link_host", "location": "vanity.example"}]
        )
        odd = following(emulator.call(NUMBERED))
        assert "?via=a;b,c&page=2" in odd
        assert following(emulator.call(NUMBERED)).startswith("http://vanity.example/api/v1/")
        assert emulator.call(odd.removeprefix("http://localhost")).json[0]["id"] == 11

    def test_headers_as_asked(self, emulator: Emulator) -> None:
        """In the place of those that go out, the throttle's too."""
        odd = {"X-Rate-Limit-Remaining": "1e308", "Link": "<<<"}
        emulator.control(faults=[{"kind": "headers", "headers": odd}])
        answer = emulator.call(NUMBERED)
        assert {name: answer.headers[name] for name in odd} == odd
        assert emulator.call(NUMBERED).headers["Link"] != "<<<"

    def test_an_empty_page(self, emulator: Emulator) -> None:
        """A page all of whose rows were hidden keeps its next link."""
        emulator.control(faults=[{"kind": "empty_page"}])
        answer = emulator.call(BOOKMARKED)
        assert answer.json == []
        assert "page=bookmark" in following(answer)

    def test_a_wait_is_asked_for(self, emulator: Emulator) -> None:
        """``Retry-After`` as a proxy in front adds it; Canvas itself never does."""
        emulator.control(faults=[{"kind": "status", "status": 429, "retry_after": "7"}])
        assert emulator.call(ECHO).headers["Retry-After"] == "7"

    @pytest.mark.parametrize("path", [NUMBERED, BOOKMARKED])
    def test_repeat(self, emulator: Emulator, path: str) -> None:
        """A page that begins with the last row of the page before."""
        second = following(emulator.call(path)).removeprefix("http://localhost")
        emulator.control(faults=[{"kind": "repeat", "times": None}])
        assert [row["id"] for row in emulator.call(second).json] == list(range(10, 21))
        assert [row["id"] for row in emulator.call(path).json] == list(range(1, 11))

    def test_json_prefix(self, emulator: Emulator) -> None:
        """``while(1);`` before the JSON, also when the answer was to be compressed."""
        emulator.control(faults=[{"kind": "json_prefix", "times": 2}])
        assert emulator.call(ECHO).data.startswith(b"while(1);{")
        packed = emulator.call("/api/v1/probe/long", headers={"Accept-Encoding": "gzip"})
        assert packed.data.startswith(b"while(1);{")

    def test_rewrite(self, emulator: Emulator) -> None:
        """Values and bytes that Canvas should not send stand where an expression matches."""
        fault = {"kind": "rewrite", "rewrite": [['"id":1,', '"id":"\xff",'], ["2", "3"]]}
        emulator.control(faults=[fault])
        answer = emulator.call(NUMBERED)
        assert answer.data.startswith(b'[{"id":"\xff",')
        assert b"2" not in answer.data

    def test_empty_token(self, emulator: Emulator) -> None:
        """A token answer whose access token is empty."""
        code = emulator.code()
        emulator.control(faults=[{"kind": "empty_token", "path": "/login*", "times": 2}])
        assert emulator.exchange(code).json["access_token"] == ""
        assert emulator.browser().get("/login").status_code == 200

    def test_answer_lost_after_the_deed(self, emulator: Emulator) -> None:
        """With ``handled`` Canvas did its work and only the answer is lost."""
        grant = emulator.grant()
        emulator.control(
            faults=[{"kind": "status", "path": "/login/oauth2/token", "handled": True}]
        )
        assert emulator.refresh(grant["refresh_token"]).status_code == 503
        assert emulator.with_token(grant["access_token"], ECHO).status_code == 401

    def test_reset_and_truncation_without_a_server(self, emulator: Emulator) -> None:
        """In process a reset raises, and half of a body keeps its full length."""
        emulator.control(faults=[{"kind": "reset"}, {"kind": "truncate"}])
        with pytest.raises(ConnectionResetError):
            emulator.call(ECHO)
        calls = emulator.state.stats.report()["calls"]
        assert calls["GET /api/v1/probe/:probe_id/echo"] == {"reset": 1}
        answer = emulator.call("/api/v1/probe/long")
        assert int(answer.headers["Content-Length"]) > len(answer.data)


@pytest.mark.usefixtures("rows")
class TestDrift:
    def ids(self, emulator: Emulator, path: str = NUMBERED) -> list[int]:
        return [row["id"] for row in emulator.call(path).json]

    def test_removal(self, emulator: Emulator) -> None:
        """After page 1 two rows vanish from the front, so page 2 begins two rows later."""
        emulator.control(drift={"path": NUMBERED, "remove": 2, "after_page": 1})
        assert self.ids(emulator) == list(range(1, 11))
        assert self.ids(emulator, f"{NUMBERED}?page=2") == list(range(13, 23))
        assert self.ids(emulator)[0] == 3

    def test_addition(self, emulator: Emulator) -> None:
        """After page 2 three rows arrive at the front: page 3 repeats, page 1 has new ids."""
        emulator.control(drift={"path": NUMBERED, "add": 3, "after_page": 2})
        self.ids(emulator)
        assert self.ids(emulator, f"{NUMBERED}?page=2") == list(range(11, 21))
        assert self.ids(emulator, f"{NUMBERED}?page=3") == list(range(18, 28))
        first = self.ids(emulator)
        assert first[3:] == list(range(1, 8))
        assert len(set(first)) == 10
        assert 'page=4&per_page=10>; rel="last"' in emulator.call(NUMBERED).headers["Link"]

    def test_removal_behind_the_front(self, emulator: Emulator) -> None:
        """Rows vanish after the first fifteen: page 1 stays, page 2 is closed up, page 4 is empty.

        An empty page 4 says of itself that it is the last (``lib/api.rb``).
        """
        emulator.control(drift={"path": NUMBERED, "remove": 5, "place": 15, "after_page": 1})
        assert self.ids(emulator) == list(range(1, 11))
        assert self.ids(emulator, f"{NUMBERED}?page=2") == [*range(11, 16), *range(21, 26)]
        assert self.ids(emulator, f"{NUMBERED}?page=3") == list(range(26, 36))
        assert self.ids(emulator, f"{NUMBERED}?page=4") == []
        assert self.ids(emulator) == list(range(1, 11))

    def test_at_once_and_for_plain_rows(self, emulator: Emulator) -> None:
        """With ``after_page`` 0 the list has moved before it is read; rows may be plain."""
        path = "/api/v1/probe/plain"
        emulator.control(drift={"path": path, "add": 1, "after_page": 0})
        assert emulator.call(path).json[:2] == ["row 1", "row 1"]


class TestProgram:
    def test_starts_serves_and_stops(self) -> None:
        """One line with the URL once it serves; the further redirect URI; a clean quick end."""
        uri = "https://easel.example/oauth/callback"
        process, url = start_emulator("--redirect-uri", uri)
        try:
            keys = requests.get(f"{url}/_emulator/keys", timeout=10).json()
            assert all(uri in key["redirect_uris"] for key in keys)
            with requests.Session() as kept:
                kept.get(f"{url}/login", timeout=10)
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=30) == 0
            assert process.stdout is not None
            assert process.stdout.read() == ""
        finally:
            stop(process)

    def test_stops_in_the_middle_of_a_call(self) -> None:
        """A call that would still take minutes does not keep the program alive."""
        process, url = start_emulator()
        try:
            requests.post(f"{url}/_emulator/control", json={"latency": 600}, timeout=10)
            with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as client:
                client.sendall(b"GET /api/v1/users/self HTTP/1.1\r\nHost: localhost\r\n\r\n")
                while (
                    requests.get(f"{url}/_emulator/stats", timeout=10).json()["in_flight_max"] < 1
                ):
                    pass
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=30) == 0
        finally:
            stop(process)

    @pytest.mark.parametrize("change", [{"latency": 0}, {"faults": []}, {"reset": True}])
    def test_what_waits_goes_on(self, canvas: StandIn, change: dict[str, Any]) -> None:
        """Whoever takes the slowness back is not kept by what it holds up already."""
        slow = {"kind": "slow", "path": "/api/*", "seconds": 600}
        canvas.control(**({"latency": 600} if "latency" in change else {"faults": [slow]}))
        headers = {"Authorization": f"Bearer {canvas.token('dozen')}"}
        with ThreadPoolExecutor(1) as pool:
            held = pool.submit(
                requests.get, f"{canvas.url}/api/v1/courses", headers=headers, timeout=60
            )
            while canvas.stats()["in_flight_max"] < 1:
                pass
            while not held.done():  # it may not wait yet
                canvas.control(**change)
        assert held.result().status_code == 200

    def test_starts_at_a_moment(self) -> None:
        """The clock begins at the moment of ``--start``, and the campus lies around it."""
        process, url = start_emulator("--start", "2028-02-29T23:50:00-07:00")
        try:
            people = requests.get(f"{url}/_emulator/people", timeout=10).json()
            token = next(person["token"] for person in people if person["key"] == "dozen")
            bearer = {"Authorization": f"Bearer {token}"}
            note = {"title": "Made now", "todo_date": "2028-03-01T08:00:00Z"}
            requests.post(f"{url}/api/v1/planner_notes", headers=bearer, json=note, timeout=10)
            planner = f"{url}/api/v1/planner/items?start_date=2028-02-28&per_page=100"
            rows = requests.get(planner, headers=bearer, timeout=10).json()
        finally:
            stop(process)
        assert len({row["plannable_date"] for row in rows}) > 5
        made = next(row["plannable"] for row in rows if row["plannable"]["title"] == "Made now")
        assert "2028-03-01T06:50" <= made["created_at"] < "2028-03-01T08"

    @pytest.mark.parametrize(
        "text", ["tomorrow", "2026-11-23", "2026-11-23T08:00:00", "0001-01-01T00Z"]
    )
    def test_refuses_other_starts(self, text: str) -> None:
        """What is no moment, or one that no campus can lie around, is told in one clear line."""
        done = subprocess.run(
            [sys.executable, "-m", "canvas_emulator", "--start", text],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 2
        assert f"'{text}' is no ISO 8601 time with a UTC offset from 1970" in done.stderr

    def test_broken_connections(self, canvas: StandIn) -> None:
        """A reset breaks the connection; a truncated body ends before its length."""
        headers = {"Authorization": f"Bearer {canvas.token('dozen')}"}
        canvas.control(faults=[{"kind": "reset", "path": "/api/*"}])
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{canvas.url}/api/v1/courses", headers=headers, timeout=10)
        canvas.control(faults=[{"kind": "truncate", "path": "/api/*"}])
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            requests.get(f"{canvas.url}/api/v1/courses", headers=headers, timeout=10)

    def test_in_process(self) -> None:
        """``create_emulator`` needs nothing but a start, which its clock then shows."""
        app = create_emulator(start=START)
        clock = app.extensions["emulator"].clock
        assert clock.now() >= START
        assert (clock.now() - START).total_seconds() < 600
        assert app.test_client().get("/").status_code == 200


class TestRefusals:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b"\xff\xfe{",
            b'{"latency": -1}',
            b'{"latency": 0.5, "costs": {"default": -4}}',
            b'{"latency": 0.5, "campus": {"bulk_rows": -5}}',
            b'{"latency": 0.5, "settings": {"api_max_per_page": 0}}',
            b'{"latency": 0.5, "throttle": {"outflow": -3}}',
            b'{"latency": 0.5, "faults": [{"kind": "status", "status": 9}]}',
            b'{"latency": 0.5, "drift": {"path": "x", "remove": -3}}',
            b'{"latency": 0.5, "clock": {"advance": 1e20}}',
            b'{"latency": 0.5, "clock": {"set": "9999-12-31T23:59:59+00:00"}}',
            b'{"latency": 0.5, "token_ends": {"999999": null}}',
            b'{"latency": 0.5, "suspended": [999999]}',
            b'{"latency": 0.5, "site_admin_staff": [999999]}',
            b'{"latency": 0.5, "keys_off": ["golden"]}',
            b'{"reset": true, "latency": 0.5, "unknown": 1}',
        ],
    )
    def test_bad_bodies_change_nothing(self, emulator: Emulator, body: bytes) -> None:
        """400 with the fault, and every switch as it was."""
        emulator.control(latency=0.25)
        answer = emulator.browser().post("/_emulator/control", data=body)
        assert answer.status_code == 400
        assert answer.json["error"]
        assert emulator.state.latency.default == 0.25

    def test_tokens_with_an_end(self, emulator: Emulator) -> None:
        """A person's own token may have a fixed end; past it, it reads "Expired"."""
        person = emulator.person("dozen")
        emulator.control(token_ends={person.id: "2026-11-24T08:00:00"})
        assert emulator.call("/api/v1/probe/1/echo").status_code == 200
        emulator.control(clock={"advance": 86401})
        answer = emulator.call("/api/v1/probe/1/echo")
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="canvas-lms"'
        assert answer.json == {
            "errors": [{"message": "Expired access token.", "expired_at": "2026-11-24T08:00:00Z"}]
        }
        emulator.control(settings={"rejection_wording": "old"})
        older = emulator.call("/api/v1/probe/1/echo")
        assert older.json == {"errors": [{"message": "Invalid access token."}]}
        emulator.control(token_ends={person.id: None})
        assert emulator.call("/api/v1/probe/1/echo").status_code == 200


def test_change_of_a_course(emulator: Emulator) -> None:
    """Unknown courses and fields are refused, and then nothing was changed; reset undoes it."""
    for body, said in (
        ({"7": {}}, "No course has the id 7 - at `$.courses`"),
        ({"4101": {"name": "x"}}, "Object contains unknown field `name` - at `$.courses[...]`"),
    ):
        answer = emulator.browser().post("/_emulator/control", json={"courses": body})
        assert (answer.status_code, answer.get_json()["error"]) == (400, said)
    emulator.control(courses={"4101": {"hide_final_grades": True}})
    assert emulator.state.campus.courses[4101].hide_final_grades
    emulator.control(reset=True)
    assert not emulator.state.campus.courses[4101].hide_final_grades


def raw(canvas: StandIn, target: str, host: str) -> bytes:
    """The answer to a request whose first line names the target as it stands here."""
    _, _, address = canvas.url.partition("://")
    name, _, port = address.partition(":")
    head = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
    with socket.create_connection((name, int(port)), timeout=10) as connection:
        token = canvas.token("dozen")
        connection.sendall(f"{head}Authorization: Bearer {token}\r\n\r\n".encode())
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_targets_in_absolute_form(canvas: StandIn) -> None:
    """RFC 9112 section 3.2.2: a server takes them, and their host counts, not ``Host``."""
    named = raw(canvas, f"{canvas.url}/api/v1/users/self?include[]=uuid", "elsewhere.example")
    listed = raw(canvas, f"{canvas.url}/api/v1/courses?per_page=2", "elsewhere.example")
    root = raw(canvas, canvas.url, "elsewhere.example")

    assert named.startswith(b"HTTP/1.1 200")
    assert b'"uuid":' in named
    assert f"<{canvas.url}/api/v1/courses?per_page=2&page=2".encode() in listed.replace(
        b"page=2&per_page=2", b"per_page=2&page=2"
    )
    assert b"elsewhere.example" not in listed
    assert root.startswith(b"HTTP/1.1 200")


def told(*arguments: str) -> str:
    """What a program of one's own writes on stderr while these are asked."""
    process = subprocess.Popen(
        [sys.executable, "-m", "canvas_emulator", "--port", "0", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    url = process.stdout.readline().split()[-1]
    secret = "a-token-of-somebody"
    requests.get(f"{url}/api/v1/courses?per_page=2&access_token={secret}", timeout=10)
    requests.get(f"{url}/api/v1/courses/1/quizzes", timeout=10)
    process.send_signal(signal.SIGINT)
    lines = process.stderr.read()
    stop(process)
    process.stderr.close()
    assert secret not in lines
    return lines


def test_what_it_lacks_is_told_in_any_case() -> None:
    lines = told()

    assert "GET /api/v1/courses/1/quizzes: this emulator has no such endpoint" in lines
    assert "GET /api/v1/courses?" not in lines


def test_verbose_tells_each_request() -> None:
    lines = told("--verbose")

    assert re.search(r"GET /api/v1/courses\?per_page=2&access_token=\.\.\. 401, \d+ ms", lines)
    assert "GET /api/v1/courses/1/quizzes 501" in lines
