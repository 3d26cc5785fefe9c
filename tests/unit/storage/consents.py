"""A person's walk through Canvas's login and consent, without Easel."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from canvas_app.canvas.oauth import TokenAnswer, TokenEndpoint

CALLBACK = "http://127.0.0.1:8000/oauth/callback"
VERIFIER = "a-verifier-of-forty-three-characters-or-more-0123"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)


def endpoint(canvas: Any, kind: str = "confidential", **more: Any) -> TokenEndpoint:
    key = canvas.key(kind)
    secret = "" if kind == "public" else key["client_secret"]
    return TokenEndpoint(canvas.url, str(key["client_id"]), secret, **more)


def authorize(canvas: Any, person: str = "dozen", kind: str = "confidential", **asked: str) -> str:
    """Return the code Canvas sends back after login and consent."""
    browser = requests.Session()
    who = canvas.person(person)
    browser.get(
        f"{canvas.url}/login/oauth2/auth",
        params={
            "client_id": canvas.key(kind)["client_id"],
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **asked,
        },
        timeout=10,
    )
    page = browser.post(
        f"{canvas.url}/login",
        data={
            "pseudonym_session[unique_id]": who["login"],
            "pseudonym_session[password]": who["password"],
        },
        timeout=10,
    )
    token = page.text.split('name="custom_csrf_token" value="')[1].split('"')[0]
    answer = browser.post(
        f"{canvas.url}/login/oauth2/accept",
        data={"custom_csrf_token": token},
        allow_redirects=False,
        timeout=10,
    )
    browser.close()
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]


def consent(
    canvas: Any, person: str = "dozen", kind: str = "confidential", **asked: str
) -> TokenAnswer:
    code = authorize(canvas, person, kind, **asked)
    return endpoint(canvas, kind).exchange(code, CALLBACK, VERIFIER)


def works(canvas: Any, access_token: str) -> bool:
    answer = requests.get(
        f"{canvas.url}/api/v1/users/self",
        headers={"Authorization": f"Bearer {access_token}"},
        timeout=10,
    )
    return answer.status_code == 200
