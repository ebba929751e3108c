"""Corrections of organisations: proposed by one person with evidence, agreed to by another, kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0092"
down_revision = "0091"
branch_labels = None
depends_on = None

_TABLE = "organisation_corrections"
_FACTS = ("id", "public_id", "organisation_id", "changes", "reason", "file_id", "proposed_by", "proposed_at")
_OTHERWISE = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in _FACTS)


def upgrade() -> None:
    """Add the table; what it says is decided once and never changed."""
    op.create_table(
        _TABLE,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("changes", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("decision_reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "status IN ('proposed','confirmed','refused','withdrawn')", name=op.f(f"ck_{_TABLE}_status")
        ),
        sa.CheckConstraint("changes <> '{}'::jsonb", name=op.f(f"ck_{_TABLE}_changes")),
        sa.CheckConstraint("reason <> ''", name=op.f(f"ck_{_TABLE}_reason")),
        sa.CheckConstraint(
            "status = 'withdrawn' OR decided_by IS NULL OR decided_by <> proposed_by",
            name=op.f(f"ck_{_TABLE}_two_persons"),
        ),
        sa.CheckConstraint(
            "(status = 'proposed') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL)",
            name=op.f(f"ck_{_TABLE}_decided"),
        ),
        sa.CheckConstraint("(status = 'confirmed') = (since IS NOT NULL)", name=op.f(f"ck_{_TABLE}_since")),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{_TABLE}_{column}_{target.split('.')[0]}"))
            for column, target in (
                ("organisation_id", "organisations.id"), ("file_id", "stored_files.id"),
                ("proposed_by", "users.id"), ("decided_by", "users.id"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_TABLE}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{_TABLE}_public_id")),
    )  # fmt: skip
    op.create_index(f"ix_{_TABLE}_organisation", _TABLE, ["organisation_id", "id"])
    op.create_index(op.f(f"ix_{_TABLE}_file_id"), _TABLE, ["file_id"])
    op.create_index(
        f"uq_{_TABLE}_proposed", _TABLE, ["organisation_id"], unique=True,
        postgresql_where=sa.text("status = 'proposed'"),
    )  # fmt: skip
    op.execute(f"""
        CREATE TRIGGER {_TABLE}_decided_once BEFORE UPDATE ON {_TABLE} FOR EACH ROW
        WHEN (OLD.status <> 'proposed' OR {_OTHERWISE}) EXECUTE FUNCTION refuse_change()""")
    op.execute(f"""
        CREATE TRIGGER {_TABLE}_kept BEFORE DELETE ON {_TABLE} FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
    op.execute(f"""
        CREATE TRIGGER {_TABLE}_no_truncate BEFORE TRUNCATE ON {_TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
    for name in ("decided_once", "kept", "no_truncate"):
        op.execute(f"ALTER TABLE {_TABLE} ENABLE ALWAYS TRIGGER {_TABLE}_{name}")


def downgrade() -> None:
    """Drop it."""
    op.drop_table(_TABLE)
