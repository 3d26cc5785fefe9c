"""The queue before a bucket: room, fairness, deadlines, eviction, figures."""

import math
import threading
import time
from dataclasses import asdict
from itertools import pairwise

import pytest

from canvas_app.canvas import Throttled, Unavailable
from canvas_app.canvas.throttle.level import CEILING
from canvas_app.canvas.throttle.queue import (
    MemoryBuckets,
    NullObserver,
    Permit,
    Throttle,
    TokenQueue,
)

ORIGIN = "https://canvas.example.edu"
TOKEN = "token"


class Clock:
    """Time that passes when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, condition: threading.Condition, seconds: float | None) -> object:
        assert seconds is not None, "nobody would ever wake this"
        self.now += seconds
        return True


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def buckets(clock: Clock) -> MemoryBuckets:
    return MemoryBuckets(clock=clock, wait=clock.wait, random=lambda low, high: low)


def learn(throttle: Throttle, token: str = TOKEN, remaining: float = 600.0) -> None:
    throttle.admit(token).settle(throttled=False, remaining=remaining, cost=0.0)


def test_at_most_ten_in_flight(buckets: MemoryBuckets, clock: Clock) -> None:
    throttle = Throttle(buckets, ORIGIN)
    learn(throttle)

    for _ in range(10):
        throttle.admit("token")

    # None of the ten was answered: that Canvas has no room is not what kept this one.
    with pytest.raises(Unavailable, match="did not answer") as caught:
        throttle.admit("token", deadline=5.0)
    assert (caught.value.delivery, caught.value.repeat_is_safe) == ("not_sent", True)
    assert clock.now == 5.0


def test_wait_after_a_refusal_is_the_buckets(buckets: MemoryBuckets, clock: Clock) -> None:
    """Canvas found the bucket full while this call stood, and the others are still under way."""
    throttle = Throttle(buckets, ORIGIN)
    learn(throttle)
    for _ in range(10):
        throttle.admit("token")
    (bucket,) = buckets._buckets.values()
    bucket._refused_at = 1.0

    with pytest.raises(Throttled):
        throttle.admit("token", deadline=5.0)


def test_room_held_by_lost_calls_is_no_throttling(buckets: MemoryBuckets, clock: Clock) -> None:
    """Connections were cut: each call may have cost its reservation, but Canvas refused none."""
    throttle = Throttle(buckets, ORIGIN)
    learn(throttle, remaining=100.0)
    for _ in range(2):
        throttle.admit("token").settle(throttled=False, remaining=None, cost=50.0)

    with pytest.raises(Unavailable, match="did not answer") as caught:
        throttle.admit("token", deadline=1.0)
    assert (caught.value.delivery, caught.value.repeat_is_safe) == ("not_sent", True)

    clock.now += 1.0
    throttle.admit("token").settle(throttled=True, remaining=-10.0, cost=0.0)
    with pytest.raises(Throttled):
        throttle.admit("token", deadline=clock.now + 0.5)


def test_full_bucket_waits_for_the_leak(buckets: MemoryBuckets, clock: Clock) -> None:
    throttle = Throttle(buckets, ORIGIN)
    learn(throttle)
    learn(throttle, remaining=20.0)

    throttle.admit("token", deadline=60.0)

    assert clock.now == pytest.approx(3.01, abs=0.01)


def test_hopeless_wait_is_told_at_once(buckets: MemoryBuckets, clock: Clock) -> None:
    throttle = Throttle(buckets, ORIGIN)
    learn(throttle)
    learn(throttle, remaining=-100.0)

    with pytest.raises(Throttled) as caught:
        throttle.admit("token", deadline=8.0)

    assert clock.now == 0.0
    assert caught.value.retry_after == pytest.approx(15.01, abs=0.01)


def test_refused_bucket_pauses(buckets: MemoryBuckets, clock: Clock) -> None:
    throttle = Throttle(buckets, ORIGIN)
    learn(throttle)
    throttle.admit("token").settle(throttled=True, remaining=500.0, cost=None)

    throttle.admit("token")

    assert clock.now == pytest.approx(1.0)


def test_remaining_leaks_forward(buckets: MemoryBuckets, clock: Clock) -> None:
    throttle = Throttle(buckets, ORIGIN)
    assert throttle.remaining == CEILING
    throttle.admit("token")
    assert throttle.remaining == CEILING
    learn(throttle)
    learn(throttle, remaining=100.0)

    clock.now += 7

    assert throttle.remaining == pytest.approx(170)


def test_new_token_starts_empty(buckets: MemoryBuckets, clock: Clock) -> None:
    throttle = Throttle(buckets, ORIGIN)
    learn(throttle)
    learn(throttle, remaining=-100.0)

    for _ in range(10):
        throttle.admit("renewed")

    assert clock.now == 0.0


def test_forgotten_call_gives_room_back(buckets: MemoryBuckets) -> None:
    throttle = Throttle(buckets, ORIGIN, max_parallel=1)

    throttle.admit("token").forget()
    throttle.admit("token").forget()

    assert [figures.in_flight for figures in buckets.figures()] == [0]


def test_oldest_idle_bucket_goes(clock: Clock) -> None:
    buckets = MemoryBuckets(most=2, clock=clock, wait=clock.wait)
    throttle = Throttle(buckets, ORIGIN)
    busy = throttle.admit("busy")
    for token in ("first", "second", "third"):
        learn(throttle, token)

    assert len(buckets.figures()) == 2
    assert sum(figures.in_flight for figures in buckets.figures()) == 1
    busy.forget()


def test_figures_hold_no_token(buckets: MemoryBuckets) -> None:
    throttle = Throttle(buckets, ORIGIN)
    learn(throttle, "secret-token", remaining=590.0)

    (figures,) = buckets.figures()

    assert "secret" not in repr(figures)
    assert figures.origin == ORIGIN
    assert (figures.in_flight, figures.waiting, figures.throttled) == (0, 0, 0)
    assert figures.remaining == 590


def test_waiting_calls_go_in_order() -> None:
    throttle = Throttle(MemoryBuckets(), ORIGIN, max_parallel=1)
    held = throttle.admit("token")
    buckets = throttle._buckets
    served: list[int] = []
    threads = []

    def call(number: int) -> None:
        permit = throttle.admit("token", time.monotonic() + 30)
        served.append(number)
        permit.settle(throttled=False, remaining=599.0, cost=0.1)

    for number in range(5):
        threads.append(threading.Thread(target=call, args=(number,)))
        threads[-1].start()
        until = time.monotonic() + 10
        while buckets.figures()[0].waiting <= number and time.monotonic() < until:
            time.sleep(0.001)
    held.settle(throttled=False, remaining=599.0, cost=0.1)
    for thread in threads:
        thread.join(30)

    assert served == [0, 1, 2, 3, 4]


def test_full_bucket_delays_nobody_else() -> None:
    buckets = MemoryBuckets()
    one, other = (Throttle(buckets, ORIGIN, max_parallel=1) for _ in range(2))
    held = one.admit("one")
    waiting = threading.Thread(target=lambda: one.admit("one").forget())
    waiting.start()

    permit = other.admit("other", deadline=time.monotonic() + 30)

    assert isinstance(permit, Permit)
    assert waiting.is_alive()
    held.forget()
    waiting.join(30)
    assert not waiting.is_alive()


def test_observer_hears_of_no_person(clock: Clock) -> None:
    told: list[tuple[object, ...]] = []

    class Noting(NullObserver):
        def admitted(self, origin: str, waited: float) -> None:
            told.append((origin, round(waited, 1)))

        def settled(self, origin: str, throttled: bool, cost: float) -> None:
            told.append((origin, throttled, cost))

    throttle = Throttle(
        MemoryBuckets(clock=clock, wait=clock.wait, random=lambda low, _: low, observer=Noting()),
        ORIGIN,
    )
    throttle.admit(TOKEN).settle(throttled=False, remaining=20.0, cost=2.5)
    throttle.admit(TOKEN).settle(throttled=True, remaining=20.0, cost=None)
    throttle.admit(TOKEN).forget()

    assert told[:2] == [(ORIGIN, 0.0), (ORIGIN, False, 2.5)]
    assert told[2] == (ORIGIN, 3.0)
    assert told[3] == (ORIGIN, True, 0.0)


def test_odd_numbers_are_no_numbers(buckets: MemoryBuckets) -> None:
    throttle = Throttle(buckets, ORIGIN)
    learn(throttle)
    throttle.admit(TOKEN).settle(throttled=False, remaining=math.nan, cost=math.inf)

    assert all(
        math.isfinite(value)
        for value in asdict(buckets.figures()[0]).values()
        if isinstance(value, float)
    )
    throttle.admit(TOKEN, deadline=1.0)


@pytest.mark.parametrize("throttled", [False, True])
@pytest.mark.parametrize("cost", [None, -1e308, -1.0, 0.0, 400.0, 1e3, 1e308, math.nan])
@pytest.mark.parametrize(
    "remaining", [None, 0.0, 1e4, 1e6, 1e16, 1e308, -200.0, -1e3, -1e6, -1e308, math.inf]
)
def test_no_header_stops_a_bucket(
    buckets: MemoryBuckets,
    clock: Clock,
    remaining: float | None,
    cost: float | None,
    throttled: bool,
) -> None:
    """One odd answer costs three minutes at most; after good ones all is as before."""
    throttle = Throttle(buckets, ORIGIN)
    learn(throttle)
    throttle.admit(TOKEN).settle(throttled=throttled, remaining=remaining, cost=cost)

    clock.now += 180
    for _ in range(60):
        throttle.admit(TOKEN, deadline=clock.now + 6).settle(
            throttled=False, remaining=599.0, cost=1.0
        )
        clock.now += 0.1
    for _ in range(3):
        throttle.admit(TOKEN, deadline=clock.now + 6)


def test_surcharge_is_met_carefully(buckets: MemoryBuckets, clock: Clock) -> None:
    learn(Throttle(buckets, ORIGIN))
    queue = TokenQueue(buckets, ORIGIN)
    first, _ = queue.admit(), queue.admit()

    with pytest.raises(Unavailable):
        queue.admit(deadline=clock.now + 1)

    first.settle(throttled=False, remaining=549.0, cost=0.1)
    assert len([queue.admit(deadline=clock.now + 1) for _ in range(9)]) == 9


def test_token_endpoint_learns_its_surcharge(buckets: MemoryBuckets, clock: Clock) -> None:
    queue = TokenQueue(buckets, ORIGIN)
    for remaining in (400.0, 200.0, 0.0):
        queue.admit().settle(throttled=False, remaining=remaining, cost=200.0)

    # Another one would fill the bucket, where older Canvases hang instead of answering.
    assert queue.room_in() == pytest.approx(20, abs=0.1)
    with pytest.raises(Throttled):
        queue.admit(deadline=clock.now + 10)


def test_room_is_counted_behind_others(buckets: MemoryBuckets, clock: Clock) -> None:
    """Everybody ahead in the line takes 20 s; asking reserves nothing."""
    queue = TokenQueue(buckets, ORIGIN)
    queue.admit().settle(throttled=False, remaining=400.0, cost=200.0)

    assert [queue.room_in() for _ in range(100)] == [0.0] * 100
    waits = [queue.room_in(ahead) for ahead in range(4)]
    assert [round(after - before) for before, after in pairwise(waits[1:])] == [20, 20]


def test_cheap_exchanges_delay_nobody(buckets: MemoryBuckets, clock: Clock) -> None:
    queue = TokenQueue(buckets, ORIGIN)
    queue.admit().settle(throttled=False, remaining=599.9, cost=0.1)

    assert [queue.room_in() for _ in range(100)] == [0.0] * 100
