"""Exceptions of producers' own accounts."""

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let exceptions name the rail of producers' own accounts."""
    _allow("'bank','stripe','direct'")


def downgrade() -> None:
    """Only the bank's and the provider's again."""
    _allow("'bank','stripe'")


def _allow(rails: str) -> None:
    op.drop_constraint(op.f("ck_money_exceptions_rail"), "money_exceptions", type_="check")
    op.create_check_constraint(op.f("ck_money_exceptions_rail"), "money_exceptions", f"rail IN ({rails})")
