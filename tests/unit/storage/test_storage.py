"""Sign-ins and grants: how long they live, what ends them, what is shown about them."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from canvas_app.canvas.errors import AuthenticationError, SignInRequired
from canvas_app.canvas.oauth import InvalidGrant
from canvas_app.canvas.tokens import Token
from canvas_app.storage.feeds import FeedContents
from canvas_app.storage.schema import grants, metadata, outbox, sign_ins
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


def full(storage: Storage, writing: str) -> None:
    """Let this database have no room left on its disk."""

    def fail(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(writing):
            raise sa.exc.OperationalError("statement", {}, Exception("disk full"))

    sa.event.listen(storage.engine, "before_cursor_execute", fail)


def rejected(_: str) -> None:
    raise AuthenticationError("unknown token")


def invalid(_: str) -> Token:
    raise InvalidGrant("refresh_token not found")


class TestSignIn:
    def test_who(self, storage: Storage, clock: Clock) -> None:
        found = entered(storage, enter(storage, clock))
        assert found.identity == ADA
        assert (found.generation, found.scopes, found.connected_at) == (1, "s", clock())

    def test_secret_is_not_stored(self, storage: Storage, clock: Clock) -> None:
        secret = enter(storage, clock)
        with storage.engine.connect() as connection:
            everything = repr(
                [connection.execute(sa.select(table)).all() for table in metadata.sorted_tables]
            )
        assert len(secret) >= 43
        assert secret not in everything
        assert "access~1" not in everything
        assert "refresh~1" not in everything

    def test_unknown_secret(self, storage: Storage) -> None:
        assert storage.signed_in("unknown") is None

    def test_thirty_idle_days(self, storage: Storage, clock: Clock) -> None:
        secret = enter(storage, clock)
        clock.advance(days=29)
        assert storage.signed_in(secret)
        clock.advance(days=29)
        assert storage.signed_in(secret)
        clock.advance(days=30)
        assert storage.signed_in(secret) is None

    def test_full_disk_signs_nobody_out(
        self, storage: Storage, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        secret = enter(storage, clock)
        clock.advance(hours=2)
        full(storage, "UPDATE sign_ins")
        assert entered(storage, secret).identity == ADA
        assert "was not noted" in caplog.text

    def test_errors_name_no_values(self, storage: Storage) -> None:
        wrong = sa.text("SELECT nothing FROM grants WHERE user_name = :name")
        with storage.engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as caught:
            connection.execute(wrong, {"name": ADA.user_name})
        assert ADA.user_name not in str(caught.value)

    def test_half_a_year_at_most(self, storage: Storage, clock: Clock) -> None:
        secret = enter(storage, clock)
        for _ in range(8):
            clock.advance(days=20)
            assert storage.signed_in(secret)
        clock.advance(days=20)
        assert storage.signed_in(secret) is None

    def test_touched_rarely(self, storage: Storage, clock: Clock) -> None:
        secret = enter(storage, clock)
        begun = clock()

        def last_seen() -> object:
            with storage.engine.connect() as connection:
                return connection.execute(sa.select(sign_ins.c.last_seen_at)).scalar_one()

        clock.advance(minutes=59)
        storage.signed_in(secret)
        assert last_seen() == begun
        clock.advance(minutes=1)
        storage.signed_in(secret)
        assert last_seen() == clock()

    def test_one_grant_per_person(self, storage: Storage, clock: Clock) -> None:
        first = entered(storage, enter(storage, clock))
        secret, revocation = storage.sign_in(ADA, token(clock, "2"), scopes="s2", client_id="11")
        second = entered(storage, secret)
        assert (first.grant_id, first.generation + 1) == (second.grant_id, second.generation)
        assert second.scopes == "s2"
        assert count(storage, outbox) == 1
        endpoint = Scripted()
        assert revocation is not None
        assert storage.outbox.attempt(revocation, lambda _: endpoint)
        assert endpoint.revoked == ["access~1"]
        assert count(storage, outbox) == 0

    @pytest.mark.parametrize(
        "other",
        [
            replace(ADA, user_id=8),
            replace(ADA, environment="beta"),
            replace(ADA, real_user_id=1, real_user_name="Root"),
        ],
    )
    def test_others_have_their_own(self, storage: Storage, clock: Clock, other: Identity) -> None:
        first = entered(storage, enter(storage, clock))
        second = entered(storage, enter(storage, clock, other, "2"))
        assert first.grant_id != second.grant_id
        assert second.identity == other
        assert count(storage, outbox) == 0

    def test_reused_canvas_token_is_not_revoked(self, storage: Storage, clock: Clock) -> None:
        enter(storage, clock)
        again = Token("access~2")
        assert storage.sign_in(ADA, again, scopes="", client_id="10")[1] is None
        assert count(storage, outbox) == 0

    def test_first_sign_ins_at_once(self, storage: Storage, clock: Clock) -> None:
        secrets: list[str] = []
        threads = [
            threading.Thread(target=lambda n=n: secrets.append(enter(storage, clock, ADA, str(n))))
            for n in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({entered(storage, secret).grant_id for secret in secrets}) == 1
        assert (count(storage, grants), count(storage, outbox)) == (1, 5)

    def test_acting_lasts_an_hour(self, storage: Storage, clock: Clock) -> None:
        secret = enter(storage, clock, replace(ADA, real_user_id=1, real_user_name="Root"))
        grant_id = entered(storage, secret).grant_id
        endpoint = Scripted()
        clock.advance(minutes=61)
        assert storage.signed_in(secret) is None
        with pytest.raises(SignInRequired):
            storage.credentials(grant_id, endpoint).access_token()
        endpoint.refresh_with = lambda _: token(clock, "2")
        storage.tend(lambda _: endpoint)
        assert endpoint.revoked == ["access~2"]
        assert count(storage, grants) == 0

    def test_description(self, storage: Storage, clock: Clock) -> None:
        grant_id = entered(storage, enter(storage, clock)).grant_id
        enter(storage, clock, name="2")
        told = storage.describe(grant_id)
        assert told is not None
        assert (told.name, told.browsers_signed_in) == ("Ada Okafor", 2)
        assert told.canvas_user_everywhere == "not told yet"
        assert "~" not in repr(told)
        assert storage.describe(999) is None

    def test_description_holds_the_global_id(self, storage: Storage, clock: Clock) -> None:
        """An old row gets it with the next renewal or sign-in that brings it."""
        grant_id = entered(storage, enter(storage, clock)).grant_id
        with storage.engine.begin() as connection:
            connection.execute(grants.update().values(global_id=10_000_000_000_017))
        told = storage.describe(grant_id)
        assert told is not None
        assert told.canvas_user_everywhere == 10_000_000_000_017


class TestSignOut:
    def test_last_one_revokes(self, storage: Storage, clock: Clock) -> None:
        first, second = enter(storage, clock), enter(storage, clock, name="2")
        storage.tend(lambda _: Scripted())
        endpoint = Scripted()
        assert storage.sign_out(first, lambda _: endpoint)
        assert endpoint.revoked == []
        assert storage.signed_in(second)
        assert storage.sign_out(second, lambda _: endpoint)
        assert endpoint.revoked == ["access~2"]
        assert [count(storage, table) for table in (grants, sign_ins, outbox)] == [0, 0, 0]
        assert storage.sign_out(second, lambda _: endpoint)

    def test_two_last_ones_at_once(self, storage: Storage, clock: Clock) -> None:
        secrets = [enter(storage, clock, name=str(n)) for n in range(4)]
        storage.tend(lambda _: Scripted())
        endpoint = Scripted()
        threads = [
            threading.Thread(target=storage.sign_out, args=(secret, lambda _: endpoint))
            for secret in secrets
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert endpoint.revoked == ["access~3"]
        assert count(storage, grants) == 0

    def test_old_token_is_renewed_first(self, storage: Storage, clock: Clock) -> None:
        secret = enter(storage, clock)
        clock.advance(hours=2)
        endpoint = Scripted(refresh_with=lambda _: token(clock, "2"))
        assert storage.sign_out(secret, lambda _: endpoint)
        assert (endpoint.refreshed, endpoint.revoked) == (["refresh~1"], ["access~2"])

    def test_rejected_token_is_renewed_first(self, storage: Storage, clock: Clock) -> None:
        def revoke(access_token: str) -> None:
            if access_token == "access~1":
                rejected(access_token)

        endpoint = Scripted(lambda _: token(clock, "2"), revoke)
        assert storage.sign_out(enter(storage, clock), lambda _: endpoint)
        assert endpoint.revoked == ["access~1", "access~2"]

    def test_forgotten_by_canvas(self, storage: Storage, clock: Clock) -> None:
        endpoint = Scripted(invalid, rejected)
        assert storage.sign_out(enter(storage, clock), lambda _: endpoint)
        assert count(storage, outbox) == 0

    def test_rejected_without_refresh_token(self, storage: Storage, clock: Clock) -> None:
        secret, _ = storage.sign_in(ADA, Token("access~1"), scopes="", client_id="10")
        assert storage.sign_out(secret, lambda _: Scripted(revoke_with=rejected))

    @pytest.mark.parametrize("method", ["sign_out_everywhere", "disconnect", "delete_everything"])
    def test_end_all(self, storage: Storage, clock: Clock, method: str) -> None:
        secret = enter(storage, clock)
        endpoint = Scripted()
        grant_id = entered(storage, secret).grant_id
        assert getattr(storage, method)(grant_id, lambda _: endpoint)
        assert storage.signed_in(secret) is None
        assert endpoint.revoked == ["access~1"]
        assert getattr(storage, method)(grant_id, lambda _: endpoint)
        assert endpoint.revoked == ["access~1"]


class TestBinding:
    """A row counts only with the MAC of a key in TOKEN_KEYS over the grant it belongs to."""

    def rows(self, storage: Storage, table: str) -> list[Any]:
        with storage.engine.connect() as connection:
            return list(connection.execute(sa.text(f"SELECT * FROM {table}")))  # noqa: S608

    def change(self, storage: Storage, statement: str, **values: Any) -> None:
        with storage.engine.begin() as connection:
            connection.execute(sa.text(statement), values)

    def test_moved_to_another_grant(self, storage: Storage, clock: Clock) -> None:
        """Who can write the database turns a sign-in of their own to somebody else's grant."""
        mine = enter(storage, clock)
        enter(storage, clock, Identity("production", 43, "Other"), "2")
        other = max(row.id for row in self.rows(storage, "grants"))

        self.change(storage, "UPDATE sign_ins SET grant_id = :other", other=other)

        assert storage.signed_in(mine) is None

    def test_row_of_ones_own(self, storage: Storage, clock: Clock) -> None:
        """An added row has no MAC, or one that was copied."""
        mine = enter(storage, clock)
        (row,) = self.rows(storage, "sign_ins")
        for mac in (None, row.mac, ""):
            self.change(storage, "DELETE FROM sign_ins WHERE id != :id", id=row.id)
            self.change(
                storage,
                "INSERT INTO sign_ins (id, grant_id, mac, signed_in_at, last_seen_at)"
                " SELECT :id, grant_id, :mac, signed_in_at, last_seen_at FROM sign_ins",
                id=hashlib.sha256(b"my own secret").hexdigest(),
                mac=mac,
            )
            assert storage.signed_in("my own secret") is None
            storage.reseal()
            assert storage.signed_in("my own secret") is None
        assert storage.signed_in(mine) is not None

    def test_feed_moved_to_another_grant(self, storage: Storage, clock: Clock) -> None:
        mine = enter(storage, clock)
        grant = storage.signed_in(mine)
        assert grant is not None
        secret = storage.feeds.make(grant.grant_id, "Mine", FeedContents(("assignment",)))
        assert storage.feeds.find(secret) is not None
        enter(storage, clock, Identity("production", 43, "Other"), "2")
        other = max(row.id for row in self.rows(storage, "grants"))

        self.change(storage, "UPDATE feeds SET grant_id = :other", other=other)

        assert storage.feeds.find(secret) is None

    def test_older_key_still_binds(
        self, open_storage: Callable[..., Storage], clock: Clock
    ) -> None:
        """Until ``reseal`` has bound every row with the newest; then the older key may go."""
        old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
        first = open_storage(old)
        first.upgrade()
        mine = enter(first, clock)

        both = open_storage(new, old)
        assert both.signed_in(mine) is not None
        both.reseal()

        assert open_storage(new).signed_in(mine) is not None
        assert open_storage(old).signed_in(mine) is None

    def test_upgrade_signs_nobody_out(
        self, open_storage: Callable[..., Storage], clock: Clock
    ) -> None:
        """The rows of a version without MACs are bound once, when the schema is upgraded."""
        storage = open_storage()
        storage.upgrade()
        mine = enter(storage, clock)
        for table in ("sign_ins", "feeds"):
            self.change(storage, f"ALTER TABLE {table} DROP COLUMN mac")
        # What later revisions added.
        self.change(storage, "ALTER TABLE grants DROP COLUMN global_id")
        self.change(storage, "ALTER TABLE sign_ins DROP COLUMN kind")
        for table in ("export_parts", "exports", "class_rules", "spent_nonces"):
            self.change(storage, f"DROP TABLE {table}")
        self.change(storage, "UPDATE alembic_version SET version_num = '0004'")

        open_storage().upgrade()
        assert open_storage().signed_in(mine) is not None

        self.change(storage, "UPDATE sign_ins SET mac = NULL")
        open_storage().upgrade()
        assert open_storage().signed_in(mine) is None


