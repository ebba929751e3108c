"""Which steps a lot's page shows is decided from indexes alone: with millions of events their rows lie on as many pages of the disk."""

from alembic import op

revision = "0085"
down_revision = "0084"
branch_labels = None
depends_on = None

#: name, table, columns, what it holds beside them, whether it is unique; and what it takes the place of.
_NEW = (
    ("ix_trace_events_told", "trace_events", ["id"],
     ["event_id", "organisation_id", "is_market", "is_declaration", "biz_step"], False),
    ("ix_trace_event_epcs_told", "trace_event_epcs", ["epc_id", "event_time", "event_id"], ["role", "quantity", "uom"], False),
    ("uq_log_leaves_key", "log_leaves", ["log_id", "key"], ["leaf_index"], True),
)  # fmt: skip
_FORMER = ("ix_trace_event_epcs_epc", "trace_event_epcs", ["epc_id", "event_time", "event_id"], ["role"])


def upgrade() -> None:
    """Make them beside what is going on, then drop those that they replace."""
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # building beside others waits for all who are there
        for name, table, columns, beside, is_unique in _NEW:
            op.create_index(
                name, table, columns, unique=is_unique, postgresql_include=beside, postgresql_concurrently=True,
                if_not_exists=True,
            )  # fmt: skip
        op.drop_index(_FORMER[0], table_name=_FORMER[1], postgresql_concurrently=True, if_exists=True)
        op.execute("RESET lock_timeout")
    op.execute("ALTER TABLE log_leaves DROP CONSTRAINT IF EXISTS uq_log_leaves_log_id_key")


def downgrade() -> None:
    """Make the former ones again."""
    op.create_unique_constraint(op.f("uq_log_leaves_log_id_key"), "log_leaves", ["log_id", "key"])
    with op.get_context().autocommit_block():
        name, table, columns, beside = _FORMER
        op.create_index(
            name, table, columns, postgresql_include=beside, postgresql_concurrently=True, if_not_exists=True
        )
        for made, of, *_rest in _NEW:
            op.drop_index(made, table_name=of, postgresql_concurrently=True, if_exists=True)
