"""One bank transfer pays for several buyers: a receipt for each of them under one serial number."""

import sqlalchemy as sa
from alembic import op

revision = "0102"
down_revision = "0101"
branch_labels = None
depends_on = None
_LIVE = "status <> 'refused'"


def upgrade() -> None:
    """Say which part of a transfer a receipt is and what all of it brought, and let serials stand once for each part."""
    op.add_column("payments", sa.Column("part_no", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("payments", sa.Column("transfer_fen", sa.BigInteger(), nullable=True))
    op.create_check_constraint(
        op.f("ck_payments_part"), "payments", "part_no >= 1 AND (part_no = 1 OR transfer_fen IS NOT NULL)"
    )
    op.create_check_constraint(op.f("ck_payments_transfer"), "payments", "transfer_fen >= amount_fen")
    _replace_index(["payee_id", "bank_serial", "part_no"])


def _replace_index(columns: list[str]) -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "uq_payments_serial_new", "payments", columns, unique=True, postgresql_where=sa.text(_LIVE),
            postgresql_concurrently=True, if_not_exists=True,
        )  # fmt: skip
    op.drop_index("uq_payments_serial", table_name="payments")
    op.execute("ALTER INDEX uq_payments_serial_new RENAME TO uq_payments_serial")


def downgrade() -> None:
    """Drop them; there must be no transfer of several buyers."""
    _replace_index(["payee_id", "bank_serial"])
    for name in ("part", "transfer"):
        op.drop_constraint(op.f(f"ck_payments_{name}"), "payments", type_="check")
    for column in ("transfer_fen", "part_no"):
        op.drop_column("payments", column)
