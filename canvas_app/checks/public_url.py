"""Checks that PUBLIC_URL leads to this Easel, and how the proxies in front change a request.

Easel calls its own address with a header that it recognises by its signature. The answer tells how
the request looked when it arrived. Nobody else gets such an answer.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import requests
from itsdangerous import BadSignature, TimestampSigner

from canvas_app.canvas.agent import USER_AGENT
from canvas_app.checks.finding import Finding, doubt, fault, fine
from canvas_app.settings import Settings, is_loopback

ASKS, SAW = "X-Easel-Asks", "X-Easel-Saw"
STRANGER = "192.0.2.77"  # RFC 5737: an address of nobody, as a client might forge it
LIMIT_SECONDS = 5.0
ASKS_LIVE = 300  # seconds
MOST_READ = 10_000  # bytes


class Saw(msgspec.Struct, frozen=True):
    """What Easel saw of the request: its own host and scheme, the client's address, the chain."""

    host: str
    scheme: str
    address: str
    forwarded_for: tuple[str, ...]


@dataclass(frozen=True)
class Visit:
    """Result of requesting PUBLIC_URL; ``status`` is None when no answer came."""

    status: int | None = None
    error: str = ""
    location: str = ""
    lives: bool = False  # whether an Easel answered, perhaps another one
    saw: Saw | None = None


def signer(secret_key: str) -> TimestampSigner:
    return TimestampSigner(secret_key, salt="easel.doctor")


def asked_by_easel(secret_key: str, sent: str | None) -> bool:
    """Return whether this header was made with this deployment's key, a short time ago."""
    try:
        signer(secret_key).unsign(sent or "", max_age=ASKS_LIVE)
    except BadSignature:
        return False
    return True


def visit(settings: Settings) -> Visit:
    """Request ``PUBLIC_URL/healthz`` with the headers of a client that forges its address."""
    headers = {
        "User-Agent": USER_AGENT,
        "X-Forwarded-For": STRANGER,
        ASKS: signer(settings.secret_key).sign(secrets.token_urlsafe(12)).decode(),
    }
    url = f"{settings.public_url}/healthz"
    verify: str | bool = settings.ca_bundle or True
    try:
        with requests.Session() as session:
            session.trust_env = False
            if not is_loopback(url) and settings.https_proxy:
                session.proxies = {"https": settings.https_proxy, "no_proxy": settings.no_proxy}
            answer = session.get(
                url,
                headers=headers,
                timeout=LIMIT_SECONDS,
                allow_redirects=False,
                verify=verify,
                stream=True,
            )
            with answer:
                body = answer.raw.read(MOST_READ, decode_content=True)
    except requests.exceptions.SSLError:
        return Visit(error="its certificate is not accepted")
    except requests.RequestException as error:
        return Visit(error=type(error).__name__)
    return Visit(
        answer.status_code,
        location=answer.headers.get("Location", ""),
        lives=b'"ok"' in body and answer.status_code == 200,
        saw=_saw(answer.headers),
    )


def _saw(headers: Mapping[str, str]) -> Saw | None:
    try:
        return msgspec.json.decode(headers.get(SAW, "").encode(), type=Saw)
    except msgspec.MsgspecError:
        return None


def judge_visit(settings: Settings, host: str, found: Visit) -> list[Finding]:
    """Judge whether PUBLIC_URL leads here; ``host`` is its host and port as browsers send them."""
    url = settings.public_url
    if found.status is None:
        return [
            doubt(
                "public_url",
                f"Nobody answers at {url} ({found.error}): Easel does not run, or this machine "
                "does not reach it by that address.",
                "Start Easel and look again; otherwise check PUBLIC_URL, the proxy's certificate "
                "and the firewall.",
            )
        ]
    if found.saw is None:
        return [judge_other(url, found)]
    return [fine("public_url", f"{url} leads to this Easel."), judge_proxies(settings, host, found)]


def judge_other(url: str, found: Visit) -> Finding:
    """Report that PUBLIC_URL leads elsewhere."""
    if found.lives:
        return fault(
            "public_url",
            f"An Easel answers at {url}, but another one, or with another SECRET_KEY.",
            "Give this command the same settings as the Easel that serves.",
        )
    if found.location:
        return fault(
            "public_url",
            f"{url} sends on to {found.location.partition('?')[0]} instead of serving Easel.",
            "Set PUBLIC_URL to the address at which people end up, or correct the proxy's set-up.",
        )
    return fault(
        "public_url",
        f"{url} is answered ({found.status}), but not by Easel.",
        "Check scheme, host, port and path of PUBLIC_URL; the proxy must pass that path on.",
    )


def judge_proxies(settings: Settings, host: str, found: Visit) -> Finding:
    """Compare what Easel saw with what was sent: proxies' headers, and how many are trusted."""
    saw = found.saw
    if saw is None:  # nothing to compare
        return doubt("proxy_headers", "It is not known what the proxies send.", "Look again.")
    chain = [each for each in saw.forwarded_for if each != STRANGER]
    scheme = settings.public_url.partition(":")[0]
    if saw.host.lower() != host:
        return fault(
            "proxy_headers",
            f"The proxy tells Easel another host ({saw.host}), so each page leads back to itself.",
            headers_of_proxy(len(chain) or 1),
        )
    if settings.trusted_proxies > len(chain):
        return fault(
            "proxy_headers",
            f"TRUSTED_PROXIES is {settings.trusted_proxies}, but {len(chain)} of the proxies in "
            "front add X-Forwarded-For: anybody could claim another address.",
            headers_of_proxy(settings.trusted_proxies),
        )
    if settings.trusted_proxies < len(chain):
        return fault(
            "proxy_headers",
            f"There are {len(chain)} proxies in front, but TRUSTED_PROXIES is "
            f"{settings.trusted_proxies}: everybody seems to come from the same address.",
            f"Set TRUSTED_PROXIES={len(chain)}.",
        )
    if saw.scheme != scheme:
        return fault(
            "proxy_headers",
            f"The proxy does not tell Easel that people came by {scheme}.",
            headers_of_proxy(len(chain) or 1),
        )
    return fine(
        "proxy_headers", f"Easel sees host, scheme and address as sent ({len(chain)} proxies)."
    )


def headers_of_proxy(hops: int) -> str:
    return (
        "Let the proxy send X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host (in nginx: "
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header "
        "X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $http_host;), and set "
        f"TRUSTED_PROXIES to the number of proxies in front, {hops}."
    )


def seen_by(host: str, scheme: str, address: str, chain: str) -> str:
    """Return what this Easel saw of a request, as the value of one header."""
    entries = tuple(part.strip() for part in chain.split(",") if part.strip())
    return msgspec.json.encode(Saw(host, scheme, address, entries[-10:])).decode("ascii", "ignore")
