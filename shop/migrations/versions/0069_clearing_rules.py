"""To whose account buyers pay is a dated rule, agreed on by two persons, and an order keeps the mode of its placing day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the rules, give orders their mode, and let proposals be of that kind."""
    op.create_table(
        "clearing_rules",
        sa.Column("producer_id", sa.BigInteger(), nullable=True),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("mode IN ('direct','supervised')", name=op.f("ck_clearing_rules_mode")),
        postgresql.ExcludeConstraint(
            (sa.text("coalesce(producer_id, 0)"), "="),
            (sa.text("daterange(valid_from, valid_to, '[]')"), "&&"),
            using="gist", name="ex_clearing_rules_dates",
        ),
        sa.ForeignKeyConstraint(["producer_id"], ["organisations.id"], name=op.f("fk_clearing_rules_producer_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_clearing_rules_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearing_rules")),
        sa.UniqueConstraint("public_id", name=op.f("uq_clearing_rules_public_id")),
    )  # fmt: skip
    op.add_column("orders", sa.Column("clearing", sa.Text(), server_default="direct", nullable=False))
    # Not checked against what is there: all of it has the default.
    op.execute(
        "ALTER TABLE orders ADD CONSTRAINT ck_orders_clearing CHECK (clearing IN ('direct','supervised')) NOT VALID"
    )
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_clearing")
    _let_kinds("'fee','days','clearing'", "CASE kind WHEN 'fee' THEN 10000 WHEN 'clearing' THEN 1 ELSE 365 END")


def downgrade() -> None:
    """Drop them."""
    op.execute("DELETE FROM rule_proposals WHERE kind = 'clearing'")
    _let_kinds("'fee','days'", "CASE WHEN kind = 'fee' THEN 10000 ELSE 365 END")
    op.drop_column("orders", "clearing")
    op.drop_table("clearing_rules")


def _let_kinds(kinds: str, most: str) -> None:
    op.execute("ALTER TABLE rule_proposals DROP CONSTRAINT ck_rule_proposals_kind")
    op.execute("ALTER TABLE rule_proposals DROP CONSTRAINT ck_rule_proposals_value")
    op.execute(f"ALTER TABLE rule_proposals ADD CONSTRAINT ck_rule_proposals_kind CHECK (kind IN ({kinds}))")
    op.execute(
        f"ALTER TABLE rule_proposals ADD CONSTRAINT ck_rule_proposals_value CHECK (value >= 0 AND value <= {most})"
    )
