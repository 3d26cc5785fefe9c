"""Places in line: first come first served, addresses in turn, forgotten without visits."""

from typing import Any

import pytest
from redis import Redis

from canvas_app.waiting_line import (
    PLACE_LIVES,
    MemoryTickets,
    RedisTickets,
    Tickets,
    ahead,
)


@pytest.fixture(params=["memory", "redis"])
def tickets(request: Any, valkey_url: str) -> Tickets:
    if request.param == "memory":
        return MemoryTickets()
    client = Redis.from_url(valkey_url)
    client.flushdb()
    return RedisTickets(client, "production")


def test_first_come_first(tickets: Tickets) -> None:
    """Coming back keeps the place."""
    for now, place in enumerate(["a:1", "b:1", "a:2", "a:1"]):
        places = tickets.hold(place, float(now))

    assert places == ["a:1", "b:1", "a:2"]
    assert tickets.places(4.0) == places


def test_left_once(tickets: Tickets) -> None:
    """If two leave with one ticket, only one learns that it had the place."""
    tickets.hold("a:1", 0.0)

    assert [tickets.give_up("a:1"), tickets.give_up("a:1")] == [True, False]
    assert tickets.places(0.0) == []


def test_forgotten_when_nobody_comes_back(tickets: Tickets) -> None:
    """A closed page does not hold up others."""
    tickets.hold("a:1", 0.0)
    tickets.hold("b:1", 50.0)

    assert tickets.places(PLACE_LIVES + 1.0) == ["b:1"]
    assert tickets.hold("a:1", PLACE_LIVES + 2.0) == ["b:1", "a:1"]


def test_line_of_a_redis_that_is_away_is_empty() -> None:
    """People are let through to the bucket, which makes them wait itself."""
    tickets = RedisTickets(Redis(port=1, socket_connect_timeout=0.2, retry=None), "production")

    assert tickets.hold("a:1", 0.0) == ["a:1"]
    assert tickets.places(0.0) == []
    assert tickets.give_up("a:1")


@pytest.mark.parametrize(
    ("place", "places", "number"),
    [
        ("a:1", ["a:1"], 0),
        ("a:2", ["a:1", "a:2"], 1),
        ("b:1", ["a:1", "a:2", "a:3", "b:1"], 1),
        ("b:2", ["a:1", "a:2", "a:3", "b:1", "b:2"], 3),
        ("a:3", ["a:1", "a:2", "a:3", "b:1", "b:2", "c:1"], 5),
    ],
)
def test_addresses_take_turns(place: str, places: list[str], number: int) -> None:
    """The first place of each address comes before the second of any."""
    assert ahead(place, places) == number
