"""Goods money on the main supervised account is moved to producers' sub-accounts by two persons' instruction."""

import sqlalchemy as sa
from alembic import op

revision = "0101"
down_revision = "0100"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create runs, splits and their parts; what of a receipt is split; and let no receipt take a split's line."""
    op.add_column("payments", sa.Column("split_fen", sa.BigInteger(), server_default="0", nullable=False))
    op.create_check_constraint(op.f("ck_payments_split"), "payments", "split_fen BETWEEN 0 AND amount_fen")
    _runs()
    _splits()
    op.create_table(
        "split_parts",
        sa.Column("split_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_split_parts_amount_fen")),
        sa.ForeignKeyConstraint(["split_id"], ["splits.id"], name=op.f("fk_split_parts_split_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_split_parts_payment_id")),
        sa.PrimaryKeyConstraint("split_id", "payment_id", name=op.f("pk_split_parts")),
    )
    op.create_index(op.f("ix_split_parts_payment_id"), "split_parts", ["payment_id"])
    for name, when in (
        ("splits_kept", "BEFORE UPDATE ON splits FOR EACH ROW WHEN (OLD.status IN ('done','failed','cancelled'))"),
        ("splits_no_delete", "BEFORE DELETE ON splits FOR EACH ROW"),
        ("splits_no_truncate", "BEFORE TRUNCATE ON splits FOR EACH STATEMENT"),
        ("split_parts_no_change", "BEFORE UPDATE OR DELETE ON split_parts FOR EACH ROW"),
        ("split_parts_no_truncate", "BEFORE TRUNCATE ON split_parts FOR EACH STATEMENT"),
    ):
        table = "split_parts" if name.startswith("split_parts") else "splits"
        op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION refuse_change()")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
    _replace_serial_left("'provider_payout', 'split'")


def _runs() -> None:
    op.create_table(
        "split_runs",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("started_by", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_split_runs_{column}"))
            for column, table in (
                ("started_by", "users"),
                ("file_id", "stored_files"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_split_runs")),
        sa.UniqueConstraint("public_id", name=op.f("uq_split_runs_public_id")),
    )


_CHECKS = {
    "status": "status IN ('prepared','released','sent','done','failed','cancelled')",
    "amount_fen": "amount_fen > 0",
    "two_persons": "released_by IS NULL OR released_by <> prepared_by",
    "released": "status IN ('prepared','cancelled') OR released_by IS NOT NULL",
    "done": "(status = 'done') = (left_line_id IS NOT NULL AND arrived_line_id IS NOT NULL)",
    "lines": "(left_line_id IS NULL AND arrived_line_id IS NULL) OR status IN ('sent','done','failed')",
    "returned": "returned_line_id IS NULL OR (status = 'failed' AND left_line_id IS NOT NULL)",
    "failed": "status <> 'failed' OR (arrived_line_id IS NULL AND (left_line_id IS NULL) = (returned_line_id IS NULL))",
}
_KEYS = {
    "run_id": "split_runs", "producer_id": "organisations", "payer_id": "supervised_accounts",
    "payee_id": "supervised_accounts", "prepared_by": "users",
    "released_by": "users", "left_line_id": "bank_statement_lines", "arrived_line_id": "bank_statement_lines",
    "returned_line_id": "bank_statement_lines", "decided_by": "users",
}  # fmt: skip


def _splits() -> None:
    op.create_table(
        "splits",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("producer_id", sa.BigInteger(), nullable=False),
        sa.Column("payer_id", sa.BigInteger(), nullable=False),
        sa.Column("payee_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("prepared_by", sa.BigInteger(), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.BigInteger(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_line_id", sa.BigInteger(), nullable=True),
        sa.Column("arrived_line_id", sa.BigInteger(), nullable=True),
        sa.Column("returned_line_id", sa.BigInteger(), nullable=True),
        sa.Column("failure", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_splits_{name}")) for name, rule in _CHECKS.items()),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_splits_{column}"))
            for column, table in _KEYS.items()
        ),
        *(
            sa.UniqueConstraint(column, name=op.f(f"uq_splits_{column}"))
            for column in ("public_id", "number", "left_line_id", "arrived_line_id", "returned_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_splits")),
    )
    for column in ("run_id", "producer_id"):
        op.create_index(op.f(f"ix_splits_{column}"), "splits", [column])
    op.create_index(
        "ix_splits_moving", "splits", ["producer_id", "amount_fen"], postgresql_where=sa.text("status = 'sent'")
    )


def _replace_serial_left(rules: str) -> None:
    """Let lines matched by these rules be no receipt's."""
    op.execute(f"""
        CREATE OR REPLACE FUNCTION supervised_serial_left(wanted text, besides bigint) RETURNS bigint
        LANGUAGE plpgsql AS $$
        DECLARE known bigint;
        BEGIN
            PERFORM FROM bank_statement_lines l JOIN statement_accounts a ON a.id = l.account_id
             WHERE l.serial = wanted AND l.direction = 'in' AND a.clearing = 'supervised'
             ORDER BY l.id FOR NO KEY UPDATE OF l;
            SELECT sum(CASE WHEN l.amount_fen > 0 AND l.wrong_by IS NULL AND l.state NOT IN ('returned', 'ignored')
                             AND NOT (l.state = 'matched' AND l.rule IN ({rules})) THEN l.amount_fen ELSE 0 END)
              INTO known FROM bank_statement_lines l JOIN statement_accounts a ON a.id = l.account_id
             WHERE l.serial = wanted AND l.direction = 'in' AND a.clearing = 'supervised';
            RETURN known - (SELECT coalesce(sum(p.amount_fen), 0) FROM payments p WHERE p.bank_serial = wanted
                            AND p.clearing = 'supervised' AND p.status <> 'refused' AND p.id <> besides);
        END $$""")


def downgrade() -> None:
    """Drop them."""
    _replace_serial_left("'provider_payout'")
    for table in ("split_parts", "splits", "split_runs"):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_payments_split"), "payments", type_="check")
    op.drop_column("payments", "split_fen")
