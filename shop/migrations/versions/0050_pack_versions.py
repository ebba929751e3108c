"""Packs that nobody has used yet can be corrected: their rows have versions."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the version, 1 for all that are there."""
    op.add_column("skus", sa.Column("version", sa.BigInteger(), server_default="1", nullable=False))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("skus", "version")
