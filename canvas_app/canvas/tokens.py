"""What Canvas's token endpoint gives: an access token, how long it lives, how to renew it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

TokenState = Literal["fresh", "stale", "invalid"]
"""What to do with a token: send it; send it and renew it soon; renew it before sending anything."""


@dataclass(frozen=True)
class Token:
    """An access token with its refresh token, as one Canvas token row gives them.

    ``expires_at`` is aware UTC, None when Canvas named no end (a key without
    ``auto_expire_tokens``). Both strings are opaque and appear in no ``repr``. ``global_id`` is the
    id by which every Canvas knows the token's person, None where the answer named none.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    global_id: int | None = field(default=None, compare=False, repr=False)

    def state(self, now: datetime, ahead: timedelta) -> TokenState:
        """How far the token may be relied on, when it is to be renewed so long before its end.

        One without an end, or that cannot be renewed, is fresh until Canvas rejects it.
        """
        if self.expires_at is None or self.refresh_token is None:
            return "fresh"
        left = self.expires_at - now
        if left <= timedelta(0):
            return "invalid"
        return "fresh" if left >= ahead else "stale"
