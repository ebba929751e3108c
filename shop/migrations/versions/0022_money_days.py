"""What a day of the money book is looked up by: the desk holds it against each rail."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index beside what is going on."""
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_postings_money_day",
            "postings",
            ["origin_on"],
            postgresql_where=sa.text("book = 'money'"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_postings_money_day", table_name="postings")
