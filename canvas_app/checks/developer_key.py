"""Checks that Canvas accepts the developer key, at both endpoints, before anybody signs in.

The authorization endpoint is asked as a browser would ask it, but redirects are not followed. It
checks in this order: the key, the redirect URI, the scopes, the account's switch
(``oauth2_provider_controller.rb``).
"""

import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from canvas_app.canvas.agent import USER_AGENT
from canvas_app.canvas.errors import MalformedAnswer, Unavailable
from canvas_app.canvas.transport import Answer, Transport
from canvas_app.checks.connection import LIMIT
from canvas_app.checks.finding import Finding, doubt, fault, fine
from canvas_app.settings import Environment
from canvas_app.storage.notes import Note

AUTHORIZATION_PATH, TOKEN_PATH = "/login/oauth2/auth", "/login/oauth2/token"
# Canvas refuses what a page loads by itself; these headers are those of a followed link.
NAVIGATION = {
    "User-Agent": USER_AGENT,
    "Accept": "text/html,application/json",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Site": "cross-site",
}
# Any pair will do, because no code is ever exchanged with it.
VERIFIER = "easel-asks-whether-its-key-is-known-and-nothing-else"
CHALLENGE = "65hOt4eaqWCl2gtupdiXCchBaxravB2wSl8Ac0ZH_eU"
KEYS_PAGE = "in Canvas (Admin, Developer Keys)"
SHOWS_IT = f"{KEYS_PAGE} shows it"


@dataclass(frozen=True)
class Told:
    """Answer of an OAuth2 endpoint; ``error`` is empty when it refused nothing.

    ``unreached`` says why no answer came.
    """

    status: int
    error: str = ""
    description: str = ""
    unreached: str = ""


def ask_authorization(
    transport: Transport, client_id: str, redirect_uri: str, scopes: Sequence[str]
) -> Told:
    """Ask for an authorization as ``/login`` does, without following Canvas's redirect."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "state": secrets.token_urlsafe(16),
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    if scopes:
        query["scope"] = " ".join(scopes)
    answer = _send(transport, "GET", f"{AUTHORIZATION_PATH}?{urlencode(query)}", NAVIGATION)
    if isinstance(answer, Told):
        return answer
    location = answer.headers.get("Location") or ""
    if 300 <= answer.status < 400:
        if not location.startswith(redirect_uri):
            return Told(answer.status)  # to the log-in page: everything was accepted
        said = parse_qs(urlsplit(location).query)
        error, description = said.get("error", [""]), said.get("error_description", [""])
        return Told(answer.status, error[0], description[0])
    return _refusal_of(answer)


def ask_token(transport: Transport, client_id: str, secret: str) -> Told:
    """Send the token endpoint a nonexistent code, because it checks the secret first."""
    form = {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "code": secrets.token_hex(64),
    }
    # Canvas lets a public client leave its secret out only with PKCE.
    form |= {"client_secret": secret} if secret else {"code_verifier": VERIFIER}
    headers = {
        "User-Agent": USER_AGENT,
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    answer = _send(transport, "POST", TOKEN_PATH, headers, urlencode(form).encode())
    return answer if isinstance(answer, Told) else _refusal_of(answer)


def _send(
    transport: Transport,
    method: str,
    target: str,
    headers: dict[str, str],
    body: bytes | None = None,
) -> Answer | Told:
    try:
        return transport.send(
            method,
            target,
            headers=headers,
            body=body,
            deadline=time.monotonic() + LIMIT,
            fresh=True,
        )
    except (Unavailable, MalformedAnswer) as error:
        return Told(0, unreached=error.message)


def _refusal_of(answer: Answer) -> Told:
    """Return the RFC 6749 error of an answer that is no redirect."""
    try:
        said = msgspec.json.decode(answer.body.removeprefix(b"while(1);"))
    except msgspec.DecodeError:
        said = None
    if not isinstance(said, dict):
        said = {}
    return Told(answer.status, str(said.get("error", "")), str(said.get("error_description", "")))


def refused_scopes(description: str) -> tuple[str, ...]:
    """Return the scopes in Canvas's sentence, which ends in "a, b, and c"."""
    words = re.split(r"[\s,]+", description)
    return tuple(word for word in words if word.startswith(("url:", "/auth/")))


def judge_authorization(
    environment: Environment, redirect_uri: str, scopes: Sequence[str], told: Told
) -> list[Finding]:
    """Judge the answer of the authorization endpoint.

    Canvas stops at the first fault, so everything it checks before that one is in order.
    """
    if told.unreached:
        return [
            fault(
                "canvas_unreachable",
                f"{environment.canvas_url}: {told.unreached}",
                "Try again; Canvas answered a moment ago.",
            )
        ]
    passed = [
        fine("unknown_client", f"Canvas knows the developer key {environment.client_id}."),
        fine("redirect_uri", f"The key lists the redirect URI {redirect_uri}."),
        fine("scopes", scopes_granted(scopes)),
        fine("key_off", "The key is on for this account."),
    ]
    match told.error, told.description, 300 <= told.status < 400:
        case "invalid_client", _, _:
            return [unknown_client(environment)]
        case "invalid_request", description, _ if "redirect_uri" in description:
            return [passed[0], wrong_redirect(redirect_uri)]
        case "invalid_scope", description, _:
            return [*passed[:2], scopes_missing(scopes, refused_scopes(description))]
        case "unauthorized_client", _, _:
            return [*passed[:3], key_off(environment)]
        case "", _, True:
            return passed
    return [
        doubt(
            "unknown_client",
            f"Canvas's sign-in page answered {told.status} {told.error or '(no OAuth2 error)'}, "
            "which says nothing about the key.",
            f"Try to sign in to Easel with a browser, and look at the key {KEYS_PAGE}.",
        )
    ]


