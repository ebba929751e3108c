"""That the bank did not pay is agreed to by a second person; a statement may show otherwise; how long money may wait."""

import sqlalchemy as sa
from alembic import op

revision = "0097"
down_revision = "0096"
branch_labels = None
depends_on = None

_STATES = "'prepared','released','sent','paid','failed','cancelled','returned'"
_KINDS = "'fee','days','clearing'"
_MOVING = "status IN ('prepared','released','sent'{more})"


def upgrade() -> None:
    """Add state, columns and dated days; a payout that has failed was one person's word and stays so."""
    op.add_column("payouts", sa.Column("doubted_by", sa.BigInteger(), sa.ForeignKey("users.id")))
    for column in ("doubted_at", "found_at"):
        op.add_column("payouts", sa.Column(column, sa.DateTime(timezone=True)))
    _check("payouts", "status", f"status IN ({_STATES},'failing')")
    op.create_check_constraint(
        op.f("ck_payouts_failing"), "payouts", "status <> 'failing' OR (doubted_by IS NOT NULL AND rail = 'bank')"
    )
    op.create_check_constraint(
        op.f("ck_payouts_failed"), "payouts", "status <> 'failed' OR doubted_by IS NULL OR doubted_by <> decided_by"
    )
    _index(",'failing'")
    _check("rule_proposals", "kind", f"kind IN ({_KINDS},'unpaid','aging')")
    op.create_table(
        "waiting_rules",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("producer_id", sa.BigInteger(), sa.ForeignKey("organisations.id")),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.BigInteger(), sa.ForeignKey("users.id")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.CheckConstraint("kind IN ('unpaid','aging')", name=op.f("ck_waiting_rules_kind")),
        sa.CheckConstraint("producer_id IS NULL", name=op.f("ck_waiting_rules_producer")),
        sa.CheckConstraint("days BETWEEN 0 AND 365", name=op.f("ck_waiting_rules_days")),
    )
    op.execute("""
        ALTER TABLE waiting_rules ADD CONSTRAINT ex_waiting_rules_dates
        EXCLUDE USING gist (kind WITH =, daterange(valid_from, valid_to, '[]') WITH &&)""")


def downgrade() -> None:
    """Drop them; what somebody doubts is with the bank again."""
    op.drop_table("waiting_rules")
    op.execute("DELETE FROM rule_proposals WHERE kind IN ('unpaid','aging')")
    _check("rule_proposals", "kind", f"kind IN ({_KINDS})")
    op.execute("UPDATE payouts SET status = 'sent' WHERE status = 'failing'")
    for name in ("failing", "failed"):
        op.drop_constraint(op.f(f"ck_payouts_{name}"), "payouts", type_="check")
    _check("payouts", "status", f"status IN ({_STATES})")
    _index("")
    for column in ("doubted_by", "doubted_at", "found_at"):
        op.drop_column("payouts", column)


def _check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _index(more: str) -> None:
    op.drop_index("ix_payouts_moving", "payouts")
    op.create_index(
        "ix_payouts_moving", "payouts", ["producer_id"], postgresql_where=sa.text(_MOVING.format(more=more))
    )
