"""What was declared wrong, by its identifier: few rows, so that asking for none of many reads one page."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

_NAME = "ix_trace_events_declared"


def upgrade() -> None:
    """Add the index beside what is going on."""
    with op.get_context().autocommit_block():
        op.create_index(
            _NAME,
            "trace_events",
            ["event_id"],
            postgresql_where=sa.text("is_declaration"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Drop it."""
    op.drop_index(_NAME, table_name="trace_events")
