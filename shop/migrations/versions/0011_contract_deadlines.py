"""Contracts are signed within a time: the day by which the side whose turn it is signs."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give open contracts fifteen days from now; the previous release, still running, gets the same by default."""
    in_time = sa.text("now() + interval '15 days'")
    op.add_column("contracts", sa.Column("sign_by", sa.DateTime(timezone=True), server_default=in_time, nullable=False))
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_contracts_unsigned",
            "contracts",
            ["sign_by"],
            postgresql_where=sa.text("status IN ('offered', 'signed_by_producer')"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Forget the deadlines."""
    op.drop_index("ix_contracts_unsigned", table_name="contracts")
    op.drop_column("contracts", "sign_by")
