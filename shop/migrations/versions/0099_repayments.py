"""Producers pay back what they owe to the supervised account."""

import sqlalchemy as sa
from alembic import op

revision = "0099"
down_revision = "0098"
branch_labels = None
depends_on = None

_TABLE = "producer_repayments"


def upgrade() -> None:
    """Create the tables; what was netted before stays as it is."""

    def check(condition: str, name: str) -> sa.CheckConstraint:
        return sa.CheckConstraint(condition, name=op.f(f"ck_{_TABLE}_{name}"))

    op.create_table(
        _TABLE,
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("producer_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("bank_serial", sa.Text(), nullable=False),
        sa.Column("payer_name", sa.Text(), server_default="", nullable=False),
        sa.Column("payer_account", sa.Text(), server_default="", nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), sa.ForeignKey("bank_statement_lines.id")),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), sa.ForeignKey("users.id")),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("refusal", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        check("status IN ('recorded','confirmed','refused')", "status"),
        check("amount_fen > 0", "amount_fen"),
        check("decided_by IS NULL OR decided_by <> recorded_by", "two_persons"),
        check("status <> 'confirmed' OR decided_by IS NOT NULL OR line_id IS NOT NULL", "confirmed"),
    )
    op.create_index(f"ix_{_TABLE}_producer_id", _TABLE, ["producer_id"])
    for name, column in (("bank_serial", "bank_serial"), ("line", "line_id")):
        op.create_index(
            f"uq_{_TABLE}_{name}", _TABLE, [column], unique=True, postgresql_where=sa.text("status <> 'refused'")
        )
    op.create_table(
        "repayment_items",
        sa.Column("repayment_id", sa.BigInteger(), sa.ForeignKey(f"{_TABLE}.id"), primary_key=True),
        sa.Column("order_id", sa.BigInteger(), sa.ForeignKey("orders.id"), primary_key=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("card_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "amount_fen > 0 AND card_fen BETWEEN 0 AND amount_fen", name=op.f("ck_repayment_items_amount_fen")
        ),
    )
    op.create_index("ix_repayment_items_order_id", "repayment_items", ["order_id"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("repayment_items")
    op.drop_table(_TABLE)
