"""Refunds by bank name the receipts that they go back to, never more than came of each."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; hold it against what receipts have for the order, also when that is moved to another one."""
    op.create_table(
        "refund_receipts",
        sa.Column("refund_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_refund_receipts_amount_fen")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_refund_receipts_refund_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_refund_receipts_payment_id")),
        sa.PrimaryKeyConstraint("refund_id", "payment_id", name=op.f("pk_refund_receipts")),
    )
    op.create_index(op.f("ix_refund_receipts_payment_id"), "refund_receipts", ["payment_id"])
    op.execute("""
        CREATE FUNCTION check_refund_receipts() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE subject bigint;
        BEGIN
            IF TG_TABLE_NAME = 'refund_receipts' THEN
                SELECT order_id INTO subject FROM refunds WHERE id = NEW.refund_id;
            ELSE
                subject := NEW.order_id;
            END IF;
            PERFORM FROM orders WHERE id = subject FOR NO KEY UPDATE;
            IF (SELECT coalesce(sum(n.amount_fen), 0) FROM refund_receipts n JOIN refunds r ON r.id = n.refund_id
                WHERE n.payment_id = NEW.payment_id AND r.order_id = subject AND r.status <> 'refused')
               > (SELECT coalesce(sum(amount_fen), 0) FROM payment_allocations
                  WHERE payment_id = NEW.payment_id AND order_id = subject)
            THEN
                RAISE EXCEPTION 'more goes back of receipt % than it has for order %', NEW.payment_id, subject
                USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_receipts_left', TABLE = 'refund_receipts';
            END IF;
            RETURN NULL;
        END $$""")
    op.execute("""
        CREATE TRIGGER refund_receipts_left AFTER INSERT ON refund_receipts
        FOR EACH ROW EXECUTE FUNCTION check_refund_receipts()""")
    op.execute("""
        CREATE TRIGGER payment_allocations_left AFTER INSERT ON payment_allocations
        FOR EACH ROW WHEN (NEW.amount_fen < 0) EXECUTE FUNCTION check_refund_receipts()""")
    op.execute("ALTER TABLE refund_receipts ENABLE ALWAYS TRIGGER refund_receipts_left")
    op.execute("ALTER TABLE payment_allocations ENABLE ALWAYS TRIGGER payment_allocations_left")
    for move in ("UPDATE OR DELETE", "TRUNCATE"):
        name = f"refund_receipts_no_{'truncate' if move == 'TRUNCATE' else 'change'}"
        op.execute(f"""
            CREATE TRIGGER {name} BEFORE {move} ON refund_receipts
            FOR EACH {"STATEMENT" if move == "TRUNCATE" else "ROW"} EXECUTE FUNCTION refuse_change()""")
        op.execute(f"ALTER TABLE refund_receipts ENABLE ALWAYS TRIGGER {name}")


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TRIGGER payment_allocations_left ON payment_allocations")
    op.drop_table("refund_receipts")
    op.execute("DROP FUNCTION check_refund_receipts()")
