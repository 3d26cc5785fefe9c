"""Opens Easel from inside the stand-in Canvas, step by step, as a browser does."""

from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from canvas_app.lti.configuration import configuration
from canvas_app.lti.launch import Registration
from canvas_app.lti.settings import AUTHORIZE_PATH, KEYS_PATH, LtiSettings
from tests.conftest import StandIn
from tests.functional.conftest import RunningEasel, StartEasel, forms, send

ISSUER = "https://canvas.instructure.com"
COOKIE = "__Host-easel_launch"
BIOLOGY = "/courses/4101/external_tools/1"
ACCOUNT = "/accounts/1/external_tools/1?launch_type={}"


def installed(canvas: StandIn, url: str = "http://127.0.0.1:9", **more: Any) -> dict[str, Any]:
    """Register a tool at this address; return the LTI key as Canvas shows it."""
    pasted = configuration(url, frame=True) | more
    canvas.control(lti={"install": [{"configuration": pasted}]})
    told = requests.get(f"{canvas.url}/_emulator/lti", timeout=10).json()
    return dict(told["keys"][0])


def lti_settings(canvas: StandIn, **changes: Any) -> LtiSettings:
    """The settings of an Easel whose deployment in the whole account is allowed."""
    key = installed(canvas)
    registration = Registration(
        "production",
        ISSUER,
        key["client_id"],
        canvas.url + AUTHORIZE_PATH,
        canvas.url + KEYS_PATH,
        frozenset({key["deployments"][0]["id"]}),
    )
    return LtiSettings(**{"registrations": (registration,), "hosts": (canvas.url,)} | changes)


def start_tool(start_easel: StartEasel, canvas: StandIn, **more: Any) -> RunningEasel:
    """An Easel that is registered with the stand-in Canvas by the JSON it offers."""
    lti = more.pop("lti", None) or lti_settings(canvas)
    easel = start_easel(lti=lti, canvas=canvas, **more)
    pasted = requests.get(f"{easel.url}/lti/config.json", timeout=10).json()
    canvas.control(lti={"install": [{"configuration": pasted}]})
    return easel


def new_browser() -> requests.Session:
    """Return a browser that treats loopback as secure."""
    browser = requests.Session()
    browser.trust_env = False
    browser.cookies.set_policy(DefaultCookiePolicy(secure_protocols=("http", "https")))
    return browser


@dataclass
class Launcher:
    """One browser with somebody logged in to Canvas."""

    easel: RunningEasel
    person: str | None = "dozen"
    browser: requests.Session = field(default_factory=new_browser)

    def __post_init__(self) -> None:
        if self.person is not None:
            self.log_in(self.person)

    def log_in(self, person: str) -> None:
        """Log in to Canvas as another person, too."""
        who = self.easel.canvas.person(person)
        page = self.browser.get(f"{self.easel.canvas.url}/login", timeout=30)
        name, password = "pseudonym_session[unique_id]", "pseudonym_session[password]"
        form = forms(page)[0]
        send(self.browser, page, form, **{name: who["login"], password: who["password"]})

    def opened(self, path: str = BIOLOGY) -> dict[str, str]:
        """Click the entry in Canvas; return the fields of the login initiation."""
        page = self.browser.get(self.easel.canvas.url + path, timeout=30)
        assert page.status_code == 200, page.text[:300]
        return dict(forms(page)[-1]["fields"])

    def initiated(self, fields: dict[str, str], dest: str = "document") -> requests.Response:
        """Post the login initiation to Easel, the first step."""
        return self.posted("/lti/login", fields, dest)

    def answered(self, answer: requests.Response) -> dict[str, str]:
        """Follow the second step; return the fields that Canvas posts to Easel at the end."""
        page = self.browser.get(answer.headers["Location"], timeout=30)
        assert page.status_code == 200, page.text[:300]
        form = forms(page)[0]
        assert form["action"] == f"{self.easel.url}/lti/launch"
        return dict(form["fields"])

    def posted(self, path: str, fields: dict[str, str], dest: str = "document") -> Any:
        """Post from Canvas's site to Easel, which sends only the launch cookie along."""
        cookies = {c.name: str(c.value) for c in self.browser.cookies if c.name == COOKIE}
        headers = {
            "Origin": self.easel.canvas.url,
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": dest,
        }
        answer = requests.post(
            self.easel.url + path,
            data=fields,
            headers=headers,
            cookies=cookies,
            allow_redirects=False,
            timeout=30,
        )
        self.browser.cookies.update(self.browser.cookies.__class__(None))
        for cookie in answer.cookies:
            self.browser.cookies.set_cookie(cookie)
        for raw in answer.raw.headers.getlist("Set-Cookie"):
            name, _, value = raw.partition(";")[0].partition("=")
            self.browser.cookies.set(name, value, domain="127.0.0.1", path="/")
        return answer

    def token(self, path: str = BIOLOGY, dest: str = "document") -> dict[str, str]:
        """Take both first steps; return the id_token that Canvas posts in the third."""
        return self.answered(self.initiated(self.opened(path), dest))

    def launched(self, path: str = BIOLOGY, dest: str = "document") -> requests.Response:
        """Take all three steps; do not follow Easel's redirect."""
        return self.posted("/lti/launch", self.token(path, dest), dest)

    def landed(self, path: str = BIOLOGY) -> requests.Response:
        """Take all three steps in a tab, and follow where that leads."""
        answer = self.launched(path)
        assert answer.status_code == 303, answer.text[:2000]
        return self.browser.get(self.easel.url + answer.headers["Location"], timeout=60)


def nonce_and_state(answer: requests.Response) -> tuple[str, str]:
    """What Easel asked Canvas for in the second leg."""
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return query["nonce"][0], query["state"][0]
