"""A refused call to the card provider is shown until somebody has seen to it."""

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add who has, and when; what was refused more than a week ago was not shown any more."""
    op.add_column("provider_calls", sa.Column("noted_by", sa.BigInteger(), nullable=True))
    op.add_column("provider_calls", sa.Column("noted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(op.f("fk_provider_calls_noted_by"), "provider_calls", "users", ["noted_by"], ["id"])
    op.execute(
        "UPDATE provider_calls SET noted_at = done_at WHERE status = 'failed' AND done_at < now() - interval '7 days'"
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_column("provider_calls", "noted_at")
    op.drop_column("provider_calls", "noted_by")
