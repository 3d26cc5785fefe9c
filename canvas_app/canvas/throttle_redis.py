"""Buckets several processes share: one atomic script in Redis (or Valkey) reserves and settles.

If Redis goes away each process carries on with a mirror of its own, says so in the log, and asks
Redis again after a second. The shared model is the one of ``throttle`` without what it learns
about the leak.
"""

import logging
import time
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import uuid4

import redis

from canvas_app.canvas.throttle import (
    CAREFUL,
    CEILING,
    OUTFLOW,
    RESERVATION,
    SHRINK,
    SLACK,
    SMALLEST_CEILING,
    STEP,
    Clock,
    Figures,
    LocalState,
    MemoryBuckets,
    State,
)

log = logging.getLogger("canvas_app.canvas")

LOOK_AGAIN = 0.05  # seconds: other processes cannot wake us
TRY_AGAIN = 1.0  # seconds until a Redis that failed is asked again
LOST_AFTER = 120.0  # seconds after which a call of a process that died is no longer in flight
KEPT = 3600  # seconds, as long as Canvas keeps a bucket

SCRIPT = f"""
local bucket, held, canvas = KEYS[1], KEYS[2], KEYS[3]
local op, id, most = ARGV[1], ARGV[2], tonumber(ARGV[3])
local throttled, remaining, cost = ARGV[4] == '1', tonumber(ARGV[5]), tonumber(ARGV[6])
local jitter = tonumber(ARGV[7])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local known = tonumber(redis.call('GET', canvas))
local b = {{}}
local names = {{'at', 'settled', 'margin', 'parallel', 'paused', 'surprised', 'said', 'said_at',
  'hold', 'refused', 'cost', 'careful'}}
local values = redis.call('HMGET', bucket, unpack(names))
for i, name in ipairs(names) do b[name] = tonumber(values[i]) or 0 end
if b.parallel == 0 then b.parallel = 1000; b.careful = known and 0 or 1 end
if b.hold == 0 then b.hold = {RESERVATION} end
if b.at > 0 then b.settled = math.max(0, b.settled - {OUTFLOW} * math.max(0, now - b.at)) end
b.at = now
redis.call('ZREMRANGEBYSCORE', held, '-inf', now - {LOST_AFTER})

if op == 'settle' or op == 'drop' then
  local sent = tonumber(redis.call('ZSCORE', held, id))
  redis.call('ZREM', held, id)
  if op == 'settle' and sent then
    local flying = redis.call('ZCARD', held)
    if not throttled then
      local spent = cost or (remaining and 0 or 1)
      b.settled = b.settled + spent
      b.cost = b.cost + spent
      b.hold = math.max({RESERVATION}, spent, b.hold * 0.95)
      b.margin = b.margin > 1 and b.margin * {SHRINK} or 0
      b.parallel = math.min(1000, b.parallel + 1 / b.parallel)
    end
    if remaining then
      if not known or remaining > known then
        known = math.max(remaining, {SMALLEST_CEILING})
      end
      local level = known - remaining
      b.settled = math.max(b.settled, level - {RESERVATION} * flying)
      if b.settled > math.max(level, 0) then b.settled = (b.settled + math.max(level, 0)) / 2 end
      b.said, b.said_at, b.careful = remaining, now, 0
    else
      b.careful = 1
    end
    if throttled then
      b.refused = b.refused + 1
      local pause = math.max(1, ({RESERVATION} - (remaining or 0)) / {OUTFLOW}) * jitter
      b.paused = math.max(b.paused, now + pause)
      if sent > b.surprised then
        b.surprised = now
        b.margin = math.min(b.margin + {STEP}, {CEILING} / 2)
        b.parallel = math.max(1, math.min(b.parallel, flying + 1) / 2)
      end
    end
  end
end

local ceiling = known or {CEILING}
local hold = math.min(b.hold, ceiling / 2)
local margin = math.min(b.margin, ceiling - {SMALLEST_CEILING}, ceiling / 3) + {SLACK}
local flying = redis.call('ZCARD', held)
local excess = b.settled + hold * (flying + 1) + margin - ceiling
local soonest = math.max(0, b.paused - now,
  (b.settled + hold + margin - ceiling) / {OUTFLOW})
local wait = -1
if op == 'take' then
  local limit = math.max(1, math.min(most, math.floor(b.parallel)))
  if b.careful == 1 then limit = math.min(limit, {CAREFUL}) end
  if b.paused > now then wait = b.paused - now
  elseif flying >= limit then wait = {LOOK_AGAIN}
  elseif excess < 0 then
    wait = 0
    redis.call('ZADD', held, now, id)
    flying = flying + 1
  else wait = math.max(excess / {OUTFLOW}, 0.001) end
end
local stored = {{}}
for _, name in ipairs(names) do
  stored[#stored + 1] = name
  stored[#stored + 1] = string.format('%.17g', b[name])
end
redis.call('HSET', bucket, unpack(stored))
redis.call('EXPIRE', bucket, {KEPT})
redis.call('EXPIRE', held, {KEPT})
if known then redis.call('SET', canvas, string.format('%.17g', known)) end
local left = ceiling
if b.said_at > 0 then left = math.min(ceiling, b.said + {OUTFLOW} * (now - b.said_at)) end
local answer = {{wait, soonest, left, b.settled + hold * flying, ceiling, flying, b.parallel,
  b.margin, b.refused, b.cost}}
for i, number in ipairs(answer) do answer[i] = string.format('%.17g', number) end
return answer
"""


