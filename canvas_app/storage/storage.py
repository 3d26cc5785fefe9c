"""Easel's stored state: who is signed in, their grants, and what must still be revoked."""

import hashlib
import logging
import math
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from canvas_app.canvas.credentials import Credentials
from canvas_app.canvas.oauth import TokenEndpoint
from canvas_app.canvas.tokens import Token
from canvas_app.outages import Outage
from canvas_app.storage import database
from canvas_app.storage.exports import Exports
from canvas_app.storage.feeds import Feeds, forget_unfetched, needed
from canvas_app.storage.launches import LaunchStore
from canvas_app.storage.lease import ACTING_LIVES, GrantCredentials, Leases
from canvas_app.storage.notes import RETIRED, WRITES_TAKEN, Notes
from canvas_app.storage.outbox import EndpointFor, Outbox
from canvas_app.storage.rules import RuleStore
from canvas_app.storage.schema import Moment, feeds, grants, outbox, sign_ins
from canvas_app.storage.seal import Owner, Seal, SealBroken

IDLE = timedelta(days=30)
LONGEST_SIGN_IN = timedelta(days=180)
TOUCH = timedelta(hours=1)
BELIEVED_SECONDS = 5.0  # for this long after a successful write, no test write is made

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Identity:
    """Owner of a grant in one Canvas. ``real_user_*`` is the person acting as that user, if any."""

    environment: str
    user_id: int
    user_name: str
    real_user_id: int | None = None
    real_user_name: str | None = None
    global_id: int | None = None

    @property
    def owner(self) -> Owner:
        return self.environment, int(self.user_id), int(self.real_user_id or 0)


@dataclass(frozen=True)
class SignIn:
    """A browser that is signed in. ``generation`` changes with every new consent."""

    id: str
    grant_id: int
    generation: int
    identity: Identity
    scopes: str
    connected_at: datetime
    signed_in_at: datetime
    refused_at: datetime | None = None  # while Canvas refuses its tokens


@dataclass(frozen=True)
class Description:
    """What is stored about one person, as shown on the account page.

    ``canvas_user_everywhere`` is their global id. Grants from before Easel stored it have none
    until Canvas sends it with a new token.
    """

    canvas_environment: str
    canvas_user: int
    canvas_user_everywhere: int | str
    name: str
    scopes: str
    developer_key: str
    connected: datetime
    token_renewed: datetime
    browsers_signed_in: int
    calendar_feeds: int
    courses_with_rules: int


@dataclass(frozen=True)
class KeptGrant:
    """What an operator may see of a grant. ``real_user_id`` is 0 if nobody acts as the user."""

    id: int
    environment: str
    user_id: int
    user_name: str
    real_user_id: int
    connected_at: datetime
    used_at: datetime
    browsers: int
    feeds: int
    refused: bool

    @classmethod
    def of_row(cls, row: sa.Row[Any]) -> "KeptGrant":
        uses = (row.connected_at, row.seen_at, row.fetched_at)
        return cls(
            id=row.id,
            environment=row.environment,
            user_id=row.user_id,
            user_name=row.user_name,
            real_user_id=row.real_user_id,
            connected_at=row.connected_at,
            used_at=max(use for use in uses if use is not None),
            browsers=row.browsers,
            feeds=row.feeds,
            refused=row.refused_at is not None,
        )


def _newest(moment: sa.ColumnElement[Any], grant_id: sa.Column[Any]) -> sa.ScalarSelect[Any]:
    """Return the latest of these moments for each grant."""
    newest = sa.type_coerce(sa.func.max(moment), Moment)
    return sa.select(newest).where(grant_id == grants.c.id).correlate(grants).scalar_subquery()


def _how_many(table: sa.Table) -> sa.ScalarSelect[int]:
    """Count the rows of a table that use each grant."""
    count = sa.select(sa.func.count()).select_from(table)
    return count.where(table.c.grant_id == grants.c.id).correlate(grants).scalar_subquery()


def _now() -> datetime:
    return datetime.now(UTC)


