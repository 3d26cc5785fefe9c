"""Both caches keep, forget and let one renew."""

import pytest

from canvas_app.services.cache import KEEP_SECONDS, RENEWAL_SECONDS, MemoryCache, RedisCache


@pytest.fixture(params=["memory", "redis"])
def cache(request):
    if request.param == "memory":
        yield MemoryCache(1_000_000)
        return
    cache = RedisCache(request.getfixturevalue("valkey_url"))
    yield cache
    cache.drop("ann")
    cache.drop("ben")
    cache.release("ann", "courses")
    cache._redis.close()


def test_put_then_get(cache):
    cache.put("ann", "courses", b"one")
    cache.put("ann", "courses", b"two")

    assert cache.get("ann", "courses") == b"two"
    assert cache.get("ann", "colors") is None
    assert cache.get("ben", "courses") is None


def test_drop_forgets_one_owner(cache):
    cache.put("ann", "courses", b"hers")
    cache.put("ben", "courses", b"his")

    cache.drop("ann")

    assert cache.get("ann", "courses") is None
    assert cache.get("ben", "courses") == b"his"


def test_one_renews(cache):
    assert cache.claim("ann", "courses")
    assert not cache.claim("ann", "courses")

    cache.release("ann", "courses")

    assert cache.claim("ann", "courses")


def test_memory_is_bounded():
    cache = MemoryCache(10_000)
    for n in range(50):
        cache.put("ann", str(n), b"x" * 1000)
        cache.get("ann", "0")

    assert cache.bytes <= 10_000
    assert cache.get("ann", "49")
    assert cache.get("ann", "0")  # used all the time
    assert cache.get("ann", "1") is None


def test_giant_is_not_kept():
    cache = MemoryCache(10_000)
    cache.put("ann", "courses", b"small")

    cache.put("ann", "courses", b"x" * 20_000)

    assert cache.get("ann", "courses") is None
    assert cache.bytes == 0


def test_memory_forgets_in_time():
    now = [0.0]
    cache = MemoryCache(10_000, clock=lambda: now[0])
    cache.put("ann", "courses", b"x")
    assert cache.claim("ann", "courses")

    now[0] += RENEWAL_SECONDS + 1
    assert cache.claim("ann", "courses")
    assert cache.get("ann", "courses")
    now[0] += KEEP_SECONDS

    assert cache.get("ann", "courses") is None
    assert cache.bytes == 0


def test_redis_away_means_nothing_kept(caplog):
    cache = RedisCache("redis://127.0.0.1:1/0")

    cache.put("ann", "courses", b"x")

    assert cache.get("ann", "courses") is None
    assert not cache.claim("ann", "courses")
    assert "keeps no answers" in caplog.text
