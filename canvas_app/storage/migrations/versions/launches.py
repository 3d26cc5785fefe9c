"""What launches from inside Canvas need: global ids of people, nonces that were used."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("grants", sa.Column("global_id", sa.BigInteger))
    op.add_column(
        "sign_ins", sa.Column("kind", sa.String(16), nullable=False, server_default="browser")
    )
    op.create_table(
        "spent_nonces",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=False),
    )
