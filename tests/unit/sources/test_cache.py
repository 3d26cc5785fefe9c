"""Both caches keep and forget answers, and let one caller renew."""

import pytest
from cryptography.fernet import Fernet

from canvas_app.redis_client import open_redis
from canvas_app.sources.cache import KEEP_SECONDS, RENEWAL_SECONDS, MemoryCache
from canvas_app.sources.cache_redis import RedisCache
from canvas_app.storage.seal import AnswerSeal

CIPHER = AnswerSeal([Fernet.generate_key().decode()])


@pytest.fixture(params=["memory", "redis"])
def cache(request):
    if request.param == "memory":
        yield MemoryCache(1_000_000)
        return
    cache = RedisCache(open_redis(request.getfixturevalue("valkey_url")), CIPHER)
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
    hers, his = cache.namespace("ann"), cache.namespace("ben")
    cache.put(hers, "courses", b"hers")
    cache.put(his, "courses", b"his")
    assert cache.namespace("ann") == hers != his

    cache.drop("ann")
    cache.drop("nobody")

    assert cache.get(hers, "courses") is None
    assert cache.get(cache.namespace("ann"), "courses") is None
    assert cache.get(cache.namespace("ben"), "courses") == b"his"


def test_what_comes_in_after_the_drop_is_never_read(cache):
    """A write drops answers; one requested before it may still arrive."""
    before = cache.namespace("ann")
    cache.drop("ann")

    cache.put(before, "courses", b"as it was before the write")

    assert cache.get(cache.namespace("ann"), "courses") is None
    cache.discard(before, "courses")


def test_one_answer_is_discarded(cache):
    cache.put("ann", "courses", b"one")
    cache.put("ann", "colors", b"two")

    cache.discard("ann", "courses")

    assert cache.get("ann", "courses") is None
    assert cache.get("ann", "colors") == b"two"
    cache.discard("ann", "colors")


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


def test_memory_knows_a_bounded_number_of_owners(monkeypatch):
    monkeypatch.setattr("canvas_app.sources.cache.MOST_OWNERS", 2)
    cache = MemoryCache(10_000)
    cache.put(cache.namespace("ann"), "courses", b"x")
    cache.namespace("ben")
    cache.namespace("cem")

    assert cache.bytes == 0
    assert cache.get(cache.namespace("ann"), "courses") is None
