"""Calendar feeds: the hash of each secret, the contents, and the last calendar, sealed."""

import hashlib
import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from canvas_app.domain.calendar_entries import FEED_KINDS
from canvas_app.domain.queries import Query
from canvas_app.outages import Outage
from canvas_app.storage.database import AWAY, reading
from canvas_app.storage.schema import feeds, grants
from canvas_app.storage.seal import Owner, Seal, SealBroken

MOST_FEEDS = 10  # feeds of one grant
REST = timedelta(minutes=15)  # the least time between two requests to Canvas for one feed
UNFETCHED_FEED_LIVES = timedelta(days=180)  # a feed ends if it is not fetched for this long
LABEL_LENGTH = 60

log = logging.getLogger(__name__)


class NoFeed(Exception):
    """The feed cannot be created; the message tells the person why."""


@dataclass(frozen=True)
class FeedContents:
    """Contents of a feed: items of these kinds and courses (none named: all), done ones or not."""

    kinds: tuple[str, ...]
    course_ids: tuple[str, ...] = ()
    done: bool = True

    @classmethod
    def from_query(cls, args: Query) -> "FeedContents":
        """Parse ``kind``, ``course`` and ``open_only``, ignoring unknown values."""
        courses = dict.fromkeys(args.getlist("course"))
        return cls(
            tuple(kind for kind in FEED_KINDS if kind in args.getlist("kind")),
            tuple(id_ for id_ in courses if id_.isdecimal()),
            done="1" not in args.getlist("open_only"),
        )


@dataclass(frozen=True)
class Feed:
    """A feed as it is stored. ``kept`` is its last complete calendar, None before there is one."""

    id: int
    grant_id: int
    owner: Owner
    label: str
    wanted: FeedContents
    created_at: datetime
    fetched_at: datetime | None
    visited_at: datetime | None
    kept_at: datetime | None
    changed_at: datetime | None
    trouble: str | None
    kept: bytes | None = field(repr=False)

    @property
    def environment(self) -> str:
        return self.owner[0]


