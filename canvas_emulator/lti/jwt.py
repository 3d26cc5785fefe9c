"""JSON Web Tokens (RFC 7515, 7519) as Canvas signs them: RS256, and its key ring.

Written by hand because a tool's library must not agree with itself here.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signing_input(header: dict[str, Any], claims: Any) -> str:
    payload = claims.encode() if isinstance(claims, str) else json.dumps(claims).encode()
    return f"{b64url(json.dumps(header).encode())}.{b64url(payload)}"


@dataclass(frozen=True)
class SigningKey:
    """An RSA key pair and its name; ``kid`` is an ISO time (``key_storage.rb``)."""

    kid: str
    private: rsa.RSAPrivateKey = field(repr=False)

    def signed(self, header: dict[str, Any], claims: Any) -> str:
        """A token signed by RS256; ``claims`` as text goes in as it stands."""
        text = _signing_input(header, claims)
        signature = self.private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{b64url(signature)}"

    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def public_jwk(self) -> dict[str, str]:
        """The public half (RFC 7517), with ``alg`` and ``use`` as Canvas publishes it."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "e": _number(numbers.e),
            "n": _number(numbers.n),
            "kid": self.kid,
            "alg": "RS256",
            "use": "sig",
        }


def _number(value: int) -> str:
    return b64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@cache
def _pair(number: int) -> rsa.RSAPrivateKey:
    """Making a key takes a tenth of a second, so that each emulator of a process uses the same."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class KeyRing:
    """Past, present and future key; a rotation makes the future one present."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._made = 0
        self._ring: list[SigningKey] = []
        self.retired: list[SigningKey] = []

    def _filled(self) -> list[SigningKey]:
        while len(self._ring) < 3:
            self._ring.append(self._new())
        return self._ring

    def _new(self) -> SigningKey:
        kid = (self._now + timedelta(hours=self._made)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._made += 1
        return SigningKey(kid, _pair(self._made))

    @property
    def present(self) -> SigningKey:
        return self._filled()[1]

    @property
    def foreign(self) -> SigningKey:
        """A key of nobody's, under the name of the present one."""
        return SigningKey(self.present.kid, _pair(0))

    def rotate(self) -> None:
        """The oldest goes, a new future key comes."""
        ring = self._filled()
        self.retired.append(ring.pop(0))
        ring.append(self._new())

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        return {"keys": [key.public_jwk() for key in self._filled()]}


def unsigned(header: dict[str, Any], claims: Any) -> str:
    return f"{_signing_input(header, claims)}."


def mac_signed(secret: bytes, header: dict[str, Any], claims: Any) -> str:
    """A token signed by HS256."""
    text = _signing_input(header, claims)
    return f"{text}.{b64url(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def mac_claims(secret: bytes, token: str) -> dict[str, Any] | None:
    """The claims of a token of ``mac_signed``; None when it is none of these."""
    text, _, signature = token.rpartition(".")
    expected = b64url(hmac.digest(secret, text.encode(), hashlib.sha256))
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return None
    claims: dict[str, Any] = json.loads(unb64url(text.partition(".")[2]))
    return claims
