"""A receipt that was confirmed wrongly is reversed by two persons; its serial number may be recorded again."""

import sqlalchemy as sa
from alembic import op

revision = "0103"
down_revision = "0102"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the corrections, let receipts be reversed, and leave these out where serials stand once."""
    op.create_table(
        "receipt_corrections",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence_file_id", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.dialects.postgresql.JSONB(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.Text(), server_default="", nullable=False),
        sa.Column("replacement_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_receipt_corrections_{name}")) for name, rule in _CHECKS.items()),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_receipt_corrections_{column}"))
            for column, table in _KEYS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_corrections")),
        sa.UniqueConstraint("public_id", name=op.f("uq_receipt_corrections_public_id")),
        sa.UniqueConstraint("replacement_id", name=op.f("uq_receipt_corrections_replacement_id")),
    )
    op.create_index(
        "uq_receipt_corrections_payment", "receipt_corrections", ["payment_id"], unique=True,
        postgresql_where=sa.text("status IN ('proposed','confirmed')"),
    )  # fmt: skip
    op.create_index("ix_receipt_corrections_payment_id", "receipt_corrections", ["payment_id"])
    op.create_index(
        "ix_receipt_corrections_waiting", "receipt_corrections", ["id"],
        postgresql_where=sa.text("status = 'proposed'"),
    )  # fmt: skip
    for name, when in (
        ("kept", "BEFORE UPDATE ON receipt_corrections FOR EACH ROW WHEN (OLD.status <> 'proposed')"),
        ("no_delete", "BEFORE DELETE ON receipt_corrections FOR EACH ROW"),
        ("no_truncate", "BEFORE TRUNCATE ON receipt_corrections FOR EACH STATEMENT"),
    ):
        op.execute(f"CREATE TRIGGER receipt_corrections_{name} {when} EXECUTE FUNCTION refuse_change()")
        op.execute(f"ALTER TABLE receipt_corrections ENABLE ALWAYS TRIGGER receipt_corrections_{name}")
    _allow("'recorded','confirmed','refused','reversed'")
    _replace("status NOT IN ('refused','reversed')")


_CHECKS = {
    "status": "status IN ('proposed','confirmed','refused','withdrawn')",
    "two_persons": "status NOT IN ('confirmed','refused') OR coalesce(decided_by <> proposed_by, false)",
    "decided": "(status = 'proposed') = (decided_at IS NULL)",
    "replacement": "(status = 'confirmed' AND facts IS NOT NULL) = (replacement_id IS NOT NULL)",
}
_KEYS = {
    "payment_id": "payments", "evidence_file_id": "stored_files", "proposed_by": "users", "decided_by": "users",
    "replacement_id": "payments",
}  # fmt: skip


def _allow(statuses: str) -> None:
    op.drop_constraint(op.f("ck_payments_status"), "payments", type_="check")
    op.create_check_constraint(op.f("ck_payments_status"), "payments", f"status IN ({statuses})")


def _replace(live: str) -> None:
    """Let serials stand once among live receipts, and these alone take of a supervised line."""
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_payments_serial_new", "payments", ["payee_id", "bank_serial", "part_no"], unique=True,
            postgresql_where=sa.text(live), postgresql_concurrently=True, if_not_exists=True,
        )  # fmt: skip
    op.drop_index("uq_payments_serial", table_name="payments")
    op.execute("ALTER INDEX uq_payments_serial_new RENAME TO uq_payments_serial")
    op.execute(f"""
        CREATE OR REPLACE FUNCTION supervised_serial_left(wanted text, besides bigint) RETURNS bigint
        LANGUAGE plpgsql AS $$
        DECLARE known bigint;
        BEGIN
            PERFORM FROM bank_statement_lines l JOIN statement_accounts a ON a.id = l.account_id
             WHERE l.serial = wanted AND l.direction = 'in' AND a.clearing = 'supervised'
             ORDER BY l.id FOR NO KEY UPDATE OF l;
            SELECT sum(CASE WHEN l.amount_fen > 0 AND l.wrong_by IS NULL AND l.state NOT IN ('returned', 'ignored')
                             AND NOT (l.state = 'matched' AND l.rule IN ('provider_payout', 'split'))
                        THEN l.amount_fen ELSE 0 END)
              INTO known FROM bank_statement_lines l JOIN statement_accounts a ON a.id = l.account_id
             WHERE l.serial = wanted AND l.direction = 'in' AND a.clearing = 'supervised';
            RETURN known - (SELECT coalesce(sum(p.amount_fen), 0) FROM payments p WHERE p.bank_serial = wanted
                            AND p.clearing = 'supervised' AND p.{live} AND p.id <> besides);
        END $$""")


def downgrade() -> None:
    """Drop them; there must be no reversed receipt."""
    _replace("status <> 'refused'")
    _allow("'recorded','confirmed','refused'")
    op.drop_table("receipt_corrections")
