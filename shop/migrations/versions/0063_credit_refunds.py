"""Credit of bank receipts goes back to its payer, by two persons."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the refunds of credit, what receipts have given back, and which bank line did it."""
    op.add_column("payments", sa.Column("returned_fen", sa.BigInteger(), server_default="0", nullable=False))
    op.create_check_constraint(
        op.f("ck_payments_returned"), "payments", "returned_fen BETWEEN 0 AND amount_fen - allocated_fen"
    )
    op.create_table(
        "credit_refunds",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("bank_serial", sa.Text(), nullable=True),
        sa.Column("value_on", sa.Date(), nullable=True),
        sa.Column("evidence_file_id", sa.BigInteger(), nullable=True),
        sa.Column("requested_by", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "status IN ('requested','recorded','confirmed','refused')", name=op.f("ck_credit_refunds_status")
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_credit_refunds_amount_fen")),
        sa.CheckConstraint(
            "decided_by IS NULL OR recorded_by IS NULL OR decided_by <> recorded_by",
            name=op.f("ck_credit_refunds_two_persons"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('recorded','confirmed') OR (value_on IS NOT NULL AND bank_serial IS NOT NULL"
            " AND recorded_by IS NOT NULL)",
            name=op.f("ck_credit_refunds_recorded"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('confirmed','refused') OR decided_by IS NOT NULL", name=op.f("ck_credit_refunds_decided")
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_credit_refunds_{column}"))
            for column, table in (
                ("payment_id", "payments"),
                ("evidence_file_id", "stored_files"),
                ("requested_by", "users"),
                ("recorded_by", "users"),
                ("decided_by", "users"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_refunds")),
        sa.UniqueConstraint("public_id", name=op.f("uq_credit_refunds_public_id")),
    )
    op.create_index(op.f("ix_credit_refunds_payment_id"), "credit_refunds", ["payment_id"])
    op.create_index(
        "uq_credit_refunds_serial", "credit_refunds", ["payment_id", "bank_serial"], unique=True,
        postgresql_where=sa.text("status <> 'refused'"),
    )  # fmt: skip
    _keep()
    op.add_column("bank_statement_lines", sa.Column("credit_refund_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_bank_statement_lines_credit_refund_id"), "bank_statement_lines", "credit_refunds",
        ["credit_refund_id"], ["id"],
    )  # fmt: skip
    op.create_index(op.f("ix_bank_statement_lines_credit_refund_id"), "bank_statement_lines", ["credit_refund_id"])


def _keep() -> None:
    """Let what is decided stay as it is."""
    for name, when in (
        ("kept", "BEFORE UPDATE ON credit_refunds FOR EACH ROW WHEN (OLD.status IN ('confirmed','refused'))"),
        ("no_delete", "BEFORE DELETE ON credit_refunds FOR EACH ROW"),
        ("no_truncate", "BEFORE TRUNCATE ON credit_refunds FOR EACH STATEMENT"),
    ):
        op.execute(f"CREATE TRIGGER credit_refunds_{name} {when} EXECUTE FUNCTION refuse_change()")
        op.execute(f"ALTER TABLE credit_refunds ENABLE ALWAYS TRIGGER credit_refunds_{name}")


def downgrade() -> None:
    """Drop them."""
    op.drop_column("bank_statement_lines", "credit_refund_id")
    op.drop_table("credit_refunds")
    op.drop_constraint(op.f("ck_payments_returned"), "payments", type_="check")
    op.drop_column("payments", "returned_fen")
