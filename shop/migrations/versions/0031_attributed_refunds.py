"""Refunds made by hand at the provider, said by two persons to be which orders'."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_TABLE = "money_exceptions"
#: Name, the condition from now on, and the one before.
_CHECKS = (
    (
        "resolution", "resolution IN ('note','posting','refund','settled')",
        "resolution IN ('note','posting','settled')",
    ),
    (
        "proposed",
        "status <> 'proposed' OR (proposed_by IS NOT NULL AND coalesce(resolution, '') IN ('note','posting','refund'))",
        "status <> 'proposed' OR (proposed_by IS NOT NULL AND coalesce(resolution, '') IN ('note','posting'))",
    ),
)  # fmt: skip


def upgrade() -> None:
    """Add the parts, and let an exception be closed by them."""
    op.add_column(_TABLE, sa.Column("parts", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False))
    for name, condition, _before in _CHECKS:
        op.drop_constraint(op.f(f"ck_{_TABLE}_{name}"), _TABLE, type_="check")
        op.create_check_constraint(op.f(f"ck_{_TABLE}_{name}"), _TABLE, condition)
    op.create_check_constraint(
        op.f(f"ck_{_TABLE}_parts"), _TABLE, "(coalesce(resolution, '') = 'refund') = (jsonb_array_length(parts) > 0)"
    )


def downgrade() -> None:
    """Take it away; what was closed so cannot be told without it."""
    op.drop_constraint(op.f(f"ck_{_TABLE}_parts"), _TABLE, type_="check")
    for name, _condition, before in _CHECKS:
        op.drop_constraint(op.f(f"ck_{_TABLE}_{name}"), _TABLE, type_="check")
        op.create_check_constraint(op.f(f"ck_{_TABLE}_{name}"), _TABLE, before)
    op.drop_column(_TABLE, "parts")
