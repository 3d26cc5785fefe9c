"""Prepared exports with the parts of their files, and each teacher's rules of attention."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    _exports()
    _rules()


def _exports() -> None:
    op.create_table(
        "exports",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column(
            "grant_id",
            sa.Integer,
            sa.ForeignKey("grants.id", ondelete="CASCADE", name="export_grant"),
            nullable=False,
            index=True,
        ),
        sa.Column("course_id", sa.String(24), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("form", sa.String(8), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer),
        sa.Column("trouble", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "export_parts",
        sa.Column(
            "export_id",
            sa.String(64),
            sa.ForeignKey("exports.id", ondelete="CASCADE", name="part_export"),
            primary_key=True,
        ),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("sealed", sa.Text, nullable=False),
    )


def _rules() -> None:
    op.create_table(
        "class_rules",
        sa.Column("environment", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("real_user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("course_id", sa.String(24), primary_key=True),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
    )
