"""Buckets in a real Valkey: shared by several holders, survived when it goes away."""

import threading
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from canvas_app.canvas import Throttled
from canvas_app.canvas.throttle import Throttle
from canvas_app.canvas.throttle_redis import RedisBuckets


@pytest.fixture
def origin() -> str:
    return f"https://{uuid4().hex}.example.edu"


@pytest.fixture
def pair(valkey_url: str) -> Iterator[tuple[RedisBuckets, RedisBuckets]]:
    """What two processes hold."""
    one, other = RedisBuckets(valkey_url), RedisBuckets(valkey_url)
    yield one, other
    one.close()
    other.close()


def learn(throttle: Throttle, remaining: float = 600.0) -> None:
    throttle.admit("token").settle(throttled=False, remaining=remaining, cost=0.0)


def test_two_processes_share_one_bucket(
    pair: tuple[RedisBuckets, RedisBuckets], origin: str
) -> None:
    one, other = (Throttle(buckets, origin) for buckets in pair)
    learn(one)
    held = [throttle.admit("token") for throttle in (one, other) for _ in range(5)]

    with pytest.raises(Throttled):
        other.admit("token", deadline=time.monotonic() + 0.1)

    assert [figures.in_flight for figures in pair[0].figures()] == [10]
    held.pop().settle(throttled=False, remaining=140.0, cost=10.0)
    other.admit("token", deadline=time.monotonic() + 30)


def test_level_is_told_to_all(pair: tuple[RedisBuckets, RedisBuckets], origin: str) -> None:
    one, other = (Throttle(buckets, origin) for buckets in pair)
    learn(one)
    learn(one, remaining=-300.0)

    with pytest.raises(Throttled) as caught:
        other.admit("token", deadline=time.monotonic() + 5)

    assert 30 < caught.value.retry_after < 40
    assert -300 <= other.remaining < -200


def test_refusal_pauses_all(pair: tuple[RedisBuckets, RedisBuckets], origin: str) -> None:
    one, other = (Throttle(buckets, origin) for buckets in pair)
    learn(one)
    one.admit("token").settle(throttled=True, remaining=-250.0, cost=None)

    with pytest.raises(Throttled):
        other.admit("token", deadline=time.monotonic() + 10)

    (figures,) = pair[0].figures()
    assert (figures.throttled, figures.margin, figures.parallel) == (1, 50, 1)


def test_unknown_canvas_is_met_carefully(
    pair: tuple[RedisBuckets, RedisBuckets], origin: str
) -> None:
    throttle = Throttle(pair[0], origin)
    held = [throttle.admit("token") for _ in range(4)]

    with pytest.raises(Throttled):
        throttle.admit("token", deadline=time.monotonic() + 0.1)

    held[0].settle(throttled=False, remaining=None, cost=None)
    held[1].forget()
    held[1].forget()
    throttle.admit("token", deadline=time.monotonic() + 30)


def test_old_bucket_goes_when_idle(valkey_url: str, origin: str) -> None:
    buckets = RedisBuckets(valkey_url, most=1)
    throttle = Throttle(buckets, origin)
    throttle.admit("first").settle(throttled=False, remaining=600.0, cost=0.1)
    throttle.admit("second").settle(throttled=False, remaining=600.0, cost=0.1)

    assert len(buckets.figures()) == 1
    buckets.close()


def test_no_reservation_is_given_twice(
    pair: tuple[RedisBuckets, RedisBuckets], origin: str
) -> None:
    learn(Throttle(pair[0], origin))
    flying = most = 0
    lock = threading.Lock()

    def calls(buckets: RedisBuckets) -> None:
        nonlocal flying, most
        throttle = Throttle(buckets, origin, max_parallel=3)
        for _ in range(20):
            admission = throttle.admit("token", time.monotonic() + 60)
            with lock:
                flying += 1
                most = max(most, flying)
            with lock:
                flying -= 1
            admission.settle(throttled=False, remaining=550.0, cost=0.1)

    threads = [threading.Thread(target=calls, args=(pair[n % 2],)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)

    assert 1 <= most <= 3
    assert pair[0].figures()[0].in_flight == 0


def test_carries_on_without_redis(
    origin: str, caplog: pytest.LogCaptureFixture, valkey_url: str
) -> None:
    now = [0.0]
    buckets = RedisBuckets("redis://127.0.0.1:1/0", clock=lambda: now[0])
    throttle = Throttle(buckets, origin)

    throttle.admit("token").settle(throttled=False, remaining=420.0, cost=1.0)
    throttle.admit("token").forget()

    assert throttle.remaining == 420
    assert not buckets.shared
    assert buckets.figures()[0].in_flight == 0
    assert "Redis does not answer" in caplog.text
    assert caplog.text.count("Redis does not answer") == 1
    for _ in range(8):
        throttle.admit("token", deadline=0.0)
    with pytest.raises(Throttled):
        throttle.admit("token", deadline=0.0)

    buckets._script.registered_client = buckets._redis = RedisBuckets(valkey_url)._redis
    now[0] = 2.0
    assert throttle.remaining == 600
    assert buckets.shared
    buckets.close()
