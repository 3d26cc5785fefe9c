"""Queues for Canvas's rate-limit buckets: calls go out in order when their bucket has room.

``level`` computes how full a bucket is; this module decides which bucket a call uses.
"""

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from hashlib import sha256
from random import SystemRandom
from typing import Protocol

from canvas_app.canvas.errors import NoTurn, Throttled
from canvas_app.canvas.throttle.level import CEILING, Clock, Figures, Known, Level, Uniform

AT_TOKEN_ENDPOINT = 10  # calls there at once, when they cost little ...
AT_ONCE_UNTIL_KNOWN = 2  # ... and before it is known: each may cost a third of the usual bucket
LOST_CALLS_HOLD = 60.0  # seconds after which the usual bucket has forgotten calls without an answer
LEAST_REMAINING = -1e3  # units; -200 is the usual least
MOST_REMAINING = 1e6  # units; 600 or 700 are usual, and a school may have more
MOST_COST = 400.0  # units; the largest of Canvas's own surcharges is 200

Wait = Callable[[threading.Condition, float | None], object]

_uniform = SystemRandom().uniform


def _wait(condition: threading.Condition, seconds: float | None) -> object:
    return condition.wait(None if seconds is None else min(seconds, threading.TIMEOUT_MAX))


class Observer(Protocol):
    """Receives events of the buckets, by Canvas, never by person."""

    def admitted(self, origin: str, waited: float) -> None:
        """A call was admitted after waiting so many seconds."""

    def settled(self, origin: str, throttled: bool, cost: float) -> None:
        """A call was answered."""

    def redis_lost(self) -> None:
        """Redis does not answer; until it does, each process keeps its own level."""


class NullObserver:
    """An observer that ignores all events."""

    def admitted(self, origin: str, waited: float) -> None: ...

    def settled(self, origin: str, throttled: bool, cost: float) -> None: ...

    def redis_lost(self) -> None: ...


class State(Protocol):
    """Where a bucket's level is kept: in this process (``Level``), or in Redis for several."""

    def wait(self, most: int) -> tuple[float, int]:
        """Take a reservation: (0, its number), or (seconds until there may be room, 0)."""

    def soonest(self, expected: int = 0) -> float:
        """Return how many seconds must pass at least before a call after ``expected`` others."""

    def settle(
        self, number: int, *, throttled: bool, remaining: float | None, cost: float | None
    ) -> None:
        """Settle the reservation with Canvas's answer."""

    def drop(self, number: int) -> None:
        """Release the reservation."""

    def remaining(self) -> float:
        """What Canvas last said remains, with the leak since then added."""

    def figures(self, origin: str, name: str, waiting: int) -> Figures:
        """The bucket's figures now."""

    def idle(self) -> bool:
        """Whether no call is in flight."""


