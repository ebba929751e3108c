"""Nothing is made of goods before they came into being, and nothing is recorded of goods whose own record was undone.

The walk through what was recorded would lose where they came from; and the next goods of the same code have the same name.
"""

from alembic import op

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None

_OF_BATCH = """
    CREATE FUNCTION check_batch_order() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM batch_acts done, batches b JOIN batch_acts born ON born.id = b.act_id
            WHERE done.id = NEW.act_id AND b.id = NEW.batch_id AND done.kind <> 'undo'
              AND done.occurred_at < born.occurred_at) THEN
            RAISE EXCEPTION 'a batch is not used before it came into being'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_batch_acts_order';
        END IF;
        RETURN NEW;
    END $$"""
_OF_LOT = """
    CREATE FUNCTION check_lot_order() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM batch_acts done, lots l JOIN batch_acts born ON born.id = l.act_id
            WHERE done.id = NEW.act_id AND l.id = NEW.lot_id AND done.kind <> 'undo'
              AND done.occurred_at < born.occurred_at) THEN
            RAISE EXCEPTION 'packs are not opened before they were packed'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_batch_acts_order';
        END IF;
        RETURN NEW;
    END $$"""

_RECORDS = ("test_reports", "meat_papers", "temperature_records", "passages")
_RECORD_OF = """
    CREATE FUNCTION check_recorded_subject() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        is_undone boolean;
    BEGIN
        IF NEW.lot_id IS NULL THEN
            SELECT status = 'undone' INTO is_undone FROM batches WHERE id = NEW.batch_id FOR SHARE;
        ELSE
            SELECT status = 'undone' INTO is_undone FROM lots WHERE id = NEW.lot_id FOR SHARE;
        END IF;
        IF is_undone THEN
            RAISE EXCEPTION 'nothing is recorded of what was undone'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_records_subject';
        END IF;
        RETURN NEW;
    END $$"""
_STANDING = " OR ".join(
    f"EXISTS (SELECT FROM {table} WHERE {{column}} = NEW.id AND withdrawn_at IS NULL)" for table in _RECORDS
)
_UNDONE = """
    CREATE FUNCTION check_records_of_undone_{thing}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF {standing} THEN
            RAISE EXCEPTION 'what was recorded of it is taken back first'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_{thing}s_undone';
        END IF;
        RETURN NEW;
    END $$"""


def upgrade() -> None:
    """Create the triggers; what was recorded before stays."""
    op.execute(_RECORD_OF)
    for table in _RECORDS:
        op.execute(f"""
            CREATE TRIGGER {table}_subject BEFORE INSERT ON {table}
            FOR EACH ROW EXECUTE FUNCTION check_recorded_subject()""")
    for thing, table in (("lot", "lots"), ("batch", "batches")):
        op.execute(_UNDONE.format(thing=thing, standing=_STANDING.format(column=f"{thing}_id")))
        op.execute(f"""
            CREATE TRIGGER {table}_undone BEFORE UPDATE OF status ON {table}
            FOR EACH ROW WHEN (NEW.status = 'undone' AND OLD.status <> 'undone') EXECUTE FUNCTION check_records_of_undone_{thing}()""")
    op.execute(_OF_BATCH)
    op.execute(_OF_LOT)
    op.execute("""
        CREATE TRIGGER batch_movements_in_order BEFORE INSERT ON batch_movements
        FOR EACH ROW WHEN (NEW.quantity_kg < 0) EXECUTE FUNCTION check_batch_order()""")
    op.execute("""
        CREATE TRIGGER lot_movements_in_order BEFORE INSERT ON lot_movements
        FOR EACH ROW WHEN (NEW.quantity < 0 AND NEW.act_id IS NOT NULL) EXECUTE FUNCTION check_lot_order()""")


def downgrade() -> None:
    """Drop them."""
    for thing, table in (("lot", "lots"), ("batch", "batches")):
        op.execute(f"DROP TRIGGER {table}_undone ON {table}")
        op.execute(f"DROP FUNCTION check_records_of_undone_{thing}()")
    for table in _RECORDS:
        op.execute(f"DROP TRIGGER {table}_subject ON {table}")
    op.execute("DROP FUNCTION check_recorded_subject()")
    op.execute("DROP TRIGGER lot_movements_in_order ON lot_movements")
    op.execute("DROP TRIGGER batch_movements_in_order ON batch_movements")
    op.execute("DROP FUNCTION check_lot_order()")
    op.execute("DROP FUNCTION check_batch_order()")
