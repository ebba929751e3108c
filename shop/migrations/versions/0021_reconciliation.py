"""The provider's lines are kept before they are looked at; what finds our things by the provider's names."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_STATES = ("'matched','posted','exception'", "'new','matched','posted','exception'")


def _allow(states: str) -> None:
    op.drop_constraint(op.f("ck_balance_transactions_status"), "balance_transactions", type_="check")
    op.create_check_constraint(op.f("ck_balance_transactions_status"), "balance_transactions", f"status IN ({states})")


def upgrade() -> None:
    """Allow the state, add the indexes."""
    _allow(_STATES[1])
    op.create_index(
        "ix_balance_transactions_open",
        "balance_transactions",
        ["status", "id"],
        postgresql_where=sa.text("status IN ('new','exception')"),
    )
    op.create_index("ix_balance_transactions_occurred_at", "balance_transactions", ["occurred_at"])
    op.create_index("ix_refunds_provider", "refunds", ["bank_serial"], postgresql_where=sa.text("clearing = 'stripe'"))
    op.create_index(
        "ix_provider_calls_answer", "provider_calls", ["answer_ref"], postgresql_where=sa.text("answer_ref <> ''")
    )


def downgrade() -> None:
    """Undo it; lines that nobody has looked at are not allowed any more."""
    op.drop_index("ix_provider_calls_answer", table_name="provider_calls")
    op.drop_index("ix_refunds_provider", table_name="refunds")
    op.drop_index("ix_balance_transactions_occurred_at", table_name="balance_transactions")
    op.drop_index("ix_balance_transactions_open", table_name="balance_transactions")
    _allow(_STATES[0])
