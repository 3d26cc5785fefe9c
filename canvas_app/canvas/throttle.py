"""Canvas's leaky buckets mirrored, so that a call goes out as soon as its bucket has room.

Canvas keeps one bucket per access token (``request_throttle.rb``): a request is charged 50 while it
is answered, then what it cost; the bucket leaks 10 a second, and a request that finds 600 or more
is refused. Costs and levels are in Canvas's units (seconds of CPU and database), times in seconds.
"""

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from random import SystemRandom
from typing import Protocol

from canvas_app.canvas.errors import Throttled

RESERVATION = 50.0
CEILING = 600.0
OUTFLOW = 10.0
CAREFUL = 4  # calls at once while nothing is known: 4 x 50 fits a third of the usual bucket
ASSUMED_COST = 1.0
SMALLEST_CEILING = 2 * RESERVATION + 10
STEP = 50.0  # what one surprise adds to the margin: the reservation of one stranger's call
SHRINK = 0.998  # per answer: half the margin is gone after some 350 good ones
AT_TOKEN_ENDPOINT = 10  # calls there at once, when they cost little
EXPECTED = 60.0  # seconds room is kept for somebody who was sent to Canvas
SLACK = 0.1  # for rounding, and for clocks that do not tick together
STRANGERS = 200.0  # leak is learnt only beyond what four calls of others could feign

Clock = Callable[[], float]
Uniform = Callable[[float, float], float]
Wait = Callable[[threading.Condition, float | None], object]

_uniform = SystemRandom().uniform


def _wait(condition: threading.Condition, seconds: float | None) -> object:
    return condition.wait(None if seconds is None else min(seconds, threading.TIMEOUT_MAX))


@dataclass(slots=True)
class Limits:
    """What one Canvas allows: learnt from its answers, shared by all its buckets."""

    ceiling: float | None = None
    outflow: float = OUTFLOW


@dataclass(frozen=True)
class Figures:
    """One bucket at one moment, for pages and metrics; ``name`` is a hash, never a token."""

    origin: str
    name: str
    level: float
    ceiling: float
    remaining: float
    in_flight: int
    waiting: int
    parallel: int
    margin: float
    throttled: int
    cost: float


