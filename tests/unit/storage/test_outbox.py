"""Failed revocations are tried again, and never twice at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from canvas_app.canvas.errors import Unavailable
from canvas_app.canvas.tokens import Token
from canvas_app.storage.schema import outbox
from canvas_app.storage.storage import Identity, Storage
from tests.unit.storage.conftest import Clock, Scripted

ADA = Identity("production", 10000000000007, "Ada Okafor")


def token(clock: Clock, name: str = "1") -> Token:
    return Token(f"access~{name}", f"refresh~{name}", clock() + timedelta(hours=1))


def enter(storage: Storage, clock: Clock, identity: Identity = ADA, name: str = "1") -> str:
    secret, _ = storage.sign_in(identity, token(clock, name), scopes="s", client_id="10")
    return secret


def count(storage: Storage, table: sa.Table) -> int:
    with storage.engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def unavailable(_: str) -> None:
    raise Unavailable("Canvas is down")


class TestOutbox:
    def test_retried_until_canvas_answers(self, storage: Storage, clock: Clock) -> None:
        secret = enter(storage, clock)
        endpoint = Scripted(revoke_with=unavailable)
        assert not storage.sign_out(secret, lambda _: endpoint)
        assert storage.signed_in(secret) is None
        endpoint.revoke_with = None
        storage.tend(lambda _: endpoint)
        storage.tend(lambda _: endpoint)
        assert endpoint.revoked == ["access~1"] * 2

    def test_seven_days(
        self, storage: Storage, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        storage.sign_out(enter(storage, clock), lambda _: Scripted(revoke_with=unavailable))
        clock.advance(days=7, seconds=1)
        endpoint = Scripted()
        storage.tend(lambda _: endpoint)
        assert endpoint.revoked == []
        assert count(storage, outbox) == 0
        assert "seven days" in caplog.text
        assert "~1" not in caplog.text

    def test_one_process_at_a_time(
        self, storage: Storage, clock: Clock, open_storage: Callable[..., Storage]
    ) -> None:
        storage.sign_out(enter(storage, clock), lambda _: Scripted(revoke_with=unavailable))
        other, idle = open_storage(), Scripted()
        endpoint = Scripted(revoke_with=lambda _: other.tend(lambda _: idle))
        storage.tend(lambda _: endpoint)
        assert (endpoint.revoked, idle.revoked) == (["access~1"], [])

    def test_claim_of_a_killed_process_ends(
        self, storage: Storage, clock: Clock, open_storage: Callable[..., Storage]
    ) -> None:
        def killed(_: str) -> None:
            raise SystemExit

        with pytest.raises(SystemExit):
            storage.sign_out(enter(storage, clock), lambda _: Scripted(revoke_with=killed))
        endpoint = Scripted()
        storage.tend(lambda _: endpoint)
        assert endpoint.revoked == []
        clock.advance(minutes=3)
        storage.tend(lambda _: endpoint)
        assert endpoint.revoked == ["access~1"]

    def test_rotated_token_is_kept(self, storage: Storage, clock: Clock) -> None:
        secret = enter(storage, clock)
        clock.advance(hours=2)
        endpoint = Scripted(lambda _: token(clock, "2"), unavailable)
        assert not storage.sign_out(secret, lambda _: endpoint)
        endpoint.revoke_with = None
        storage.tend(lambda _: endpoint)
        assert endpoint.refreshed == ["refresh~1"]
        assert endpoint.revoked == ["access~2", "access~2"]

    def test_canvas_no_longer_configured(self, storage: Storage, clock: Clock) -> None:
        def nowhere(name: str) -> Scripted:
            raise KeyError(name)

        assert not storage.sign_out(enter(storage, clock), nowhere)
        assert count(storage, outbox) == 1

    def test_one_that_cannot_be_tried_keeps_no_other_waiting(
        self, storage: Storage, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        for number in (1, 2):
            secret = enter(storage, clock, replace(ADA, user_id=number), str(number))
            storage.sign_out(secret, lambda _: Scripted(revoke_with=unavailable))

        def poisoned(access_token: str) -> None:
            if access_token == "access~1":
                raise RuntimeError("no error of Canvas's")

        endpoint = Scripted(revoke_with=poisoned)
        assert storage.tend(lambda _: endpoint) == 1
        assert endpoint.revoked == ["access~1", "access~2"]
        assert "could not be tried" in caplog.text

    @pytest.mark.parametrize("who", [ADA, replace(ADA, real_user_id=9)], ids=["idle", "acting"])
    def test_signed_in_again_just_in_time(
        self, storage: Storage, clock: Clock, open_storage: Callable[..., Storage], who: Identity
    ) -> None:
        """A new grant is made between finding the expired ones and ending them."""
        enter(storage, clock, who)
        clock.advance(days=40)
        other, secrets = open_storage(), []

        def begin_anew(_c: object, _cursor: object, statement: str, *_: object) -> None:
            if statement.startswith("SELECT grants.id") and not secrets:
                secrets.append(enter(other, clock, who, "2"))

        sa.event.listen(storage.engine, "after_cursor_execute", begin_anew)
        endpoint = Scripted(refresh_with=lambda _: token(clock, "3"))
        storage.tend(lambda _: endpoint)
        assert storage.signed_in(*secrets) is not None
        assert endpoint.refreshed == ["refresh~1"]

    def test_idle_sign_ins_end_their_grant(self, storage: Storage, clock: Clock) -> None:
        enter(storage, clock)
        kept = enter(storage, clock, replace(ADA, user_id=8), "8")
        clock.advance(days=20)
        storage.signed_in(kept)
        clock.advance(days=20)
        endpoint = Scripted(refresh_with=lambda old: token(clock, old))
        storage.tend(lambda _: endpoint)
        assert endpoint.refreshed == ["refresh~1"]
        assert storage.signed_in(kept)
