"""Which id_tokens are accepted: one row for each way in which one can be wrong."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canvas_app.lti.keys import KeysAway, UnknownKey, read_keys
from canvas_app.lti.launch import (
    CUSTOM_FIELDS,
    LARGEST_TOKEN,
    LTI_CLAIM,
    PLACEMENT,
    Launch,
    LaunchRefused,
    Registration,
    check,
)
from canvas_emulator.lti.jwt import KeyRing, SigningKey, b64url, mac_signed, unsigned
from tests.emulator.harness import START

NOW = START.timestamp()
CLIENT = "10000000000101"
DEPLOYMENT = "1:8865aa05b4b79b64a91a86042e43af5ea8ae79eb"
REGISTRATION = Registration(
    environment="production",
    issuer="https://canvas.instructure.com",
    client_id=CLIENT,
    authorize_url="https://sso.canvaslms.com/api/lti/authorize_redirect",
    keys_url="https://sso.canvaslms.com/api/lti/security/jwks",
    deployment_ids=frozenset({DEPLOYMENT}),
)
RING = KeyRing(START)
Change = dict[str, Any]


def published(kid: str) -> Any:
    """The key of this id, as read from what the ring publishes."""
    found = read_keys(json.dumps(RING.jwks()).encode()).get(kid)
    if found is None:
        raise UnknownKey
    return found


def claims(**changes: Any) -> Change:
    """Return the claims of a valid token with changes; a change to None removes the claim."""
    right: Change = {
        "iss": REGISTRATION.issuer,
        "aud": CLIENT,
        "azp": CLIENT,
        "iat": int(NOW) - 2,
        "exp": int(NOW) + 3598,
        "nonce": "a nonce",
        "sub": "8b1cbd7c-51c5-4fd2-9e7c-0a3a1d8f0f11",
        PLACEMENT: "course_navigation",
        f"{LTI_CLAIM}version": "1.3.0",
        f"{LTI_CLAIM}message_type": "LtiResourceLinkRequest",
        f"{LTI_CLAIM}deployment_id": DEPLOYMENT,
        f"{LTI_CLAIM}target_link_uri": "https://easel.example/lti/launch",
        f"{LTI_CLAIM}context": {
            "validation_context": None,
            "errors": {"errors": {}},
            "label": None,
            "id": "c0ffee",
        },
        f"{LTI_CLAIM}resource_link": {"id": "c0ffee", "title": "Biology"},
        f"{LTI_CLAIM}custom": custom(),
    }
    return {name: value for name, value in (right | changes).items() if value is not None}


def custom(**changes: Any) -> Change:
    right: Change = {
        "user_id": "1",
        "global_id": "10000000000001",
        "masquerading_id": "$Canvas.masqueradingUser.id",
        "course_id": "4101",
        "student_view": "false",
        "time_zone": "America/Denver",
    }
    return {name: value for name, value in (right | changes).items() if value is not None}


def signed(body: Any, key: SigningKey | None = None, **header: Any) -> str:
    key = key or RING.present
    head = {"typ": "JWT", "alg": "RS256", "kid": key.kid} | header
    return key.signed({k: v for k, v in head.items() if v is not None}, body)


def checked(
    token: str,
    registration: Registration = REGISTRATION,
    spend: Callable[[str], bool] = lambda nonce: True,
    find_key: Callable[[str], Any] = published,
) -> Launch:
    return check(token, registration, find_key=find_key, nonce="a nonce", spend=spend, now=NOW)


def refused(token: str, **more: Any) -> LaunchRefused:
    with pytest.raises(LaunchRefused) as caught:
        checked(token, **more)
    return caught.value


def test_right_token() -> None:
    """A valid token: the person, where they came from, and that nobody acts as them."""
    assert checked(signed(claims())) == Launch(
        "production", "course_navigation", 10_000_000_000_001, 1, acting=False, course_id=4101
    )


MAC = {"typ": "JWT", "alg": "HS256", "kid": RING.present.kid}
SIGNATURES = {
    "none": (unsigned({"alg": "none", "kid": RING.present.kid}, claims()), "algorithm"),
    "None": (unsigned({"alg": "None", "kid": RING.present.kid}, claims()), "algorithm"),
    "no signature": (signed(claims()).rpartition(".")[0] + ".", "signature"),
    "HS256": (mac_signed(b"secret", MAC, claims()), "algorithm"),
    "PEM as secret": (mac_signed(RING.present.public_pem(), MAC, claims()), "algorithm"),
    "PEM as secret, said to be RS256": (
        mac_signed(RING.present.public_pem(), MAC | {"alg": "RS256"}, claims()),
        "signature",
    ),
    "another key under the id": (signed(claims(), RING.foreign), "signature"),
    "unknown id": (signed(claims(), kid="2001-01-01T00:00:00Z"), "unknown_key"),
    "no id": (signed(claims(), kid=None), "unknown_key"),
    "id of another kind": (signed(claims(), kid=7), "unknown_key"),
    "jku": (signed(claims(), jku="https://evil.example/keys"), "foreign_key"),
    "jwk": (signed(claims(), jwk={"kty": "oct", "k": "c2VjcmV0"}), "foreign_key"),
    "x5u": (signed(claims(), x5u="https://evil.example/pem"), "foreign_key"),
    "crit": (signed(claims(), crit=["exp2"], exp2=1), "signature"),
    "not JSON": (signed("not json"), "malformed"),
    "a list": (signed("[]"), "malformed"),
    "deep": (signed("[" * 20_000), "malformed"),
    "empty": ("", "malformed"),
    "garbage": ("a.b.c", "malformed"),
    "garbage of one part": ("garbage", "malformed"),
    "garbage of letters": ("é.ü.ö", "malformed"),
    "too long": (signed(claims(padding="x" * LARGEST_TOKEN)), "malformed"),
    "cut": (signed(claims())[:-3], "signature"),
    "five parts": (".".join([b64url(b"{}")] * 5), "malformed"),
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures(name: str) -> None:
    """Only a signature by the platform's own key of that id, with RS256, is accepted."""
    token, outcome = SIGNATURES[name]
    assert refused(token).outcome == outcome


