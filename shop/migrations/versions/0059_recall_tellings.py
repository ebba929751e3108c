"""Who was told of a recall, and what it said of the goods."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

_TABLES = ("trace_recall_tellings", "trace_recall_replies")


def upgrade() -> None:
    """Create both tables, which are only added to."""
    op.create_table(
        "trace_recall_tellings",
        sa.Column("recall_id", sa.Uuid(), nullable=False),
        sa.Column("movement_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["movement_id"], ["lot_movements.id"], name=op.f("fk_trace_recall_tellings_movement_id")
        ),
        sa.PrimaryKeyConstraint("recall_id", "movement_id", name=op.f("pk_trace_recall_tellings")),
    )
    op.create_index("ix_trace_recall_tellings_movement", "trace_recall_tellings", ["movement_id"])
    op.create_table(
        "trace_recall_replies",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("recall_id", sa.Uuid(), nullable=False),
        sa.Column("movement_id", sa.BigInteger(), nullable=False),
        sa.Column("set_aside", sa.Numeric(14, 3), nullable=False),
        sa.Column("used", sa.Numeric(14, 3), nullable=False),
        sa.Column("returned", sa.Numeric(14, 3), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("replied_by", sa.BigInteger(), nullable=False),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "set_aside >= 0 AND used >= 0 AND returned >= 0", name=op.f("ck_trace_recall_replies_quantities")
        ),
        sa.ForeignKeyConstraint(
            ["recall_id", "movement_id"], ["trace_recall_tellings.recall_id", "trace_recall_tellings.movement_id"],
            name=op.f("fk_trace_recall_replies_recall_id"),
        ),
        sa.ForeignKeyConstraint(["replied_by"], ["users.id"], name=op.f("fk_trace_recall_replies_replied_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_recall_replies")),
    )  # fmt: skip
    op.create_index("ix_trace_recall_replies_told", "trace_recall_replies", ["recall_id", "movement_id", "id"])
    for table in _TABLES:
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
    for table in reversed(_TABLES):
        op.drop_table(table)
