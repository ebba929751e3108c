"""Settlement: card money and fees of payouts, rules by two persons, reported quarters, who may do what."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

#: Table and its new sums of fen.
_SUMS = (
    ("order_settlements", ("card_settled_fen", "card_settling_fen", "fee_card_fen", "fee_bank_fen")),
    ("payout_items", ("card_fen", "fee_card_fen", "fee_bank_fen")),
    ("transfer_reversals", ("fee_card_fen",)),
    ("payout_runs", ("producers", "done")),
)
#: Table, name, the condition from now on, and the one before.
_CHECKS = (
    ("payout_items", "amount_fen", "amount_fen <> 0 OR card_fen <> 0", "amount_fen <> 0"),
    (
        "payouts",
        "released",
        "rail = 'stripe' OR status IN ('prepared','failed','cancelled') OR (released_by IS NOT NULL AND prepared_by IS NOT NULL)",
        "rail = 'stripe' OR status IN ('prepared','failed','cancelled') OR released_by IS NOT NULL",
    ),
    ("payouts", "paid", "status <> 'paid' OR value_on IS NOT NULL", None),
    ("order_settlements", "held", "(held_at IS NULL) = (held_why = '')", None),
    ("order_settlements", "settled", None, "bank_settled_fen >= 0 AND stripe_settled_fen >= 0"),
)
#: What roles of an installation from before may do from now on.
_PERMISSIONS = (
    ("operator_finance", ("payouts:read", "payouts:prepare", "fees:edit", "taxes:read", "taxes:report")),
    ("operator_confirmer", ("payouts:read", "payouts:release", "fees:confirm", "taxes:read")),
    ("operator_auditor", ("payouts:read", "taxes:read")),
    ("producer_finance", ("payouts:read",)),
    ("producer_admin", ("payouts:read",)),
    ("agent_finance", ("payouts:read",)),
    ("agent_admin", ("payouts:read",)),
)
_STATEMENT_INDEXES = (("ix_postings_debit", "debit_id"), ("ix_postings_credit", "credit_id"))


def upgrade() -> None:
    """Add them."""
    for table, names in _SUMS:
        for name in names:
            op.add_column(table, sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    for table, name, condition, before in _CHECKS:
        if before:
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        if condition:
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    _create_tables()
    for name, column in _STATEMENT_INDEXES:
        op.create_index(name, "postings", [column, "business_on"], postgresql_where=sa.text("book = 'money'"))
    for role, permissions in _PERMISSIONS:
        for permission in permissions:
            op.execute(
                sa.text(
                    "INSERT INTO role_permissions (role, permission) SELECT code, :permission FROM roles"
                    " WHERE code = :role ON CONFLICT DO NOTHING"
                ).bindparams(role=role, permission=permission)
            )


def _create_tables() -> None:
    op.create_table(
        "rule_proposals",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("producer_id", sa.BigInteger(), sa.ForeignKey("organisations.id")),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), sa.ForeignKey("users.id")),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint("kind IN ('fee','days')", name=op.f("ck_rule_proposals_kind")),
        sa.CheckConstraint("status IN ('proposed','confirmed','refused')", name=op.f("ck_rule_proposals_status")),
        sa.CheckConstraint(
            "value >= 0 AND value <= CASE WHEN kind = 'fee' THEN 10000 ELSE 365 END",
            name=op.f("ck_rule_proposals_value"),
        ),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_rule_proposals_dates")),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> proposed_by", name=op.f("ck_rule_proposals_two_persons")
        ),
        sa.CheckConstraint("(status = 'proposed') = (decided_by IS NULL)", name=op.f("ck_rule_proposals_decided")),
    )
    op.create_index("ix_rule_proposals_producer_id", "rule_proposals", ["producer_id"])
    op.create_table(
        "tax_reports",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("quarter", sa.Date(), nullable=False, unique=True),
        sa.Column("reported_by", sa.BigInteger(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("corrections", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), sa.ForeignKey("stored_files.id"), nullable=False),
        sa.CheckConstraint(
            "extract(day FROM quarter) = 1 AND extract(month FROM quarter) IN (1, 4, 7, 10)",
            name=op.f("ck_tax_reports_quarter"),
        ),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_tax_reports_sha256")),
    )
    op.execute("""
        CREATE TRIGGER tax_reports_append_only BEFORE UPDATE OR DELETE ON tax_reports
        FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
    op.execute("""
        CREATE TRIGGER tax_reports_no_truncate BEFORE TRUNCATE ON tax_reports
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
    op.execute("ALTER TABLE tax_reports ENABLE ALWAYS TRIGGER tax_reports_append_only")
    op.execute("ALTER TABLE tax_reports ENABLE ALWAYS TRIGGER tax_reports_no_truncate")


def downgrade() -> None:
    """Undo it; what roles may do is left to who edits them."""
    for name, _column in _STATEMENT_INDEXES:
        op.drop_index(name, table_name="postings")
    op.drop_table("tax_reports")
    op.drop_table("rule_proposals")
    for table, name, condition, before in reversed(_CHECKS):
        if condition:
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        if before:
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, before)
    for table, names in _SUMS:
        for name in names:
            op.drop_column(table, name)
