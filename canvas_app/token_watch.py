"""Whether an environment's token endpoint fails, according to its latest calls.

While it fails, nobody is sent to Canvas, because the code they would come back with cannot be
exchanged.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from canvas_app.canvas.errors import CanvasError, Unavailable
from canvas_app.canvas.oauth import InvalidClient, TokenAnswer, TokenEndpoint
from canvas_app.canvas.tokens import Token

Granted = TypeVar("Granted")

IN_A_ROW = 2  # failures after which the next call is expected to fail
BELIEVED = 20.0  # seconds after which the next call is tried


class TokenWatch:
    """A record of how calls of a token endpoint ended."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        count: Callable[[str, str], None] = lambda kind, outcome: None,
    ) -> None:
        """Make a watch; ``count`` gets each call: exchange or renewal, ok or the error's name."""
        self._clock = clock
        self._count = count
        self._lock = Lock()
        self._in_a_row = 0
        self._last: CanvasError | None = None
        self._last_at = 0.0

    def failing(self) -> CanvasError | None:
        """Return the last call's error if the next call would most likely fail too; else None."""
        with self._lock:
            recent = self._clock() - self._last_at < BELIEVED
            return self._last if recent and self._in_a_row >= IN_A_ROW else None

    def heard(self, error: CanvasError | None, kind: str = "renewal") -> None:
        """Record one call. An error about one person's grant shows that the endpoint works."""
        self._count(kind, "ok" if error is None else type(error).__name__)
        failed = isinstance(error, Unavailable | InvalidClient)
        with self._lock:
            self._in_a_row = self._in_a_row + 1 if failed else 0
            if failed:
                self._last, self._last_at = error, self._clock()


class WatchedEndpoint(TokenEndpoint):
    """A token endpoint that reports each exchange and renewal to its watch."""

    watch: TokenWatch

    def exchange(self, code: str, redirect_uri: str, code_verifier: str | None) -> TokenAnswer:
        return self._told(
            "exchange", lambda: TokenEndpoint.exchange(self, code, redirect_uri, code_verifier)
        )

    def refresh(self, refresh_token: str) -> Token:
        return self._told("renewal", lambda: TokenEndpoint.refresh(self, refresh_token))

    def _told(self, kind: str, call: Callable[[], Granted]) -> Granted:
        try:
            answer = call()
        except CanvasError as error:
            self.watch.heard(error, kind)
            raise
        self.watch.heard(None, kind)
        return answer
