"""What a file for the bank carries of the platform's fee is kept, so that no other file carries it again."""

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; payouts that are on their way settle as they began."""
    op.add_column("payout_items", sa.Column("fee_sent_fen", sa.BigInteger(), nullable=True))
    op.add_column(
        "order_settlements", sa.Column("fee_settling_fen", sa.BigInteger(), server_default="0", nullable=False)
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_column("order_settlements", "fee_settling_fen")
    op.drop_column("payout_items", "fee_sent_fen")