class Level:
    """One bucket as we believe Canvas sees it; not locked, no clock of its own.

    ``settled`` is the level without our own reservations, from our bookkeeping and the newest
    header. ``own`` is what our own calls alone account for: headers never push the level below
    it, so without strangers no order in which answers arrive leads to a refusal.
    """

    def __init__(self, limits: Limits, now: float, random: Uniform) -> None:
        self.limits = limits
        self.at = now
        self.settled = 0.0
        self.own = 0.0
        self.held: dict[int, float] = {}
        self.hold = RESERVATION
        self.margin = 0.0
        self.parallel = float(CAREFUL if limits.ceiling is None else 1_000)
        self.careful = limits.ceiling is None
        self.paused_until = -math.inf
        self.surprised_at = -math.inf
        self.largest: float | None = None
        self.own_ceiling = False
        self.said: tuple[float, float] | None = None  # the newest header, and when it came
        self.quickest = math.inf
        self.answered_at = -math.inf
        self.cost = 0.0
        self.latest = 0.0
        self.throttled = 0
        self._random = random
        self._answers: deque[float] = deque(maxlen=64)
        self._anchor: tuple[float, float, float, float] | None = None
        self._numbers = 0

    @property
    def ceiling(self) -> float:
        known = self.largest if self.own_ceiling else self.limits.ceiling
        return CEILING if known is None else max(known, SMALLEST_CEILING)

    def level(self) -> float:
        return self.settled + self.hold * len(self.held)

    def remaining(self, now: float) -> float:
        """What Canvas last said is left, leaked forward to ``now``."""
        if self.said is None:
            return self.ceiling
        said, at = self.said
        return min(self.ceiling, said + self.limits.outflow * max(0.0, now - at))

    def leak(self, now: float) -> None:
        lost = self.limits.outflow * max(0.0, now - self.at)
        if lost >= self.settled:
            self._anchor = None  # an empty bucket leaks nothing: nothing to learn from
        self.settled = max(0.0, self.settled - lost)
        self.own = max(0.0, self.own - lost)
        self.at = max(self.at, now)

    def _excess(self, calls: int) -> float:
        margin = min(self.margin, self.ceiling - SMALLEST_CEILING, self.ceiling / 3)
        return self.settled + self.hold * calls + margin + SLACK - self.ceiling

    def soonest(self, now: float, expected: int = 0) -> float:
        """Seconds that pass at least before another call may go, whatever the open ones cost.

        ``expected`` calls go before it and cost what the last one did.
        """
        self.leak(now)
        excess = self._excess(1) + expected * self.latest
        return max(0.0, self.paused_until - now, excess / self.limits.outflow)

    def wait(self, now: float, most: int) -> float:
        """Seconds until a call may go: 0 is now, infinity means that only an answer helps."""
        self.leak(now)
        if now < self.paused_until:
            return self.paused_until - now
        if len(self.held) >= max(1, min(most, int(self.parallel))):
            return math.inf
        excess = self._excess(len(self.held) + 1)
        if excess < 0:
            return 0.0
        return max(excess / self.limits.outflow, 0.001) if excess < self.settled else math.inf

    def take(self, now: float) -> int:
        """Hold a reservation; return its number."""
        self._numbers += 1
        self.held[self._numbers] = now
        return self._numbers

    def drop(self, number: int, now: float) -> None:
        """The call never reached Canvas."""
        self.leak(now)
        self.held.pop(number, None)

    def settle(
        self,
        number: int,
        now: float,
        *,
        throttled: bool,
        remaining: float | None,
        cost: float | None,
        answered_at: float | None = None,
    ) -> None:
        """Replace the reservation by what the call cost and believe the newest header."""
        self.leak(now)
        sent = self.held.pop(number, None)
        if sent is None:
            return
        at = now if answered_at is None else answered_at
        if not throttled:
            spent = (ASSUMED_COST if remaining is None else 0.0) if cost is None else cost
            self.settled += spent
            self.own += spent
            self.cost += spent
            self.latest = spent
            self.quickest = min(self.quickest * 1.01, max(0.0, at - sent))
            # Calls dearer than the reservation, like the token endpoint's: hold what they cost.
            self.hold = min(max(RESERVATION, spent, self.hold * 0.95), self.ceiling / 2)
        if remaining is None:
            self._anchor = None
            self.careful = True
        elif at >= self.answered_at:
            self.answered_at = at
            self.careful = False
            self._observe(at, sent, remaining)
        if throttled:
            self._surprise(now, sent, remaining)
        else:
            self._grow()
        self._answers.append(at)

    def _observe(self, at: float, sent: float, remaining: float) -> None:
        self.said = (remaining, at)
        self.largest = max(self.largest or 0.0, remaining)
        if self.limits.ceiling is None or remaining > self.limits.ceiling:
            self.limits.ceiling = max(remaining, SMALLEST_CEILING)
        level = self.ceiling - remaining
        # Canvas answered a little ago: it surely counted what was sent well before that, and may
        # have counted what was sent since or answered just now.
        travel = min(self.quickest, 0.1) / 2
        counted = sum(begun <= at - travel for begun in self.held.values())
        perhaps = len(self.held) + sum(before > at - min(travel, 0.005) for before in self._answers)
        low = level - RESERVATION * perhaps - self.limits.outflow * travel
        high = max(0.0, level - RESERVATION * counted)
        self._learn_outflow(at, low, high)
        # The level counts every call of ours, but perhaps those that overtook this one.
        overtook = sum(before > sent for before in self._answers)
        self.own = min(self.own, level + RESERVATION * overtook)
        if self.settled < low:
            self.settled = low
        elif self.settled > high:
            self.settled = (self.settled + high) / 2
        self.settled = max(self.settled, self.own)

    def _learn_outflow(self, at: float, low: float, high: float) -> None:
        """Compare what was paid with what is left of it: the rest has leaked.

        Only a leak that neither strangers nor answers out of order could feign is believed.
        """
        if self._anchor is None:
            if low > 0:
                self._anchor = (at, low, high, self.cost)
            return
        since, low_then, high_then, cost_then = self._anchor
        seconds = at - since
        if seconds < 0.2:
            return
        paid = self.cost - cost_then
        doubt = STRANGERS + RESERVATION * (len(self.held) + 1)
        least = (low_then - high + paid - doubt) / seconds
        most = (high_then - low + paid + doubt) / seconds
        before = self.limits.outflow
        if least > max(before, 1.5 * OUTFLOW):
            self.limits.outflow = least
            self.own = max(0.0, self.own - (least - before) * seconds)
        elif most < before:
            self.limits.outflow = max(OUTFLOW / 2, most)

    def _surprise(self, now: float, sent: float, remaining: float | None) -> None:
        """A refusal: pause, fewer at once, keep more distance."""
        self.throttled += 1
        short = RESERVATION - (0.0 if remaining is None else remaining)
        pause = max(1.0, short / self.limits.outflow) * self._random(1.0, 1.25)
        self.paused_until = max(self.paused_until, now + pause)
        if sent <= self.surprised_at:
            return  # sent before the last refusal was known: the same surprise
        self.surprised_at = now
        self.margin = min(self.margin + STEP, self.ceiling / 2)
        self.parallel = max(1.0, min(self.parallel, len(self.held) + 1.0) / 2)
        self.own_ceiling = self.largest is not None
        self.limits.outflow = min(self.limits.outflow, OUTFLOW)
        self._anchor = None

    def _grow(self) -> None:
        self.margin = self.margin * SHRINK if self.margin > 1 else 0.0
        if self.careful:
            self.parallel = min(self.parallel, float(CAREFUL))
        elif self.surprised_at == -math.inf:
            self.parallel = 1_000.0
        else:
            self.parallel = min(1_000.0, self.parallel + 1 / self.parallel)


