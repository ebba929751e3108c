"""Counts of scans of packs that integrators numbered."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "recorded_scans",
        sa.Column("sku_id", sa.BigInteger(), sa.ForeignKey("skus.id"), primary_key=True, autoincrement=False),
        sa.Column("serial", sa.Text(), primary_key=True),
        sa.Column("lot_id", sa.BigInteger(), sa.ForeignKey("lots.id")),
        sa.Column("scans", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("scans >= 1", name=op.f("ck_recorded_scans_scans")),
        sa.CheckConstraint("last_at >= first_at", name=op.f("ck_recorded_scans_order")),
    )
    op.create_index("ix_recorded_scans_lot", "recorded_scans", ["lot_id", "scans", "serial"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("recorded_scans")
