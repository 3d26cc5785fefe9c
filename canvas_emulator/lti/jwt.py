"""JSON Web Tokens (RFC 7515, RFC 7519) signed as Canvas does: RS256, and the key ring.

It uses no JWT library, so that the library a tool uses is not checked against itself.
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
    """An RSA key pair with its ``kid``, which is an ISO 8601 time (``key_storage.rb``)."""

    kid: str
    private: rsa.RSAPrivateKey = field(repr=False)

    def signed(self, header: dict[str, Any], claims: Any) -> str:
        """Return a token signed with RS256; claims given as text are used unchanged."""
        text = _signing_input(header, claims)
        signature = self.private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{b64url(signature)}"

    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def public_jwk(self) -> dict[str, str]:
        """Return the public key (RFC 7517), with ``alg`` and ``use`` as Canvas publishes it."""
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
    """Return an RSA key; all emulators of a process share it, because making one takes 0.1 s."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class KeyRing:
    """The past, present and future key; a rotation makes the future one the present one."""

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
        """Another key under the present key's ``kid``."""
        return SigningKey(self.present.kid, _pair(0))

    def rotate(self) -> None:
        """Retire the past key and add a new future one."""
        ring = self._filled()
        self.retired.append(ring.pop(0))
        ring.append(self._new())

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        return {"keys": [key.public_jwk() for key in self._filled()]}


def unsigned(header: dict[str, Any], claims: Any) -> str:
    return f"{_signing_input(header, claims)}."


def mac_signed(secret: bytes, header: dict[str, Any], claims: Any) -> str:
    """Return a token signed with HS256."""
    text = _signing_input(header, claims)
    return f"{text}.{b64url(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def mac_claims(secret: bytes, token: str) -> dict[str, Any] | None:
    """Return the claims of a token that ``mac_signed`` made, or None if the signature is wrong."""
    text, _, signature = token.rpartition(".")
    expected = b64url(hmac.digest(secret, text.encode(), hashlib.sha256))
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return None
    claims: dict[str, Any] = json.loads(unb64url(text.partition(".")[2]))
    return claims
