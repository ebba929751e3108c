"""The second person of an acceptance is a member of the institution; who else was there may be named."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; older acceptances keep the name that was typed."""
    op.add_column("acceptances", sa.Column("witness_id", sa.BigInteger()))
    op.add_column("acceptances", sa.Column("also_present", sa.Text(), server_default="", nullable=False))
    op.create_foreign_key(op.f("fk_acceptances_witness_id"), "acceptances", "users", ["witness_id"], ["id"])
    op.create_check_constraint(op.f("ck_acceptances_two_persons"), "acceptances", "witness_id <> accepted_by")


def downgrade() -> None:
    """Forget them; the names stay."""
    op.drop_column("acceptances", "also_present")
    op.drop_column("acceptances", "witness_id")
