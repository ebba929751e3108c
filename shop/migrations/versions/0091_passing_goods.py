"""Collection points record goods of others that pass there, with the temperature that was measured."""

import sqlalchemy as sa
from alembic import op

revision = "0091"
down_revision = "0090"
branch_labels = None
depends_on = None

_RIGHT = "goods:pass"
_HOLDERS = ("producer_clerk", "producer_admin", "agent_clerk", "agent_admin")


def upgrade() -> None:
    """Add the columns; passages of before are their producers' own. Who records lots there may record what passes."""
    op.add_column("passages", sa.Column("keeper_id", sa.BigInteger(), nullable=True))
    op.add_column("passages", sa.Column("celsius", sa.Numeric(5, 2), nullable=True))
    op.create_foreign_key(op.f("fk_passages_keeper_id"), "passages", "organisations", ["keeper_id"], ["id"])
    op.create_check_constraint(op.f("ck_passages_celsius"), "passages", "celsius BETWEEN -90 AND 90")
    op.create_check_constraint(op.f("ck_passages_keeper"), "passages", "keeper_id IS NULL OR lot_id IS NOT NULL")
    op.create_index(
        "ix_passages_keeper", "passages", ["keeper_id", "id"], postgresql_where=sa.text("keeper_id IS NOT NULL")
    )
    held = sa.text("""
        INSERT INTO role_permissions (role, permission)
        SELECT code, :right FROM roles WHERE code = ANY (:roles) ON CONFLICT DO NOTHING""")
    op.execute(held.bindparams(right=_RIGHT, roles=list(_HOLDERS)))


def downgrade() -> None:
    """Drop them."""
    op.execute(sa.text("DELETE FROM role_permissions WHERE permission = :right").bindparams(right=_RIGHT))
    op.drop_index("ix_passages_keeper", "passages")
    op.drop_constraint(op.f("ck_passages_keeper"), "passages", type_="check")
    op.drop_constraint(op.f("ck_passages_celsius"), "passages", type_="check")
    op.drop_column("passages", "celsius")
    op.drop_column("passages", "keeper_id")
