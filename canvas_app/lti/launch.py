"""The contents of a launch, and the checks that decide whether to accept it.

The checks are those of the 1EdTech Security Framework (section 5.1.3) and of LTI 1.3, in a fixed
order; each failure has an outcome of its own, which names its page, its log line and its counter.
"""

import hmac
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from canvas_app.lti.keys import KeysAway, UnknownKey

LTI_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
PLACEMENT = "https://www.instructure.com/placement"
LEEWAY = 60.0  # seconds by which Canvas's clock and ours may differ
OLDEST = 900.0  # seconds; Canvas makes a token at the click and may send it five minutes later
LARGEST_TOKEN = 48 * 1024  # characters
#: Header fields that bring a key to check with, which would be the sender's own.
FOREIGN_KEYS = frozenset({"jku", "jwk", "x5u", "x5c"})
#: Canvas's custom variables (``variable_expander.rb``) by the names Easel gives them.
CUSTOM_FIELDS = {
    "user_id": "$Canvas.user.id",
    "global_id": "$Canvas.user.globalId",
    "masquerading_id": "$Canvas.masqueradingUser.id",
    "course_id": "$Canvas.course.id",
    "student_view": "$com.instructure.User.student_view",
    "time_zone": "$Person.address.timezone",
}
_ID = re.compile(r"[0-9]{1,19}")

LaunchOutcome = Literal[
    "malformed",
    "algorithm",
    "foreign_key",
    "unknown_key",
    "keys_away",
    "signature",
    "issuer",
    "audience",
    "authorized_party",
    "too_old",
    "clock",
    "nonce",
    "replayed",
    "deployment",
    "version",
    "message_type",
    "nobody",
    "student_view",
    "variables_missing",
    "course",
]


class LaunchRefused(Exception):
    """A launch that is not accepted, or leads nowhere.

    ``detail`` is for administrators and not secret: a deployment's id, or seconds between clocks.
    """

    def __init__(self, outcome: LaunchOutcome, detail: str = "") -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.detail = detail


@dataclass(frozen=True)
class Registration:
    """A Canvas environment as the LTI platform, with what its LTI key was registered with.

    All hosted schools share one ``issuer``; the client id tells their registrations apart.
    """

    environment: str
    issuer: str
    client_id: str
    authorize_url: str
    keys_url: str
    deployment_ids: frozenset[str]


@dataclass(frozen=True)
class Launch:
    """A launch that was accepted.

    ``global_id`` identifies the person in every Canvas, ``user_id`` in this one. ``acting`` is True
    when somebody acts as them, or when the launch does not say. ``course_id`` is set for course
    navigation only.
    """

    environment: str
    placement: str
    global_id: int
    user_id: int | None
    acting: bool
    course_id: int | None = field(default=None)


KeyFor = Callable[[str], RSAKey]


def check(
    token: str,
    registration: Registration,
    *,
    find_key: KeyFor,
    nonce: str,
    spend: Callable[[str], bool],
    now: float,
) -> Launch:
    """Check an id_token and return its contents.

    ``find_key`` returns the platform's key for an id (``PlatformKeys.find``). ``nonce`` is the one
    sent with the authentication request. ``spend`` uses up a nonce and returns False if it was used
    before. ``now`` is in seconds since 1970. Raise ``LaunchRefused``.
    """
    claims = _signed_claims(token, find_key)
    _check_parties(claims, registration)
    _check_times(claims, now)
    sent = claims.get("nonce")
    if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), nonce.encode()):
        raise LaunchRefused("nonce")
    if not spend(nonce):
        raise LaunchRefused("replayed")
    _check_message(claims, registration)
    return _read(claims, registration)


def _signed_claims(token: str, find_key: KeyFor) -> Mapping[str, Any]:
    """Return the claims after verifying the platform's signature."""
    if len(token) > LARGEST_TOKEN or not token.isascii():
        raise LaunchRefused("malformed")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError, RecursionError):
        raise LaunchRefused("malformed") from None
    if header.get("alg") != "RS256":
        raise LaunchRefused("algorithm")
    if FOREIGN_KEYS & set(header):
        raise LaunchRefused("foreign_key")
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise LaunchRefused("unknown_key")
    try:
        key = find_key(kid)
    except UnknownKey:
        raise LaunchRefused("unknown_key") from None
    except KeysAway:
        raise LaunchRefused("keys_away") from None
    try:
        signed = jws.deserialize_compact(token.encode(), key, algorithms=["RS256"])
    except (JoseError, ValueError, TypeError):
        raise LaunchRefused("signature") from None
    return _claims(signed.payload)


