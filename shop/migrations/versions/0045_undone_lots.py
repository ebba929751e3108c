"""A packing is undone only while nothing but acts has moved its lot, and no pack of it has a number."""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the database decide, whoever undoes."""
    op.execute("""
        CREATE FUNCTION check_undone_lot() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM lot_movements WHERE lot_id = NEW.id AND act_id IS NULL)
               OR EXISTS (SELECT FROM serial_runs WHERE lot_id = NEW.id)
            THEN
                RAISE EXCEPTION 'lot % has been out of the house, or its packs have numbers', NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_lots_untouched', TABLE = 'lots';
            END IF;
            RETURN NEW;
        END $$""")
    op.execute("""
        CREATE TRIGGER lots_undone_untouched BEFORE UPDATE OF status ON lots
        FOR EACH ROW WHEN (NEW.status = 'undone' AND OLD.status <> 'undone') EXECUTE FUNCTION check_undone_lot()""")
    op.execute("ALTER TABLE lots ENABLE ALWAYS TRIGGER lots_undone_untouched")


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TRIGGER lots_undone_untouched ON lots")
    op.execute("DROP FUNCTION check_undone_lot()")
