"""The order of the transactions that stored events: the log of events is read by it."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index beside what is going on."""
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_trace_events_xid", "trace_events", ["xid", "id"], postgresql_concurrently=True, if_not_exists=True
        )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_trace_events_xid", table_name="trace_events")
