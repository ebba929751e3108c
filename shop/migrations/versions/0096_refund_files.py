"""Refunds leave the supervised account in files: batches and their transfers, by two persons."""

import sqlalchemy as sa
from alembic import op

revision = "0096"
down_revision = "0095"
branch_labels = None
depends_on = None

_STATES = {
    "refunds": "'requested','recorded','sent','confirmed','refused'",
    "credit_refunds": "'requested','recorded','confirmed','refused'",
}
_TABLE = "refund_transfers"


def upgrade() -> None:
    """Let refunds be in a file, and create the tables; what waits or was sent otherwise stays as it is."""
    for table, states in _STATES.items():
        op.drop_constraint(op.f(f"ck_{table}_status"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_status"), table, f"status IN ({states},'in_file')")
    op.add_column("credit_refunds", sa.Column("failure", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "refund_runs",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("started_by", sa.BigInteger(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_id", sa.BigInteger(), sa.ForeignKey("stored_files.id")),
    )
    _create_transfers()
    for column in ("run", "producer"):
        op.create_index(f"ix_{_TABLE}_{column}_id", _TABLE, [f"{column}_id"])
    live = sa.text("status NOT IN ('failed','cancelled')")
    for column in ("refund", "credit_refund"):
        op.create_index(f"uq_{_TABLE}_{column}", _TABLE, [f"{column}_id"], unique=True, postgresql_where=live)
    op.create_index(
        f"uq_{_TABLE}_bank_serial", _TABLE, ["bank_serial"], unique=True, postgresql_where=sa.text("status = 'paid'")
    )
    op.create_index(
        f"ix_{_TABLE}_moving", _TABLE, ["id"],
        postgresql_where=sa.text("status IN ('prepared','released','sent','failing')"),
    )  # fmt: skip


def _create_transfers() -> None:
    def check(condition: str, name: str) -> sa.CheckConstraint:
        return sa.CheckConstraint(condition, name=op.f(f"ck_{_TABLE}_{name}"))

    def person(name: str, *, nullable: bool = True) -> sa.Column[int]:
        return sa.Column(name, sa.BigInteger(), sa.ForeignKey("users.id"), nullable=nullable)

    op.create_table(
        _TABLE,
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("number", sa.Text(), nullable=False, unique=True),
        sa.Column("run_id", sa.BigInteger(), sa.ForeignKey("refund_runs.id"), nullable=False),
        sa.Column("refund_id", sa.BigInteger(), sa.ForeignKey("refunds.id")),
        sa.Column("credit_refund_id", sa.BigInteger(), sa.ForeignKey("credit_refunds.id")),
        sa.Column("producer_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("account_holder", sa.Text(), nullable=False),
        sa.Column("account_number", sa.Text(), nullable=False),
        sa.Column("bank_serial", sa.Text()),
        sa.Column("value_on", sa.Date()),
        person("prepared_by", nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        person("released_by"),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        person("doubted_by"),
        sa.Column("doubted_at", sa.DateTime(timezone=True)),
        person("decided_by"),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("failure", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        check("status IN ('prepared','released','sent','failing','paid','failed','cancelled')", "status"),
        check("amount_fen > 0", "amount_fen"),
        check("(refund_id IS NULL) <> (credit_refund_id IS NULL)", "refund"),
        check("released_by IS NULL OR released_by <> prepared_by", "two_persons"),
        check("status IN ('prepared','cancelled') OR released_by IS NOT NULL", "released"),
        check("status <> 'failing' OR doubted_by IS NOT NULL", "doubted"),
        check(
            "status <> 'failed' OR (doubted_by IS NOT NULL AND decided_by IS NOT NULL AND decided_by <> doubted_by)",
            "failed",
        ),
        check("status <> 'paid' OR (bank_serial IS NOT NULL AND value_on IS NOT NULL)", "paid"),
    )


def downgrade() -> None:
    """Drop them; a refund that is in a file waits again."""
    op.drop_table(_TABLE)
    op.drop_table("refund_runs")
    op.drop_column("credit_refunds", "failure")
    for table, states in _STATES.items():
        op.execute(f"UPDATE {table} SET status = 'requested' WHERE status = 'in_file'")
        op.drop_constraint(op.f(f"ck_{table}_status"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_status"), table, f"status IN ({states})")
