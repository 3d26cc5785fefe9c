"""The connection to Redis or Valkey that a process shares, with one circuit breaker.

Every request asks Redis several times. While it does not answer, one call a second tries it; all
others fail at once, and pages work without it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from redis import ConnectionError as RedisConnectionError
from redis import Redis, RedisError
from redis import TimeoutError as RedisTimeoutError
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.retry import Retry

from canvas_app.canvas.circuit import Circuit

REDIS_SECONDS = 1.0  # seconds, for connecting and for an answer
TRY_EVERY = 1.0  # seconds between two calls to a Redis that does not answer


class RedisAway(RedisConnectionError):
    """Redis was not asked, because it did not answer a moment ago."""


class GuardedRedis(Redis):
    """A client whose calls fail at once while Redis does not answer."""

    circuit: Circuit

    def execute_command(self, *arguments: Any, **options: Any) -> Any:
        ask: Any = getattr(super(), "execute_command")  # noqa: B009 - redis-py leaves it untyped
        return guarded(self.circuit, partial(ask, *arguments, **options))

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> "GuardedPipeline":
        made = GuardedPipeline(
            self.connection_pool, self.response_callbacks, transaction, shard_hint
        )
        made.circuit = self.circuit
        return made


class GuardedPipeline(Pipeline):
    """Several commands sent as one, which the circuit breaker counts as one, too."""

    circuit: Circuit

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        told: list[Any] = guarded(self.circuit, partial(super().execute, raise_on_error))
        return told


def guarded(circuit: Circuit, call: Callable[[], Any]) -> Any:
    """Make a call unless the circuit breaker is open; raises RedisError."""
    if not circuit.enter():
        raise RedisAway("Redis did not answer a moment ago")
    try:
        told = call()
    except (RedisConnectionError, RedisTimeoutError, OSError):
        circuit.failed()
        raise
    except RedisError:
        circuit.succeeded()  # Redis has answered, with a refusal
        raise
    circuit.succeeded()
    return told


def open_redis(url: str) -> GuardedRedis:
    """Return a client for this address; it connects on first use.

    If Redis has closed a connection, it is replaced once, so that a restart of Redis is not
    noticed.
    """
    client: Any = GuardedRedis.from_url(
        url,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
    )
    client.circuit = Circuit(1, TRY_EVERY)
    made: GuardedRedis = client
    return made
