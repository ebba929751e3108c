"""Exceptions leave the queue only with what two persons agreed on, and what the provider has told stays as it was told."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_CHECKS = (
    ("resolved", "status <> 'closed' OR resolution IS NOT NULL"),
    (
        "proposed",
        "status <> 'proposed' OR (proposed_by IS NOT NULL AND coalesce(resolution, '') IN ('note','posting'))",
    ),
    ("noted", "coalesce(resolution, 'settled') = 'settled' OR note <> ''"),
    (
        "posting",
        (
            "(coalesce(resolution, '') = 'posting')"
            " = (debit IS NOT NULL AND credit IS NOT NULL AND coalesce(posted_fen, 0) BETWEEN 1 AND abs(amount_fen))"
        ),
    ),
)
#: Table, and what of a row does not change any more.
_KEPT = (
    ("money_exceptions", "OLD.status = 'closed'"),
    (
        "balance_transactions",
        (
            "(OLD.transaction_ref, OLD.source_ref, OLD.type, OLD.amount, OLD.fee, OLD.currency, OLD.occurred_at)"
            " IS DISTINCT FROM"
            " (NEW.transaction_ref, NEW.source_ref, NEW.type, NEW.amount, NEW.fee, NEW.currency, NEW.occurred_at)"
        ),
    ),
)
_HOLDERS = {
    "exceptions:read": ("operator_finance", "operator_confirmer", "operator_auditor"),
    "exceptions:propose": ("operator_finance",),
    "exceptions:agree": ("operator_confirmer",),
}


def upgrade() -> None:
    """Add the conditions, the guards, and the permissions of the operator's roles."""
    op.add_column("money_exceptions", sa.Column("posted_fen", sa.BigInteger(), nullable=True))
    for name, condition in _CHECKS:
        op.create_check_constraint(op.f(f"ck_money_exceptions_{name}"), "money_exceptions", condition)
    for table, condition in _KEPT:
        op.execute(f"""
            CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table}
            FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse_change()""")
        op.execute(f"""
            CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
        op.execute(f"""
            CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
        for trigger in ("kept", "no_delete", "no_truncate"):
            op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{trigger}")
    for permission, roles in _HOLDERS.items():
        for role in roles:
            op.execute(
                f"INSERT INTO role_permissions (role, permission) SELECT code, '{permission}' FROM roles"
                f" WHERE code = '{role}' ON CONFLICT DO NOTHING"
            )


def downgrade() -> None:
    """Take them away."""
    op.execute("DELETE FROM role_permissions WHERE permission LIKE 'exceptions:%'")
    for table, _condition in _KEPT:
        for trigger in ("kept", "no_delete", "no_truncate"):
            op.execute(f"DROP TRIGGER {table}_{trigger} ON {table}")
    for name, _condition in _CHECKS:
        op.drop_constraint(op.f(f"ck_money_exceptions_{name}"), "money_exceptions", type_="check")
    op.drop_column("money_exceptions", "posted_fen")
