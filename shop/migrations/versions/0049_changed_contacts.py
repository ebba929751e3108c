"""Another phone number or address of an account: the new one and the one before it, beside the code that proves it."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns, empty for all other purposes."""
    op.add_column("one_time_secrets", sa.Column("contact", sa.Text(), nullable=True))
    op.add_column("one_time_secrets", sa.Column("contact_was", sa.Text(), nullable=True))


def downgrade() -> None:
    """Forget them."""
    op.drop_column("one_time_secrets", "contact_was")
    op.drop_column("one_time_secrets", "contact")
