"""What launches store: used nonces, and the global ids of grants."""

import threading
from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa

from canvas_app.canvas.tokens import Token
from canvas_app.storage.launches import NONCE_KEPT
from canvas_app.storage.schema import spent_nonces
from canvas_app.storage.storage import Identity, Storage
from tests.unit.storage.conftest import Clock

SHARD = 10_000_000_000_000


def enter(storage: Storage, clock: Clock, identity: Identity) -> str:
    token = Token(f"access {identity}", f"refresh {identity}", clock() + timedelta(hours=1))
    secret, _ = storage.sign_in(identity, token, scopes="s", client_id="10")
    return secret


def nowhere(environment: str) -> None:
    raise KeyError(environment)


def test_a_nonce_is_spent_once(open_storage: Callable[..., Storage], storage: Storage) -> None:
    """By one of many threads in two processes that try at the same time."""
    other = open_storage()
    gate = threading.Barrier(8)
    told: list[bool] = []

    def spend(each: Storage) -> None:
        gate.wait()
        told.append(each.launches.spend("a nonce"))

    threads = [
        threading.Thread(target=spend, args=(each,)) for each in (storage, other) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(told) == [False] * 7 + [True]
    assert storage.launches.spend("another")


def test_a_nonce_is_kept_as_a_hash_for_a_while(storage: Storage, clock: Clock) -> None:
    """For longer than a launch is valid; then it is deleted with other expired rows."""
    storage.launches.spend("a nonce")
    with storage.engine.connect() as connection:
        rows = [str(row) for row in connection.execute(sa.select(spent_nonces))]
    assert "a nonce" not in rows[0]

    clock.now += NONCE_KEPT
    storage.tend(nowhere)  # type: ignore[arg-type]
    assert not storage.launches.spend("a nonce")
    clock.now += timedelta(seconds=1)
    storage.tend(nowhere)  # type: ignore[arg-type]
    assert storage.launches.spend("a nonce")


def test_grants_by_global_id(storage: Storage, clock: Clock) -> None:
    """Of this environment and person alone; the id within this Canvas finds older rows only."""
    enter(storage, clock, Identity("production", 7, "Ada", global_id=SHARD + 7))
    enter(storage, clock, Identity("production", 7, "Ada", 1, "Admin", global_id=SHARD + 7))
    enter(storage, clock, Identity("beta", 7, "Ada", global_id=SHARD + 7))
    enter(storage, clock, Identity("production", 8, "Ben"))
    grants_of = storage.launches.grants_of

    found = grants_of("production", SHARD + 7, 7)
    assert [(each.user_name, each.acting) for each in found] == [("Ada", False), ("Ada", True)]
    assert [each.user_name for each in grants_of("production", SHARD + 8, 8)] == ["Ben"]
    assert grants_of("production", SHARD + 8, None) == []
    assert grants_of("production", 2 * SHARD + 7, 7) == []
    assert grants_of("test", SHARD + 7, 7) == []


def test_a_further_browser(storage: Storage, clock: Clock) -> None:
    """It is signed in with an existing grant, and not with one that has ended."""
    identity = Identity("production", 7, "Ada", global_id=SHARD + 7)
    first = enter(storage, clock, identity)
    known = storage.signed_in(first)
    assert known is not None
    secret = storage.sign_in_with(known.grant_id)
    assert secret is not None
    assert secret != first
    again = storage.signed_in(secret)
    assert again is not None
    assert (again.grant_id, again.identity) == (known.grant_id, identity)
    assert storage.sign_in_with(known.grant_id + 1) is None