class RedisState:
    """A bucket's level in Redis, with a mirror in this process for when Redis is away."""

    def __init__(self, shared: "RedisBuckets", origin: str, name: str, local: LocalState) -> None:
        self._shared = shared
        place = sha256(f"{origin} {name}".encode()).hexdigest()
        canvas = sha256(origin.encode()).hexdigest()
        self._keys = [
            f"easel:bucket:{place}",
            f"easel:held:{place}",
            f"easel:ceiling:{canvas}",
        ]
        self._local = local
        self._numbers = count(1)
        self._ids: dict[int, str] = {}

    def _run(
        self,
        op: str,
        ident: str = "",
        most: int = 1,
        throttled: bool = False,
        remaining: float | None = None,
        cost: float | None = None,
    ) -> list[float] | None:
        jitter = self._shared.uniform(1.0, 1.25)
        facts = (
            op,
            ident,
            most,
            int(throttled),
            "" if remaining is None else repr(remaining),
            "" if cost is None else repr(cost),
            repr(jitter),
        )
        return self._shared.run(self._keys, facts)

    def wait(self, most: int) -> tuple[float, int]:
        """Take a reservation: (0, its number), or (seconds until it is worth asking again, 0)."""
        ident = uuid4().hex
        told = self._run("take", ident, most)
        if told is None:
            wait, number = self._local.wait(most)
            return min(wait, TRY_AGAIN), -number
        if told[0] > 0:
            return min(told[0], LOOK_AGAIN), 0
        number = next(self._numbers)
        self._ids[number] = ident
        return 0.0, number

    def soonest(self, expected: int = 0) -> float:
        told = self._run("look")
        return self._local.soonest(expected) if told is None else told[1]

    def settle(
        self,
        number: int,
        *,
        throttled: bool,
        remaining: float | None,
        cost: float | None,
        answered_at: float | None,
    ) -> None:
        if number < 0:
            self._local.settle(
                -number,
                throttled=throttled,
                remaining=remaining,
                cost=cost,
                answered_at=answered_at,
            )
        elif ident := self._ids.pop(number, None):
            self._run("settle", ident, throttled=throttled, remaining=remaining, cost=cost)

    def drop(self, number: int) -> None:
        if number < 0:
            self._local.drop(-number)
        elif ident := self._ids.pop(number, None):
            self._run("drop", ident)

    def remaining(self) -> float:
        told = self._run("look")
        return self._local.remaining() if told is None else told[2]

    def figures(self, origin: str, name: str, waiting: int) -> Figures:
        told = self._run("look")
        if told is None:
            return self._local.figures(origin, name, waiting)
        _, _, left, level, ceiling, flying, parallel, margin, refused, cost = told
        return Figures(
            origin=origin,
            name=name,
            level=level,
            ceiling=ceiling,
            remaining=left,
            in_flight=int(flying),
            waiting=waiting,
            parallel=int(parallel),
            margin=margin,
            throttled=int(refused),
            cost=cost,
        )

    def idle(self) -> bool:
        return not self._ids and self._local.idle()


class RedisBuckets(MemoryBuckets):
    """The buckets of every process that names this Redis; see ``MemoryBuckets``."""

    def __init__(self, url: str, *, clock: Clock = time.monotonic, **settings: Any) -> None:
        super().__init__(clock=clock, **settings)
        self._redis = redis.Redis.from_url(
            url, socket_timeout=1.0, socket_connect_timeout=1.0, retry=None
        )
        self._script = self._redis.register_script(SCRIPT)
        self._away_until: float | None = None

    @property
    def shared(self) -> bool:
        """Whether Redis answered when it was last asked."""
        return self._away_until is None

    def uniform(self, low: float, high: float) -> float:
        return self._random(low, high)

    def run(self, keys: list[str], facts: tuple[Any, ...]) -> list[float] | None:
        """Run the script; None when Redis is away."""
        if self._away_until is not None and self._clock() < self._away_until:
            return None
        try:
            told = [float(number) for number in self._script(keys=keys, args=facts)]
        except redis.RedisError as error:
            if self.shared:
                log.warning(
                    "Redis does not answer (%s): each process now paces its own calls to Canvas",
                    type(error).__name__,
                )
            self._away_until = self._clock() + TRY_AGAIN
            return None
        if not self.shared:
            self._away_until = None
            log.warning("Redis answers again: pacing is shared once more")
        return told

    def close(self) -> None:
        """Close the connections to Redis."""
        self._redis.close()

    def _state(self, origin: str, name: str) -> State:
        local = super()._state(origin, name)
        assert isinstance(local, LocalState)  # noqa: S101
        return RedisState(self, origin, name, local)
