"""The sum that was approved is the most that may be placed under the approval."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was approved before has none, and is placed as before."""
    op.add_column("procurements", sa.Column("approved_fen", sa.BigInteger()))


def downgrade() -> None:
    """Forget the sums."""
    op.drop_column("procurements", "approved_fen")
