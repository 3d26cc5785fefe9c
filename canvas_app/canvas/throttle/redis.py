"""Buckets several processes share: one atomic script in Redis (or Valkey) reserves and settles.

The script is ``level.Level`` word for word, kept in Redis and on Redis's clock; a test
runs both side by side. If Redis goes away each process carries on with a level of its own, says so
in the log and counts it, and asks Redis again after a second.

It is Lua because the same arithmetic in Python, on numbers read from Redis and written back, was
measured and is slower just when processes meet at one bucket. Four processes reserving and
settling as fast as they can, on two cores, three rounds each:

====================================  =====================  =============  =============
variant                               operations a second    95 of 100 in   99 of 100 in
====================================  =====================  =============  =============
this script, one round trip           3,400 to 8,800         0.5 to 0.8 ms  3 to 4 ms
``Level`` under WATCH and MULTI       800 to 1,500           5 to 14 ms     16 to 50 ms
``Level`` under a lock in Redis       1,200 to 2,300         7 to 9 ms      19 to 34 ms
====================================  =====================  =============  =============

WATCH loses its attempt 0.7 to 1.7 times for each that succeeds, and neither variant kept the order
in which processes wait, which the script does as well.
"""

import logging
import math
import os
import time
from hashlib import sha256
from typing import Any
from uuid import uuid4

import redis

from canvas_app.canvas.throttle.level import (
    ASSUMED_COST,
    CAREFUL,
    CEILING,
    FADE,
    LONGEST_PAUSE,
    MANY,
    OUTFLOW,
    RESERVATION,
    SHRINK,
    SLACK,
    SLOWEST,
    SMALLEST_CEILING,
    SPARE,
    STEP,
    Clock,
    Figures,
    Level,
)
from canvas_app.canvas.throttle.queue import MemoryBuckets, State

log = logging.getLogger("canvas_app.canvas")

LOOK_AGAIN = 0.02  # seconds between polls, because other processes cannot notify us
BUCKET_RETRY_SECONDS = 1.0  # seconds before a Redis that failed is tried again
LOST_AFTER = 30.0  # seconds, a call's read timeout: if a call takes longer, its process has died
GONE_AFTER = 1.0  # seconds without polling after which a waiting process loses its turn
KEPT = 3600  # seconds, as long as Canvas keeps a bucket

