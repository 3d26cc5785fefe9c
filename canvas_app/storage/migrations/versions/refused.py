"""When Canvas refused a grant's new token."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("grants", sa.Column("refused_at", sa.DateTime(timezone=True)))
