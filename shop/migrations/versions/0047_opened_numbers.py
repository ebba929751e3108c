"""No pack that has a number is opened: a lot never has more numbers than packs that stayed closed."""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Compare with what was put in stock less what was opened, when numbers are issued and when packs are opened."""
    op.execute(_CHECK.format(packs=_PACKS))
    op.execute("""
        CREATE TRIGGER lot_movements_leave_numbered AFTER INSERT ON lot_movements
        FOR EACH ROW WHEN (NEW.kind = 'unpacked') EXECUTE FUNCTION check_lot_pieces()""")
    op.execute("ALTER TABLE lot_movements ENABLE ALWAYS TRIGGER lot_movements_leave_numbered")


def downgrade() -> None:
    """Compare with what was put in stock alone."""
    op.execute("DROP TRIGGER lot_movements_leave_numbered ON lot_movements")
    op.execute(_CHECK.format(packs=_BORN))


_CHECK = """
        CREATE OR REPLACE FUNCTION check_lot_pieces() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM FROM lots WHERE id = NEW.lot_id FOR NO KEY UPDATE;
            IF (SELECT sum(pieces) FROM serial_runs WHERE lot_id = NEW.lot_id)
               > coalesce(({packs}), 0)
            THEN
                RAISE EXCEPTION 'lot % has fewer packs than serial numbers', NEW.lot_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'lot_pieces', TABLE = 'serial_runs';
            END IF;
            RETURN NULL;
        END $$"""
_BORN = "SELECT floor(quantity) FROM lot_movements WHERE lot_id = NEW.lot_id AND kind = 'born'"
#: Of a movement with an act, an opening is negative, and the undoing of one positive again.
_PACKS = """SELECT floor(sum(quantity)) FROM lot_movements
                            WHERE lot_id = NEW.lot_id AND (kind = 'born' OR act_id IS NOT NULL)"""