# Held calls are "sent at, paid then, alone"; -1 stands for infinity, which Redis cannot return.
SCRIPT = f"""
local bucket, held, turns, looks, canvas = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local op, number, most, who = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local throttled, remaining, cost = ARGV[5] == '1', tonumber(ARGV[6]), tonumber(ARGV[7])
local jitter, expected, now = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
if not now then
  local clock = redis.call('TIME')
  now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
end
local known = redis.call('HMGET', canvas, 'ceiling', 'outflow')
local known_ceiling, known_outflow = tonumber(known[1]), tonumber(known[2])
local names = {{'ceiling', 'outflow', 'own', 'beyond', 'at', 'hold', 'margin', 'parallel', 'paused',
  'throttled', 'paid', 'latest', 'said', 'said_at', 'sent', 'answered', 'surprised', 'seen',
  'quiet_sent', 'quiet_answered', 'quiet_remaining', 'quiet_paid'}}
local b = {{}}
for i, value in ipairs(redis.call('HMGET', bucket, unpack(names))) do
  b[names[i]] = tonumber(value) or 0
end
if b.at == 0 then
  b.at, b.hold, b.outflow = now, {RESERVATION}, known_outflow or {OUTFLOW}
  b.ceiling, b.seen = known_ceiling or {CEILING}, known_ceiling and 1 or 0
  b.parallel = known_ceiling and {MANY} or {CAREFUL}
  b.said, b.said_at = b.ceiling, now
end
local calls, flying = {{}}, 0
local flat = redis.call('HGETALL', held)
for i = 1, #flat, 2 do
  local at, paid, alone = string.match(flat[i + 1], '(%S+) (%S+) (%S+)')
  if tonumber(at) < now - {LOST_AFTER} then
    redis.call('HDEL', held, flat[i])
  else
    flying = flying + 1
    calls[tonumber(flat[i])] = {{at = tonumber(at), paid = tonumber(paid), alone = alone == '1'}}
  end
end

local function held_at()
  return math.max({RESERVATION}, math.min(b.hold, b.ceiling / 2))
end

local function excess(count)
  local free = b.ceiling - b.beyond
  local margin = math.max(0, math.min(b.margin, free / 3, free - held_at() - {SPARE}))
  return b.own + held_at() * count + margin + {SLACK} - free
end

local function learn_outflow(sent)
  if b.quiet_answered > 0 then
    local seconds = now - b.quiet_sent
    local short = seconds < {RESERVATION} / b.outflow
    if short and not throttled then return end
    local paid = b.paid - b.quiet_paid
    local leaked = remaining - b.quiet_remaining + paid
    if leaked > b.outflow * seconds and not short then
      b.outflow = leaked / seconds
      known_outflow = b.outflow
    elseif b.ceiling - remaining > paid and sent > b.quiet_answered then
      local slowest = math.max(leaked / (sent - b.quiet_answered), b.outflow / 2, {SLOWEST})
      b.outflow = math.min(b.outflow, slowest)
      known_outflow = b.outflow
    end
  end
  b.quiet_sent, b.quiet_answered = sent, now
  b.quiet_remaining, b.quiet_paid = remaining, b.paid
end

local function believe(overtook)
  if b.seen == 0 or remaining > b.ceiling then
    if b.seen == 1 then b.beyond = b.beyond + remaining - b.ceiling end
    b.ceiling, b.seen = math.max(remaining, {SMALLEST_CEILING}), 1
  end
  known_ceiling = math.max(known_ceiling or 0, remaining, {SMALLEST_CEILING})
  local level = b.ceiling - remaining
  b.own = math.min(b.own, level + overtook)
  local others = b.sent - number
  for other in pairs(calls) do
    if other < number then others = others + 1 end
  end
  local least = level - b.own - {RESERVATION} * others
  if number > b.answered then
    b.answered, b.said, b.said_at = number, remaining, now
    b.beyond = b.beyond - {FADE} * math.max(0, b.beyond - least)
    b.beyond = math.min(b.beyond, level - b.own)
  end
  b.beyond = math.max(b.beyond, least, 0)
end

local function surprise()
  local left = remaining or 0
  b.throttled = b.throttled + 1
  local wait = math.min({LONGEST_PAUSE}, ({RESERVATION} - left) / b.outflow)
  b.paused = math.max(b.paused, now + math.max(1, wait) * jitter)
  known_ceiling = math.max(b.ceiling - b.beyond, {SMALLEST_CEILING})
  if number > b.surprised then
    b.surprised = b.sent
    b.margin = math.min(b.margin + {STEP}, b.ceiling / 2)
    b.parallel = math.max(1, math.min(b.parallel, flying + 1) / 2)
    b.outflow = math.max(math.min(b.outflow, {OUTFLOW}), b.outflow / 2)
  end
end

local lost = b.outflow * math.max(0, now - b.at)
if flying == 0 and lost > b.own then
  local line = b.ceiling - held_at() - {SPARE}
  b.beyond = math.max(math.min(b.beyond, line), b.beyond - (lost - b.own))
end
b.own = math.max(0, b.own - lost)
b.at = now

local wait, taken = 0, 0
if op == 'take' then
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', looks, '-inf', now - {GONE_AFTER})) do
    redis.call('ZREM', looks, gone)
    redis.call('ZREM', turns, gone)
  end
  local first = redis.call('ZRANGE', turns, 0, 0)[1]
  if first and first ~= who then
    wait = -1
  elseif now < b.paused then
    wait = b.paused - now
  elseif flying >= math.max(1, math.min(most, math.floor(b.parallel))) then
    wait = -1
  else
    local over = excess(flying + 1)
    if over < 0 then
      b.sent = b.sent + 1
      taken = b.sent
      local call = string.format('%.17g %.17g %d', now, b.paid, flying == 0 and 1 or 0)
      redis.call('HSET', held, taken, call)
      flying = flying + 1
    elseif over < b.own or flying == 0 then
      wait = math.max(over / b.outflow, 0.001)
    else
      wait = -1
    end
  end
  if taken > 0 then
    redis.call('ZREM', turns, who)
    redis.call('ZREM', looks, who)
  else
    redis.call('ZADD', turns, 'NX', now, who)
    redis.call('ZADD', looks, now, who)
  end
elseif op ~= 'look' then
  local call = calls[number]
  if call then
    redis.call('HDEL', held, number)
    calls[number], flying = nil, flying - 1
  end
  if op == 'settle' then
    local overtook = call and b.paid - call.paid
    if not throttled then
      b.latest = cost or {ASSUMED_COST}
      b.own, b.paid = b.own + b.latest, b.paid + b.latest
      b.hold = math.max({RESERVATION}, b.latest, b.hold * 0.95)
      b.margin = b.margin > 1 and b.margin * {SHRINK} or 0
    end
    if call then
      if remaining then
        believe(overtook)
        if call.alone and number == b.sent then learn_outflow(call.at) end
      else
        b.parallel = math.min(b.parallel, {CAREFUL})
      end
      if throttled then
        surprise()
      elseif remaining then
        b.parallel = b.throttled == 0 and {MANY} or math.min({MANY}, b.parallel + 1 / b.parallel)
      end
    end
  end
end

local function store(key, name, value)
  if value then redis.call('HSET', key, name, string.format('%.17g', value)) end
end
for _, name in ipairs(names) do store(bucket, name, b[name]) end
store(canvas, 'ceiling', known_ceiling)
store(canvas, 'outflow', known_outflow)
for _, key in ipairs({{bucket, held, turns, looks}}) do redis.call('EXPIRE', key, {KEPT}) end
local over = (flying == 0 and excess(1) or 0) + expected * b.latest
local answer = {{wait, taken, math.max(0, b.paused - now, over / b.outflow),
  math.min(b.ceiling, b.said + b.outflow * math.max(0, now - b.said_at)),
  b.own + b.beyond + {RESERVATION} * flying, b.ceiling, b.outflow, flying, b.parallel, b.margin,
  b.throttled, b.paid}}
for i, value in ipairs(answer) do answer[i] = string.format('%.17g', value) end
return answer
"""


