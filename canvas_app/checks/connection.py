"""Checks that Canvas can be reached, is a Canvas, and agrees with this machine on the time."""

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from canvas_app.canvas.agent import USER_AGENT
from canvas_app.canvas.errors import MalformedAnswer, Unavailable
from canvas_app.canvas.transport import Answer, Transport, proxies_for
from canvas_app.checks.finding import Finding, doubt, fault, fine
from canvas_app.settings import Settings

NAMELESS = "/api/v1/users/self"  # asked without a token; Canvas's refusal names its realm
REALM = 'realm="canvas-lms"'
LIMIT = 10.0  # seconds for one question
CLOCK_DOUBT, CLOCK_FAULT = 5.0, 60.0  # seconds between two clocks
#: OpenSSL's numbers of certificate errors (``x509_vfy.h``).
EXPIRED, NOT_YET, WRONG_NAME = 10, 9, (62, 64)
UNKNOWN_AUTHORITY = (2, 18, 19, 20, 21)


@dataclass(frozen=True)
class Reached:
    """Answer to a call without a token, and the time by this machine's clock.

    ``answer`` is None, and ``error`` says why, if none came. ``seconds`` is how long it took.
    """

    answer: Answer | None
    error: str = ""
    at: datetime | None = None
    seconds: float = 0.0


def open_transport(settings: Settings, canvas_url: str) -> Transport:
    """Open connections to a Canvas in the way Easel itself does."""
    return Transport(
        canvas_url,
        pool=1,
        ca_bundle=settings.ca_bundle,
        proxy=settings.https_proxy,
        no_proxy=settings.no_proxy,
    )


def reach(
    transport: Transport,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    limit: float = LIMIT,
) -> Reached:
    """Ask Canvas's API for the current user, without a token; wait at most ``limit`` seconds."""
    began, asked_at = time.monotonic(), now()
    headers = {"User-Agent": USER_AGENT, "Accept": "application/json"}
    try:
        answer = transport.send(
            "GET", NAMELESS, headers=headers, deadline=began + limit, fresh=True
        )
    except Unavailable as error:
        return Reached(None, error.message)
    except MalformedAnswer as error:
        return Reached(Answer(error.status or 0, {}, b""), at=asked_at)
    seconds = time.monotonic() - began
    return Reached(answer, "", asked_at + (now() - asked_at) / 2, seconds)


def judge_connection(url: str, reached: Reached, tls: Finding | None) -> list[Finding]:
    """Judge the result of a call without a token; ``tls`` is a fault of the certificate, if any."""
    if reached.answer is None:
        return [tls or unreachable(url, reached.error)]
    found = []
    if url.startswith("https:"):
        found.append(fine("tls", f"The certificate of {url} is accepted."))
    found.append(judge_kind(url, reached.answer))
    if found[-1].level == "ok":
        found.insert(0, fine("canvas_unreachable", f"{url} answers ({reached.seconds:.2f} s)."))
        found.append(judge_clock(reached))
    return found


def unreachable(url: str, why: str) -> Finding:
    """Return the finding for a Canvas that did not answer; ``why`` is the transport's message."""
    if "name is not known" in why:
        remedy = "Check the spelling of CANVAS_URL, and whether this machine resolves names (DNS)."
    elif "proxy" in why:
        remedy = "Check HTTPS_PROXY, and whether the proxy lets calls to this host through."
    else:
        remedy = (
            "Check CANVAS_URL, and whether a firewall lets this machine out; where calls must go "
            "through a proxy, set HTTPS_PROXY."
        )
    return fault("canvas_unreachable", f"{url}: {why}", remedy)


def judge_kind(url: str, answer: Answer) -> Finding:
    """Judge whether this is a Canvas: refusals name its realm, other answers have its headers."""
    throttled = b"rate limit exceeded" in answer.body[:1000].lower()
    named = REALM in (answer.headers.get("WWW-Authenticate") or "")
    if named or throttled or answer.headers.get("X-Canvas-Meta"):
        return fine("not_a_canvas", f"{url} is a Canvas.")
    if answer.status >= 500:
        return fault(
            "canvas_unreachable",
            f"{url} answers {answer.status}: it is down, in maintenance or overloaded.",
            "Look at Canvas's status page, and try again later.",
        )
    if 300 <= answer.status < 400:
        to = urlsplit(answer.headers.get("Location") or "")
        return fault(
            "not_a_canvas",
            f"{url} sends on to {to.scheme}://{to.hostname or '?'}, so it is not Canvas itself.",
            "Set CANVAS_URL to the address that a browser shows in Canvas.",
        )
    return fault(
        "not_a_canvas",
        f"{url} answers ({answer.status}), but not as a Canvas does: it is another web site.",
        "Set CANVAS_URL to your Canvas's root, such as https://canvas.example.edu.",
    )


