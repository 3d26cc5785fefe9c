"""What Canvas's token endpoint gives: an access token, how long it lives, how to renew it."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Token:
    """An access token with its refresh token, as one Canvas token row gives them.

    ``expires_at`` is aware UTC, None when Canvas named no end (a key without
    ``auto_expire_tokens``). Both strings are opaque and appear in no ``repr``.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
