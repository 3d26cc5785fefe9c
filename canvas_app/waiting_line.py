"""The line of people whose codes wait until Canvas's token endpoint has room.

Older Canvases charge this server 200 units for each exchange (``canvas/throttle/queue.py``), which
admits one person every 20 seconds. People have no place in the line before they come back from
Canvas; otherwise anybody could fill it by requesting ``/login`` again and again. Client addresses
take turns in the line, because anybody can join it with a made-up code.
"""

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable
from threading import Lock
from typing import Any, Protocol

from canvas_app.canvas.throttle.queue import TokenQueue
from canvas_app.outages import Outage

UNREAD_LINE = Outage(logging.getLogger(__name__), "the waiting line cannot be read")

CODE_SECONDS = 540.0  # a minute less than Canvas's codes live (``lib/canvas/oauth/token.rb``)
ASK_AGAIN = 20.0  # seconds after which a waiting page reloads at the latest
LINE_LIVES = 3600  # seconds for which Redis keeps a line that nobody visits
PLACE_LIVES = 75.0  # seconds after which a page that was closed loses its place


class Tickets(Protocol):
    """The places of a line, in order of arrival; each is ``address:ticket``."""

    def hold(self, place: str, now: float) -> list[str]:
        """Take the last place, or keep the one held; return all places in order."""

    def places(self, now: float) -> list[str]:
        """Return all places in order, without those whose pages are no longer open."""

    def give_up(self, place: str) -> bool:
        """Leave the line; return False when the place was not held, or not any more."""


class MemoryTickets:
    """Places of one process."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._lock = Lock()

    def hold(self, place: str, now: float) -> list[str]:
        with self._lock:
            self._seen[place] = now
        return self.places(now)

    def places(self, now: float) -> list[str]:
        with self._lock:
            self._seen = {
                place: seen for place, seen in self._seen.items() if seen >= now - PLACE_LIVES
            }
            return list(self._seen)

    def give_up(self, place: str) -> bool:
        with self._lock:
            return self._seen.pop(place, None) is not None


class RedisTickets:
    """Places that all processes share. While Redis does not answer, the line is empty."""

    def __init__(self, client: Any, name: str) -> None:
        from redis import RedisError

        self._client = client
        self._joined = f"easel:waiting:{name}:joined"
        self._seen = f"easel:waiting:{name}:seen"
        self._fault = RedisError

    def hold(self, place: str, now: float) -> list[str]:
        def ask(pipeline: Any) -> None:
            pipeline.zadd(self._joined, {place: now}, nx=True)
            pipeline.zadd(self._seen, {place: now})

        return self._places(ask, now) or [place]

    def places(self, now: float) -> list[str]:
        return self._places(lambda pipeline: None, now)

    def give_up(self, place: str) -> bool:
        try:
            pipeline = self._client.pipeline()
            pipeline.zrem(self._joined, place)
            pipeline.zrem(self._seen, place)
            return bool(pipeline.execute()[0])
        except self._fault as fault:
            UNREAD_LINE.failed(fault)
            return True

    def _places(self, ask: Callable[[Any], None], now: float) -> list[str]:
        try:
            pipeline = self._client.pipeline()
            ask(pipeline)
            pipeline.zremrangebyscore(self._seen, "-inf", now - PLACE_LIVES)
            pipeline.expire(self._joined, LINE_LIVES)
            pipeline.expire(self._seen, LINE_LIVES)
            pipeline.zrange(self._joined, 0, -1)
            pipeline.zrange(self._seen, 0, -1)
            *_, joined, seen = pipeline.execute()
            if gone := set(joined) - set(seen):
                self._client.zrem(self._joined, *gone)
            return [place.decode() for place in joined if place in set(seen)]
        except self._fault as fault:
            UNREAD_LINE.failed(fault)
            return []


class WaitingLine:
    """The line before one environment's token endpoint."""

    def __init__(
        self, queue: TokenQueue, tickets: Tickets, clock: Callable[[], float] = time.time
    ) -> None:
        self.clock = clock
        self._queue = queue
        self._tickets = tickets

    def full_for(self, address: str) -> float:
        """Return after how many seconds a client of this address may go to Canvas; 0 means now."""
        places = self._tickets.places(self.clock())
        place = f"{scrambled(address)}:"
        return max(0.0, self._queue.room_in(ahead(place, [*places, place])) - CODE_SECONDS)

    def turn_in(self, address: str, ticket: str) -> float:
        """Return the seconds until a ticket's turn, 0 if it has come. A new ticket gets a place."""
        place = f"{scrambled(address)}:{ticket}"
        return self._queue.room_in(ahead(place, self._tickets.hold(place, self.clock())))

    def leave(self, address: str, ticket: str) -> bool:
        """Give the place up. Return True to one caller only, who may exchange the code."""
        return self._tickets.give_up(f"{scrambled(address)}:{ticket}")


def scrambled(address: str) -> str:
    """Return the hash that stands for the client's address in the line."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def ahead(place: str, places: list[str]) -> int:
    """Return how many places come before this one, as addresses take turns."""
    of_address: Counter[str] = Counter()
    turns = {}
    for number, each in enumerate(places):
        address = each.partition(":")[0]
        turns[each] = (of_address[address], number)
        of_address[address] += 1
    return sum(turn < turns[place] for turn in turns.values())
