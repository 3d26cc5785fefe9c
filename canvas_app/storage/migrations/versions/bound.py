"""Sign-ins and feeds bound to their grants. ``Storage.upgrade()`` binds the existing rows."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for table in ("sign_ins", "feeds"):
        op.add_column(table, sa.Column("mac", sa.String(64)))
