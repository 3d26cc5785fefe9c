"""A Canvas's signing keys: how long they are kept, and how often they are fetched."""

import json
import threading
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from canvas_app.canvas.errors import MalformedAnswer, Unavailable
from canvas_app.canvas.transport import Answer
from canvas_app.lti.keys import KeysAway, PlatformKeys, UnknownKey, max_age, read_keys
from canvas_emulator.lti.jwt import KeyRing, SigningKey
from tests.emulator.harness import START

TEN_DAYS = 864_000.0
DAY = 86_400.0


class Platform:
    """A Canvas that publishes keys, counts requests and may be away; and a clock."""

    def __init__(self) -> None:
        self.ring = KeyRing(START)
        self.asked = 0
        self.away = False
        self.now = 0.0
        self.answer: Answer | None = None
        self.headers = {"Cache-Control": "max-age=864000"}
        self.keys = PlatformKeys(self.fetch, lambda: self.now)

    def fetch(self) -> Answer:
        self.asked += 1
        if self.away:
            raise Unavailable("It did not answer.")
        return self.answer or Answer(200, self.headers, json.dumps(self.ring.jwks()).encode())

    def kid(self) -> str:
        return self.ring.present.kid


@pytest.fixture
def platform() -> Platform:
    return Platform()


def test_fetched_once(platform: Platform) -> None:
    """A set is kept for as long as Canvas says."""
    for platform.now in (0.0, 100.0, TEN_DAYS - 1):
        assert platform.keys.find(platform.kid()) is not None
    assert platform.asked == 1
    platform.now = TEN_DAYS
    platform.keys.find(platform.kid())
    assert platform.asked == 2


def test_rotation_is_known_ahead(platform: Platform) -> None:
    """The next key is in the kept set; the one after it needs a fetch."""
    platform.keys.find(platform.kid())
    platform.now = 3600
    platform.ring.rotate()
    platform.keys.find(platform.kid())
    assert platform.asked == 1
    platform.ring.rotate()
    platform.keys.find(platform.kid())
    assert platform.asked == 2


def test_a_thousand_unknown_ids(platform: Platform) -> None:
    """There is one fetch a minute, however many unknown ids are asked for."""
    platform.keys.find(platform.kid())
    for platform.now in (30.0, 61.0, 119.0, 121.5):
        for number in range(250):
            with pytest.raises(UnknownKey):
                platform.keys.find(f"unknown {number}")
    assert platform.asked == 3
    platform.keys.find(platform.kid())
    assert platform.asked == 3


def test_canvas_away(platform: Platform) -> None:
    """Launches work with the kept keys for a day longer than Canvas said, then none is accepted."""
    platform.keys.find(platform.kid())
    platform.away = True
    for platform.now in (TEN_DAYS - 1, TEN_DAYS + 1, TEN_DAYS + DAY - 1):
        platform.keys.find(platform.kid())
    platform.now = TEN_DAYS + DAY
    with pytest.raises(KeysAway):
        platform.keys.find(platform.kid())
    platform.away = False
    with pytest.raises(KeysAway):  # asked a moment ago
        platform.keys.find(platform.kid())
    platform.now += 60
    platform.keys.find(platform.kid())


def test_away_from_the_start(platform: Platform) -> None:
    """Without keys no launch is accepted; Canvas is asked once a minute."""
    platform.away = True
    for platform.now in (0.0, 1.0, 59.0, 60.0):
        with pytest.raises(KeysAway):
            platform.keys.find(platform.kid())
    assert platform.asked == 2


@pytest.mark.parametrize("status", [404, 500, 302])
def test_error_answers_change_nothing(platform: Platform, status: int) -> None:
    """Only a valid set replaces a set."""
    platform.keys.find(platform.kid())
    platform.now = TEN_DAYS
    platform.answer = Answer(status, {}, json.dumps({"keys": []}).encode())
    platform.keys.find(platform.kid())


def test_many_threads_ask_once(platform: Platform) -> None:
    """Threads that come at once share one fetch."""
    gate = threading.Barrier(8)

    def find() -> None:
        gate.wait()
        platform.keys.find(platform.kid())

    threads = [threading.Thread(target=find) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert platform.asked == 1


def weak() -> dict[str, str]:
    made = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
    return SigningKey("weak", made).public_jwk()


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        {},
        {"kid": "x"},
        {"kid": "x", "kty": "oct", "k": "c2VjcmV0"},
        {"kid": "x", "kty": "RSA", "n": "!", "e": "AQAB"},
        {"kid": "x", "kty": "RSA", "n": 7, "e": "AQAB"},
        KeyRing(START).present.public_jwk() | {"use": "enc"},
        KeyRing(START).present.public_jwk() | {"alg": "HS256"},
        KeyRing(START).present.public_jwk() | {"kid": 7},
        weak(),
    ],
)
def test_other_keys_are_left_out(jwk: Any) -> None:
    """Keys that are not RSA signing keys of 2048 bits or more are ignored."""
    right = KeyRing(START).present.public_jwk() | {"kid": "right"}
    assert set(read_keys(json.dumps({"keys": [jwk, right]}).encode())) == {"right"}
    with pytest.raises(MalformedAnswer):
        read_keys(json.dumps({"keys": [jwk]}).encode())


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"keys": 1}', b"[" * 50_000, b"\xff"])
def test_no_set(body: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        read_keys(body)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("max-age=864000", TEN_DAYS),
        ("public, max-age=120", 120),
        ("s-maxage=5,Max-Age=600", 600),
        ("max-age=99999999", TEN_DAYS),
        ("max-age=0", 60),
        ("no-store", 3600),
        ("", 3600),
    ],
)
def test_max_age(header: str, seconds: float) -> None:
    """As Canvas says, between a minute and ten days; an hour when it says nothing."""
    assert max_age(header) == seconds
