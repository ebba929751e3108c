"""The shop's page of a listing shows the papers of its lots, and so follows them."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_LISTINGS = """(SELECT array_agg(l.id) FROM listings l JOIN skus k ON k.id = l.sku_id WHERE l.status <> 'delisted'
    AND (k.id = (SELECT sku_id FROM lots WHERE id = NEW.lot_id)
         OR k.product_id = (SELECT product_id FROM batches WHERE id = NEW.batch_id)))"""
_TABLES = {
    "commitments": "INSERT",
    "meat_papers": "INSERT",
    "test_reports": "INSERT OR UPDATE",
}


def upgrade() -> None:
    """Create the triggers, deferred as those of the other papers are."""
    op.execute(f"""
        CREATE FUNCTION note_lot_paper() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM note_catalogue_change({_LISTINGS}, false);
            RETURN NULL;
        END $$""")
    for table, events in _TABLES.items():
        op.execute(f"""
            CREATE CONSTRAINT TRIGGER {table}_shown AFTER {events} ON {table}
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note_lot_paper()""")


def downgrade() -> None:
    """Drop them."""
    for table in _TABLES:
        op.execute(f"DROP TRIGGER {table}_shown ON {table}")
    op.execute("DROP FUNCTION note_lot_paper()")
