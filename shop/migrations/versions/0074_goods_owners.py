"""Whose goods an identifier names is found by the index on GTINs: identifiers sort by bytes, GTINs by the database's collation."""

from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

_OWNER = r"""
    CREATE OR REPLACE FUNCTION trace_owner(uri text) RETURNS bigint LANGUAGE sql STABLE AS $$
        SELECT p.producer_id FROM skus k JOIN products p ON p.id = k.product_id
        WHERE uri LIKE 'https://id.gs1.org/01/%' AND k.gtin = substr(uri, 23, 14){collate}
        UNION ALL
        SELECT p.producer_id FROM skus k JOIN products p ON p.id = k.product_id
        WHERE k.id = CASE WHEN uri ~ '^https://id\.gs1\.org/01/004[0-8][0-9]{{10}}' THEN substr(uri, 26, 10)::bigint END
        UNION ALL
        SELECT p.producer_id FROM products p
        WHERE p.id = CASE WHEN uri ~ '^https://id\.gs1\.org/01/0049[0-9]{{10}}' THEN substr(uri, 27, 9)::bigint END
        LIMIT 1
    $$"""


def upgrade() -> None:
    """Compare GTINs as their index does."""
    op.execute(_OWNER.format(collate=' COLLATE "default"'))


def downgrade() -> None:
    """Compare them as identifiers are compared."""
    op.execute(_OWNER.format(collate=""))
