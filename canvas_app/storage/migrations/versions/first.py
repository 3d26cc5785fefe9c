"""Grants, sign-ins and the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "grants",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("environment", sa.String(64), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("real_user_id", sa.BigInteger, nullable=False),
        sa.Column("real_user_name", sa.Text),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("client_id", sa.String(255), nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("connected_at", moment, nullable=False),
        sa.Column("issued_at", moment, nullable=False),
        sa.Column("lease_owner", sa.String(32)),
        sa.Column("lease_until", moment),
        sa.UniqueConstraint("environment", "user_id", "real_user_id", name="one_grant_per_person"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column(
            "grant_id",
            sa.Integer,
            sa.ForeignKey("grants.id", ondelete="CASCADE", name="sign_in_grant"),
            nullable=False,
        ),
        sa.Column("signed_in_at", moment, nullable=False),
        sa.Column("last_seen_at", moment, nullable=False),
    )
    op.create_index("ix_sign_ins_grant_id", "sign_ins", ["grant_id"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("environment", sa.String(64), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("real_user_id", sa.BigInteger, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("claim_owner", sa.String(32)),
        sa.Column("claim_until", moment),
        sqlite_autoincrement=True,
    )