class Storage:
    """The database. ``token_keys`` are Fernet keys, newest first; ``lease`` is in seconds.

    ``pool`` is how many connections it opens at most.
    """

    def __init__(
        self,
        database_url: str,
        token_keys: Sequence[str],
        *,
        clock: Callable[[], datetime] = _now,
        lease: float = 30.0,
        pool: int = database.MOST_CONNECTIONS,
        retention_days: int = 180,
    ) -> None:
        self._url = database_url
        self.engine = database.open_engine(database_url, most=pool)
        self.writes = database.watch_writes(self.engine)
        self._wrote_at = -math.inf  # monotonic
        self._retention_days = retention_days
        self._unnoted = Outage(log, "a visit was not noted")
        self._reading = database.reading(self.engine)
        self._seal = Seal(token_keys)
        self._clock = clock
        self.outbox = Outbox(self.engine, self._seal, clock)
        self.feeds = Feeds(self.engine, self._seal, clock)
        self.notes = Notes(self.engine, clock)
        self.launches = LaunchStore(self.engine, clock)
        self.exports = Exports(self.engine, self._seal, clock)
        self.rules = RuleStore(self.engine, clock)
        self._leases = Leases(self.engine, self._seal, self.outbox, clock, lease)

    def on_lease_wait(self, told: Callable[[], object]) -> None:
        """Call this each time somebody waits for a grant that another process renews."""
        self._leases.on_wait = told

    def schema_revision(self) -> str | None:
        """Return the schema's revision; None when the database is empty."""
        return database.schema_revision(self.engine)

    def upgrade(self) -> None:
        """Bring the schema up to date; safe from several processes at once."""
        engine = database.open_engine(self._url, database.UPGRADE_SECONDS)
        try:
            database.upgrade(engine, partial(self._bind_rows, also_unbound=True))
        finally:
            engine.dispose()

    def _bind_rows(self, connection: sa.Connection, *, also_unbound: bool = False) -> None:
        """Bind rows with the newest key: those with an older key's MAC and, at the upgrade, all.

        At any other time a row without a MAC was not written by Easel, and stays unbound.
        """
        for table, kind, name in ((sign_ins, "sign-in", "id"), (feeds, "feed", "hash")):
            key = table.c[name]
            rows = connection.execute(
                sa.select(
                    key,
                    table.c.mac,
                    table.c.grant_id,
                    grants.c.environment,
                    grants.c.user_id,
                    grants.c.real_user_id,
                ).join(grants, grants.c.id == table.c.grant_id)
            )
            for row_key, mac, grant_id, *owned_by in list(rows):
                owner: Owner = (owned_by[0], owned_by[1], owned_by[2])
                unbound = also_unbound and mac is None
                if unbound or self._seal.bound(mac, kind, row_key, grant_id, owner):
                    renewed = self._seal.bind(kind, row_key, grant_id, owner)
                    connection.execute(table.update().where(key == row_key).values(mac=renewed))

    def ping(self) -> None:
        """Run an empty query; raise SQLAlchemy's error when the database does not answer."""
        with self._reading.connect() as connection:
            connection.execute(sa.select(1))

    def try_writing(self) -> bool:
        """Write one row, the same each time; return whether that worked."""
        taken = self.notes.touch(WRITES_TAKEN)
        if taken:
            self._wrote_at = time.monotonic()
        return taken

    def takes_writes(self) -> bool:
        """Return whether the database accepts writes: one succeeded a moment ago, or does now."""
        lately = time.monotonic() - self._wrote_at < BELIEVED_SECONDS
        return (lately and self.writes.taken) or self.try_writing()

    def close(self) -> None:
        """Close the connections; the next use opens new ones."""
        self.engine.dispose()

    # Signing in

    def sign_in(
        self, identity: Identity, token: Token, *, scopes: str, client_id: str
    ) -> tuple[str, int | None]:
        """Store a grant and a sign-in for it; return the sign-in's secret and a revocation.

        The revocation is the id of the outbox row with the token that was replaced, None when there
        is none to revoke. The row is added in the same transaction, so that no crash loses it.
        """
        for _ in range(2):
            try:
                return self._sign_in(identity, token, scopes, client_id)
            except sa.exc.IntegrityError:
                continue  # another browser has just stored the same person's first grant
        return self._sign_in(identity, token, scopes, client_id)

    def _sign_in(
        self, identity: Identity, token: Token, scopes: str, client_id: str
    ) -> tuple[str, int | None]:
        now = self._clock()
        secret = secrets.token_urlsafe(32)
        values = {
            "user_name": identity.user_name,
            "real_user_name": identity.real_user_name,
            "global_id": identity.global_id,
            "scopes": scopes,
            "client_id": client_id,
            "sealed": self._seal.close(token, identity.owner, "grant"),
            "connected_at": now,
            "issued_at": now,
            "lease_owner": None,
            "lease_until": None,
            "refused_at": None,
        }
        with self.engine.begin() as connection:
            grant_id, revocation = self._put_grant(connection, identity.owner, token, values)
            self._add_sign_in(connection, secret, grant_id, identity.owner)
        return secret, revocation

    def _add_sign_in(
        self, connection: sa.Connection, secret: str, grant_id: int, owner: Owner
    ) -> None:
        now = self._clock()
        connection.execute(
            sign_ins.insert().values(
                id=_hash(secret),
                grant_id=grant_id,
                mac=self._seal.bind("sign-in", _hash(secret), grant_id, owner),
                signed_in_at=now,
                last_seen_at=now,
            )
        )

    def hand_back(self, owner: Owner, token: Token, endpoint_for: EndpointFor) -> bool:
        """Revoke a token that nobody is to use; return whether that worked. If not, queue it."""
        with self.engine.begin() as connection:
            row_id = self.outbox.put(connection, token, owner)
        return self.outbox.attempt(row_id, endpoint_for)

    def sign_in_with(self, grant_id: int) -> str | None:
        """Sign in a further browser with an existing grant; return the sign-in's secret.

        This is for launches, which have proved who the person is. None if the grant has ended
        meanwhile.
        """
        secret = secrets.token_urlsafe(32)
        with self.engine.begin() as connection:
            row = connection.execute(
                sa.select(grants).where(grants.c.id == grant_id).with_for_update()
            ).one_or_none()
            if row is None:
                return None
            owner: Owner = (row.environment, row.user_id, row.real_user_id)
            self._add_sign_in(connection, secret, grant_id, owner)
        return secret

    def _put_grant(
        self, connection: sa.Connection, owner: Owner, token: Token, values: dict[str, Any]
    ) -> tuple[int, int | None]:
        """Insert the owner's grant, or replace the existing one.

        Return its id, and the id of the outbox row with the replaced token, None if that is not to
        be revoked.
        """
        old = connection.execute(
            sa.select(grants).where(*_owned(owner)).with_for_update()
        ).one_or_none()
        if old is None:
            environment, user_id, real_user_id = owner
            first = {
                "environment": environment,
                "user_id": user_id,
                "real_user_id": real_user_id,
                "generation": 1,
                "version": 1,
            }
            result = connection.execute(grants.insert().values(first | values))
            assert result.inserted_primary_key is not None  # noqa: S101 - an insert of one row
            return result.inserted_primary_key[0], None
        connection.execute(
            grants.update()
            .where(grants.c.id == old.id)
            .values(generation=old.generation + 1, version=old.version + 1, **values)
        )
        replaced = self._replaced(old, owner, token)
        if replaced is None:
            return old.id, None
        return old.id, self.outbox.put(connection, replaced, owner)

    def _replaced(self, row: sa.Row[Any], owner: Owner, new: Token) -> Token | None:
        """Return the token to revoke; None when Canvas may have given the same one again.

        A key with ``force_token_reuse`` writes a new value into the same row and sends no refresh
        token (canvas-lms ``token.rb``). Revoking the old value would then end the new one.
        """
        try:
            old = self._seal.open(row.sealed, owner, "grant")
        except SealBroken:
            return None
        if new.refresh_token in (None, old.refresh_token) or new.access_token == old.access_token:
            return None
        return old

    def signed_in(self, secret: str) -> SignIn | None:
        """Return who signed in with this secret; None once 30 days idle or 180 days old."""
        now = self._clock()
        with self._reading.connect() as connection:
            row = connection.execute(
                sa.select(sign_ins.c.mac, sign_ins.c.signed_in_at, sign_ins.c.last_seen_at, grants)
                .join(grants, grants.c.id == sign_ins.c.grant_id)
                .where(sign_ins.c.id == _hash(secret), *_alive(now))
            ).one_or_none()
        if row is None or (row.real_user_id and now >= row.connected_at + ACTING_LIVES):
            return None
        owner: Owner = (row.environment, row.user_id, row.real_user_id)
        if not self._seal.bound(row.mac, "sign-in", _hash(secret), row.id, owner):
            log.error("a sign-in is not bound to its grant by a key in TOKEN_KEYS; it is ignored")
            return None
        if now - row.last_seen_at >= TOUCH:
            self._touch(secret, now)
        return SignIn(
            id=_hash(secret),
            grant_id=row.id,
            generation=row.generation,
            identity=Identity(
                row.environment,
                row.user_id,
                row.user_name,
                row.real_user_id or None,
                row.real_user_name,
                row.global_id,
            ),
            scopes=row.scopes,
            connected_at=row.connected_at,
            signed_in_at=row.signed_in_at,
            refused_at=row.refused_at,
        )

    def _touch(self, secret: str, now: datetime) -> None:
        try:
            with self.engine.begin() as connection:
                connection.execute(
                    sign_ins.update().where(sign_ins.c.id == _hash(secret)).values(last_seen_at=now)
                )
        except database.AWAY as fault:  # a full disk must not sign anybody out
            self._unnoted.failed(fault)

    def credentials(self, grant_id: int, endpoint: TokenEndpoint) -> Credentials:
        """Return a grant's access token, which one process renews for all."""
        return GrantCredentials(self._leases, grant_id, endpoint, self._clock)

    def describe(self, grant_id: int) -> Description | None:
        """Return what is stored for a grant, without its secrets."""
        with self._reading.connect() as connection:
            row = connection.execute(sa.select(grants).where(grants.c.id == grant_id)).one_or_none()
            browsers = connection.execute(
                sa.select(sa.func.count())
                .select_from(sign_ins)
                .where(sign_ins.c.grant_id == grant_id, *_alive(self._clock()))
            ).scalar_one()
            calendars = connection.execute(
                sa.select(sa.func.count()).select_from(feeds).where(feeds.c.grant_id == grant_id)
            ).scalar_one()
        if row is None:
            return None
        return Description(
            canvas_environment=row.environment,
            canvas_user=row.user_id,
            canvas_user_everywhere=row.global_id or "not told yet",
            name=row.user_name,
            scopes=row.scopes or "none asked for (a key without scopes)",
            developer_key=row.client_id,
            connected=row.connected_at,
            token_renewed=row.issued_at,
            browsers_signed_in=browsers,
            calendar_feeds=calendars,
            courses_with_rules=self.rules.count((row.environment, row.user_id, row.real_user_id)),
        )

    # Signing out. Each method returns False if something still waits to be revoked at Canvas.

    def sign_out(self, secret: str, endpoint_for: EndpointFor) -> bool:
        """End one browser's sign-in; the last one ends the grant and revokes it at Canvas.

        A grant that has a calendar feed does not end.
        """
        with self.engine.begin() as connection:
            grant_id = connection.execute(
                sa.select(sign_ins.c.grant_id).where(sign_ins.c.id == _hash(secret))
            ).scalar_one_or_none()
            if grant_id is None:
                return True
            # Lock the grant first, so that of two browsers signing out at once one is the last.
            _hold(connection, grant_id)
            connection.execute(sign_ins.delete().where(sign_ins.c.id == _hash(secret)))
            row_id = self._end_if(connection, grant_id, ~_used(self._clock()))
        return row_id is None or self.outbox.attempt(row_id, endpoint_for)

    def sign_out_everywhere(self, grant_id: int, endpoint_for: EndpointFor) -> bool:
        """End every browser's sign-in, and then the grant, unless a calendar feed needs it."""
        with self.engine.begin() as connection:
            _hold(connection, grant_id)
            connection.execute(sign_ins.delete().where(sign_ins.c.grant_id == grant_id))
            row_id = self._end_if(connection, grant_id, ~_used(self._clock()))
        return row_id is None or self.outbox.attempt(row_id, endpoint_for)

    def disconnect(self, grant_id: int, endpoint_for: EndpointFor) -> bool:
        """End the grant with all its sign-ins and revoke it at Canvas."""
        with self.engine.begin() as connection:
            row_id = self._end(connection, grant_id)
        return row_id is None or self.outbox.attempt(row_id, endpoint_for)

    def delete_everything(self, grant_id: int, endpoint_for: EndpointFor) -> bool:
        """Delete all that is stored about a person: see ``grants_of_person``.

        Tokens that could not be revoked remain, sealed, until Canvas has been told.
        """
        mine = self.grants_of_person(grant_id)
        self.rules.forget([(each.environment, each.user_id, each.real_user_id) for each in mine])
        with self.engine.begin() as connection:
            ended = [self._end(connection, each.id) for each in mine]
        told = [self.outbox.attempt(row_id, endpoint_for) for row_id in ended if row_id is not None]
        database.forget_deleted(self.engine)
        return all(told)

    def grants_of_person(self, grant_id: int) -> list[sa.Row[Any]]:
        """Return all grants of a grant's person: in every environment, and for acting as others.

        Beta and test are copies of production, so a person has the same id in all of them. The name
        must be the same too, because two schools' Canvases may give one id to different people.
        """
        with self._reading.connect() as connection:
            row = connection.execute(sa.select(grants).where(grants.c.id == grant_id)).one_or_none()
            if row is None:
                return []
            own, name = row.user_id, row.user_name
            if row.real_user_id:
                own, name = row.real_user_id, row.real_user_name
            themselves = sa.and_(
                grants.c.user_id == own, grants.c.real_user_id == 0, grants.c.user_name == name
            )
            acting = sa.and_(grants.c.real_user_id == own, grants.c.real_user_name == name)
            return list(connection.execute(sa.select(grants).where(sa.or_(themselves, acting))))

    def end_feed(self, grant_id: int, feed_id: int, endpoint_for: EndpointFor) -> bool:
        """End one calendar feed, and its grant if no browser or other feed uses it."""
        with self.engine.begin() as connection:
            _hold(connection, grant_id)
            connection.execute(
                feeds.delete().where(feeds.c.id == feed_id, feeds.c.grant_id == grant_id)
            )
            row_id = self._end_if(connection, grant_id, ~_used(self._clock()))
        return row_id is None or self.outbox.attempt(row_id, endpoint_for)

    def _end_if(
        self, connection: sa.Connection, grant_id: int, over: sa.ColumnElement[bool]
    ) -> int | None:
        """End a grant that meets this condition, in the transaction that has locked its row."""
        found = connection.execute(
            sa.select(grants.c.id).where(grants.c.id == grant_id, over)
        ).first()
        return self._end(connection, grant_id) if found else None

    def _end(self, connection: sa.Connection, grant_id: int) -> int | None:
        """Delete a grant and put its token into the outbox, within the caller's transaction."""
        row = connection.execute(
            grants.delete().where(grants.c.id == grant_id).returning(grants)
        ).one_or_none()
        if row is None:
            return None
        owner: Owner = (row.environment, row.user_id, row.real_user_id)
        try:
            token = self._seal.open(row.sealed, owner, "grant")
        except SealBroken:
            return None
        return self.outbox.put(connection, token, owner)

    def tend(self, endpoint_for: EndpointFor) -> int:
        """End what has expired, then try every waiting revocation; return how many still wait.

        Errors from Canvas are not raised.
        """
        self._expire()
        if self.notes.claim(RETIRED, timedelta(days=1)):
            self.retire(endpoint_for)
        return self.outbox.run(endpoint_for)

    def kept_grants(self) -> list[KeptGrant]:
        """Return every grant, whose it is and when it was last used, without its tokens."""
        seen = _newest(sign_ins.c.last_seen_at, sign_ins.c.grant_id)
        fetched = _newest(
            sa.func.coalesce(feeds.c.fetched_at, feeds.c.created_at), feeds.c.grant_id
        )
        with self._reading.connect() as connection:
            rows = connection.execute(
                sa.select(
                    grants,
                    seen.label("seen_at"),
                    fetched.label("fetched_at"),
                    _how_many(sign_ins).label("browsers"),
                    _how_many(feeds).label("feeds"),
                ).order_by(grants.c.id)
            )
            return [KeptGrant.of_row(row) for row in rows]

    def retire(self, endpoint_for: EndpointFor, days: int | None = None) -> int:
        """End the grants unused for so many days, at Canvas too; return how many.

        Viewing a page and fetching a feed count as use.
        """
        before = self._clock() - timedelta(days=self._retention_days if days is None else days)
        self.rules.retire(before)
        unused = [grant for grant in self.kept_grants() if grant.used_at < before]
        for grant in unused:
            self.disconnect(grant.id, endpoint_for)
        if unused:
            log.info("%s grants were unused since %s and have ended", len(unused), f"{before:%F}")
        return len(unused)

    def forget(self, environment: str, user_id: int, endpoint_for: EndpointFor) -> int | None:
        """Delete all that is stored about a person of a Canvas; None when nothing is stored.

        Return how many tokens could not be revoked at Canvas. They wait, sealed, to be revoked
        later.
        """
        mine = [
            grant.id
            for grant in self.kept_grants()
            if grant.environment == environment and user_id in (grant.user_id, grant.real_user_id)
        ]
        rules = self.rules.forget_user(environment, user_id)
        if not mine:
            return 0 if rules else None
        return sum(not self.delete_everything(each, endpoint_for) for each in mine)

    def _expire(self) -> None:
        """Delete what has expired; queue unused grants for revocation.

        Grants for acting as somebody else are queued once their hour is over.
        """
        now = self._clock()
        with self.engine.begin() as connection:
            connection.execute(sign_ins.delete().where(sa.not_(sa.and_(*_alive(now)))))
            forget_unfetched(connection, now)
            self.launches.sweep(connection)
            self.exports.sweep(connection)
        acting = sa.and_(grants.c.real_user_id != 0, grants.c.connected_at <= now - ACTING_LIVES)
        over = sa.or_(~_used(now), acting)
        with self._reading.connect() as connection:
            found = list(connection.execute(sa.select(grants.c.id).where(over)).scalars())
        for grant_id in found:
            with self.engine.begin() as connection:
                _hold(connection, grant_id)
                self._end_if(connection, grant_id, over)  # the person may have signed in meanwhile

    def reseal(self) -> tuple[int, int]:
        """Seal every token and calendar with the newest key.

        Return how many were sealed again, and how many no key opens; those stay as they are.
        """
        count = broken = 0
        for table in (grants, outbox, feeds):
            with self.engine.begin() as connection:
                rows = connection.execute(
                    sa.select(table.c.id, table.c.sealed)
                    .where(table.c.sealed.is_not(None))
                    .with_for_update()
                )
                for row_id, sealed in list(rows):
                    try:
                        renewed = self._seal.renew(sealed)
                    except SealBroken:
                        broken += 1
                        continue
                    connection.execute(
                        table.update().where(table.c.id == row_id).values(sealed=renewed)
                    )
                    count += 1
        with self.engine.begin() as connection:
            self._bind_rows(connection)
        return count, broken


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _owned(owner: Owner) -> tuple[sa.ColumnElement[bool], ...]:
    environment, user_id, real_user_id = owner
    return (
        grants.c.environment == environment,
        grants.c.user_id == user_id,
        grants.c.real_user_id == real_user_id,
    )


def _hold(connection: sa.Connection, grant_id: int) -> None:
    """Lock the grant's row until the transaction ends; on SQLite this locks the whole database."""
    connection.execute(sa.select(grants.c.id).where(grants.c.id == grant_id).with_for_update())


def _used(now: datetime) -> sa.ColumnElement[bool]:
    """Return whether a browser or a feed uses the grant, as a condition of the enclosing query."""
    browser = sa.select(sign_ins.c.id).where(sign_ins.c.grant_id == grants.c.id, *_alive(now))
    return sa.or_(browser.exists(), needed(now))


def _alive(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (sign_ins.c.signed_in_at > now - LONGEST_SIGN_IN, sign_ins.c.last_seen_at > now - IDLE)
