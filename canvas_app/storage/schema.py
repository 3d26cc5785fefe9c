"""The tables: grants, the sign-ins, feeds and exports that use them, tokens waiting to be revoked,
what the administrator should know, the nonces of launches, and teachers' rules."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa


class Moment(sa.TypeDecorator[datetime]):
    """Column type for aware UTC times, also on SQLite, which stores no offset."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = sa.MetaData()

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("environment", sa.String(64), nullable=False),
    sa.Column("user_id", sa.BigInteger, nullable=False),
    sa.Column("user_name", sa.Text, nullable=False),
    # 0 means that nobody acts as the user. NULLs are not equal, so two grants could be stored.
    sa.Column("real_user_id", sa.BigInteger, nullable=False),
    sa.Column("real_user_name", sa.Text),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("client_id", sa.String(255), nullable=False),
    sa.Column("sealed", sa.Text, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),  # counts consents
    sa.Column("version", sa.Integer, nullable=False),  # counts renewals and tests of a token
    sa.Column("connected_at", Moment, nullable=False),
    sa.Column("issued_at", Moment, nullable=False),
    sa.Column("lease_owner", sa.String(32)),
    sa.Column("lease_until", Moment),
    sa.Column("global_id", sa.BigInteger),  # the person's id in every Canvas; NULL in old rows
    sa.Column("refused_at", Moment),  # when Canvas last refused a token that it had just issued
    sa.UniqueConstraint("environment", "user_id", "real_user_id", name="one_grant_per_person"),
    sqlite_autoincrement=True,  # ids are never reused, because they are part of cache keys
)

sign_ins = sa.Table(
    "sign_ins",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),  # SHA-256 of the secret, hex
    sa.Column(
        "grant_id",
        sa.Integer,
        sa.ForeignKey("grants.id", ondelete="CASCADE", name="sign_in_grant"),
        nullable=False,
        index=True,
    ),
    sa.Column("mac", sa.String(64)),  # over id, grant and owner; a row without it is ignored
    sa.Column("signed_in_at", Moment, nullable=False),
    sa.Column("last_seen_at", Moment, nullable=False),
    # Always "browser" today: signed in by consent or by a launch from inside Canvas.
    sa.Column("kind", sa.String(16), nullable=False, server_default="browser"),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("environment", sa.String(64), nullable=False),
    sa.Column("user_id", sa.BigInteger, nullable=False),
    sa.Column("real_user_id", sa.BigInteger, nullable=False),
    sa.Column("sealed", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("claim_owner", sa.String(32)),
    sa.Column("claim_until", Moment),
    sqlite_autoincrement=True,
)

feeds = sa.Table(
    "feeds",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "grant_id",
        sa.Integer,
        sa.ForeignKey("grants.id", ondelete="CASCADE", name="feed_grant"),
        nullable=False,
        index=True,
    ),
    sa.Column("hash", sa.String(64), nullable=False),  # SHA-256 of the secret, hex
    sa.Column("mac", sa.String(64)),  # over hash, grant and owner
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("wanted", sa.Text, nullable=False),  # its contents, as JSON
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("fetched_at", Moment),  # when a calendar program last fetched it, about
    sa.Column("visited_at", Moment),  # when Canvas was last asked for it
    sa.Column("kept_at", Moment),  # when Canvas last gave a complete calendar
    sa.Column("changed_at", Moment),  # when the stored calendar last changed
    sa.Column("trouble", sa.Text),  # why the last request brought no calendar
    sa.Column("sealed", sa.Text),  # the stored calendar
    sa.UniqueConstraint("hash", name="one_feed_per_secret"),
    sqlite_autoincrement=True,
)

notes = sa.Table(
    "notes",
    metadata,
    sa.Column("environment", sa.String(64), primary_key=True),
    sa.Column("subject", sa.String(64), primary_key=True),
    sa.Column("detail", sa.Text, nullable=False),  # words, sorted
    sa.Column("first_at", Moment, nullable=False),
    sa.Column("last_at", Moment, nullable=False),
)

spent_nonces = sa.Table(
    "spent_nonces",
    metadata,
    sa.Column("hash", sa.String(64), primary_key=True),  # SHA-256 of a launch's nonce, hex
    sa.Column("spent_at", Moment, nullable=False),
)

exports = sa.Table(
    "exports",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),  # random, in its address
    sa.Column(
        "grant_id",
        sa.Integer,
        sa.ForeignKey("grants.id", ondelete="CASCADE", name="export_grant"),
        nullable=False,
        index=True,
    ),
    sa.Column("course_id", sa.String(24), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),  # of the file, without its ending
    sa.Column("form", sa.String(8), nullable=False),  # csv or json
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer),
    sa.Column("trouble", sa.Text),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("heard_at", Moment, nullable=False),  # of the thread that prepares it
)

export_parts = sa.Table(
    "export_parts",
    metadata,
    sa.Column(
        "export_id",
        sa.String(64),
        sa.ForeignKey("exports.id", ondelete="CASCADE", name="part_export"),
        primary_key=True,
    ),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("sealed", sa.Text, nullable=False),
)

class_rules = sa.Table(
    "class_rules",
    metadata,
    sa.Column("environment", sa.String(64), primary_key=True),
    sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("real_user_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("course_id", sa.String(24), primary_key=True),
    sa.Column("rules", sa.Text, nullable=False),  # as JSON
    sa.Column("kept_at", Moment, nullable=False),
)
