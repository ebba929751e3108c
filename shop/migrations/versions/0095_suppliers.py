"""From whom batches were bought outside the platform."""

import sqlalchemy as sa
from alembic import op

revision = "0095"
down_revision = "0094"
branch_labels = None
depends_on = None

_TABLE = "batch_suppliers"


def upgrade() -> None:
    """Purchases of before have none: what is missing is shown, and needed before a certificate is issued."""
    op.create_table(
        _TABLE,
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("credit_code", sa.Text(), nullable=True),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("township", sa.Text(), server_default="", nullable=False),
        sa.Column("village", sa.Text(), server_default="", nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('organisation','household')", name=op.f("ck_batch_suppliers_kind")),
        sa.CheckConstraint(
            "CASE kind WHEN 'organisation' THEN name <> '' AND credit_code IS NOT NULL"
            " ELSE name = '' AND credit_code IS NULL AND village <> '' END",
            name=op.f("ck_batch_suppliers_who"),
        ),
        sa.CheckConstraint("credit_code ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name=op.f("ck_batch_suppliers_credit_code")),
        sa.CheckConstraint("document_number <> ''", name=op.f("ck_batch_suppliers_document")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_batch_suppliers_batch_id")),
        sa.ForeignKeyConstraint(["division_code"], ["divisions.code"], name=op.f("fk_batch_suppliers_division_code")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_batch_suppliers_file_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name=op.f("fk_batch_suppliers_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_suppliers")),
        sa.UniqueConstraint("public_id", name=op.f("uq_batch_suppliers_public_id")),
    )
    op.create_index("ix_batch_suppliers_batch", _TABLE, ["batch_id", "id"])
    op.create_index(op.f("ix_batch_suppliers_file_id"), _TABLE, ["file_id"])
    op.execute(f"""
        CREATE TRIGGER {_TABLE}_append_only BEFORE UPDATE OR DELETE ON {_TABLE}
        FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
    op.execute(f"""
        CREATE TRIGGER {_TABLE}_no_truncate BEFORE TRUNCATE ON {_TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
    op.execute(f"ALTER TABLE {_TABLE} ENABLE ALWAYS TRIGGER {_TABLE}_append_only")
    op.execute(f"ALTER TABLE {_TABLE} ENABLE ALWAYS TRIGGER {_TABLE}_no_truncate")


def downgrade() -> None:
    """Drop them."""
    op.drop_table(_TABLE)
