"""Banks' electronic receipts of payouts."""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "payout_slips",
        sa.Column("payout_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("attached_by", sa.BigInteger(), nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["payout_id"], ["payouts.id"], name=op.f("fk_payout_slips_payout_id")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_payout_slips_file_id")),
        sa.ForeignKeyConstraint(["attached_by"], ["users.id"], name=op.f("fk_payout_slips_attached_by")),
        sa.PrimaryKeyConstraint("payout_id", "file_id", name=op.f("pk_payout_slips")),
    )
    op.create_index(op.f("ix_payout_slips_file_id"), "payout_slips", ["file_id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("payout_slips")
