"""A recall may begin at a batch: it stops what is left of it, and all that was made of it."""

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None

_TABLE = "batch_recalls"


def upgrade() -> None:
    """Create the table; nothing of a recall changes but that it is lifted, once."""
    op.create_table(
        _TABLE,
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("recall_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recalled_by", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("recalled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.BigInteger(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_batch_recalls_reason")),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lift_reason IS NULL) AND (lifted_at IS NULL) = (lifted_by IS NULL)",
            name=op.f("ck_batch_recalls_lifted"),
        ),
        sa.CheckConstraint("lift_reason <> ''", name=op.f("ck_batch_recalls_lift_reason")),
        sa.CheckConstraint("lifted_by <> recalled_by", name=op.f("ck_batch_recalls_two_persons")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_batch_recalls_batch_id")),
        sa.ForeignKeyConstraint(["recalled_by"], ["users.id"], name=op.f("fk_batch_recalls_recalled_by")),
        sa.ForeignKeyConstraint(["lifted_by"], ["users.id"], name=op.f("fk_batch_recalls_lifted_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_batch_recalls_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_recalls")),
        sa.UniqueConstraint("recall_id", name=op.f("uq_batch_recalls_recall_id")),
    )
    op.create_index(
        "uq_batch_recalls_standing", _TABLE, ["batch_id", "organisation_id"], unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )  # fmt: skip
    op.execute(f"""
        CREATE TRIGGER {_TABLE}_guard BEFORE UPDATE OR DELETE ON {_TABLE}
        FOR EACH ROW EXECUTE FUNCTION guard_lot_recall()""")
    op.execute(f"""
        CREATE TRIGGER {_TABLE}_no_truncate BEFORE TRUNCATE ON {_TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
    for trigger in ("guard", "no_truncate"):
        op.execute(f"ALTER TABLE {_TABLE} ENABLE ALWAYS TRIGGER {_TABLE}_{trigger}")


def downgrade() -> None:
    """Drop it."""
    op.drop_table(_TABLE)
