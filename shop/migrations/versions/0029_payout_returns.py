"""Payouts by bank that came back after they were paid."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_STATES = "'prepared','released','sent','paid','failed','cancelled'"


def upgrade() -> None:
    """Let a payout be returned, and create the table of who said so and who agreed."""
    for name in ("status", "paid"):
        op.drop_constraint(op.f(f"ck_payouts_{name}"), "payouts", type_="check")
    op.create_check_constraint(op.f("ck_payouts_status"), "payouts", f"status IN ({_STATES},'returned')")
    op.create_check_constraint(
        op.f("ck_payouts_paid"), "payouts", "status NOT IN ('paid','returned') OR value_on IS NOT NULL"
    )
    op.create_check_constraint(op.f("ck_payouts_returned"), "payouts", "status <> 'returned' OR rail = 'bank'")
    op.create_table(
        "payout_returns",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("payout_id", sa.BigInteger(), sa.ForeignKey("payouts.id"), nullable=False),
        sa.Column("line_id", sa.BigInteger(), sa.ForeignKey("bank_statement_lines.id")),
        sa.Column("bank_serial", sa.Text(), nullable=False),
        sa.Column("returned_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("same_account", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), sa.ForeignKey("users.id")),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("refusal", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("status IN ('recorded','confirmed','refused')", name=op.f("ck_payout_returns_status")),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> recorded_by", name=op.f("ck_payout_returns_two_persons")
        ),
        sa.CheckConstraint("(status = 'recorded') = (decided_by IS NULL)", name=op.f("ck_payout_returns_decided")),
    )
    for column in ("payout", "line"):
        op.create_index(
            f"uq_payout_returns_{column}", "payout_returns", [f"{column}_id"], unique=True,
            postgresql_where=sa.text("status <> 'refused'"),
        )  # fmt: skip


def downgrade() -> None:
    """Drop it; a payout that was returned cannot be told without it."""
    op.drop_table("payout_returns")
    op.drop_constraint(op.f("ck_payouts_returned"), "payouts", type_="check")
    for name in ("status", "paid"):
        op.drop_constraint(op.f(f"ck_payouts_{name}"), "payouts", type_="check")
    op.create_check_constraint(op.f("ck_payouts_status"), "payouts", f"status IN ({_STATES})")
    op.create_check_constraint(op.f("ck_payouts_paid"), "payouts", "status <> 'paid' OR value_on IS NOT NULL")
