"""Sealed secrets open only for their owner and purpose."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from canvas_app.canvas.errors import SignInRequired, Unavailable
from canvas_app.canvas.tokens import Token
from canvas_app.storage.schema import grants
from canvas_app.storage.seal import Seal, SealBroken
from canvas_app.storage.storage import Identity, SignIn, Storage
from tests.unit.storage.conftest import KEY, Clock, Scripted

ADA = Identity("production", 10000000000007, "Ada Okafor")


def token(clock: Clock, name: str = "1") -> Token:
    return Token(f"access~{name}", f"refresh~{name}", clock() + timedelta(hours=1))


def enter(storage: Storage, clock: Clock, identity: Identity = ADA, name: str = "1") -> str:
    secret, _ = storage.sign_in(identity, token(clock, name), scopes="s", client_id="10")
    return secret


def entered(storage: Storage, secret: str) -> SignIn:
    found = storage.signed_in(secret)
    assert found is not None
    return found


def count(storage: Storage, table: sa.Table) -> int:
    with storage.engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def unavailable(_: str) -> None:
    raise Unavailable("Canvas is down")


class TestSeal:
    def test_calendar_is_no_token(self) -> None:
        seal = Seal([KEY])
        for sealed in (seal.close_bytes(b"BEGIN:VCALENDAR", ADA.owner, "calendar"), "ü"):
            with pytest.raises(SealBroken):
                seal.open(sealed, ADA.owner, "grant")

    def test_other_owner_or_purpose(self, clock: Clock) -> None:
        seal = Seal([KEY])
        sealed = seal.close(token(clock), ("production", 7, 0), "grant")
        assert seal.open(sealed, ("production", 7, 0), "grant") == token(clock)
        for owner in (("production", 8, 0), ("beta", 7, 0), ("production", 7, 1)):
            with pytest.raises(SealBroken):
                seal.open(sealed, owner, "grant")
        with pytest.raises(SealBroken):
            seal.open(sealed, ("production", 7, 0), "revocation")

    def test_keys_rotate(
        self, storage: Storage, clock: Clock, open_storage: Callable[..., Storage]
    ) -> None:
        new = Fernet.generate_key().decode()
        secret = enter(storage, clock)
        grant_id = entered(storage, secret).grant_id
        assert open_storage(new, KEY).reseal() == (1, 0)
        only_new = open_storage(new)
        assert only_new.credentials(grant_id, Scripted()).access_token() == "access~1"
        assert storage.reseal() == (0, 1), "the old key alone opens nothing any more"

    def test_lost_record_keeps_no_other_from_a_new_key(
        self, storage: Storage, clock: Clock, open_storage: Callable[..., Storage]
    ) -> None:
        lost, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
        enter(open_storage(lost), clock)
        grant_id = entered(storage, enter(storage, clock, replace(ADA, user_id=8))).grant_id
        assert open_storage(new, KEY).reseal() == (1, 1)
        assert open_storage(new).credentials(grant_id, Scripted()).access_token() == "access~1"

    def test_lost_key_asks_for_a_sign_in(
        self, storage: Storage, clock: Clock, open_storage: Callable[..., Storage]
    ) -> None:
        grant_id = entered(storage, enter(storage, clock)).grant_id
        storage.sign_out(
            enter(storage, clock, replace(ADA, user_id=8), "8"),
            lambda _: Scripted(revoke_with=unavailable),
        )
        other = open_storage(Fernet.generate_key().decode())
        with pytest.raises(SignInRequired):
            other.credentials(grant_id, Scripted()).access_token()
        endpoint = Scripted()
        other.tend(lambda _: endpoint)
        assert endpoint.revoked == []
        assert count(storage, grants) == 1
        assert other.sign_in(ADA, token(clock, "2"), scopes="", client_id="10")[1] is None
        assert storage.disconnect(grant_id, lambda _: Scripted())

    def test_repr_shows_no_secret(self) -> None:
        assert KEY not in repr(Seal([KEY]))
