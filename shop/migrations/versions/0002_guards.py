"""Append-only tables, lots that keep stock in step, and the single rows that counters need."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: UPDATE, DELETE and TRUNCATE are refused for everyone, the owner too.
APPEND_ONLY = (
    "audit_entries",
    "journal_entries",
    "ledger_dimensions",
    "ledger_seals",
    "lot_movements",
    "moves",
    "postings",
)


def upgrade() -> None:
    """Create the triggers and rows."""
    for table in APPEND_ONLY:
        op.execute(f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
        op.execute(f"""
            CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate")
    op.execute("""
        CREATE FUNCTION apply_lot_movement() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            moved lots%ROWTYPE;
        BEGIN
            UPDATE lots SET on_hand = on_hand + NEW.quantity WHERE id = NEW.lot_id RETURNING * INTO moved;
            IF moved.status = 'open' THEN
                UPDATE sku_stock SET on_hand = on_hand + NEW.quantity WHERE sku_id = moved.sku_id;
                IF NOT FOUND THEN
                    INSERT INTO sku_stock (sku_id, on_hand) VALUES (moved.sku_id, NEW.quantity);
                END IF;
            END IF;
            RETURN NEW;
        END $$""")
    op.execute("""
        CREATE TRIGGER lot_movements_apply AFTER INSERT ON lot_movements
        FOR EACH ROW EXECUTE FUNCTION apply_lot_movement()""")
    op.execute("""
        CREATE FUNCTION follow_lot_status() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.status = 'open' AND NEW.status <> 'open' THEN
                UPDATE sku_stock SET on_hand = on_hand - NEW.on_hand WHERE sku_id = NEW.sku_id;
            ELSIF OLD.status <> 'open' AND NEW.status = 'open' THEN
                UPDATE sku_stock SET on_hand = on_hand + NEW.on_hand WHERE sku_id = NEW.sku_id;
            END IF;
            RETURN NEW;
        END $$""")
    op.execute("""
        CREATE TRIGGER lots_follow_status AFTER UPDATE OF status ON lots
        FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION follow_lot_status()""")
    op.execute("INSERT INTO catalogue_versions (id, version) VALUES (1, 1)")
    op.execute("INSERT INTO ledger_seal_marks (id, xid, seq) VALUES (1, '0', 0)")


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TRIGGER lots_follow_status ON lots")
    op.execute("DROP FUNCTION follow_lot_status()")
    op.execute("DROP TRIGGER lot_movements_apply ON lot_movements")
    op.execute("DROP FUNCTION apply_lot_movement()")
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