class RedisState:
    """A bucket's level in Redis, with a local level while Redis is unavailable.

    Reservations in the local level have negative numbers.
    """

    def __init__(self, shared: "RedisBuckets", origin: str, name: str, local: Level) -> None:
        self._shared = shared
        self._local = local
        bucket = sha256(f"{origin} {name}".encode()).hexdigest()
        canvas = sha256(origin.encode()).hexdigest()
        self._keys = [
            *(f"easel:bucket:{bucket}:{part}" for part in ("level", "held", "turns", "looks")),
            f"easel:canvas:{canvas}",
        ]

    def _run(
        self,
        op: str,
        number: int = 0,
        *,
        most: int = 1,
        throttled: bool = False,
        remaining: float | None = None,
        cost: float | None = None,
        expected: int = 0,
    ) -> list[float] | None:
        given = ["" if value is None else repr(value) for value in (remaining, cost)]
        jitter = repr(self._shared.random(1.0, 1.25))
        who = self._shared.process
        return self._shared.run(
            self._keys, (op, number, most, who, int(throttled), *given, jitter, expected)
        )

    def wait(self, most: int) -> tuple[float, int]:
        """Make a reservation: return (0, its number), or (seconds until the next attempt, 0)."""
        told = self._run("take", most=most)
        if told is None:
            wait, number = self._local.wait(most)
            return min(wait, BUCKET_RETRY_SECONDS), -number
        wait, number = told[0], int(told[1])
        return LOOK_AGAIN if wait < 0 else min(wait, LOOK_AGAIN), number

    def soonest(self, expected: int = 0) -> float:
        told = self._run("look", expected=expected)
        return self._local.soonest(expected) if told is None else told[2]

    def settle(
        self, number: int, *, throttled: bool, remaining: float | None, cost: float | None
    ) -> None:
        if number < 0:
            self._local.settle(-number, throttled=throttled, remaining=remaining, cost=cost)
        else:
            self._run("settle", number, throttled=throttled, remaining=remaining, cost=cost)

    def drop(self, number: int) -> None:
        if number < 0:
            self._local.drop(-number)
        else:
            self._run("drop", number)

    def remaining(self) -> float:
        told = self._run("look")
        return self._local.remaining() if told is None else told[3]

    def figures(self, origin: str, name: str, waiting: int) -> Figures:
        told = self._run("look")
        if told is None:
            return self._local.figures(origin, name, waiting)
        left, level, ceiling, outflow, flying, parallel, margin, throttled, cost = told[3:]
        return Figures(
            origin=origin,
            name=name,
            level=level,
            ceiling=ceiling,
            outflow=outflow,
            remaining=left,
            in_flight=int(flying),
            waiting=waiting,
            parallel=int(parallel),
            margin=margin,
            throttled=int(throttled),
            cost=cost,
        )

    def idle(self) -> bool:
        """Return whether this object can be dropped; calls in flight are recorded in Redis."""
        return self._local.idle()


