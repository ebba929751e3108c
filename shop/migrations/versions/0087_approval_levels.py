"""An institution may let procurements be approved at several levels by amount; without levels nothing changes."""

import sqlalchemy as sa
from alembic import op

revision = "0087"
down_revision = "0086"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add dated levels with their persons, and where a procurement waits; those that wait now have no levels."""
    op.create_table(
        "approval_rules",
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_approval_rules_organisation_id")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_approval_rules_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_rules")),
        sa.UniqueConstraint("public_id", name=op.f("uq_approval_rules_public_id")),
    )  # fmt: skip
    op.execute("""ALTER TABLE approval_rules ADD CONSTRAINT ex_approval_rules_dates
        EXCLUDE USING gist (organisation_id WITH =, daterange(valid_from, valid_to, '[]') WITH &&)""")
    op.create_table(
        "approval_levels",
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("above_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_approval_levels_level")),
        sa.CheckConstraint("above_fen >= 0 AND (level > 1 OR above_fen = 0)", name=op.f("ck_approval_levels_above_fen")),
        sa.ForeignKeyConstraint(["rule_id"], ["approval_rules.id"], name=op.f("fk_approval_levels_rule_id")),
        sa.PrimaryKeyConstraint("rule_id", "level", name=op.f("pk_approval_levels")),
    )  # fmt: skip
    op.create_table(
        "approval_people",
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("membership_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id", "level"], ["approval_levels.rule_id", "approval_levels.level"],
            name=op.f("fk_approval_people_rule_id"),
        ),
        sa.ForeignKeyConstraint(["membership_id"], ["memberships.id"], name=op.f("fk_approval_people_membership_id")),
        sa.PrimaryKeyConstraint("rule_id", "level", "membership_id", name=op.f("pk_approval_people")),
    )  # fmt: skip
    op.create_index("ix_approval_people_membership", "approval_people", ["membership_id"])
    op.create_table(
        "approval_steps",
        sa.Column("procurement_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["procurement_id"], ["procurements.id"], name=op.f("fk_approval_steps_procurement_id")),
        sa.ForeignKeyConstraint(
            ["rule_id", "level"], ["approval_levels.rule_id", "approval_levels.level"],
            name=op.f("fk_approval_steps_rule_id"),
        ),
        sa.PrimaryKeyConstraint("procurement_id", name=op.f("pk_approval_steps")),
    )  # fmt: skip


def downgrade() -> None:
    """Every approver approves everything again; what waits at a higher level waits for one approval."""
    for table in ("approval_steps", "approval_people", "approval_levels", "approval_rules"):
        op.drop_table(table)