class Bucket:
    """The queue for one bucket: first come, first served; threads are notified, not polling."""

    def __init__(
        self, origin: str, name: str, state: State, clock: Clock, wait: Wait, observer: Observer
    ) -> None:
        self.origin = origin
        self.name = name
        self._state = state
        self._clock = clock
        self._wait = wait
        self._observer = observer
        self._lock = threading.Lock()
        self._queue: deque[threading.Condition] = deque()
        self._refused_at = -math.inf  # when Canvas last found the bucket full
        self._lost_at = -math.inf  # when a call last went without an answer

    def admit(self, most: int, deadline: float | None) -> "Permit":
        """Wait for room. Raise Throttled as soon as the deadline is certain to be missed.

        NoTurn when there was none because Canvas left the calls before this one unanswered,
        or cut their connections.
        """
        asked = self._clock()
        with self._lock:
            number = 0
            if not self._queue:
                _, number = self._state.wait(most)
            if not number:
                turn = threading.Condition(self._lock)
                self._queue.append(turn)
                try:
                    number = self._stand(turn, most, deadline, asked)
                finally:
                    self._queue.remove(turn)
                    self._wake()
        self._observer.admitted(self.origin, self._clock() - asked)
        return Permit(self, number)

    def _stand(
        self, turn: threading.Condition, most: int, deadline: float | None, asked: float
    ) -> int:
        while True:
            wait = math.inf
            if self._queue[0] is turn:
                wait, number = self._state.wait(most)
                if number:
                    return number
            if deadline is not None:
                left = deadline - self._clock()
                soonest = self._state.soonest()
                if left <= 0 and soonest <= 0 and self._refused_at < asked < deadline:
                    raise _unanswered()
                if left <= 0 or soonest > left:
                    if self._filled_by_lost_calls():
                        raise _unanswered()
                    raise _too_full(soonest if wait == math.inf else max(soonest, wait))
                wait = min(wait, left)
            self._wait(turn, None if wait == math.inf else wait)

    def _filled_by_lost_calls(self) -> bool:
        """Whether calls that got no answer hold the room, not Canvas's own word."""
        lost = self._lost_at
        return lost > self._refused_at and self._clock() - lost < LOST_CALLS_HOLD

    def _wake(self) -> None:
        if self._queue:
            self._queue[0].notify()

    def settle(
        self, number: int, throttled: bool, remaining: float | None, cost: float | None
    ) -> None:
        with self._lock:
            self._state.settle(number, throttled=throttled, remaining=remaining, cost=cost)
            if throttled:
                self._refused_at = self._clock()
            elif remaining is None and cost is not None:  # the call got no answer
                self._lost_at = self._clock()
            self._wake()
        self._observer.settled(self.origin, throttled, cost or 0.0)

    def drop(self, number: int) -> None:
        with self._lock:
            self._state.drop(number)
            self._wake()

    def soonest(self, expected: int = 0) -> float:
        with self._lock:
            return self._state.soonest(expected)

    def remaining(self) -> float:
        with self._lock:
            return self._state.remaining()

    def figures(self) -> Figures:
        with self._lock:
            return self._state.figures(self.origin, self.name, len(self._queue))

    def idle(self) -> bool:
        """Whether nobody waits and nothing is in flight; read without taking the lock."""
        return not self._queue and self._state.idle()


def _too_full(retry_after: float) -> Throttled:
    return Throttled(
        "Canvas has no room for this call before the time limit; nothing was sent. "
        f"Try again in {max(1, math.ceil(retry_after))} s.",
        retry_after=max(1.0, retry_after),
        repeat_is_safe=True,
    )


def _unanswered() -> NoTurn:
    return NoTurn(
        "Canvas did not answer the calls before this one in time; nothing was sent.",
        delivery="not_sent",
        repeat_is_safe=True,
    )


class Permit:
    """Permission to send one call; settle it once with Canvas's answer, or forget it."""

    __slots__ = ("_bucket", "_number")

    def __init__(self, bucket: Bucket, number: int) -> None:
        self._bucket = bucket
        self._number = number

    def settle(self, *, throttled: bool, remaining: float | None, cost: float | None) -> None:
        """Settle with the values of the headers; None for one that is absent or not a number.

        A number above any possible bucket of Canvas's is ignored, because adopting it would leave
        no room for further calls.
        """
        if remaining is not None and not LEAST_REMAINING <= remaining <= MOST_REMAINING:
            remaining = None
        if cost is not None and not 0 <= cost <= MOST_COST:
            cost = None
        self._bucket.settle(self._number, throttled, remaining, cost)

    def forget(self) -> None:
        """Release the permit of a call that certainly never reached Canvas."""
        self._bucket.drop(self._number)


class Buckets(Protocol):
    """All buckets this process draws from."""

    def bucket(self, origin: str, name: str) -> Bucket:
        """Return the bucket of this name at this Canvas; create it if it is new."""

    def figures(self) -> list[Figures]:
        """Figures of every bucket in use."""

    def close(self) -> None:
        """Close the buckets' connections, if any."""