class Feeds:
    """The feeds in a database. A feed ends with its grant, and keeps the grant from expiring."""

    def __init__(self, engine: sa.Engine, seal: Seal, clock: Callable[[], datetime]) -> None:
        self._unnoted = Outage(log, "a feed's fetch was not noted")
        self._engine = engine
        self._reading = reading(engine)
        self._seal = seal
        self._clock = clock

    def make(self, grant_id: int, label: str, wanted: FeedContents) -> str:
        """Create a feed and return its secret, 256 random bits that are not stored.

        Raise NoFeed when the grant has ended, is one for acting as another person, or has enough
        feeds.
        """
        secret = secrets.token_urlsafe(32)
        with self._engine.begin() as connection:
            # Lock the grant first, so that a sign-out at the same time cannot end it unseen.
            grant = connection.execute(
                sa.select(grants.c.environment, grants.c.user_id, grants.c.real_user_id)
                .where(grants.c.id == grant_id)
                .with_for_update()
            ).one_or_none()
            if grant is None:
                raise NoFeed("Easel's access to Canvas has ended. Sign in again.")
            if grant.real_user_id:
                raise NoFeed(
                    "While acting as somebody else you cannot make a calendar feed for them."
                )
            has = connection.execute(
                sa.select(sa.func.count()).select_from(feeds).where(feeds.c.grant_id == grant_id)
            ).scalar_one()
            if has >= MOST_FEEDS:
                raise NoFeed(f"You have {MOST_FEEDS} calendar feeds; end one to make another.")
            connection.execute(
                feeds.insert().values(
                    grant_id=grant_id,
                    hash=_hash(secret),
                    mac=self._seal.bind("feed", _hash(secret), grant_id, _owner(grant)),
                    label=_label(label),
                    wanted=json.dumps(vars(wanted)),
                    created_at=self._clock(),
                )
            )
        return secret

    def find(self, secret: str) -> Feed | None:
        """Return the feed of a secret and record that it was fetched; None when there is none."""
        with self._reading.connect() as connection:
            row = connection.execute(_feeds().where(feeds.c.hash == _hash(secret))).one_or_none()
        if row is None:
            return None
        if not self._seal.bound(row.mac, "feed", row.hash, row.grant_id, _owner(row)):
            log.error("a feed is not bound to its grant by a key in TOKEN_KEYS; it is ignored")
            return None
        now = self._clock()
        if row.fetched_at is None or now - row.fetched_at >= REST:
            self._note_fetched(row.id, now)
        return self._feed(row, self._open(row))

    def _note_fetched(self, feed_id: int, now: datetime) -> None:
        try:
            with self._engine.begin() as connection:
                connection.execute(
                    feeds.update().where(feeds.c.id == feed_id).values(fetched_at=now)
                )
        except AWAY as fault:  # the stored calendar can still be served
            self._unnoted.failed(fault)

    def of(self, grant_id: int) -> tuple[Feed, ...]:
        """Return a grant's feeds, oldest first, without their calendars."""
        with self._reading.connect() as connection:
            rows = connection.execute(
                _feeds().where(feeds.c.grant_id == grant_id).order_by(feeds.c.id)
            ).all()
        return tuple(self._feed(row, None) for row in rows)

    def may_visit(self, feed: Feed) -> bool:
        """Return whether the caller may ask Canvas; then nobody else may for 15 minutes."""
        now = self._clock()
        with self._engine.begin() as connection:
            taken = connection.execute(
                feeds.update()
                .where(
                    feeds.c.id == feed.id,
                    sa.or_(feeds.c.visited_at.is_(None), feeds.c.visited_at <= now - REST),
                )
                .values(visited_at=now)
            )
        return taken.rowcount == 1

    def keep(self, feed: Feed, calendar: bytes) -> Feed | None:
        """Store a complete calendar in place of the last one; return the feed, None if it ended."""
        now = self._clock()
        return self._write(
            feed,
            sealed=self._seal.close_bytes(calendar, feed.owner, "calendar"),
            kept_at=now,
            changed_at=feed.changed_at if calendar == feed.kept else now,
            trouble=None,
        )

    def note_trouble(self, feed: Feed, why: str) -> Feed | None:
        """Record why a request brought no complete calendar; the last one stays."""
        return self._write(feed, trouble=why)

    def _write(self, feed: Feed, **values: Any) -> Feed | None:
        with self._engine.begin() as connection:
            connection.execute(feeds.update().where(feeds.c.id == feed.id).values(**values))
            row = connection.execute(_feeds().where(feeds.c.id == feed.id)).one_or_none()
        return None if row is None else self._feed(row, self._open(row))

    def _open(self, row: sa.Row[Any]) -> bytes | None:
        if row.sealed is None:
            return None
        try:
            return self._seal.open_bytes(row.sealed, _owner(row), "calendar")
        except SealBroken:
            return None  # the calendar can be asked for again

    @staticmethod
    def _feed(row: sa.Row[Any], kept: bytes | None) -> Feed:
        wanted = json.loads(row.wanted)
        return Feed(
            id=row.id,
            grant_id=row.grant_id,
            owner=_owner(row),
            label=row.label,
            wanted=FeedContents(
                tuple(wanted["kinds"]), tuple(wanted["course_ids"]), wanted["done"]
            ),
            created_at=row.created_at,
            fetched_at=row.fetched_at,
            visited_at=row.visited_at,
            kept_at=row.kept_at,
            changed_at=row.changed_at,
            trouble=row.trouble,
            kept=kept,
        )


def _label(given: str) -> str:
    """Return a name without control characters such as NUL, which PostgreSQL does not store."""
    text = "".join(letter if letter.isprintable() else " " for letter in given)
    return " ".join(text.split())[:LABEL_LENGTH] or "Calendar"


def needed(now: datetime) -> sa.ColumnElement[bool]:
    """Return whether the grant in the enclosing query has a feed that is still fetched."""
    return sa.select(feeds.c.id).where(feeds.c.grant_id == grants.c.id, _fetched(now)).exists()


def forget_unfetched(connection: sa.Connection, now: datetime) -> None:
    """End the feeds that were not fetched for 180 days, within the caller's transaction."""
    connection.execute(feeds.delete().where(sa.not_(_fetched(now))))


def _fetched(now: datetime) -> sa.ColumnElement[bool]:
    return sa.func.coalesce(feeds.c.fetched_at, feeds.c.created_at) > now - UNFETCHED_FEED_LIVES


def _feeds() -> sa.Select[Any]:
    return sa.select(feeds, grants.c.environment, grants.c.user_id, grants.c.real_user_id).join(
        grants, grants.c.id == feeds.c.grant_id
    )


def _owner(row: Any) -> Owner:
    return row.environment, row.user_id, row.real_user_id


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