CLAIMS: dict[str, tuple[Change, str]] = {
    "another issuer": ({"iss": "https://canvas.example.edu"}, "issuer"),
    "no issuer": ({"iss": None}, "issuer"),
    "another school's key": ({"aud": "10000000000102", "azp": "10000000000102"}, "audience"),
    "no audience": ({"aud": None}, "audience"),
    "others' audience": ({"aud": ["a", "b"]}, "audience"),
    "part of the audience": ({"aud": [[CLIENT]]}, "audience"),
    "several without a party": ({"aud": [CLIENT, "b"], "azp": None}, "authorized_party"),
    "another party": ({"azp": "b"}, "authorized_party"),
    "another party of several": ({"aud": [CLIENT, "b"], "azp": "b"}, "authorized_party"),
    "expired": ({"exp": int(NOW) - 61}, "too_old"),
    "two hours old": ({"iat": int(NOW) - 7200}, "too_old"),
    "an hour ahead": ({"iat": int(NOW) + 3600, "exp": int(NOW) + 7200}, "clock"),
    "no end": ({"exp": None}, "malformed"),
    "no time": ({"iat": None}, "malformed"),
    "end as text": ({"exp": "9999999999"}, "malformed"),
    "end as truth": ({"exp": True}, "malformed"),
    "end beyond numbers": ({"exp": 10**400}, "malformed"),
    "end at infinity": ({"exp": float("inf")}, "malformed"),
    "another nonce": ({"nonce": "another"}, "nonce"),
    "no nonce": ({"nonce": None}, "nonce"),
    "nonce as number": ({"nonce": 7}, "nonce"),
    "another deployment": ({f"{LTI_CLAIM}deployment_id": "2:0"}, "deployment"),
    "no deployment": ({f"{LTI_CLAIM}deployment_id": None}, "deployment"),
    "deployment as list": ({f"{LTI_CLAIM}deployment_id": [DEPLOYMENT]}, "deployment"),
    "version": ({f"{LTI_CLAIM}version": "1.1"}, "version"),
    "type": ({f"{LTI_CLAIM}message_type": "LtiDeepLinkingRequest"}, "message_type"),
    "a link in content": ({f"{LTI_CLAIM}resource_link": {"id": "a uuid"}}, "message_type"),
    "no link": ({f"{LTI_CLAIM}resource_link": None}, "message_type"),
    "neither link nor context": (
        {f"{LTI_CLAIM}resource_link": {}, f"{LTI_CLAIM}context": {}},
        "message_type",
    ),
    "link as text": ({f"{LTI_CLAIM}resource_link": "c0ffee"}, "message_type"),
    "nobody": ({"sub": None}, "nobody"),
    "nobody's name": ({"sub": ""}, "nobody"),
    "no variables": ({f"{LTI_CLAIM}custom": None}, "variables_missing"),
    "variables as list": ({f"{LTI_CLAIM}custom": []}, "variables_missing"),
    "no global id": ({f"{LTI_CLAIM}custom": custom(global_id=None)}, "variables_missing"),
    "unfilled global id": (
        {f"{LTI_CLAIM}custom": custom(global_id="$Canvas.user.globalId")},
        "variables_missing",
    ),
    "global id of other digits": (
        {f"{LTI_CLAIM}custom": custom(global_id="١")},
        "variables_missing",
    ),
    "global id beyond eight bytes": (
        {f"{LTI_CLAIM}custom": custom(global_id=str(2**63))},
        "variables_missing",
    ),
    "global id as number": ({f"{LTI_CLAIM}custom": custom(global_id=1)}, "variables_missing"),
    "student view": ({f"{LTI_CLAIM}custom": custom(student_view="true")}, "student_view"),
    "unfilled course": ({f"{LTI_CLAIM}custom": custom(course_id="$Canvas.course.id")}, "course"),
    "course that is a path": ({f"{LTI_CLAIM}custom": custom(course_id="../logout")}, "course"),
    "course on two lines": ({f"{LTI_CLAIM}custom": custom(course_id="41\n")}, "course"),
    "no course": ({f"{LTI_CLAIM}custom": custom(course_id=None)}, "course"),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_claims(name: str) -> None:
    """Each wrong claim by itself refuses the launch, with an outcome of its own."""
    changes, outcome = CLAIMS[name]
    assert refused(signed(claims(**changes))).outcome == outcome


@pytest.mark.parametrize(
    "changes",
    [
        {"azp": None},
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "another"]},
        {"exp": int(NOW) - 59},
        {"iat": int(NOW) + 59},
        {"iat": int(NOW) - 300},
        {"iat": NOW - 0.5},
        {f"{LTI_CLAIM}roles": None, "unknown": {"errors": {}}},
    ],
)
def test_right_variants(changes: Change) -> None:
    """Variants that the specifications allow, clocks a minute apart, unknown claims."""
    assert checked(signed(claims(**changes))).global_id == 10_000_000_000_001


