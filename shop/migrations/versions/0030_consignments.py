"""Who got which lot, and what was accepted of it."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TABLES = ("trace_consignments", "trace_receipts")


def upgrade() -> None:
    """Create the tables, which are only added to."""
    op.create_table(
        "trace_consignments",
        sa.Column("movement_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("consignor_id", sa.BigInteger(), nullable=False),
        sa.Column("consignee_id", sa.BigInteger(), nullable=False),
        sa.Column("order_ref", sa.Uuid(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("shipment_ref", sa.Uuid(), nullable=False),
        sa.Column("shipment_number", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(14, 3), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_trace_consignments_quantity")),
        sa.ForeignKeyConstraint(["movement_id"], ["lot_movements.id"], name=op.f("fk_trace_consignments_movement_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_trace_consignments_lot_id")),
        sa.ForeignKeyConstraint(
            ["consignor_id"], ["organisations.id"], name=op.f("fk_trace_consignments_consignor_id")
        ),
        sa.ForeignKeyConstraint(
            ["consignee_id"], ["organisations.id"], name=op.f("fk_trace_consignments_consignee_id")
        ),
        sa.PrimaryKeyConstraint("movement_id", name=op.f("pk_trace_consignments")),
    )
    op.create_index("ix_trace_consignments_lot", "trace_consignments", ["lot_id", "shipped_at", "movement_id"])
    op.create_index("ix_trace_consignments_order", "trace_consignments", ["order_ref"])
    op.create_index("ix_trace_consignments_consignee", "trace_consignments", ["consignee_id", "lot_id"])
    op.create_table(
        "trace_receipts",
        sa.Column("acceptance_ref", sa.Uuid(), nullable=False),
        sa.Column("movement_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.Numeric(14, 3), nullable=False),
        sa.Column("rejected", sa.Numeric(14, 3), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "accepted >= 0 AND rejected >= 0 AND accepted + rejected > 0", name=op.f("ck_trace_receipts_decided")
        ),
        sa.ForeignKeyConstraint(["movement_id"], ["lot_movements.id"], name=op.f("fk_trace_receipts_movement_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_trace_receipts_lot_id")),
        sa.PrimaryKeyConstraint("acceptance_ref", "movement_id", name=op.f("pk_trace_receipts")),
    )
    op.create_index("ix_trace_receipts_movement", "trace_receipts", ["movement_id"])
    for table in TABLES:
        op.execute(f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
        op.execute(f"""
            CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate")


def downgrade() -> None:
    """Drop them."""
    for table in reversed(TABLES):
        op.drop_table(table)