class State(Protocol):
    """Where a bucket's level lives: in this process, or in Redis for several."""

    def wait(self, most: int) -> tuple[float, int]:
        """Take a reservation: (0, its number), or (seconds until there may be room, 0)."""

    def soonest(self, expected: int = 0) -> float:
        """Seconds that pass at least before another call may go, after ``expected`` others."""

    def settle(
        self,
        number: int,
        *,
        throttled: bool,
        remaining: float | None,
        cost: float | None,
        answered_at: float | None,
    ) -> None:
        """Settle the reservation with what Canvas answered."""

    def drop(self, number: int) -> None:
        """Give the reservation back."""

    def remaining(self) -> float:
        """What Canvas last said, leaked forward to now."""

    def figures(self, origin: str, name: str, waiting: int) -> Figures:
        """The bucket now."""

    def idle(self) -> bool:
        """No call is in flight."""


class LocalState:
    """A bucket's level in this process."""

    def __init__(self, limits: Limits, clock: Clock, random: Uniform) -> None:
        self._clock = clock
        self.model = Level(limits, clock(), random)

    def wait(self, most: int) -> tuple[float, int]:
        now = self._clock()
        wait = self.model.wait(now, most)
        return (wait, 0) if wait > 0 else (0.0, self.model.take(now))

    def soonest(self, expected: int = 0) -> float:
        return self.model.soonest(self._clock(), expected)

    def settle(
        self,
        number: int,
        *,
        throttled: bool,
        remaining: float | None,
        cost: float | None,
        answered_at: float | None,
    ) -> None:
        self.model.settle(
            number,
            self._clock(),
            throttled=throttled,
            remaining=remaining,
            cost=cost,
            answered_at=answered_at,
        )

    def drop(self, number: int) -> None:
        self.model.drop(number, self._clock())

    def remaining(self) -> float:
        return self.model.remaining(self._clock())

    def figures(self, origin: str, name: str, waiting: int) -> Figures:
        now, model = self._clock(), self.model
        model.leak(now)
        return Figures(
            origin=origin,
            name=name,
            level=model.level(),
            ceiling=model.ceiling,
            remaining=model.remaining(now),
            in_flight=len(model.held),
            waiting=waiting,
            parallel=int(min(model.parallel, 1_000)),
            margin=model.margin,
            throttled=model.throttled,
            cost=model.cost,
        )

    def idle(self) -> bool:
        return not self.model.held


