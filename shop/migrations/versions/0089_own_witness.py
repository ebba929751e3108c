"""The second person of an acceptance confirms it by its own sign-in; what is there was not confirmed so."""

import sqlalchemy as sa
from alembic import op

revision = "0089"
down_revision = "0088"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add when the second person confirmed, and find what waits for one."""
    op.add_column("acceptances", sa.Column("witnessed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_acceptances_witnessed"), "acceptances", "witnessed_at IS NULL OR witness_id IS NOT NULL"
    )
    op.create_index(
        "ix_acceptances_to_witness", "acceptances", ["witness_id"],
        postgresql_where=sa.text("witness_id IS NOT NULL AND witnessed_at IS NULL"),
    )  # fmt: skip


def downgrade() -> None:
    """Forget who confirmed."""
    op.drop_column("acceptances", "witnessed_at")
