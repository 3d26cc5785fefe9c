"""Readiness: database, Redis and Canvas are checked in parallel, with a short time limit.

Each check has a thread of its own, so that one that hangs does not make a monitor wait. The answer
is 200 as long as the database can be read: without Redis, Canvas or writes, pages still work.
"""

import logging
import time
from collections.abc import Callable
from threading import Condition, Thread
from typing import Any, Generic, TypeVar

from canvas_app.canvas.transport import Transport
from canvas_app.checks.connection import judge_kind, reach
from canvas_app.storage.notes import INCLUDES_DROPPED, SCOPES_MISSING
from canvas_app.storage.storage import Storage

log = logging.getLogger(__name__)

Verdict = TypeVar("Verdict")

ANSWER_WITHIN = 1.8  # seconds for the whole answer; monitors give up after two or more
CANVAS_EVERY = 30.0  # seconds between two requests to Canvas
CANVAS_LIMIT = 2.0  # seconds to wait for Canvas's answer
WRITE_EVERY = 30.0  # seconds between two test writes to the database


class Probe(Generic[Verdict]):
    """A check that one thread at a time runs, while others may wait for its result.

    A result is kept for ``every`` seconds. If ``ask`` raises an exception, the result is
    ``failed``.
    """

    def __init__(
        self,
        name: str,
        ask: Callable[[], Verdict],
        *,
        failed: Verdict,
        every: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._ask = ask
        self._failed = failed
        self._every = every
        self._clock = clock
        self._changed = Condition()
        self._asking = False
        self._answered_at = float("-inf")
        self._answer = failed
        self._healthy = True  # the result that was logged last

    def start(self) -> None:
        """Start the check, unless it is running already or the last result is recent enough."""
        with self._changed:
            if self._asking or self._clock() - self._answered_at < self._every:
                return
            self._asking = True
        # A daemon, so that the process can end while a check hangs.
        Thread(target=self._run, name=f"probe {self._name}", daemon=True).start()

    def answer(self, deadline: float, *, last: bool = False) -> Verdict:
        """Return the result, waiting until the deadline (monotonic); after that ``failed``.

        With ``last`` the previous result is returned instead when no new one comes in time.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._asking, max(0.0, deadline - self._clock()))
            return self._failed if self._asking and not last else self._answer

    def _run(self) -> None:
        fault: Exception | None = None
        answer = self._failed
        try:
            answer = self._ask()
        except Exception as error:  # a driver may raise anything, and the result is the same
            fault = error
        self._tell(fault)
        with self._changed:
            self._asking, self._answer, self._answered_at = False, answer, self._clock()
            self._changed.notify_all()

    def _tell(self, fault: Exception | None) -> None:
        """Log the result if it has changed; monitors ask every few seconds."""
        if (fault is None) == self._healthy:
            return
        self._healthy = fault is None
        if fault is None:
            log.info("readiness: %s answers again", self._name)
        else:
            log.warning("readiness: %s does not answer (%s)", self._name, type(fault).__name__)
            log.debug("readiness: %s", self._name, exc_info=fault)


class Readiness:
    """The readiness of one process, for ``/readyz``."""

    def __init__(
        self,
        storage: Storage,
        redis: Any | None,
        transport: Transport,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._database: Probe[tuple[bool, list[str]] | None] = Probe(
            "the database", self._ask_database, failed=None, clock=clock
        )
        self._redis = (
            Probe("Redis", lambda: bool(redis.ping()), failed=False, clock=clock) if redis else None
        )
        self._canvas = Probe(
            "Canvas",
            lambda: ask_canvas(transport),
            failed="unreachable",
            every=CANVAS_EVERY,
            clock=clock,
        )
        self._wrote_at = float("-inf")

    def report(self) -> tuple[dict[str, Any], int]:
        """Return the answer as JSON, and its status: 503 if the database is too slow."""
        deadline = self._clock() + ANSWER_WITHIN
        probes = (self._database, self._redis, self._canvas)
        for probe in probes:
            if probe is not None:
                probe.start()
        database = self._database.answer(deadline)
        writable, detail = database or (False, [])
        redis = self._redis.answer(deadline) if self._redis else None
        canvas = self._canvas.answer(deadline, last=True)
        degraded = detail or not writable or redis is False
        body: dict[str, Any] = {
            "status": "failed" if database is None else "degraded" if degraded else "ok",
            "database": "failed" if database is None else "ok",
            "writable": writable,
            "failed_writes": self._storage.writes.failed,
            **({} if redis is None else {"redis": "ok" if redis else "failed"}),
            "canvas": canvas,
            **({"detail": detail} if detail else {}),
        }
        return body, 503 if database is None else 200

    def _ask_database(self) -> tuple[bool, list[str]]:
        """Return whether the database takes writes, and its notes; raise when it does not answer.

        A write is tried at intervals, or at each call while writes fail. With a full disk
        everything else still works.
        """
        self._storage.ping()
        due = self._clock() - self._wrote_at >= WRITE_EVERY
        if due or not self._storage.writes.taken:
            self._wrote_at = self._clock()
            self._storage.try_writing()
        return self._storage.writes.taken, [*self._dropped_includes(), *self._missing_scopes()]

    def _missing_scopes(self) -> list[str]:
        """Return a sentence for each environment whose developer key lacks scopes."""
        return [
            f"The developer key ({note.environment}) lacks scopes that Easel asks for: let it "
            f"grant {', '.join(note.detail)}."
            if note.detail
            else f"The developer key ({note.environment}) enforces scopes, and Easel asks for "
            "none: set CANVAS_SCOPES=auto."
            for note in self._storage.notes.about(SCOPES_MISSING)
        ]

    def _dropped_includes(self) -> list[str]:
        """Return a sentence for each environment whose Canvas drops include parameters."""
        return [
            f"Canvas ({note.environment}) drops include parameters, last at {note.last_at:%FT%TZ}: "
            "switch on Allow Include Parameters for Easel's developer key."
            for note in self._storage.notes.about(INCLUDES_DROPPED)
        ]


def ask_canvas(transport: Transport) -> str:
    """Return ok, unreachable, or not_a_canvas if something else answers at its address."""
    reached = reach(transport, limit=CANVAS_LIMIT)
    if reached.answer is None:
        return "unreachable"
    found = judge_kind(transport.origin, reached.answer)
    if found.level == "ok":
        return "ok"
    return "unreachable" if found.code == "canvas_unreachable" else found.code
