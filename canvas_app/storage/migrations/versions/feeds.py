"""Calendar feeds."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "feeds",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "grant_id",
            sa.Integer,
            sa.ForeignKey("grants.id", ondelete="CASCADE", name="feed_grant"),
            nullable=False,
        ),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("wanted", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("fetched_at", moment),
        sa.Column("visited_at", moment),
        sa.Column("kept_at", moment),
        sa.Column("changed_at", moment),
        sa.Column("trouble", sa.Text),
        sa.Column("sealed", sa.Text),
        sa.UniqueConstraint("hash", name="one_feed_per_secret"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_feeds_grant_id", "feeds", ["grant_id"])