class Bucket:
    """The queue before one bucket: first come, first served, woken rather than polling."""

    def __init__(self, origin: str, name: str, state: State, clock: Clock, wait: Wait) -> None:
        self.origin = origin
        self.name = name
        self._state = state
        self._clock = clock
        self._wait = wait
        self._lock = threading.Lock()
        self._queue: deque[threading.Condition] = deque()

    def admit(self, most: int, deadline: float | None) -> "Admission":
        """Wait for room. Raises Throttled as soon as it is sure that the deadline comes first."""
        with self._lock:
            if not self._queue:
                _, number = self._state.wait(most)
                if number:
                    return Admission(self, number)
            turn = threading.Condition(self._lock)
            self._queue.append(turn)
            try:
                return Admission(self, self._stand(turn, most, deadline))
            finally:
                self._queue.remove(turn)
                self._wake()

    def _stand(self, turn: threading.Condition, most: int, deadline: float | None) -> int:
        while True:
            wait = math.inf
            if self._queue[0] is turn:
                wait, number = self._state.wait(most)
                if number:
                    return number
            if deadline is not None:
                left = deadline - self._clock()
                soonest = self._state.soonest()
                if left <= 0 or soonest > left:
                    raise _too_full(soonest)
                wait = min(wait, left)
            self._wait(turn, None if wait == math.inf else wait)

    def _wake(self) -> None:
        if self._queue:
            self._queue[0].notify()

    def settle(
        self,
        number: int,
        throttled: bool,
        remaining: float | None,
        cost: float | None,
        answered_at: float | None,
    ) -> None:
        with self._lock:
            self._state.settle(
                number,
                throttled=throttled,
                remaining=remaining,
                cost=cost,
                answered_at=answered_at,
            )
            self._wake()

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
        """Nobody waits and nothing is in flight; asked without waiting for the lock."""
        return not self._queue and self._state.idle()


def _too_full(retry_after: float) -> Throttled:
    return Throttled(
        "Canvas allows no more calls for this person before the time limit; nothing was sent. "
        f"Try again in {max(1, math.ceil(retry_after))} s.",
        retry_after=retry_after,
        repeat_is_safe=True,
    )


class Admission:
    """Leave for one call; settle it once with what Canvas answered, or forget it."""

    __slots__ = ("_bucket", "_number")

    def __init__(self, bucket: Bucket, number: int) -> None:
        self._bucket = bucket
        self._number = number

    def settle(
        self,
        *,
        throttled: bool,
        remaining: float | None,
        cost: float | None,
        answered_at: float | None = None,
    ) -> None:
        """Tell what the headers said; None when absent. ``answered_at`` (monotonic) when known."""
        self._bucket.settle(self._number, throttled, remaining, cost, answered_at)

    def forget(self) -> None:
        """The call surely never reached Canvas."""
        self._bucket.drop(self._number)


class Buckets(Protocol):
    """All buckets this process draws from."""

    def bucket(self, origin: str, name: str) -> Bucket:
        """The bucket of that name at that Canvas, made when it is new."""

    def figures(self) -> list[Figures]:
        """Every bucket in use now."""


