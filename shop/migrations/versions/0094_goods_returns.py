"""Accepted goods that go back, who got which of a lot back, and what of shipped items and lines has come back."""

import sqlalchemy as sa
from alembic import op

revision = "0094"
down_revision = "0093"
branch_labels = None
depends_on = None

_KEPT = ("order_lines", "shipment_items")
#: What has ended stays as it was; of goods that have come back neither quantity nor fate changes.
_FINAL = (
    ("goods_returns_final", "goods_returns", "OLD.status IN ('received', 'refused')"),
    ("goods_return_items_final", "goods_return_items", "OLD.to_lot + OLD.apart + OLD.destroyed > 0"),
    ("trace_returns_append_only", "trace_returns", "true"),
)


def upgrade() -> None:
    """Nothing has come back so far: what was not accepted went back at acceptance."""
    op.execute("SET LOCAL statement_timeout = 0")  # checks of new columns read every row
    for table in _KEPT:
        op.add_column(table, sa.Column("returned", sa.Numeric(14, 3), server_default="0", nullable=False))
        op.create_check_constraint(op.f(f"ck_{table}_returned"), table, "returned BETWEEN 0 AND rejected")
    _make_returns()
    _make_trace()
    for name, table, when in _FINAL:
        op.execute(f"""
            CREATE TRIGGER {name} BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse_change()""")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
    op.execute("""
        CREATE TRIGGER trace_returns_no_truncate BEFORE TRUNCATE ON trace_returns
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
    op.execute("ALTER TABLE trace_returns ENABLE ALWAYS TRIGGER trace_returns_no_truncate")


def _make_returns() -> None:
    op.create_table(
        "goods_returns",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("is_recall", sa.Boolean(), nullable=False),
        sa.Column("opened_by", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("carrier", sa.Text(), server_default="", nullable=False),
        sa.Column("tracking_ref", sa.Text(), server_default="", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_by", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status IN ('requested','offered','agreed','sent','received','refused')", name=op.f("ck_goods_returns_status")
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_goods_returns_reason")),
        sa.CheckConstraint("(status = 'received') = (received_at IS NOT NULL)", name=op.f("ck_goods_returns_received")),
        sa.CheckConstraint("(received_at IS NULL) = (received_by IS NULL)", name=op.f("ck_goods_returns_received_by")),
        *(_refers("goods_returns", column, to) for column, to in
          (("order_id", "orders"), ("opened_by", "users"), ("received_by", "users"))),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_returns")),
        sa.UniqueConstraint("number", name=op.f("uq_goods_returns_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_goods_returns_public_id")),
    )  # fmt: skip
    op.create_index(op.f("ix_goods_returns_order_id"), "goods_returns", ["order_id"])
    op.create_index("ix_goods_returns_status", "goods_returns", ["status", "id"])
    op.create_table(
        "goods_return_items",
        sa.Column("return_id", sa.BigInteger(), nullable=False),
        sa.Column("shipment_item_id", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Numeric(14, 3), server_default=default, nullable=False)
          for name, default in (("quantity", None), ("to_lot", "0"), ("apart", "0"), ("destroyed", "0"))),
        sa.Column("apart_lot_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_goods_return_items_quantity")),
        sa.CheckConstraint(
            "to_lot >= 0 AND apart >= 0 AND destroyed >= 0 AND to_lot + apart + destroyed <= quantity",
            name=op.f("ck_goods_return_items_came"),
        ),
        sa.CheckConstraint("(apart > 0) = (apart_lot_id IS NOT NULL)", name=op.f("ck_goods_return_items_apart_lot")),
        *(_refers("goods_return_items", column, to) for column, to in
          (("return_id", "goods_returns"), ("shipment_item_id", "shipment_items"), ("apart_lot_id", "lots"))),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_return_items")),
        sa.UniqueConstraint(
            "return_id", "shipment_item_id", name=op.f("uq_goods_return_items_return_id_shipment_item_id")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_goods_return_items_public_id")),
    )  # fmt: skip
    op.create_index(op.f("ix_goods_return_items_shipment_item_id"), "goods_return_items", ["shipment_item_id"])


def _make_trace() -> None:
    op.create_table(
        "trace_returns",
        sa.Column("return_ref", sa.Uuid(), nullable=False),
        sa.Column("movement_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.Numeric(14, 3), nullable=False),
        sa.Column("destroyed", sa.Numeric(14, 3), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "quantity > 0 AND destroyed BETWEEN 0 AND quantity", name=op.f("ck_trace_returns_quantities")
        ),
        *(
            _refers("trace_returns", column, to)
            for column, to in (("movement_id", "lot_movements"), ("lot_id", "lots"))
        ),
        sa.PrimaryKeyConstraint("return_ref", "movement_id", name=op.f("pk_trace_returns")),
    )
    op.create_index("ix_trace_returns_movement", "trace_returns", ["movement_id"])


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def downgrade() -> None:
    """Drop them."""
    for table in ("trace_returns", "goods_return_items", "goods_returns"):
        op.drop_table(table)
    for table in reversed(_KEPT):
        op.drop_column(table, "returned")