def unknown_client(environment: Environment) -> Finding:
    return fault(
        "unknown_client",
        f"Canvas does not know the developer key {environment.client_id}.",
        f"Look {KEYS_PAGE} which of these it is, because Canvas does not say: CANVAS_CLIENT_ID is "
        "wrong (it is the number in the Details column), the key is off, or it was deleted.",
    )


def wrong_redirect(redirect_uri: str) -> Finding:
    return fault(
        "redirect_uri",
        f"The developer key does not list the redirect URI {redirect_uri}.",
        f"Add exactly this line to the key's Redirect URIs {KEYS_PAGE}, or correct PUBLIC_URL: "
        f"{redirect_uri}",
    )


def key_off(environment: Environment) -> Finding:
    elsewhere = (
        " A key marked Test Cluster Only works in beta and test only: remove the mark, or use "
        "another key here."
        if environment.name == "production"
        else ""
    )
    return fault(
        "key_off",
        f"The developer key {environment.client_id} is not switched on for this account.",
        f"Switch it on {KEYS_PAGE}, in the account people sign in to.{elsewhere}",
    )


def scopes_granted(asked: Sequence[str]) -> str:
    if asked:
        return f"The key grants all {len(asked)} scopes that Easel asks for."
    return "The key enforces no scopes, and Easel asks for none."


def scopes_missing(asked: Sequence[str], missing: Sequence[str]) -> Finding:
    """Report that Canvas requires scopes the request did not ask for, or refuses some it did."""
    if not asked:
        return fault(
            "scopes",
            "The developer key enforces scopes, and Easel asks for none, so nobody can sign in.",
            f"Set CANVAS_SCOPES=auto, and let the key {KEYS_PAGE} grant what `easel scopes` "
            "prints; or switch off Enforce Scopes there.",
        )
    named = missing or asked
    return fault(
        "scopes",
        f"The developer key lacks {len(named)} of the {len(asked)} scopes that Easel asks for, so "
        "nobody can sign in.",
        f"Let the key grant these scopes {KEYS_PAGE}; taking others away would end everybody's "
        "sign-in:\n" + "\n".join(named),
    )


def judge_token(environment: Environment, told: Told) -> Finding | None:
    """Judge whether the secret is right: only then does Canvas complain about the code."""
    if told.error == "invalid_grant" or told.error == "invalid_request":
        return fine("wrong_secret", "The developer key's secret is right.")
    if told.error == "invalid_client" and told.description == "unknown client":
        return None  # already reported for the authorization endpoint
    if told.error == "invalid_client":
        if not environment.client_secret:
            return fault(
                "wrong_secret",
                "No secret is set, but the developer key is not a public client.",
                f"Set CANVAS_CLIENT_SECRET to the key's secret; Show Key {SHOWS_IT}.",
            )
        return fault(
            "wrong_secret",
            "Canvas does not accept the developer key's secret.",
            f"Copy it again to CANVAS_CLIENT_SECRET, without blanks; Show Key {SHOWS_IT}.",
        )
    return doubt(
        "wrong_secret",
        f"The token endpoint answered {told.status or told.unreached} "
        f"{told.error or '(no OAuth2 error)'}, which says nothing about the secret.",
        "Try again in a minute.",
    )


def judge_includes(scopes: Sequence[str], dropped: Note | None, read: Note | None) -> Finding:
    """Judge whether Canvas reads ``include[]``, which only answers to a person's token show.

    Without ``scopes`` the key enforces none, and Canvas drops no includes.
    """
    switch = f"Switch on Allow Include Parameters for Easel's key {KEYS_PAGE}."
    if dropped is not None:
        return doubt(
            "includes_dropped",
            f"Canvas drops include parameters ({', '.join(dropped.detail)}; last seen "
            f"{dropped.last_at:%Y-%m-%d %H:%M} UTC), so pages lack what they ask for.",
            switch,
        )
    if not scopes:
        return fine("includes_dropped", "A key that enforces no scopes drops no includes.")
    if read is not None:
        return fine(
            "includes_dropped", f"Canvas read includes when last seen ({read.last_at:%Y-%m-%d})."
        )
    return doubt(
        "includes_dropped",
        "Not known yet whether Canvas reads include parameters: only answers to a signed-in "
        "person show it.",
        f"{switch} Then sign in to Easel once, and look again.",
    )


def check_key(
    environment: Environment, redirect_uri: str, scopes: Sequence[str], transport: Transport
) -> list[Finding]:
    """Ask the authorization endpoint; if scopes are missing, once more without any.

    Canvas checks the scopes before it checks whether the key is on for the account.
    """
    told = ask_authorization(transport, environment.client_id, redirect_uri, scopes)
    found = judge_authorization(environment, redirect_uri, scopes, told)
    if told.error == "invalid_scope":
        missing = refused_scopes(told.description)
        rest = [scope for scope in scopes if scope not in missing] if missing else []
        if rest:
            again = ask_authorization(transport, environment.client_id, redirect_uri, rest)
            later = judge_authorization(environment, redirect_uri, rest, again)
            found += [each for each in later if each.code == "key_off"]
    return found


def check_secret(environment: Environment, transport: Transport) -> list[Finding]:
    """Ask the token endpoint once. Canvas counts the call against this machine's rate limit."""
    told = ask_token(transport, environment.client_id, environment.client_secret)
    judged = judge_token(environment, told)
    return [judged] if judged else []
