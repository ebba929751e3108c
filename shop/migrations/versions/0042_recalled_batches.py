"""What was made of a recalled lot is recalled: nothing is made of it any more."""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let nothing but discarding move a recalled batch, open no packs of a closed lot, and mark what was made before."""
    op.execute(_BATCH.format(more=_MORE_OF_BATCH))
    op.execute(_LOT.format(more=_MORE_OF_LOT))
    op.execute(_MARK)


def downgrade() -> None:
    """Let recalled batches be used again."""
    op.execute(_BATCH.format(more=""))
    op.execute(_LOT.format(more=""))


_MORE_OF_BATCH = """
        IF moved.status = 'recalled' AND (SELECT kind FROM batch_acts WHERE id = NEW.act_id) <> 'discard' THEN
            RAISE EXCEPTION 'a recalled batch is not used'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_batches_recalled';
        END IF;"""
_BATCH = """
    CREATE OR REPLACE FUNCTION apply_batch_movement() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        moved batches%ROWTYPE;
    BEGIN
        UPDATE batches SET on_hand_kg = on_hand_kg + NEW.quantity_kg WHERE id = NEW.batch_id RETURNING * INTO moved;
        IF moved.producer_id <> (SELECT producer_id FROM batch_acts WHERE id = NEW.act_id) THEN
            RAISE EXCEPTION 'an act moves batches of its own producer' USING ERRCODE = 'check_violation';
        END IF;{more}
        RETURN NEW;
    END $$"""
_MORE_OF_LOT = """
            IF NEW.kind = 'unpacked' AND moved.status <> 'open' THEN
                RAISE EXCEPTION 'only packs in stock are opened'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_lots_unpacked';
            END IF;"""
_LOT = """
        CREATE OR REPLACE FUNCTION apply_lot_movement() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            moved lots%ROWTYPE;
        BEGIN
            UPDATE lots SET on_hand = on_hand + NEW.quantity WHERE id = NEW.lot_id RETURNING * INTO moved;{more}
            IF moved.batch_id IS NOT NULL THEN
                IF NEW.kind = 'born' AND NEW.act_id IS DISTINCT FROM moved.act_id THEN
                    RAISE EXCEPTION 'a lot of a batch is born by its packing' USING ERRCODE = 'check_violation';
                ELSIF NEW.kind = 'adjusted_up' AND 0 < (
                    SELECT sum(quantity) FROM lot_movements WHERE lot_id = NEW.lot_id AND act_id IS NULL
                       AND kind IN ('adjusted_up','adjusted_down')) THEN
                    RAISE EXCEPTION 'more is counted than was packed'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_lots_packed';
                ELSIF NEW.kind = 'returned' AND 0 < (
                    SELECT sum(quantity) FROM lot_movements WHERE lot_id = NEW.lot_id AND kind IN ('shipped','returned')) THEN
                    RAISE EXCEPTION 'more comes back than has left'
                        USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_lots_returned';
                END IF;
            END IF;
            IF moved.status = 'open' THEN
                UPDATE sku_stock SET on_hand = on_hand + NEW.quantity WHERE sku_id = moved.sku_id;
                IF NOT FOUND THEN
                    INSERT INTO sku_stock (sku_id, on_hand) VALUES (moved.sku_id, NEW.quantity);
                END IF;
            END IF;
            RETURN NEW;
        END $$"""
_MARK = """
    WITH RECURSIVE made (is_lot, id) AS (
        SELECT true, lot_id FROM lot_recalls
        UNION
        SELECT x.is_lot, x.id FROM made m CROSS JOIN LATERAL (
            SELECT true, l.id FROM lots l WHERE NOT m.is_lot AND l.batch_id = m.id AND l.status <> 'undone'
            UNION ALL
            SELECT false, b.id FROM (
                SELECT act_id FROM lot_movements WHERE m.is_lot AND lot_id = m.id AND kind = 'unpacked'
                UNION ALL
                SELECT act_id FROM batch_movements WHERE NOT m.is_lot AND batch_id = m.id AND quantity_kg < 0) taken
            JOIN batch_acts a ON a.id = taken.act_id AND a.kind <> 'undo'
            JOIN batch_movements o ON o.act_id = a.id AND o.quantity_kg > 0
            JOIN batches b ON b.id = o.batch_id AND b.status <> 'undone') x (is_lot, id)
    )
    UPDATE batches SET status = 'recalled', version = version + 1
    WHERE status = 'open' AND id IN (SELECT id FROM made WHERE NOT is_lot)"""
