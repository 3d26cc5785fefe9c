"""Secrets at rest: encrypted, with their owner and purpose inside the sealed record."""

import json
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from canvas_app.canvas.tokens import Token

Purpose = Literal["grant", "revocation", "calendar"]
Owner = tuple[str, int, int]  # environment, user id, real user id or 0


class SealBroken(Exception):
    """A record that no key opens, or that belongs to somebody else or another purpose."""


class Seal:
    """MultiFernet over tokens: the newest key seals, every key opens.

    Fernet authenticates a record but not the row it stands in; so the owner is sealed with the
    token, and a record copied into another row does not open there.
    """

    def __init__(self, token_keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in token_keys])

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
        """Return the token; raises SealBroken."""
        try:
            record = json.loads(self._fernet.decrypt(sealed))
        except (InvalidToken, ValueError):  # ValueError: it opens, and is no token
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
        """Return the text; raises SealBroken."""
        try:
            head, _, packed = self._fernet.decrypt(sealed).partition(b"\n")
        except InvalidToken:
            raise SealBroken("no key in TOKEN_KEYS opens a stored text") from None
        record = json.loads(head)
        if (tuple(record["owner"]), record["purpose"]) != (owner, purpose):
            raise SealBroken("a stored text belongs to another owner or purpose")
        return zlib.decompress(packed)

    def renew(self, sealed: str) -> str:
        """Seal again with the newest key; raises SealBroken."""
        try:
            return self._fernet.rotate(sealed).decode()
        except InvalidToken:
            raise SealBroken("no key in TOKEN_KEYS opens a stored token") from None
