"""The level of one of Canvas's leaky buckets, estimated from Canvas's answers.

Canvas keeps one bucket per access token (``request_throttle.rb``): a call is charged 50 while it is
answered, then its real cost; the bucket leaks, and a call that finds it full is refused. Costs and
levels are in Canvas's units (seconds of CPU and database), times in seconds.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

RESERVATION = 50.0
CEILING = 600.0
OUTFLOW = 10.0
SLOWEST = 1.0  # units a second; calls of other programs make the leak look slower
CAREFUL = 4  # parallel calls while nothing is known: 4 x 50 fits into a third of the usual bucket
MANY = 1_000.0  # parallel calls at most, when nothing but the bucket's room limits them
ASSUMED_COST = 1.0
SPARE = 10.0  # room left for one call even if other programs fill the rest
FADE = 0.05  # decay per answer of the part kept for other programs' calls
SMALLEST_CEILING = RESERVATION + SPARE
STEP = 50.0  # added to the margin by one surprise: the reservation of one foreign call
SHRINK = 0.998  # decay per answer: the margin is halved after some 350 successful ones
LONGEST_PAUSE = 80.0  # seconds after a refusal: the usual bucket is then empty, even if it was full
SLACK = 0.1  # for rounding and for clocks that differ slightly

Clock = Callable[[], float]
Uniform = Callable[[float, float], float]


@dataclass(slots=True)
class Known:
    """What is known about one Canvas from its latest answers; new buckets start with it."""

    ceiling: float | None = None
    outflow: float = OUTFLOW


@dataclass(frozen=True)
class Figures:
    """A bucket's figures, for pages and metrics; ``name`` is a hash, never a token."""

    origin: str
    name: str
    level: float
    ceiling: float
    outflow: float
    remaining: float
    in_flight: int
    waiting: int
    parallel: int
    margin: float
    throttled: int
    cost: float


@dataclass(frozen=True, slots=True)
class _Call:
    """A call in flight; ``paid`` is the cost of all calls at the time it was sent."""

    at: float
    paid: float
    alone: bool


@dataclass(frozen=True, slots=True)
class _Quiet:
    """Header of a call alone in flight: ``remaining`` held between ``sent`` and ``answered``."""

    sent: float
    answered: float
    remaining: float
    paid: float


