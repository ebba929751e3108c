"""A recall has a level and a deadline; who got its goods may have destroyed them; who has not answered is reminded."""

import sqlalchemy as sa
from alembic import op

revision = "0086"
down_revision = "0085"
branch_labels = None
depends_on = None

_REMINDERS = "trace_recall_reminders"


def upgrade() -> None:
    """Create the tables; recalls of before have no level, and nothing of their goods was destroyed that we know."""
    op.create_table(
        "recall_terms",
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("set_by", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("level IN ('one','two','three')", name=op.f("ck_recall_terms_level")),
        sa.CheckConstraint("known_at <= set_at", name=op.f("ck_recall_terms_known")),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name=op.f("fk_recall_terms_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_terms")),
        sa.UniqueConstraint("public_id", name=op.f("uq_recall_terms_public_id")),
    )
    op.create_index("ix_recall_terms_due", "recall_terms", ["due_on"])
    op.add_column("trace_recall_replies", sa.Column("destroyed", sa.Numeric(14, 3), server_default="0", nullable=False))
    op.create_check_constraint(op.f("ck_trace_recall_replies_destroyed"), "trace_recall_replies", "destroyed >= 0")
    op.create_table(
        _REMINDERS,
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("recall_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=True),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["recall_id"], ["recall_terms.public_id"], name=op.f(f"fk_{_REMINDERS}_recall_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f(f"fk_{_REMINDERS}_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_REMINDERS}")),
        sa.UniqueConstraint(
            "recall_id", "organisation_id", "mark", name=op.f(f"uq_{_REMINDERS}_recall_id_organisation_id_mark"),
            postgresql_nulls_not_distinct=True,
        ),
    )  # fmt: skip
    for trigger, when in (("append_only", "UPDATE OR DELETE"), ("no_truncate", "TRUNCATE")):
        each = "STATEMENT" if when == "TRUNCATE" else "ROW"
        op.execute(f"""
            CREATE TRIGGER {_REMINDERS}_{trigger} BEFORE {when} ON {_REMINDERS}
            FOR EACH {each} EXECUTE FUNCTION refuse_change()""")
        op.execute(f"ALTER TABLE {_REMINDERS} ENABLE ALWAYS TRIGGER {_REMINDERS}_{trigger}")


def downgrade() -> None:
    """Drop them."""
    op.drop_table(_REMINDERS)
    op.drop_constraint(op.f("ck_trace_recall_replies_destroyed"), "trace_recall_replies", type_="check")
    op.drop_column("trace_recall_replies", "destroyed")
    op.drop_table("recall_terms")
