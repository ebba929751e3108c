"""A fact's postings may be of several days: one receipt pays for what was accepted on different ones."""

from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

_KEYS = ["entry_id", "measure", "dimension_id"]


def upgrade() -> None:
    """Let the day be part of what is unique, beside what is going on."""
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_postings_fact_day", "postings", [*_KEYS, "origin_on"], unique=True, postgresql_concurrently=True,
            if_not_exists=True,
        )  # fmt: skip
        op.drop_index("uq_postings_fact", table_name="postings", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    """Leave the day out again; not possible once a fact has postings of several days."""
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_postings_fact", "postings", _KEYS, unique=True, postgresql_concurrently=True, if_not_exists=True
        )
        op.drop_index("uq_postings_fact_day", table_name="postings", postgresql_concurrently=True, if_exists=True)
