"""How often a call to the card provider has taken another key."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the count; no call has taken another key so far."""
    op.add_column("provider_calls", sa.Column("renewals", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("provider_calls", "renewals")
