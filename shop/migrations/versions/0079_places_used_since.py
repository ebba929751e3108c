"""Places are used since before they were registered here: what was done earlier can be recorded there."""

from alembic import op

revision = "0079"
down_revision = "0078"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let those there are be used as far back as anything may be recorded, as new ones are where nothing else is told."""
    op.execute("UPDATE places SET valid_from = valid_from - 1830 WHERE valid_from >= CAST(created_at AS date) - 1")


def downgrade() -> None:
    """Nothing: a place that was used earlier does no harm."""
