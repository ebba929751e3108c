"""Claims of transfers that pay several producers at once, and claims that are taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None
_TABLE = "transfer_claims"


def upgrade() -> None:
    """Let a claim name no single producer, and be withdrawn, which frees its line."""
    op.alter_column(_TABLE, "payee_id", existing_type=sa.BigInteger(), nullable=True)
    _set("'claimed','confirmed','refused','withdrawn'", "status NOT IN ('refused','withdrawn')")


def downgrade() -> None:
    """One producer again, and no way back."""
    op.alter_column(_TABLE, "payee_id", existing_type=sa.BigInteger(), nullable=False)
    _set("'claimed','confirmed','refused'", "status <> 'refused'")


def _set(statuses: str, takes: str) -> None:
    op.drop_constraint(op.f("ck_transfer_claims_status"), _TABLE, type_="check")
    op.create_check_constraint(op.f("ck_transfer_claims_status"), _TABLE, f"status IN ({statuses})")
    op.drop_index("uq_transfer_claims_line", table_name=_TABLE)
    op.create_index("uq_transfer_claims_line", _TABLE, ["line_id"], unique=True, postgresql_where=sa.text(takes))