def judge_clock(reached: Reached) -> Finding:
    """Compare Canvas's ``Date`` with this machine's time when it was written."""
    told = reached.answer.headers.get("Date") if reached.answer else None
    try:
        canvas_time = parsedate_to_datetime(told or "")
    except ValueError:
        canvas_time = None
    if canvas_time is None or canvas_time.tzinfo is None or reached.at is None:
        return doubt(
            "clock", "Canvas's answer has no time to compare with.", "Nothing needs to be done."
        )
    off = (reached.at - canvas_time).total_seconds()
    told_off = (
        f"This machine's clock is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} Canvas's."
    )
    if abs(off) < CLOCK_DOUBT + reached.seconds:
        return fine("clock", "This machine's clock agrees with Canvas's.")
    judged = fault if abs(off) >= CLOCK_FAULT else doubt
    return judged(
        "clock", told_off, "Set the clock of this machine by NTP (timedatectl set-ntp true)."
    )


def examine_tls(settings: Settings, url: str) -> Finding | None:
    """Make a TLS handshake; return what is wrong with the certificate, None if nothing is."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    context = ssl.create_default_context(cafile=settings.ca_bundle)
    proxy = proxies_for(url, settings.https_proxy, settings.no_proxy).get("https")
    through = urlsplit(proxy or "")
    connection = HTTPSConnection(
        through.hostname or host, through.port or port, timeout=LIMIT, context=context
    )
    if proxy:
        connection.set_tunnel(host, port)
    try:
        connection.connect()
    except ssl.SSLCertVerificationError as error:
        return judge_certificate(host, error.verify_code, settings.ca_bundle)
    except ssl.SSLError as error:
        return judge_handshake(url, error.reason or "")
    except (OSError, HTTPException, socket.gaierror):
        return None  # not a fault of the certificate; the call itself reports it
    finally:
        with suppress(OSError):
            connection.close()
    return None


def judge_certificate(host: str, number: int, ca_bundle: str | None) -> Finding:
    """Return the finding for a certificate that OpenSSL refuses with this number."""
    if number in UNKNOWN_AUTHORITY:
        known = "It is none of those in CA_BUNDLE." if ca_bundle else "It is private."
        return fault(
            "tls",
            f"The certificate of {host} is signed by an authority that is not known here. {known}",
            "Get your authority's certificate as a PEM file and set CA_BUNDLE to it; a server that "
            "leaves out its intermediate certificates must send them, too.",
        )
    if number in WRONG_NAME:
        return fault(
            "tls",
            f"The certificate of {host} is for another name.",
            "Set CANVAS_URL to a name in the certificate.",
        )
    if number in (EXPIRED, NOT_YET):
        when = "no longer" if number == EXPIRED else "not yet"
        return fault(
            "tls",
            f"The certificate of {host} is {when} valid.",
            "Renew it at the server. If others accept it, check this machine's clock.",
        )
    return fault(
        "tls",
        f"The certificate of {host} is not accepted (OpenSSL error {number}).",
        "Look at it with: openssl s_client -connect HOST:443 -servername HOST",
    )


def judge_handshake(url: str, reason: str) -> Finding:
    """Return the finding for a server that presented no certificate at all."""
    if "WRONG_VERSION" in reason or "UNKNOWN_PROTOCOL" in reason or "HTTP_REQUEST" in reason:
        return fault(
            "tls",
            f"{url} does not speak TLS: a plain HTTP server, or a proxy, is at this port.",
            "Check the port in CANVAS_URL; Easel calls Canvas by https only.",
        )
    return fault(
        "tls",
        f"{url} and this machine could not agree on TLS ({reason or 'no reason given'}).",
        "Check that the server offers TLS 1.2 or newer.",
    )


def check_connection(settings: Settings, url: str, transport: Transport) -> list[Finding]:
    """Connect to a Canvas and report the findings."""
    reached = reach(transport)
    tls = None
    if reached.answer is None and url.startswith("https:"):
        tls = examine_tls(settings, url)
    return judge_connection(url, reached, tls)
