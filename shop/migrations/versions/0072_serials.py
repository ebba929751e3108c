"""A line of a supervised account is booked once: its receipts never exceed it; one serial number pays one payout."""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None
_INDEXES = (
    ("ix_bank_statement_lines_serial", "bank_statement_lines", ["serial"], "direction = 'in'"),
    ("ix_payments_supervised_serial", "payments", ["bank_serial"], "clearing = 'supervised'"),
)


def upgrade() -> None:
    """Say what a serial has left, ask it when a receipt is confirmed, and let serials of payouts stand once."""
    with op.get_context().autocommit_block():
        for name, table, columns, where in _INDEXES:
            op.create_index(
                name, table, columns, postgresql_where=sa.text(where), postgresql_concurrently=True, if_not_exists=True
            )
    op.execute("""
        CREATE FUNCTION supervised_serial_left(wanted text, besides bigint) RETURNS bigint LANGUAGE plpgsql AS $$
        DECLARE known bigint;
        BEGIN
            PERFORM FROM bank_statement_lines l JOIN statement_accounts a ON a.id = l.account_id
             WHERE l.serial = wanted AND l.direction = 'in' AND a.clearing = 'supervised'
             ORDER BY l.id FOR NO KEY UPDATE OF l;
            SELECT sum(CASE WHEN l.amount_fen > 0 AND l.wrong_by IS NULL AND l.state NOT IN ('returned', 'ignored')
                             AND NOT (l.state = 'matched' AND l.rule = 'provider_payout') THEN l.amount_fen ELSE 0 END)
              INTO known FROM bank_statement_lines l JOIN statement_accounts a ON a.id = l.account_id
             WHERE l.serial = wanted AND l.direction = 'in' AND a.clearing = 'supervised';
            RETURN known - (SELECT coalesce(sum(p.amount_fen), 0) FROM payments p WHERE p.bank_serial = wanted
                            AND p.clearing = 'supervised' AND p.status <> 'refused' AND p.id <> besides);
        END $$""")
    op.execute("""
        CREATE FUNCTION check_supervised_serial() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF supervised_serial_left(NEW.bank_serial, NEW.id) < NEW.amount_fen THEN
                RAISE EXCEPTION 'receipts of % are more than its line', NEW.bank_serial
                USING ERRCODE = 'check_violation', CONSTRAINT = 'supervised_serial_left', TABLE = 'payments';
            END IF;
            RETURN NEW;
        END $$""")
    op.execute("""
        CREATE TRIGGER payments_supervised_serial BEFORE UPDATE OF status ON payments FOR EACH ROW
        WHEN (NEW.clearing = 'supervised' AND NEW.status = 'confirmed' AND OLD.status <> 'confirmed')
        EXECUTE FUNCTION check_supervised_serial()""")
    op.execute("ALTER TABLE payments ENABLE ALWAYS TRIGGER payments_supervised_serial")
    # What was pasted twice before stays as it is.
    last = op.get_bind().scalar(
        sa.text("""SELECT coalesce(max(p.id), 0) FROM payouts p JOIN payouts o USING (bank_serial)
                   WHERE o.id <> p.id AND p.status <> 'failed' AND o.status <> 'failed'""")
    )
    later = f" AND id > {last}" if last else ""
    op.create_index(
        "uq_payouts_bank_serial", "payouts", ["bank_serial"], unique=True,
        postgresql_where=sa.text(f"status <> 'failed'{later}"),
    )  # fmt: skip


def downgrade() -> None:
    """Drop them."""
    for name, table, _columns, _where in _INDEXES:
        op.drop_index(name, table_name=table)
    op.drop_index("uq_payouts_bank_serial", table_name="payouts")
    op.execute("DROP TRIGGER payments_supervised_serial ON payments")
    op.execute("DROP FUNCTION check_supervised_serial()")
    op.execute("DROP FUNCTION supervised_serial_left(text, bigint)")
