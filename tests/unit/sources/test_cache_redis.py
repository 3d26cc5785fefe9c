"""Answers in Redis: encrypted, and not needed while Redis is away."""

import json

import pytest
from cryptography.fernet import Fernet
from redis import Redis
from redis.exceptions import TimeoutError

from canvas_app.redis_client import open_redis
from canvas_app.sources.cache import MemoryCache
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


def test_redis_away_means_nothing_kept(caplog):
    cache = RedisCache(open_redis("redis://127.0.0.1:1/0"), CIPHER)

    cache.put("ann", "courses", b"x")

    assert cache.namespace("ann") != cache.namespace("ann")  # it may be outdated
    assert cache.get("ann", "courses") is None
    assert not cache.claim("ann", "courses")
    assert cache.size() is None
    assert "keeps no answers" in caplog.text


def test_hanging_redis_is_waited_for_once(valkey_url, caplog):
    """A page asks dozens of times; one call tries Redis again after a while."""
    now, asked = [0.0], []
    cache = RedisCache(open_redis(valkey_url), CIPHER, clock=lambda: now[0])
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
    """After a write while Redis was away, its old answers must not come back as fresh."""
    now = [0.0]
    cache = RedisCache(open_redis(valkey_url), CIPHER, clock=lambda: now[0])
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
    """Somebody who reads the server's memory or network learns no name and no grade."""
    cache = RedisCache(open_redis(valkey_url), CIPHER)
    namespace = cache.namespace("somebody")
    cache.put(namespace, "courses", b"Biology, 93 %")

    with Redis.from_url(valkey_url) as client:
        kept = [value for name in client.keys("easel:answers:*") for value in client.hvals(name)]
    assert kept
    assert not any(b"Biology" in value for value in kept)
    assert cache.get(namespace, "courses") == b"Biology, 93 %"


def test_answer_opens_where_it_was_kept_alone(valkey_url):
    """Copied to another person's namespace, damaged or of an older key, it does not open."""
    cache = RedisCache(open_redis(valkey_url), CIPHER)
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
    later = RedisCache(open_redis(valkey_url), AnswerSeal([Fernet.generate_key().decode()]))
    assert later.get(mine, "courses") is None


def test_redis_holds_less_than_half(valkey_url):
    """Answers are repetitive JSON; uncompressed ones of an earlier Easel are ignored."""
    cache = RedisCache(open_redis(valkey_url), CIPHER)
    namespace = cache.namespace("somebody")
    rows = [
        {"id": str(n), "name": f"Exercise {n}", "points": n * 1.5, "due": None} for n in range(99)
    ]
    answer = json.dumps(rows).encode()
    cache.put(namespace, "courses", answer)
    with Redis.from_url(valkey_url) as client:
        kept = client.hget(f"easel:answers:{namespace}", "courses")
        old = CIPHER.close(answer, f"{namespace} old")
        client.hset(f"easel:answers:{namespace}", "old", old)

    assert len(kept) < len(answer) / 2
    assert cache.get(namespace, "courses") == answer
    assert cache.get(namespace, "old") is None
    cache.drop("somebody")


def test_answers_are_kept_as_long_as_set(valkey_url):
    cache = RedisCache(open_redis(valkey_url), CIPHER, keep=3600)
    namespace = cache.namespace("somebody")
    cache.put(namespace, "courses", b"x")

    with Redis.from_url(valkey_url) as client:
        assert 3500 < client.ttl(f"easel:answers:{namespace}") <= 3600
    cache.drop("somebody")
