"""What tests of the emulator drive it with, and routes that probe its core."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from werkzeug.test import Client, TestResponse

from canvas_emulator.campus import Campus, Person
from canvas_emulator.resource import Answer, BadRequest, Call, Forbidden, NotFound, router
from canvas_emulator.state import DeveloperKey, State, personal_token

START = datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC)
CALLBACK = "http://127.0.0.1:8000/oauth/callback"


@dataclass
class Time:
    """A monotonic clock that moves only when told; sleeping moves it."""

    seconds: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@dataclass
class Emulator:
    app: Flask
    state: State
    time: Time

    def campus(self) -> Campus:
        """The campus, for a test that changes it; the next reset builds it anew."""
        self.state.campus_touched = True
        return self.state.campus

    def browser(self) -> Client:
        return self.app.test_client()

    def person(self, key: str) -> Person:
        return next(p for p in self.state.campus.people.values() if p.key == key)

    def token(self, key: str) -> str:
        return personal_token(self.person(key))

    def key(self, kind: str) -> DeveloperKey:
        return next(key for key in self.state.keys.values() if key.kind == kind)

    def call(self, path: str, person: str = "dozen", **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token(person)}"} | more.pop("headers", {})
        return self.browser().open(path, headers=headers, **more)

    def with_token(self, token: str, path: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}"} | more.pop("headers", {})
        return self.browser().open(path, headers=headers, **more)

    def control(self, **body: Any) -> None:
        answer = self.browser().post("/_emulator/control", json=body)
        assert answer.status_code == 200, answer.text

    def log_in(self, browser: Client, person: str = "dozen") -> TestResponse:
        who = self.person(person)
        form = {
            "pseudonym_session[unique_id]": who.login,
            "pseudonym_session[password]": who.password,
        }
        return browser.post("/login", data=form)

    def authorize(self, browser: Client, kind: str = "confidential", **query: str) -> TestResponse:
        asked = {
            "client_id": self.key(kind).client_id,
            "response_type": "code",
            "redirect_uri": CALLBACK,
        } | query
        return browser.get("/login/oauth2/auth", query_string=asked)

    def code(self, kind: str = "confidential", person: str = "dozen", **query: str) -> str:
        """A code got by logging in and agreeing."""
        browser = self.browser()
        self.log_in(browser, person)
        answer = self.authorize(browser, kind, **query)
        if "/confirm" in answer.location:
            answer = agree(browser)
        return parse_qs(urlsplit(answer.location).query)["code"][0]

    def exchange(self, code: str, kind: str = "confidential", /, **more: str) -> TestResponse:
        key = self.key(kind)
        form = {
            "grant_type": "authorization_code",
            "client_id": key.client_id,
            "client_secret": key.client_secret,
            "code": code,
        }
        return self.browser().post("/login/oauth2/token", data=form | more)

    def refresh(self, token: str, kind: str = "confidential", **more: str) -> TestResponse:
        key = self.key(kind)
        form = {
            "grant_type": "refresh_token",
            "client_id": key.client_id,
            "client_secret": key.client_secret,
            "refresh_token": token,
        }
        return self.browser().post("/login/oauth2/token", data=form | more)

    def grant(self, kind: str = "confidential", person: str = "dozen", **query: str) -> Any:
        """The body of a successful exchange."""
        answer = self.exchange(self.code(kind, person, **query), kind)
        assert answer.status_code == 200, answer.text
        return answer.json


def csrf_token(page: str) -> str:
    return page.split('name="custom_csrf_token" value="')[1].split('"')[0]


def agree(browser: Client) -> TestResponse:
    page = browser.get("/login/oauth2/confirm").text
    return browser.post("/login/oauth2/accept", data={"custom_csrf_token": csrf_token(page)})


ROWS: list[dict[str, Any]] = []


@router.get("/api/v1/probe/numbered")
def probe_numbered(call: Call) -> object:
    return call.numbered(ROWS)


@router.get("/api/v1/probe/:probe_id/rows")
def probe_rows(call: Call, probe_id: str) -> object:
    return call.numbered(ROWS)


@router.get("/api/v1/probe/plain")
def probe_plain(call: Call) -> object:
    return call.numbered([row["name"] for row in ROWS])


@router.get("/api/v1/probe/wrapped")
def probe_wrapped(call: Call) -> object:
    return call.wrapped("rows", call.numbered(ROWS))


@router.get("/api/v1/probe/rendered")
def probe_rendered(call: Call) -> object:
    return call.numbered(
        ROWS, render=lambda row: {"id": row["id"]}, keep=lambda row: row["id"] % 10 == 0
    )


@router.get("/api/v1/probe/bookmarked")
def probe_bookmarked(call: Call) -> object:
    return call.bookmarked(ROWS, key=lambda row: (START, row["id"]))


@router.get("/api/v1/probe/:probe_id/echo")
@router.post("/api/v1/probe/:probe_id/echo")
def probe_echo(call: Call, probe_id: str) -> object:
    return {
        "probe": probe_id,
        "viewer_id": call.viewer.id,
        "real_user_id": call.real_user.id if call.real_user else None,
        "include": sorted(call.include),
        "params": {name: call.params.getlist(name) for name in sorted(call.params)},
        "flag": call.flag("flag"),
        "colour": call.one("colour"),
    }


@router.get("/api/v1/probe/ids")
def probe_ids(call: Call) -> object:
    return {
        "id": 1,
        "course_id": 2,
        "parent_id": None,
        "user_ids": [3, 4],
        "ids": [8, 9],
        "grids": [10],
        "score": 5,
        "grid": 6,
        "name": '"id":7 <b>&',
        "none_ids": [],
    }


@router.get("/api/v1/probe/long")
def probe_long(call: Call) -> object:
    return {"text": "long " * 400}


@router.get("/api/v1/probe/raises/:what")
def probe_raises(call: Call, what: str) -> object:
    if what == "forbidden":
        raise Forbidden
    if what == "not_found":
        raise NotFound
    if what == "bad_request":
        raise BadRequest({"message": "no"})
    if what == "created":
        return Answer({"id": 1}, status=201, headers={"X-Probe": "yes"})
    raise RuntimeError("a mistake in an endpoint")
