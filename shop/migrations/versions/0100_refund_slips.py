"""Electronic receipts of refunds, and which refunds one request was split into."""

import sqlalchemy as sa
from alembic import op

revision = "0100"
down_revision = "0099"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; refunds of one order that one person asked for at one instant for one reason are of one request."""
    for table, refunds in (("refund_slips", "refunds"), ("credit_refund_slips", "credit_refunds")):
        column = f"{refunds.removesuffix('s')}_id"
        op.create_table(
            table,
            sa.Column(column, sa.BigInteger(), sa.ForeignKey(f"{refunds}.id"), primary_key=True),
            sa.Column("file_id", sa.BigInteger(), sa.ForeignKey("stored_files.id"), primary_key=True),
            sa.Column("attached_by", sa.BigInteger(), sa.ForeignKey("users.id"), nullable=False),
            sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        )
        op.create_index(f"ix_{table}_file_id", table, ["file_id"])
    op.create_table(
        "refund_groups",
        sa.Column("refund_id", sa.BigInteger(), sa.ForeignKey("refunds.id"), primary_key=True, autoincrement=False),
        sa.Column("first_id", sa.BigInteger(), sa.ForeignKey("refunds.id"), nullable=False),
    )
    op.create_index("ix_refund_groups_first_id", "refund_groups", ["first_id"])
    op.execute("""
        INSERT INTO refund_groups (refund_id, first_id)
        SELECT id, first_id FROM (
            SELECT id, min(id) OVER w AS first_id, count(*) OVER w AS n FROM refunds WHERE cause <> 'dispute'
            WINDOW w AS (PARTITION BY order_id, requested_at, requested_by, cause, reason)) g
        WHERE n > 1""")


def downgrade() -> None:
    """Drop them."""
    for table in ("refund_groups", "credit_refund_slips", "refund_slips"):
        op.drop_table(table)
