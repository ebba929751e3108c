"""What of an order falls due when, part by part; who was told of it; and when goods were last decided."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both tables; orders from before keep the one day they were told, or get that of goods nobody decided."""
    op.create_table(
        "order_dues",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("open_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "amount_fen >= 0 AND open_fen BETWEEN 0 AND amount_fen", name=op.f("ck_order_dues_amount_fen")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_dues_order_id")),
        sa.PrimaryKeyConstraint("order_id", "due_on", name=op.f("pk_order_dues")),
    )
    op.create_index(
        "ix_order_dues_open", "order_dues", ["due_on", "order_id"], postgresql_where=sa.text("open_fen > 0")
    )
    op.create_table(
        "due_reminders",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('soon', 'late')", name=op.f("ck_due_reminders_kind")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_due_reminders_order_id")),
        sa.PrimaryKeyConstraint("order_id", "due_on", "kind", name=op.f("pk_due_reminders")),
    )
    op.create_index(
        "ix_order_lines_undecided", "order_lines", ["order_id"],
        postgresql_where=sa.text("shipped > accepted + rejected"),
    )  # fmt: skip
    op.add_column("orders", sa.Column("last_decided_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("""
        UPDATE orders o SET last_decided_at = a.at
        FROM (SELECT order_id, max(accepted_at) AS at FROM acceptances GROUP BY order_id) a WHERE a.order_id = o.id""")
    op.execute("""
        UPDATE orders o SET pay_due_on = (o.first_shipped_at AT TIME ZONE 'Asia/Shanghai')::date + 15 + coalesce(
            (SELECT (c.terms #>> '{payment,days}')::int FROM contracts c WHERE c.order_id = o.id), 30)
        WHERE o.payment_mode = 'goods_first' AND o.pay_due_on IS NULL
          AND EXISTS (SELECT FROM order_lines l WHERE l.order_id = o.id AND l.shipped > l.accepted + l.rejected)""")
    op.execute("""
        INSERT INTO order_dues (order_id, due_on, amount_fen, open_fen)
        SELECT o.id, o.pay_due_on, w.fen,
               greatest(w.fen - greatest(o.received_fen - o.refunded_fen - o.held_fen + w.allowed, 0), 0)
        FROM orders o CROSS JOIN LATERAL (
            SELECT CASE o.payment_mode WHEN 'pay_first' THEN o.due_fen ELSE sum(round(l.unit_price_fen * (l.shipped - l.rejected)))
                   + CASE WHEN o.due_fen > 0 THEN o.freight_fen ELSE 0 END END::bigint AS fen,
                   CASE o.payment_mode WHEN 'pay_first' THEN 0 ELSE sum(l.allowed_fen) END::bigint AS allowed
            FROM order_lines l WHERE l.order_id = o.id) w
        WHERE o.pay_due_on IS NOT NULL""")


def downgrade() -> None:
    """Forget them; each order keeps its first open day."""
    op.drop_column("orders", "last_decided_at")
    op.drop_index("ix_order_lines_undecided", "order_lines")
    op.drop_table("due_reminders")
    op.drop_table("order_dues")
