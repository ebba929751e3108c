"""A token that was made by a token ends with it."""

import sqlalchemy as sa
from alembic import op

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add by which token one was made; of those that are there nobody knows."""
    op.add_column("api_tokens", sa.Column("made_by_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_api_tokens_made_by_id"), "api_tokens", "api_tokens", ["made_by_id"], ["id"])
    op.create_index(op.f("ix_api_tokens_made_by_id"), "api_tokens", ["made_by_id"])


def downgrade() -> None:
    """Let each end by itself."""
    op.drop_column("api_tokens", "made_by_id")
