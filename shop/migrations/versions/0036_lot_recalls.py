"""Lots that are called back."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_HOLDERS = ("producer_clerk", "producer_admin", "agent_clerk", "agent_admin", "operator_reviewer", "operator_confirmer")


def upgrade() -> None:
    """Create the table, which is only added to, and give the right to those who answer for the goods."""
    op.create_table(
        "lot_recalls",
        sa.Column("lot_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recalled_by", sa.BigInteger(), nullable=True),
        sa.Column("recalled_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_lot_recalls_reason")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_lot_recalls_lot_id")),
        sa.ForeignKeyConstraint(["recalled_by"], ["users.id"], name=op.f("fk_lot_recalls_recalled_by")),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_lot_recalls")),
    )
    op.execute("""
        CREATE TRIGGER lot_recalls_append_only BEFORE UPDATE OR DELETE ON lot_recalls
        FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
    op.execute("""
        CREATE TRIGGER lot_recalls_no_truncate BEFORE TRUNCATE ON lot_recalls
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
    op.execute("ALTER TABLE lot_recalls ENABLE ALWAYS TRIGGER lot_recalls_append_only")
    op.execute("ALTER TABLE lot_recalls ENABLE ALWAYS TRIGGER lot_recalls_no_truncate")
    held = sa.text(
        """INSERT INTO role_permissions (role, permission) SELECT code, 'lots:recall' FROM roles WHERE code = :role
           ON CONFLICT DO NOTHING"""
    )
    for role in _HOLDERS:
        op.execute(held.bindparams(role=role))


def downgrade() -> None:
    """Drop them."""
    op.execute("DELETE FROM role_permissions WHERE permission = 'lots:recall'")
    op.drop_table("lot_recalls")