def _claims(payload: bytes) -> Mapping[str, Any]:
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise LaunchRefused("malformed")
    return claims


def _check_parties(claims: Mapping[str, Any], registration: Registration) -> None:
    """Check that this platform sent it to this client only (OpenID Connect Core 3.1.3.7)."""
    if claims.get("iss") != registration.issuer:
        raise LaunchRefused("issuer")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if registration.client_id not in audiences:
        raise LaunchRefused("audience")
    party = claims.get("azp")
    if (party is None and len(audiences) > 1) or party not in (None, registration.client_id):
        raise LaunchRefused("authorized_party")


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expires, issued = _time(claims.get("exp")), _time(claims.get("iat"))
    if expires is None or issued is None:
        raise LaunchRefused("malformed")
    if issued > now + LEEWAY:
        raise LaunchRefused("clock", f"{issued - now:.0f}")
    if expires <= now - LEEWAY or issued < now - OLDEST - LEEWAY:
        raise LaunchRefused("too_old", f"{now - issued:.0f}")


def _time(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _check_message(claims: Mapping[str, Any], registration: Registration) -> None:
    deployment = claims.get(f"{LTI_CLAIM}deployment_id")
    if not isinstance(deployment, str) or deployment not in registration.deployment_ids:
        raise LaunchRefused("deployment", str(deployment)[:255])
    if claims.get(f"{LTI_CLAIM}version") != "1.3.0":
        raise LaunchRefused("version")
    if claims.get(f"{LTI_CLAIM}message_type") != "LtiResourceLinkRequest":
        raise LaunchRefused("message_type")
    if not _from_menu(claims):
        raise LaunchRefused("message_type")


def _from_menu(claims: Mapping[str, Any]) -> bool:
    """Return whether a menu entry was opened, not a link that somebody placed into content.

    A link's own custom fields replace the tool's (Canvas: ``resource_link_request.rb``), so whoever
    places a link could name another person in them. For a menu entry, the ids of link and context
    are equal.
    """
    link, context = (claims.get(f"{LTI_CLAIM}{name}") for name in ("resource_link", "context"))
    if not isinstance(link, dict) or not isinstance(context, dict):
        return False
    return isinstance(link.get("id"), str) and link["id"] == context.get("id")


def _read(claims: Mapping[str, Any], registration: Registration) -> Launch:
    """Read who the person is and where they came from. Roles are ignored."""
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise LaunchRefused("nobody")
    custom = claims.get(f"{LTI_CLAIM}custom")
    fields = custom if isinstance(custom, dict) else {}
    if fields.get("student_view") == "true":
        raise LaunchRefused("student_view")
    global_id = _id(fields.get("global_id"))
    if global_id is None:
        raise LaunchRefused("variables_missing")
    placement = claims.get(PLACEMENT)
    return Launch(
        environment=registration.environment,
        placement=placement if isinstance(placement, str) else "",
        global_id=global_id,
        user_id=_id(fields.get("user_id")),
        # Canvas leaves the variable's name in place when nobody acts as the person.
        acting=fields.get("masquerading_id") != CUSTOM_FIELDS["masquerading_id"],
        course_id=_course(fields) if placement == "course_navigation" else None,
    )


def _course(fields: Mapping[str, Any]) -> int:
    """Return the course id, a number because it becomes part of a path. Raise ``LaunchRefused``."""
    course = _id(fields.get("course_id"))
    if course is None:
        raise LaunchRefused("course")
    return course


def _id(value: object) -> int | None:
    """Return a Canvas id that fits into eight bytes; None for a variable Canvas did not fill in."""
    if not isinstance(value, str) or not _ID.fullmatch(value) or int(value) >= 2**63:
        return None
    return int(value)
