"""Goods arrive at places, are stored there and leave them."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

_KEYS = {"producer_id": "producers.organisation_id", "batch_id": "batches.id", "lot_id": "lots.id"}
_ADDED = "'{withdrawn_at,withdrawn_by,withdrawn_why}'::text[]"


def upgrade() -> None:
    """Create the table; of a row only its taking back is added, once."""
    op.create_table(
        "passages",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        *(
            sa.Column(
                name, sa.BigInteger(), sa.ForeignKey(target, name=op.f(f"fk_passages_{name}")),
                nullable=name != "producer_id",
            )
            for name, target in _KEYS.items()
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        _refers("place_id", "places.id", nullable=False),
        sa.Column("quantity", sa.Numeric(14, 3), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        _refers("recorded_by", "users.id"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        _refers("withdrawn_by", "users.id"),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_why", sa.Text(), server_default="", nullable=False),
        sa.UniqueConstraint("public_id", name=op.f("uq_passages_public_id")),
        sa.CheckConstraint("(batch_id IS NULL) <> (lot_id IS NULL)", name=op.f("ck_passages_one_thing")),
        sa.CheckConstraint("kind IN ('arrived','stored','left')", name=op.f("ck_passages_kind")),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_why = '')", name=op.f("ck_passages_withdrawn")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_passages_quantity")),
    )  # fmt: skip
    for name in _KEYS:
        op.create_index(op.f(f"ix_passages_{name}"), "passages", [name])
    op.execute(f"""
        CREATE TRIGGER passages_kept BEFORE UPDATE ON passages
        FOR EACH ROW WHEN (OLD.withdrawn_at IS NOT NULL
                           OR to_jsonb(OLD) - {_ADDED} IS DISTINCT FROM to_jsonb(NEW) - {_ADDED})
        EXECUTE FUNCTION refuse_change()""")
    op.execute("""
        CREATE TRIGGER passages_no_delete BEFORE DELETE ON passages
        FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
    op.execute("""
        CREATE TRIGGER passages_no_truncate BEFORE TRUNCATE ON passages
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
    for trigger in ("kept", "no_delete", "no_truncate"):
        op.execute(f"ALTER TABLE passages ENABLE ALWAYS TRIGGER passages_{trigger}")


def downgrade() -> None:
    """Drop it."""
    op.drop_table("passages")


def _refers(name: str, target: str, *, nullable: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), sa.ForeignKey(target, name=op.f(f"fk_passages_{name}")), nullable=nullable)
