"""Bank statements, their lines, claims, aliases, confirmations, electronic receipts and treasuries' closing days."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

#: Both of the operator's persons: one enters, another confirms.
_MANAGERS = ("operator_finance", "operator_confirmer")


def upgrade() -> None:
    """Create the tables, and let the operator's people manage supervised accounts and closing days."""
    op.create_table(
        "treasury_closing_days",
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("extract(year from last_on) = year", name=op.f("ck_treasury_closing_days_year")),
        sa.ForeignKeyConstraint(
            ["division_code"], ["divisions.code"], name=op.f("fk_treasury_closing_days_division_code")
        ),
        sa.ForeignKeyConstraint(["entered_by"], ["users.id"], name=op.f("fk_treasury_closing_days_entered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_treasury_closing_days")),
        sa.UniqueConstraint("division_code", "year", name=op.f("uq_treasury_closing_days_division_code_year")),
        sa.UniqueConstraint("public_id", name=op.f("uq_treasury_closing_days_public_id")),
    )
    op.create_table(
        "payer_aliases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column("buyer_id", sa.BigInteger(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("learned_by", sa.BigInteger(), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.text("name"), "="),
            (sa.text("account"), "="),
            (sa.text("buyer_id"), "="),
            (sa.text("daterange(valid_from, valid_to, '[]')"), "&&"),
            using="gist",
            name="ex_payer_aliases_dates",
        ),
        sa.ForeignKeyConstraint(["buyer_id"], ["organisations.id"], name=op.f("fk_payer_aliases_buyer_id")),
        sa.ForeignKeyConstraint(["learned_by"], ["users.id"], name=op.f("fk_payer_aliases_learned_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payer_aliases")),
        sa.UniqueConstraint("public_id", name=op.f("uq_payer_aliases_public_id")),
    )
    op.create_index(
        "ix_payer_aliases_account",
        "payer_aliases",
        ["account"],
        unique=False,
        postgresql_where=sa.text("account <> ''"),
    )
    op.create_index(op.f("ix_payer_aliases_buyer_id"), "payer_aliases", ["buyer_id"], unique=False)
    op.create_table(
        "statement_accounts",
        sa.Column("clearing", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(clearing = 'direct') = (organisation_id IS NOT NULL)", name=op.f("ck_statement_accounts_owner")
        ),
        sa.CheckConstraint("clearing IN ('direct','supervised')", name=op.f("ck_statement_accounts_clearing")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_statement_accounts_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_accounts")),
        sa.UniqueConstraint(
            "clearing",
            "organisation_id",
            "number",
            name=op.f("uq_statement_accounts_clearing_organisation_id_number"),
            postgresql_nulls_not_distinct=True,
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_statement_accounts_public_id")),
    )
    op.create_table(
        "supervised_accounts",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("producer_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.text("number"), "="),
            (sa.text("daterange(valid_from, valid_to, '[]')"), "&&"),
            where=sa.text("status <> 'refused'"),
            using="gist",
            name="ex_supervised_accounts_dates",
        ),
        sa.CheckConstraint("(status = 'entered') = (decided_by IS NULL)", name=op.f("ck_supervised_accounts_decided")),
        sa.CheckConstraint("number ~ '^[0-9A-Z]{6,34}$'", name=op.f("ck_supervised_accounts_number")),
        sa.CheckConstraint("status IN ('entered','confirmed','refused')", name=op.f("ck_supervised_accounts_status")),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> entered_by", name=op.f("ck_supervised_accounts_two_persons")
        ),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_supervised_accounts_days")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_supervised_accounts_decided_by")),
        sa.ForeignKeyConstraint(["entered_by"], ["users.id"], name=op.f("fk_supervised_accounts_entered_by")),
        sa.ForeignKeyConstraint(["producer_id"], ["organisations.id"], name=op.f("fk_supervised_accounts_producer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervised_accounts")),
        sa.UniqueConstraint("public_id", name=op.f("uq_supervised_accounts_public_id")),
    )
    op.create_index(op.f("ix_supervised_accounts_producer_id"), "supervised_accounts", ["producer_id"], unique=False)
    op.create_table(
        "bank_statements",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("known", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("imported_by", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("rows = added + known + refused", name=op.f("ck_bank_statements_rows")),
        sa.ForeignKeyConstraint(["account_id"], ["statement_accounts.id"], name=op.f("fk_bank_statements_account_id")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_bank_statements_file_id")),
        sa.ForeignKeyConstraint(["imported_by"], ["users.id"], name=op.f("fk_bank_statements_imported_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_statements")),
        sa.UniqueConstraint("public_id", name=op.f("uq_bank_statements_public_id")),
    )
    op.create_index(op.f("ix_bank_statements_account_id"), "bank_statements", ["account_id"], unique=False)
    op.create_table(
        "payment_slips",
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("attached_by", sa.BigInteger(), nullable=False),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["attached_by"], ["users.id"], name=op.f("fk_payment_slips_attached_by")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_payment_slips_file_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_payment_slips_payment_id")),
        sa.PrimaryKeyConstraint("payment_id", "file_id", name=op.f("pk_payment_slips")),
    )
    op.create_index(op.f("ix_payment_slips_file_id"), "payment_slips", ["file_id"], unique=False)
    op.create_table(
        "statement_confirmations",
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("confirmed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("status IN ('running','done')", name=op.f("ck_statement_confirmations_status")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_statement_confirmations_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["bank_statements.id"], name=op.f("fk_statement_confirmations_statement_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_statement_confirmations_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_confirmations")),
        sa.UniqueConstraint("public_id", name=op.f("uq_statement_confirmations_public_id")),
    )
    op.create_index(
        op.f("ix_statement_confirmations_statement_id"), "statement_confirmations", ["statement_id"], unique=False
    )
    op.create_index(
        "uq_statement_confirmations_running",
        "statement_confirmations",
        ["statement_id"],
        unique=True,
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_table(
        "statement_confirmation_failures",
        sa.Column("confirmation_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["confirmation_id"],
            ["statement_confirmations.id"],
            name=op.f("fk_statement_confirmation_failures_confirmation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_statement_confirmation_failures_payment_id")
        ),
        sa.PrimaryKeyConstraint("confirmation_id", "payment_id", name=op.f("pk_statement_confirmation_failures")),
    )
    op.create_index(
        op.f("ix_statement_confirmation_failures_payment_id"),
        "statement_confirmation_failures",
        ["payment_id"],
        unique=False,
    )
    op.create_table(
        "bank_statement_lines",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("balance_fen", sa.BigInteger(), nullable=True),
        sa.Column("counterparty_name", sa.Text(), server_default="", nullable=False),
        sa.Column("counterparty_account", sa.Text(), server_default="", nullable=False),
        sa.Column("remark", sa.Text(), server_default="", nullable=False),
        sa.Column("return_code", sa.Text(), nullable=True),
        sa.Column("payee_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("candidates", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("refund_id", sa.BigInteger(), nullable=True),
        sa.Column("returns_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("noted_by", sa.BigInteger(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("direction IN ('in','out')", name=op.f("ck_bank_statement_lines_direction")),
        sa.CheckConstraint(
            "state <> 'ignored' OR decided_by IS NOT NULL", name=op.f("ck_bank_statement_lines_ignored")
        ),
        sa.CheckConstraint(
            "state IN ('unmatched','suggested') OR reason = ''", name=op.f("ck_bank_statement_lines_reason")
        ),
        sa.CheckConstraint(
            "state IN ('unmatched','suggested','matched','claimed','returned','ignored')",
            name=op.f("ck_bank_statement_lines_state"),
        ),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_bank_statement_lines_amount_fen")),
        sa.CheckConstraint(
            "decided_by IS NULL OR (noted_by IS NOT NULL AND decided_by <> noted_by)",
            name=op.f("ck_bank_statement_lines_two_persons"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["statement_accounts.id"], name=op.f("fk_bank_statement_lines_account_id")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_bank_statement_lines_decided_by")),
        sa.ForeignKeyConstraint(["noted_by"], ["users.id"], name=op.f("fk_bank_statement_lines_noted_by")),
        sa.ForeignKeyConstraint(["payee_id"], ["organisations.id"], name=op.f("fk_bank_statement_lines_payee_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_bank_statement_lines_refund_id")),
        sa.ForeignKeyConstraint(
            ["returns_id"], ["bank_statement_lines.id"], name=op.f("fk_bank_statement_lines_returns_id")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["bank_statements.id"], name=op.f("fk_bank_statement_lines_statement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_statement_lines")),
        sa.UniqueConstraint("account_id", "serial", name=op.f("uq_bank_statement_lines_account_id_serial")),
        sa.UniqueConstraint("public_id", name=op.f("uq_bank_statement_lines_public_id")),
    )
    op.create_index(
        "ix_bank_statement_lines_open",
        "bank_statement_lines",
        ["account_id", "value_on", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('unmatched','suggested','claimed')"),
    )
    op.create_index(op.f("ix_bank_statement_lines_payee_id"), "bank_statement_lines", ["payee_id"], unique=False)
    op.create_index(op.f("ix_bank_statement_lines_refund_id"), "bank_statement_lines", ["refund_id"], unique=False)
    op.create_index(op.f("ix_bank_statement_lines_returns_id"), "bank_statement_lines", ["returns_id"], unique=False)
    op.create_index(
        op.f("ix_bank_statement_lines_statement_id"), "bank_statement_lines", ["statement_id"], unique=False
    )
    op.create_table(
        "bank_line_payments",
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["bank_statement_lines.id"], name=op.f("fk_bank_line_payments_line_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_bank_line_payments_payment_id")),
        sa.PrimaryKeyConstraint("line_id", "payment_id", name=op.f("pk_bank_line_payments")),
    )
    op.create_index(op.f("ix_bank_line_payments_payment_id"), "bank_line_payments", ["payment_id"], unique=False)
    op.create_table(
        "bank_statement_rows",
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("row_no", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("(outcome = 'unreadable') = (line_id IS NULL)", name=op.f("ck_bank_statement_rows_line")),
        sa.CheckConstraint(
            "outcome IN ('added','known','unreadable','other_facts')", name=op.f("ck_bank_statement_rows_outcome")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["bank_statement_lines.id"], name=op.f("fk_bank_statement_rows_line_id")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["bank_statements.id"], name=op.f("fk_bank_statement_rows_statement_id")
        ),
        sa.PrimaryKeyConstraint("statement_id", "row_no", name=op.f("pk_bank_statement_rows")),
    )
    op.create_index(op.f("ix_bank_statement_rows_line_id"), "bank_statement_rows", ["line_id"], unique=False)
    op.create_table(
        "transfer_claims",
        sa.Column("payee_id", sa.BigInteger(), nullable=False),
        sa.Column("buyer_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("payer_name", sa.Text(), nullable=False),
        sa.Column("bank_serial", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("claimed_by", sa.BigInteger(), nullable=False),
        sa.Column("claimant_id", sa.BigInteger(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("status <> 'confirmed' OR line_id IS NOT NULL", name=op.f("ck_transfer_claims_line")),
        sa.CheckConstraint("status IN ('claimed','confirmed','refused')", name=op.f("ck_transfer_claims_status")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_transfer_claims_amount_fen")),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> claimed_by", name=op.f("ck_transfer_claims_two_persons")
        ),
        sa.ForeignKeyConstraint(["buyer_id"], ["organisations.id"], name=op.f("fk_transfer_claims_buyer_id")),
        sa.ForeignKeyConstraint(["claimant_id"], ["organisations.id"], name=op.f("fk_transfer_claims_claimant_id")),
        sa.ForeignKeyConstraint(["claimed_by"], ["users.id"], name=op.f("fk_transfer_claims_claimed_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_transfer_claims_decided_by")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_transfer_claims_file_id")),
        sa.ForeignKeyConstraint(["line_id"], ["bank_statement_lines.id"], name=op.f("fk_transfer_claims_line_id")),
        sa.ForeignKeyConstraint(["payee_id"], ["organisations.id"], name=op.f("fk_transfer_claims_payee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_claims")),
        sa.UniqueConstraint("public_id", name=op.f("uq_transfer_claims_public_id")),
    )
    op.create_index(op.f("ix_transfer_claims_buyer_id"), "transfer_claims", ["buyer_id"], unique=False)
    op.create_index(op.f("ix_transfer_claims_payee_id"), "transfer_claims", ["payee_id"], unique=False)
    op.create_index(
        "uq_transfer_claims_line",
        "transfer_claims",
        ["line_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'refused'"),
    )
    op.create_table(
        "transfer_claim_orders",
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_transfer_claim_orders_amount_fen")),
        sa.ForeignKeyConstraint(["claim_id"], ["transfer_claims.id"], name=op.f("fk_transfer_claim_orders_claim_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_transfer_claim_orders_order_id")),
        sa.PrimaryKeyConstraint("claim_id", "order_id", name=op.f("pk_transfer_claim_orders")),
    )
    op.create_index(op.f("ix_transfer_claim_orders_order_id"), "transfer_claim_orders", ["order_id"], unique=False)
    for role in _MANAGERS:
        op.execute(
            f"INSERT INTO role_permissions (role, permission) SELECT code, 'banking:manage' FROM roles"
            f" WHERE code = '{role}' ON CONFLICT DO NOTHING"
        )


def downgrade() -> None:
    """Drop them."""
    op.execute("DELETE FROM role_permissions WHERE permission = 'banking:manage'")
    op.drop_index(op.f("ix_transfer_claim_orders_order_id"), table_name="transfer_claim_orders")
    op.drop_table("transfer_claim_orders")
    op.drop_index(
        "uq_transfer_claims_line", table_name="transfer_claims", postgresql_where=sa.text("status <> 'refused'")
    )
    op.drop_index(op.f("ix_transfer_claims_payee_id"), table_name="transfer_claims")
    op.drop_index(op.f("ix_transfer_claims_buyer_id"), table_name="transfer_claims")
    op.drop_table("transfer_claims")
    op.drop_index(op.f("ix_bank_statement_rows_line_id"), table_name="bank_statement_rows")
    op.drop_table("bank_statement_rows")
    op.drop_index(op.f("ix_bank_line_payments_payment_id"), table_name="bank_line_payments")
    op.drop_table("bank_line_payments")
    op.drop_index(op.f("ix_bank_statement_lines_statement_id"), table_name="bank_statement_lines")
    op.drop_index(op.f("ix_bank_statement_lines_returns_id"), table_name="bank_statement_lines")
    op.drop_index(op.f("ix_bank_statement_lines_refund_id"), table_name="bank_statement_lines")
    op.drop_index(op.f("ix_bank_statement_lines_payee_id"), table_name="bank_statement_lines")
    op.drop_index(
        "ix_bank_statement_lines_open",
        table_name="bank_statement_lines",
        postgresql_where=sa.text("state IN ('unmatched','suggested','claimed')"),
    )
    op.drop_table("bank_statement_lines")
    op.drop_index(op.f("ix_statement_confirmation_failures_payment_id"), table_name="statement_confirmation_failures")
    op.drop_table("statement_confirmation_failures")
    op.drop_index(
        "uq_statement_confirmations_running",
        table_name="statement_confirmations",
        postgresql_where=sa.text("status = 'running'"),
    )
    op.drop_index(op.f("ix_statement_confirmations_statement_id"), table_name="statement_confirmations")
    op.drop_table("statement_confirmations")
    op.drop_index(op.f("ix_payment_slips_file_id"), table_name="payment_slips")
    op.drop_table("payment_slips")
    op.drop_index(op.f("ix_bank_statements_account_id"), table_name="bank_statements")
    op.drop_table("bank_statements")
    op.drop_index(op.f("ix_supervised_accounts_producer_id"), table_name="supervised_accounts")
    op.drop_table("supervised_accounts")
    op.drop_table("statement_accounts")
    op.drop_index(op.f("ix_payer_aliases_buyer_id"), table_name="payer_aliases")
    op.drop_index("ix_payer_aliases_account", table_name="payer_aliases", postgresql_where=sa.text("account <> ''"))
    op.drop_table("payer_aliases")
    op.drop_table("treasury_closing_days")
