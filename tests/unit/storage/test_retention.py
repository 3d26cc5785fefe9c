"""Unused grants end after a while; operators list, end and forget them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from canvas_app.canvas.errors import Unavailable
from canvas_app.canvas.tokens import Token
from canvas_app.storage.feeds import FeedContents
from canvas_app.storage.storage import Identity, Storage
from tests.unit.storage.conftest import Clock, Scripted

ADA = Identity("production", 10000000000007, "Ada Okafor")
BEN = replace(ADA, user_id=8, user_name="Ben")


def enter(storage: Storage, clock: Clock, identity: Identity, name: str) -> str:
    token = Token(f"access~{name}", f"refresh~{name}", clock() + timedelta(hours=1))
    return storage.sign_in(identity, token, scopes="s", client_id="10")[0]


def endpoint(clock: Clock) -> Scripted:
    """A token endpoint that renews whatever it is asked for, before it is revoked."""
    return Scripted(
        refresh_with=lambda old: Token(f"new of {old}", old, clock() + timedelta(hours=1))
    )


def users(storage: Storage) -> list[int]:
    return [grant.user_id for grant in storage.kept_grants()]


def test_unused_grants_end_at_canvas_too(
    open_storage: Callable[..., Storage], clock: Clock
) -> None:
    storage = open_storage(retention_days=10)
    storage.upgrade()
    enter(storage, clock, ADA, "ada")
    secret = enter(storage, clock, BEN, "ben")
    clock.advance(days=6)
    storage.signed_in(secret)
    clock.advance(days=6)
    canvas = endpoint(clock)

    assert storage.retire(lambda _: canvas) == 1

    assert users(storage) == [BEN.user_id]
    assert canvas.revoked == ["new of refresh~ada"]
    assert storage.signed_in(secret) is not None


def test_feed_that_is_fetched_is_use(open_storage: Callable[..., Storage], clock: Clock) -> None:
    storage = open_storage(retention_days=10)
    storage.upgrade()
    secret = enter(storage, clock, ADA, "ada")
    signed_in = storage.signed_in(secret)
    assert signed_in is not None
    clock.advance(days=8)
    storage.feeds.make(signed_in.grant_id, "Phone", FeedContents(("work",)))
    clock.advance(days=8)

    assert storage.retire(lambda _: Scripted()) == 0


def test_tending_retires_once_a_day_in_one_process(
    open_storage: Callable[..., Storage], clock: Clock
) -> None:
    storage, other = open_storage(retention_days=1), open_storage(retention_days=1)
    storage.upgrade()
    storage.tend(lambda _: endpoint(clock))
    enter(storage, clock, ADA, "ada")
    clock.advance(hours=23)

    other.tend(lambda _: endpoint(clock))
    assert users(storage) == [ADA.user_id]
    clock.advance(hours=2)
    other.tend(lambda _: endpoint(clock))

    assert users(storage) == []


def test_person_is_forgotten_with_those_they_act_as(storage: Storage, clock: Clock) -> None:
    enter(storage, clock, ADA, "ada")
    acting = replace(BEN, real_user_id=ADA.user_id, real_user_name=ADA.user_name)
    enter(storage, clock, acting, "acting")
    enter(storage, clock, BEN, "ben")

    assert storage.forget("production", ADA.user_id, lambda _: Scripted()) == 0

    assert users(storage) == [BEN.user_id]
    assert storage.forget("production", ADA.user_id, lambda _: Scripted()) is None
    assert storage.forget("beta", BEN.user_id, lambda _: Scripted()) is None


def test_tokens_canvas_cannot_be_told_of_wait(storage: Storage, clock: Clock) -> None:
    def unavailable(_: str) -> None:
        raise Unavailable("Canvas is down")

    enter(storage, clock, ADA, "ada")

    waiting = storage.forget("production", ADA.user_id, lambda _: Scripted(revoke_with=unavailable))

    assert (waiting, users(storage)) == (1, [])
