"""What pruning old events and counting a day's uploads look rows up by."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_webhook_deliveries_event_id", "webhook_deliveries", ["event_id"]),
    ("ix_stored_files_uploaded_at", "stored_files", ["organisation_id", "uploaded_at"]),
)


def upgrade() -> None:
    """Add the indexes beside what is going on."""
    with op.get_context().autocommit_block():
        for name, table, columns in _INDEXES:
            op.create_index(name, table, columns, postgresql_concurrently=True, if_not_exists=True)


def downgrade() -> None:
    """Drop them."""
    for name, table, _columns in _INDEXES:
        op.drop_index(name, table_name=table)