class TestDeletingEverything:
    def test_every_environment_and_acting_as(self, storage: Storage, clock: Clock) -> None:
        """All grants of the person go; nobody else's does, whoever they act as."""
        ann = {"user_id": 42, "user_name": "Ann"}
        gone = [
            Identity("production", **ann),
            Identity("beta", **ann),
            Identity("production", 7, "Pupil", 42, "Ann"),
        ]
        stay = [
            Identity("production", 7, "Pupil"),
            Identity("production", 42, "Ann", 1, "Admin"),
            Identity("test", 42, "Somebody of another school"),
        ]
        for number, identity in enumerate([*gone, *stay]):
            secret = enter(storage, clock, identity, str(number))
            if identity == gone[0]:
                mine = secret
        grant = storage.signed_in(mine)
        assert grant is not None
        canvas = Scripted()

        assert storage.delete_everything(grant.grant_id, lambda name: canvas)

        with storage.engine.connect() as connection:
            left = connection.execute(
                sa.text("SELECT environment, user_id, real_user_id FROM grants ORDER BY id")
            ).all()
        assert [tuple(row) for row in left] == [each.owner for each in stay]
        assert sorted(canvas.revoked) == ["access~0", "access~1", "access~2"]

    def test_nothing_stays_in_the_file(self, tmp_path: Path, clock: Clock) -> None:
        """SQLite overwrites what is deleted, in the file and in its log."""
        storage = Storage(f"sqlite:///{tmp_path / 'easel.db'}", (KEY,), clock=clock)
        storage.upgrade()
        name = "A name nobody else has"
        secret = enter(storage, clock, Identity("production", 42, name))
        grant = storage.signed_in(secret)
        assert grant is not None
        assert any(name.encode() in path.read_bytes() for path in tmp_path.iterdir())

        storage.delete_everything(grant.grant_id, lambda name: Scripted())

        assert not any(name.encode() in path.read_bytes() for path in tmp_path.iterdir())
        storage.close()
