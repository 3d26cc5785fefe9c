"""A page takes its share of the pool and leaves the rest to others."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from canvas_app.sources.pool import PoolShare, share_of


@pytest.fixture
def pool():
    with ThreadPoolExecutor(4) as executor:
        yield executor


def test_all_work_is_done_in_order(pool):
    done = []
    lanes = PoolShare(pool, 1)

    futures = [lanes.submit(lambda n=n: done.append(n)) for n in range(20)]

    assert [future.result(timeout=10) for future in futures] == [None] * 20
    assert done == list(range(20))
    assert lanes.submit(lambda: 7).result(timeout=10) == 7


def test_page_that_waits_leaves_room_for_others(pool):
    hang = Event()
    many = PoolShare(pool, 2)
    stuck = [many.submit(lambda: hang.wait(10)) for _ in range(50)]

    assert PoolShare(pool, 2).submit(lambda: "mine").result(timeout=10) == "mine"

    assert not any(future.done() for future in stuck)
    hang.set()
    assert all(future.result(timeout=10) for future in stuck)


def test_mistake_reaches_who_waits_and_stops_nothing(pool):
    lanes = PoolShare(pool, 1)

    wrong = lanes.submit(lambda: 1 / 0)
    right = lanes.submit(lambda: 1)

    with pytest.raises(ZeroDivisionError):
        wrong.result(timeout=10)
    assert right.result(timeout=10) == 1


def test_pages_of_one_person_share_and_take_turns(pool):
    hang = Event()
    done = []
    share = share_of(pool, "ann", 1)
    stuck = share.submit(lambda: hang.wait(10), page="first")

    for page in ("first", "second"):
        for n in range(3):
            share.submit(lambda page=page, n=n: done.append((page, n)), page=page)
    last = share.submit(lambda: None, page="third")

    assert share_of(pool, "ann", 1) is share
    assert share_of(pool, "ben", 1) is not share
    hang.set()
    assert stuck.result(timeout=10)
    last.result(timeout=10)
    assert [page for page, _ in done[:3]] == ["first", "second", "first"]