class MemoryBuckets:
    """Buckets of this process; the longest unused go when there are more than ``most``."""

    def __init__(
        self,
        *,
        most: int = 10_000,
        clock: Clock = time.monotonic,
        wait: Wait = _wait,
        random: Uniform = _uniform,
    ) -> None:
        self._most = most
        self._clock = clock
        self._wait = wait
        self._random = random
        self._lock = threading.Lock()
        self._limits: dict[str, Limits] = {}
        self._buckets: OrderedDict[tuple[str, str], Bucket] = OrderedDict()

    def bucket(self, origin: str, name: str) -> Bucket:
        """The bucket of that name at that Canvas, made when it is new."""
        with self._lock:
            bucket = self._buckets.get((origin, name))
            if bucket is None:
                self._evict()
                state = self._state(origin, name)
                bucket = Bucket(origin, name, state, self._clock, self._wait)
                self._buckets[origin, name] = bucket
            self._buckets.move_to_end((origin, name))
            return bucket

    def _state(self, origin: str, name: str) -> State:
        limits = self._limits.setdefault(origin, Limits())
        return LocalState(limits, self._clock, self._random)

    def _evict(self) -> None:
        surplus = len(self._buckets) + 1 - self._most
        for key in [key for key, bucket in self._buckets.items() if bucket.idle()][:surplus]:
            if surplus > 0:
                del self._buckets[key]

    def figures(self) -> list[Figures]:
        """Every bucket in use now."""
        with self._lock:
            buckets = list(self._buckets.values())
        return [bucket.figures() for bucket in buckets]


class Throttle:
    """One person's view of her bucket at one Canvas; ``max_parallel`` calls in flight at most.

    A bucket belongs to an access token: a refreshed token starts with an empty one, as at Canvas.
    """

    def __init__(self, buckets: Buckets, origin: str, max_parallel: int = 10) -> None:
        self.max_parallel = max_parallel
        self._buckets = buckets
        self._origin = origin
        self._name = ""

    def admit(self, access_token: str, deadline: float | None = None) -> Admission:
        """Wait until the call may go. Raises Throttled when the (monotonic) deadline is first."""
        self._name = sha256(access_token.encode()).hexdigest()
        return self._buckets.bucket(self._origin, self._name).admit(self.max_parallel, deadline)

    @property
    def remaining(self) -> float:
        """What Canvas last said is left of the newest token's bucket, leaked forward to now."""
        if not self._name:
            return CEILING
        return self._buckets.bucket(self._origin, self._name).remaining()


class TokenQueue:
    """The queue before the token endpoint, whose bucket Canvas keys by this server's address.

    Older Canvases charge 200 for each call there and hang instead of answering when it is full
    (``oauth2_provider_controller.rb``); what a call costs is learnt from ``X-Request-Cost``.
    """

    def __init__(self, buckets: Buckets, origin: str, *, clock: Clock = time.monotonic) -> None:
        self._buckets = buckets
        self._origin = origin
        self._clock = clock
        self._lock = threading.Lock()
        self._expected: deque[float] = deque()

    def _bucket(self) -> Bucket:
        return self._buckets.bucket(self._origin, "token endpoint")

    def admit(self, deadline: float | None = None) -> Admission:
        """Wait for room. Raises Throttled when the deadline (monotonic seconds) comes first."""
        with self._lock:
            if self._expected:
                self._expected.popleft()
        return self._bucket().admit(AT_TOKEN_ENDPOINT, deadline)

    def room_in(self) -> float:
        """Seconds until a person may be sent to Canvas for a code; 0 is now.

        Who is told 0 is expected back: what her exchange will cost is kept for her for a minute.
        """
        now = self._clock()
        with self._lock:
            while self._expected and self._expected[0] < now - EXPECTED:
                self._expected.popleft()
            wait = self._bucket().soonest(len(self._expected))
            if wait == 0:
                self._expected.append(now)
            return wait
