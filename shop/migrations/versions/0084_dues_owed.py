"""No more of an order is open than it owes: freight of goods that were all given back is not due."""

from alembic import op

revision = "0084"
down_revision = "0083"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave out what is open beyond what an order owes, what fell due last first."""
    op.execute("""
        WITH beyond AS (
            SELECT o.id, greatest(o.due_fen - o.received_fen + o.refunded_fen + o.held_fen, 0) AS owed
            FROM orders o JOIN order_dues d ON d.order_id = o.id AND d.open_fen > 0
            GROUP BY o.id HAVING sum(d.open_fen) > greatest(o.due_fen - o.received_fen + o.refunded_fen + o.held_fen, 0)),
        kept AS (
            SELECT d.order_id, d.due_on, greatest(least(d.open_fen, b.owed - (
                sum(d.open_fen) OVER (PARTITION BY d.order_id ORDER BY d.due_on) - d.open_fen)), 0) AS open_fen
            FROM order_dues d JOIN beyond b ON b.id = d.order_id)
        UPDATE order_dues d SET open_fen = k.open_fen FROM kept k
        WHERE (k.order_id, k.due_on) = (d.order_id, d.due_on) AND k.open_fen <> d.open_fen""")


def downgrade() -> None:
    """Nothing: what is open is worked out again by an order's next fact."""
