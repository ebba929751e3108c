"""Payouts of the card provider that have come to the supervised account."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, which is only added to."""
    op.create_table(
        "payout_arrivals",
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payout_arrivals_amount_fen")),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["balance_transactions.id"], name=op.f("fk_payout_arrivals_transaction_id")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["bank_statement_lines.id"], name=op.f("fk_payout_arrivals_line_id")),
        sa.PrimaryKeyConstraint("transaction_id", name=op.f("pk_payout_arrivals")),
        sa.UniqueConstraint("line_id", name=op.f("uq_payout_arrivals_line_id")),
    )
    op.execute("""
        CREATE TRIGGER payout_arrivals_append_only BEFORE UPDATE OR DELETE ON payout_arrivals
        FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
    op.execute("ALTER TABLE payout_arrivals ENABLE ALWAYS TRIGGER payout_arrivals_append_only")


def downgrade() -> None:
    """Drop it."""
    op.drop_table("payout_arrivals")
