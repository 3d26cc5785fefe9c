"""Several tokens of one integration, used in turn: each has a bucket of its own at Canvas."""

import threading
from collections import deque

from canvas_app.canvas.credentials import usable
from canvas_app.canvas.errors import AuthenticationError


class KeyPool:
    """Credentials that give their tokens round robin, and drop one that Canvas rejects.

    For a token per kind of call, give each kind's client a pool of its own. All tokens must be
    the same person's, or a list's pages would show different people's views.
    """

    def __init__(self, *tokens: str) -> None:
        if not tokens:
            raise ValueError("A key pool needs at least one access token.")
        self._tokens = deque(dict.fromkeys(usable(token) for token in tokens))
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"KeyPool({len(self._tokens)} tokens)"

    def access_token(self, deadline: float | None = None) -> str:
        """Return the next token; raises AuthenticationError when all were rejected."""
        with self._lock:
            if not self._tokens:
                raise AuthenticationError(
                    "Canvas accepts none of the pool's access tokens; make new ones.", status=401
                )
            self._tokens.rotate(-1)
            return self._tokens[-1]

    def renewed(self, rejected: str, deadline: float | None = None) -> str:
        """Drop a rejected token and return another."""
        with self._lock:
            if rejected in self._tokens:
                self._tokens.remove(rejected)
        return self.access_token(deadline)
