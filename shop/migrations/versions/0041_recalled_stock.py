"""Goods that are called back are no stock at once, whatever orders have reserved of them."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep apart what orders have reserved of goods that were called back, and close the lots that stayed open for it."""
    op.add_column("sku_stock", sa.Column("uncovered", sa.Numeric(14, 3), server_default="0", nullable=False))
    op.create_check_constraint(op.f("ck_sku_stock_uncovered"), "sku_stock", "uncovered >= 0")
    op.drop_constraint(op.f("ck_sku_stock_reserved"), "sku_stock", type_="check")
    op.create_check_constraint(op.f("ck_sku_stock_reserved"), "sku_stock", "reserved BETWEEN 0 AND on_hand + uncovered")
    op.execute(_FOLLOW.format(recalled=_RECALLED))
    op.execute("""
        CREATE FUNCTION cover_reservations() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.uncovered := least(NEW.uncovered, greatest(NEW.reserved - NEW.on_hand, 0));
            RETURN NEW;
        END $$""")
    op.execute("""
        CREATE TRIGGER sku_stock_cover BEFORE UPDATE OF on_hand ON sku_stock
        FOR EACH ROW WHEN (OLD.uncovered > 0 AND NEW.on_hand > OLD.on_hand) EXECUTE FUNCTION cover_reservations()""")
    op.execute("""
        UPDATE lots l SET status = 'recalled', version = version + 1
        FROM lot_recalls r WHERE r.lot_id = l.id AND l.status = 'open'""")


#: What orders had reserved of the goods stays reserved, and is what no stock covers.
_RECALLED = """
            IF OLD.status = 'open' AND NEW.status = 'recalled' THEN
                UPDATE sku_stock SET on_hand = on_hand - NEW.on_hand,
                                     uncovered = greatest(uncovered, reserved - on_hand + NEW.on_hand)
                WHERE sku_id = NEW.sku_id;
                RETURN NEW;
            END IF;"""
_FOLLOW = """
        CREATE OR REPLACE FUNCTION follow_lot_status() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN{recalled}
            IF OLD.status = 'open' AND NEW.status <> 'open' THEN
                UPDATE sku_stock SET on_hand = on_hand - NEW.on_hand WHERE sku_id = NEW.sku_id;
            ELSIF OLD.status <> 'open' AND NEW.status = 'open' THEN
                UPDATE sku_stock SET on_hand = on_hand + NEW.on_hand WHERE sku_id = NEW.sku_id;
            END IF;
            RETURN NEW;
        END $$"""


def downgrade() -> None:
    """Open lots again without which stock would hold less than orders have reserved."""
    op.execute(_FOLLOW.format(recalled=""))
    op.execute("""
        UPDATE lots SET status = 'open', version = version + 1
        WHERE status = 'recalled' AND sku_id IN (SELECT sku_id FROM sku_stock WHERE uncovered > 0)""")
    op.execute("DROP TRIGGER sku_stock_cover ON sku_stock")
    op.execute("DROP FUNCTION cover_reservations()")
    op.drop_constraint(op.f("ck_sku_stock_reserved"), "sku_stock", type_="check")
    op.create_check_constraint(op.f("ck_sku_stock_reserved"), "sku_stock", "reserved BETWEEN 0 AND on_hand")
    op.drop_column("sku_stock", "uncovered")
