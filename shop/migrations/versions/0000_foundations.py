"""The extension for exclusion constraints and the guard of append-only tables."""

from alembic import op

revision = "0000"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them."""
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'table % is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'DK001';
        END $$""")


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP FUNCTION refuse_change()")
    op.execute("DROP EXTENSION btree_gist")
