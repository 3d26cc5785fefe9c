"""Encryption of stored secrets, with their owner and purpose inside the sealed record."""

import base64
import hmac
import json
import os
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from canvas_app.canvas.tokens import Token

NONCE = 12  # bytes
Purpose = Literal["grant", "revocation", "calendar", "export"]
Owner = tuple[str, int, int]  # environment, user id, real user id or 0


class SealBroken(Exception):
    """A record that no key opens, or that was sealed for another owner or purpose."""


class Seal:
    """MultiFernet for tokens: the newest key seals, every key opens.

    Fernet authenticates a record, but not the row it is stored in. So the owner is sealed with the
    token, and a record copied into another row does not open there.
    """

    def __init__(self, token_keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in token_keys])
        self._binding = [derived(key, b"easel.row") for key in token_keys]

    def __repr__(self) -> str:
        return "Seal(...)"

    def close(self, token: Token, owner: Owner, purpose: Purpose) -> str:
        record = {
            "owner": owner,
            "purpose": purpose,
            "access_token": token.access_token,
            "refresh_token": token.refresh_token,
            "expires_at": token.expires_at and token.expires_at.isoformat(),
        }
        return self._fernet.encrypt(json.dumps(record).encode()).decode()

    def open(self, sealed: str, owner: Owner, purpose: Purpose) -> Token:
        """Return the token; raise SealBroken."""
        try:
            record = json.loads(self._fernet.decrypt(sealed))
        except (InvalidToken, ValueError):  # ValueError: the record opens, but contains no token
            raise SealBroken("no key in TOKEN_KEYS opens a stored token") from None
        if (tuple(record["owner"]), record["purpose"]) != (owner, purpose):
            raise SealBroken("a stored token belongs to another owner or purpose")
        expires_at = record["expires_at"]
        return Token(
            record["access_token"],
            record["refresh_token"],
            datetime.fromisoformat(expires_at) if expires_at else None,
        )

    def close_bytes(self, content: bytes, owner: Owner, purpose: Purpose) -> str:
        """Seal a text of any length, compressed."""
        head = json.dumps({"owner": owner, "purpose": purpose}).encode()
        return self._fernet.encrypt(head + b"\n" + zlib.compress(content)).decode()

    def open_bytes(self, sealed: str, owner: Owner, purpose: Purpose) -> bytes:
        """Return the text; raise SealBroken."""
        try:
            head, _, packed = self._fernet.decrypt(sealed).partition(b"\n")
        except InvalidToken:
            raise SealBroken("no key in TOKEN_KEYS opens a stored text") from None
        record = json.loads(head)
        if (tuple(record["owner"]), record["purpose"]) != (owner, purpose):
            raise SealBroken("a stored text belongs to another owner or purpose")
        return zlib.decompress(packed)

    def bind(self, kind: str, row_id: str, grant_id: int, owner: Owner) -> str:
        """Return a MAC over a row's secret and the grant it belongs to.

        Without it, anybody who can write to the database could add a row and sign in as anyone.
        """
        return self._mac(self._binding[0], kind, row_id, grant_id, owner)

    def bound(self, mac: str | None, kind: str, row_id: str, grant_id: int, owner: Owner) -> bool:
        """Return whether a row's MAC was made by ``bind`` with any of the keys."""
        return any(
            hmac.compare_digest(mac or "", self._mac(key, kind, row_id, grant_id, owner))
            for key in self._binding
        )

    @staticmethod
    def _mac(key: bytes, *facts: object) -> str:
        return hmac.digest(key, json.dumps(facts).encode(), "sha256").hex()

    def renew(self, sealed: str) -> str:
        """Seal again with the newest key; raise SealBroken."""
        try:
            return self._fernet.rotate(sealed).decode()
        except InvalidToken:
            raise SealBroken("no key in TOKEN_KEYS opens a stored token") from None


class AnswerSeal:
    """AES-GCM for answers in a shared Redis; only the newest key seals and opens.

    ``place`` is where the value is stored; copied elsewhere, it does not open. This takes a
    hundredth of Fernet's time, which encodes in base64.
    """

    def __init__(self, token_keys: Sequence[str]) -> None:
        self._cipher = AESGCM(derived(token_keys[0], b"easel.answer"))

    def close(self, content: bytes, place: str) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, content, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes | None:
        """Return the value; None if it was sealed with another key or place, or is damaged."""
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], place.encode())
        except (InvalidTag, ValueError):
            return None


def derived(token_key: str, purpose: bytes) -> bytes:
    """Return a key for one purpose, derived from one of TOKEN_KEYS."""
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose)
    return hkdf.derive(base64.urlsafe_b64decode(token_key))