class RedisBuckets(MemoryBuckets):
    """Buckets shared by all processes that use this Redis; see ``MemoryBuckets``."""

    def __init__(
        self, client: "str | redis.Redis", *, clock: Clock = time.monotonic, **settings: Any
    ) -> None:
        """Make the buckets; ``client`` is a connection to share, or the address of a Redis."""
        super().__init__(clock=clock, **settings)
        self._name = uuid4().hex
        if isinstance(client, str):
            client = redis.Redis.from_url(
                client, socket_timeout=1.0, socket_connect_timeout=1.0, retry=None
            )
        self._redis = client
        self._script = self._redis.register_script(SCRIPT)
        self._away_until = -math.inf
        self._shared = True

    @property
    def process(self) -> str:
        """Return an id that distinguishes this process from others, including forked ones."""
        return f"{self._name} {os.getpid()}"

    @property
    def shared(self) -> bool:
        """Return whether Redis answered when it was last asked."""
        return self._shared

    def run(self, keys: list[str], facts: tuple[Any, ...]) -> list[float] | None:
        """Run the script; return None when Redis is unavailable."""
        if not self._shared:  # one call tries again, and the others do not wait for it
            if self._clock() < self._away_until:
                return None
            self._away_until = self._clock() + BUCKET_RETRY_SECONDS
        try:
            told = [float(value) for value in self._script(keys=keys, args=(*facts, self._now()))]
        except redis.RedisError as error:
            self._away_until = self._clock() + BUCKET_RETRY_SECONDS
            if self._shared:
                self._shared = False
                log.warning(
                    "Redis does not answer (%s): each process now paces its own calls to Canvas.",
                    type(error).__name__,
                )
                self.observer.redis_lost()
            return None
        if not self._shared:
            self._shared = True
            log.warning("Redis answers again: pacing is shared once more.")
        return told

    def _now(self) -> str:
        """Return the time of Redis's clock, which all processes share; tests replace it."""
        return ""

    def close(self) -> None:
        """Close the connections to Redis."""
        self._redis.close()

    def _state(self, origin: str, name: str) -> State:
        return RedisState(self, origin, name, self._level(origin))