class MemoryBuckets:
    """Buckets in this process's memory; above ``most``, those unused longest are dropped.

    ``observer`` receives their events.
    """

    def __init__(
        self,
        *,
        most: int = 10_000,
        clock: Clock = time.monotonic,
        wait: Wait = _wait,
        random: Uniform = _uniform,
        observer: Observer | None = None,
    ) -> None:
        self.observer = observer or NullObserver()
        self._most = most
        self._clock = clock
        self._wait = wait
        self.random = random
        self._lock = threading.Lock()
        self._known: dict[str, Known] = {}
        self._buckets: OrderedDict[tuple[str, str], Bucket] = OrderedDict()

    def bucket(self, origin: str, name: str) -> Bucket:
        """Return the bucket of this name at this Canvas; create it if it is new."""
        with self._lock:
            bucket = self._buckets.get((origin, name))
            if bucket is None:
                self._evict()
                state = self._state(origin, name)
                bucket = Bucket(origin, name, state, self._clock, self._wait, self.observer)
                self._buckets[origin, name] = bucket
            self._buckets.move_to_end((origin, name))
            return bucket

    def close(self) -> None:
        """Do nothing: these buckets have no connections."""

    def _state(self, origin: str, name: str) -> State:
        return self._level(origin)

    def _level(self, origin: str) -> Level:
        return Level(self._known.setdefault(origin, Known()), self._clock, self.random)

    def _evict(self) -> None:
        surplus = len(self._buckets) + 1 - self._most
        for key in [key for key, bucket in self._buckets.items() if bucket.idle()][:surplus]:
            if surplus > 0:
                del self._buckets[key]

    def figures(self) -> list[Figures]:
        """Figures of every bucket in use."""
        with self._lock:
            buckets = list(self._buckets.values())
        return [bucket.figures() for bucket in buckets]


class Throttle:
    """One person's access to their bucket at one Canvas; at most ``max_parallel`` calls in flight.

    A bucket belongs to an access token: a refreshed token starts with an empty one, as in Canvas.
    """

    def __init__(self, buckets: Buckets, origin: str, max_parallel: int = 10) -> None:
        self.max_parallel = max_parallel
        self._buckets = buckets
        self._origin = origin
        self._name = ""

    def admit(self, access_token: str, deadline: float | None = None) -> Permit:
        """Wait until the call may go. Raise Throttled if the (monotonic) deadline comes first."""
        self._name = sha256(access_token.encode()).hexdigest()
        return self._buckets.bucket(self._origin, self._name).admit(self.max_parallel, deadline)

    @property
    def remaining(self) -> float:
        """What Canvas last said remains for the newest token, with the leak since then added.

        Before the first call it is 600, the usual limit.
        """
        if not self._name:
            return CEILING
        return self._buckets.bucket(self._origin, self._name).remaining()


class TokenQueue:
    """The queue for the token endpoint, whose bucket Canvas keys by this server's address.

    Older Canvases charge 200 for each call there (``oauth2_provider_controller.rb``); the real cost
    is learnt from ``X-Request-Cost``. According to Canvas's source, calls to a full bucket are
    refused at once (``request_throttle.rb``); only a public thread reports that they hang.
    """

    def __init__(self, buckets: Buckets, origin: str) -> None:
        self._buckets = buckets
        self._origin = origin

    def _bucket(self) -> Bucket:
        return self._buckets.bucket(f"{self._origin}/login/oauth2/token", "")

    def admit(self, deadline: float | None = None) -> Permit:
        """Wait for room. Raise Throttled if the deadline (monotonic seconds) comes first."""
        bucket = self._bucket()
        known = bucket.figures().cost > 0
        return bucket.admit(AT_TOKEN_ENDPOINT if known else AT_ONCE_UNTIL_KNOWN, deadline)

    def room_in(self, ahead: int = 0) -> float:
        """Return seconds until there is room for one more exchange after so many; 0 is now."""
        return self._bucket().soonest(ahead)