class Level:
    """A bucket's level, without a lock.

    ``own`` is an upper bound for our own calls, without reservations: their costs minus the leak,
    and never more than a header shows. While no other program uses the bucket, ``own`` alone
    decides, and no call is refused in whatever order answers arrive. ``beyond`` is what the newest
    header shows in addition: other programs' calls, or a bucket that has become smaller. It is
    assumed not to leak until a header shows that it did, unless it leaves no room for a single
    call.
    """

    def __init__(self, known: Known, clock: Clock, random: Uniform) -> None:
        self.ceiling = known.ceiling or CEILING
        self.outflow = known.outflow
        self.own = self.beyond = 0.0
        self.at = clock()
        self.held: dict[int, _Call] = {}
        self.hold = RESERVATION
        self.margin = 0.0
        self.parallel = MANY if known.ceiling else float(CAREFUL)
        self.paused_until = -math.inf
        self.throttled = 0
        self.paid = self.latest = 0.0
        self._said = (self.ceiling, self.at)  # the newest header, and its time of arrival
        self._sent = 0  # the numbers of the newest call, of the newest call answered, ...
        self._answered = 0
        self._surprised = 0  # ... and of the newest call in flight at the last refusal
        self._quiet: _Quiet | None = None
        self._seen = known.ceiling is not None
        self._known = known
        self._clock = clock
        self._random = random

    def wait(self, most: int) -> tuple[float, int]:
        """Take a reservation: (0, its number); or (seconds until there may be room, 0).

        Infinity means that room appears only once a call is answered.
        """
        now = self._leak()
        if now < self.paused_until:
            return self.paused_until - now, 0
        if len(self.held) >= max(1, min(most, int(self.parallel))):
            return math.inf, 0
        excess = self._excess(len(self.held) + 1)
        if excess >= 0:
            leaks = excess < self.own or not self.held
            return max(excess / self.outflow, 0.001) if leaks else math.inf, 0
        self._sent += 1
        self.held[self._sent] = _Call(now, self.paid, alone=not self.held)
        return 0.0, self._sent

    def soonest(self, expected: int = 0) -> float:
        """Return how many seconds must pass at least before a call after ``expected`` others.

        Those others are assumed to cost what the last call did. An answer may reveal more room, so
        while a call is in flight only a pause is certain.
        """
        now = self._leak()
        excess = 0.0 if self.held else self._excess(1)
        return max(0.0, self.paused_until - now, (excess + expected * self.latest) / self.outflow)

    def drop(self, number: int) -> None:
        """Release the reservation of a call that never reached Canvas."""
        self._leak()
        self.held.pop(number, None)

    def settle(
        self, number: int, *, throttled: bool, remaining: float | None, cost: float | None
    ) -> None:
        """Replace the reservation by the call's cost, and adopt its header."""
        now = self._leak()
        call = self.held.pop(number, None)
        if call is None:
            return
        overtook = self.paid - call.paid
        if not throttled:
            self._pay(ASSUMED_COST if cost is None else cost)
        if remaining is None:
            self.parallel = min(self.parallel, float(CAREFUL))
        else:
            self._believe(number, remaining, overtook, now)
            if call.alone and number == self._sent:
                self._learn_outflow(_Quiet(call.at, now, remaining, self.paid), throttled)
        if throttled:
            self._surprise(number, 0.0 if remaining is None else remaining, now)
        elif remaining is not None:
            grown = self.parallel + 1 / self.parallel
            self.parallel = min(MANY, grown) if self.throttled else MANY

    def remaining(self) -> float:
        """What Canvas last said remains, with the leak since then added."""
        said, at = self._said
        return min(self.ceiling, said + self.outflow * max(0.0, self._clock() - at))

    def figures(self, origin: str, name: str, waiting: int) -> Figures:
        """The bucket's figures now."""
        self._leak()
        return Figures(
            origin=origin,
            name=name,
            level=self.own + self.beyond + RESERVATION * len(self.held),
            ceiling=self.ceiling,
            outflow=self.outflow,
            remaining=self.remaining(),
            in_flight=len(self.held),
            waiting=waiting,
            parallel=int(self.parallel),
            margin=self.margin,
            throttled=self.throttled,
            cost=self.paid,
        )

    def idle(self) -> bool:
        """Whether no call is in flight."""
        return not self.held

    def _leak(self) -> float:
        now = self._clock()
        lost = self.outflow * max(0.0, now - self.at)
        if not self.held and lost > self.own:
            line = self.ceiling - self._hold() - SPARE  # a level that leaves room for one call
            self.beyond = max(min(self.beyond, line), self.beyond - (lost - self.own))
        self.own = max(0.0, self.own - lost)
        self.at = now
        return now

    def _hold(self) -> float:
        """Return the reservation for calls in flight; calls that cost more reserve their cost."""
        return max(RESERVATION, min(self.hold, self.ceiling / 2))

    def _excess(self, calls: int) -> float:
        """Return how far the bucket would be over its limit with so many calls in flight."""
        free = self.ceiling - self.beyond
        margin = max(0.0, min(self.margin, free / 3, free - self._hold() - SPARE))
        return self.own + self._hold() * calls + margin + SLACK - free

    def _pay(self, cost: float) -> None:
        self.own += cost
        self.paid += cost
        self.latest = cost
        self.hold = max(RESERVATION, cost, self.hold * 0.95)
        self.margin = self.margin * SHRINK if self.margin > 1 else 0.0

    def _believe(self, number: int, remaining: float, overtook: float, now: float) -> None:
        """Fit the level to a header.

        The header may be late: ``overtook`` is the cost of calls answered meanwhile, which it may
        not include yet. It may or may not include calls sent since, or in flight.
        """
        if not self._seen or remaining > self.ceiling:
            if self._seen:
                self.beyond += remaining - self.ceiling
            self.ceiling = max(remaining, SMALLEST_CEILING)
            self._seen = True
        self._known.ceiling = max(self._known.ceiling or 0.0, remaining, SMALLEST_CEILING)
        level = self.ceiling - remaining
        self.own = min(self.own, level + overtook)
        others = sum(other < number for other in self.held) + self._sent - number
        least = level - self.own - RESERVATION * others
        if number > self._answered:  # newer than all earlier ones
            self._answered = number
            self._said = (remaining, now)
            self.beyond -= FADE * max(0.0, self.beyond - least)
            self.beyond = min(self.beyond, level - self.own)
        self.beyond = max(self.beyond, least, 0.0)

    def _learn_outflow(self, quiet: _Quiet, throttled: bool) -> None:
        """Estimate the leak from two such headers: paid costs that no longer show have leaked.

        It needs at least the time in which one reservation leaks; over less time the end of
        another program's call would look like a fast leak. It assumes the longest time that may
        have passed, so that slow answers never look like a fast leak.
        """
        before = self._quiet
        if before is not None:
            seconds = quiet.answered - before.sent
            short = seconds < RESERVATION / self.outflow
            if short and not throttled:
                return
            paid = quiet.paid - before.paid
            leaked = quiet.remaining - before.remaining + paid
            if leaked > self.outflow * seconds and not short:
                self.outflow = self._known.outflow = leaked / seconds
            elif self.ceiling - quiet.remaining > paid and quiet.sent > before.answered:
                # The bucket was not empty in between, or it would hold no more than was paid since.
                most = max(leaked / (quiet.sent - before.answered), self.outflow / 2, SLOWEST)
                self.outflow = self._known.outflow = min(self.outflow, most)
        self._quiet = quiet

    def _surprise(self, number: int, remaining: float, now: float) -> None:
        """Handle a refusal: pause, send fewer calls at once, widen the margin, tell new buckets."""
        self.throttled += 1
        wait = min(LONGEST_PAUSE, (RESERVATION - remaining) / self.outflow)
        pause = max(1.0, wait) * self._random(1.0, 1.25)
        self.paused_until = max(self.paused_until, now + pause)
        self._known.ceiling = max(self.ceiling - self.beyond, SMALLEST_CEILING)
        if number > self._surprised:  # otherwise part of the last refusal
            self._surprised = self._sent
            self.margin = min(self.margin + STEP, self.ceiling / 2)
            self.parallel = max(1.0, min(self.parallel, len(self.held) + 1.0) / 2)
            self.outflow = max(min(self.outflow, OUTFLOW), self.outflow / 2)
