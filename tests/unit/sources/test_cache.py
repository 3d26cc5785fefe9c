"""Both caches keep, forget and let one renew."""

import pytest
from cryptography.fernet import Fernet
from redis import Redis
from redis.exceptions import TimeoutError

from canvas_app.sources.cache import KEEP_SECONDS, RENEWAL_SECONDS, MemoryCache
from canvas_app.sources.cache_redis import RedisCache
from canvas_app.storage.seal import AnswerSeal

CIPHER = AnswerSeal([Fernet.generate_key().decode()])


@pytest.fixture(params=["memory", "redis"])
def cache(request):
    if request.param == "memory":
        yield MemoryCache(1_000_000)
        return
    cache = RedisCache(request.getfixturevalue("valkey_url"), CIPHER)
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
    """A write drops answers; one that was asked for before it may still be on its way."""
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


def test_redis_away_means_nothing_kept(caplog):
    cache = RedisCache("redis://127.0.0.1:1/0", CIPHER)

    cache.put("ann", "courses", b"x")

    assert cache.namespace("ann") != cache.namespace("ann")  # nobody shares what may be out of date
    assert cache.get("ann", "courses") is None
    assert not cache.claim("ann", "courses")
    assert "keeps no answers" in caplog.text


def test_hanging_redis_is_waited_for_once(valkey_url, caplog):
    """A page asks dozens of times; Redis is asked again after a while, by one call."""
    now, asked = [0.0], []
    cache = RedisCache(valkey_url, CIPHER, clock=lambda: now[0])
    good = cache._redis.hget

    def hang(*_):
        asked.append(now[0])
        raise TimeoutError("Timeout reading from socket")

    cache._redis.hget = hang
    for now[0] in (0.0, 0.5, 4.9, 5.0, 5.5):
        assert cache.get("a namespace", "courses") is None
    assert asked == [0.0, 5.0]
    assert caplog.text.count("keeps no answers") == 1

    cache._redis.hget = good
    now[0] = 10.0
    cache.put("a namespace", "courses", b"x")
    assert cache.get("a namespace", "courses") == b"x"
    cache.discard("a namespace", "courses")
    cache._redis.close()


def test_drop_that_redis_missed_is_made_up_for(valkey_url):
    """A write while Redis is away: what lies there from before must not come back as fresh."""
    now = [0.0]
    cache = RedisCache(valkey_url, CIPHER, clock=lambda: now[0])
    cache.put(cache.namespace("ann"), "courses", b"as it was before the write")
    good = cache._redis.get

    def hang(*_):
        raise TimeoutError("Timeout reading from socket")

    cache._redis.get = hang
    cache.drop("ann")
    assert cache.namespace("ann") != cache.namespace("ann")
    cache._redis.get = good
    now[0] = 10.0

    assert cache.get(cache.namespace("ann"), "courses") is None
    assert cache.namespace("ann") == cache.namespace("ann")
    cache.drop("ann")
    cache._redis.close()


def test_redis_holds_nothing_readable(valkey_url):
    """Whoever reads the server's memory or wire learns no name and no grade."""
    cache = RedisCache(valkey_url, CIPHER)
    namespace = cache.namespace("somebody")
    cache.put(namespace, "courses", b"Biology, 93 %")

    with Redis.from_url(valkey_url) as client:
        kept = [value for name in client.keys("easel:answers:*") for value in client.hvals(name)]
    assert kept
    assert not any(b"Biology" in value for value in kept)
    assert cache.get(namespace, "courses") == b"Biology, 93 %"


def test_answer_opens_where_it_was_kept_alone(valkey_url):
    """Copied to another person's namespace, damaged or of an older key, it is as good as none."""
    cache = RedisCache(valkey_url, CIPHER)
    mine, other = cache.namespace("me"), cache.namespace("you")
    cache.put(mine, "courses", b"mine")
    with Redis.from_url(valkey_url) as client:
        sealed = client.hget(f"easel:answers:{mine}", "courses")
        client.hset(f"easel:answers:{other}", "courses", sealed)
        client.hset(f"easel:answers:{mine}", "damaged", sealed[:-1] + b"?")
        client.hset(f"easel:answers:{mine}", "short", b"x")

    assert cache.get(other, "courses") is None
    assert cache.get(mine, "damaged") is None
    assert cache.get(mine, "short") is None
    later = RedisCache(valkey_url, AnswerSeal([Fernet.generate_key().decode()]))
    assert later.get(mine, "courses") is None