@pytest.mark.parametrize(
    ("masquerading", "acting"),
    [
        ("$Canvas.masqueradingUser.id", False),
        ("7", True),
        ("", True),
        (None, True),
        (7, True),
        ("$Canvas.user.id", True),
    ],
)
def test_acting(masquerading: object, acting: bool) -> None:
    """If a launch does not say that nobody acts as the person, somebody may."""
    token = signed(claims(**{f"{LTI_CLAIM}custom": custom(masquerading_id=masquerading)}))
    assert checked(token).acting is acting


@pytest.mark.parametrize("placement", ["global_navigation", "user_navigation", 7, None])
def test_outside_courses(placement: object) -> None:
    """Only course navigation leads to a course; elsewhere the course id is ignored."""
    unfilled = custom(course_id="../logout")
    launch = checked(signed(claims(**{PLACEMENT: placement, f"{LTI_CLAIM}custom": unfilled})))
    assert launch.course_id is None
    assert launch.placement == (placement if isinstance(placement, str) else "")


def test_nonce_is_spent_once_all_is_believed() -> None:
    """Only a token that is signed, addressed to us, recent and ours uses up a nonce."""
    spent: list[str] = []

    def spend(nonce: str) -> bool:
        spent.append(nonce)
        return len(spent) == 1

    for bad in (signed(claims(), RING.foreign), signed(claims(iss="x")), signed(claims(nonce="x"))):
        refused(bad, spend=spend)
    assert spent == []
    checked(signed(claims()), spend=spend)
    assert refused(signed(claims()), spend=spend).outcome == "replayed"


def test_no_deployment_is_allowed_by_itself() -> None:
    """With an empty list every launch is refused, and the page shows the id to add."""
    none_yet = replace(REGISTRATION, deployment_ids=frozenset())
    refusal = refused(signed(claims()), registration=none_yet)
    assert (refusal.outcome, refusal.detail) == ("deployment", DEPLOYMENT)


def test_keys_away() -> None:
    def away(kid: str) -> Any:
        raise KeysAway

    assert refused(signed(claims()), find_key=away).outcome == "keys_away"


def test_clock_is_told() -> None:
    """The difference in seconds is reported, for the person who sets the clocks."""
    assert refused(signed(claims(iat=int(NOW) + 600))).detail == "600"


def test_custom_fields_are_what_is_read() -> None:
    assert set(custom()) == set(CUSTOM_FIELDS)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: f"{b64url(raw)}.e30.AA"))
def test_garbage(token: str) -> None:
    """Anything else is refused, with the same exception."""
    refused(token)
