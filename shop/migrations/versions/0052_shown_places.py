"""Places are found by their GLN, and producers say whether the public knows their names."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the index."""
    op.add_column("places", sa.Column("is_public", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_places_gln", "places", ["gln"], postgresql_concurrently=True, if_not_exists=True,
            postgresql_where=sa.text("gln IS NOT NULL"),
        )  # fmt: skip


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_places_gln", "places")
    op.drop_column("places", "is_public")
