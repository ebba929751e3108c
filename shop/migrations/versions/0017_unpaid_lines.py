"""What officials look unpaid lines up by: those accepted, not given back and not paid in full."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index beside what is going on."""
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_order_lines_unpaid",
            "order_lines",
            ["order_id"],
            postgresql_where=sa.text("accepted_fen > allowed_fen + paid_fen"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_order_lines_unpaid", table_name="order_lines")
