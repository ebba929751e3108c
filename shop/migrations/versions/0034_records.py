"""Test reports, papers of meat, temperatures and commitment certificates of batches and lots."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

#: What was recorded is never changed, deleted or emptied, by the owner either.
APPEND_ONLY = ("meat_papers", "temperature_records", "temperature_stretches", "test_items")
#: What of a row does not change any more; of a report only its taking back is added, once.
_KEPT = (
    (
        "test_reports",
        (
            "OLD.withdrawn_at IS NOT NULL OR to_jsonb(OLD) - '{withdrawn_at,withdrawn_by,withdrawn_why}'::text[]"
            " IS DISTINCT FROM to_jsonb(NEW) - '{withdrawn_at,withdrawn_by,withdrawn_why}'::text[]"
        ),
    ),
    ("commitments", "NEW.contact <> '' OR to_jsonb(OLD) - 'contact' IS DISTINCT FROM to_jsonb(NEW) - 'contact'"),
)


def upgrade() -> None:
    """Create the tables with their guards."""
    _create_tables()
    for table in APPEND_ONLY:
        op.execute(f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
    for table, condition in _KEPT:
        op.execute(f"""
            CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table}
            FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse_change()""")
        op.execute(f"""
            CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
        for trigger in ("kept", "no_delete"):
            op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{trigger}")
    for table in (*APPEND_ONLY, *(name for name, _condition in _KEPT)):
        op.execute(f"""
            CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate")


def downgrade() -> None:
    """Drop them."""
    for table in (
        "test_items", "temperature_stretches", "test_reports", "temperature_records", "meat_papers", "commitments",
        "sku_temperatures", "temperature_ranges",
    ):  # fmt: skip
        op.drop_table(table)


def _create_tables() -> None:
    op.create_table(
        "temperature_ranges",
        sa.Column("category_code", sa.Text(), nullable=False),
        sa.Column("low_c", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("high_c", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.CheckConstraint("low_c < high_c", name=op.f("ck_temperature_ranges_range")),
        sa.ForeignKeyConstraint(
            ["category_code"], ["categories.code"], name=op.f("fk_temperature_ranges_category_code")
        ),
        sa.PrimaryKeyConstraint("category_code", name=op.f("pk_temperature_ranges")),
    )
    op.create_table(
        "sku_temperatures",
        sa.Column("sku_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("low_c", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("high_c", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.CheckConstraint("low_c < high_c", name=op.f("ck_sku_temperatures_range")),
        sa.ForeignKeyConstraint(["sku_id"], ["skus.id"], name=op.f("fk_sku_temperatures_sku_id")),
        sa.PrimaryKeyConstraint("sku_id", name=op.f("pk_sku_temperatures")),
    )
    op.create_table(
        "commitments",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("product_name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("mass_kg", sa.Numeric(precision=14, scale=3), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("producer_name", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("bases", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("promises", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("replaces_id", sa.BigInteger(), nullable=True),
        sa.Column("issued_by", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("producer_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("lot_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "cardinality(bases) > 0 AND bases <@ ARRAY['commissioned_test','own_test','quality_control','own_promise']",
            name=op.f("ck_commitments_bases"),
        ),
        sa.CheckConstraint("(batch_id IS NULL) <> (lot_id IS NULL)", name=op.f("ck_commitments_one_thing")),
        sa.CheckConstraint("cardinality(promises) > 0", name=op.f("ck_commitments_promises")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_commitments_batch_id")),
        sa.ForeignKeyConstraint(["issued_by"], ["users.id"], name=op.f("fk_commitments_issued_by")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_commitments_lot_id")),
        sa.ForeignKeyConstraint(
            ["producer_id"], ["producers.organisation_id"], name=op.f("fk_commitments_producer_id")
        ),
        sa.ForeignKeyConstraint(["replaces_id"], ["commitments.id"], name=op.f("fk_commitments_replaces_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitments")),
        sa.UniqueConstraint("number", name=op.f("uq_commitments_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_commitments_public_id")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_commitments_replaces_id")),
    )
    op.create_index(op.f("ix_commitments_batch_id"), "commitments", ["batch_id"], unique=False)
    op.create_index(op.f("ix_commitments_lot_id"), "commitments", ["lot_id"], unique=False)
    op.create_index(op.f("ix_commitments_producer_id"), "commitments", ["producer_id"], unique=False)
    op.create_index(
        "uq_commitments_first_of_batch",
        "commitments",
        ["batch_id"],
        unique=True,
        postgresql_where=sa.text("batch_id IS NOT NULL AND replaces_id IS NULL"),
    )
    op.create_index(
        "uq_commitments_first_of_lot",
        "commitments",
        ["lot_id"],
        unique=True,
        postgresql_where=sa.text("lot_id IS NOT NULL AND replaces_id IS NULL"),
    )
    op.create_table(
        "meat_papers",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("producer_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("lot_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('quarantine','meat_inspection')", name=op.f("ck_meat_papers_kind")),
        sa.CheckConstraint("(batch_id IS NULL) <> (lot_id IS NULL)", name=op.f("ck_meat_papers_one_thing")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_meat_papers_batch_id")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_meat_papers_file_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_meat_papers_lot_id")),
        sa.ForeignKeyConstraint(
            ["producer_id"], ["producers.organisation_id"], name=op.f("fk_meat_papers_producer_id")
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name=op.f("fk_meat_papers_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meat_papers")),
        sa.UniqueConstraint("public_id", name=op.f("uq_meat_papers_public_id")),
    )
    op.create_index(op.f("ix_meat_papers_batch_id"), "meat_papers", ["batch_id"], unique=False)
    op.create_index(op.f("ix_meat_papers_lot_id"), "meat_papers", ["lot_id"], unique=False)
    op.create_index(op.f("ix_meat_papers_producer_id"), "meat_papers", ["producer_id"], unique=False)
    op.create_table(
        "temperature_records",
        sa.Column("device", sa.Text(), server_default="", nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("layout", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("readings", sa.BigInteger(), nullable=False),
        sa.Column("least_c", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("most_c", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("mean_c", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("low_c", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("high_c", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("range_from", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("producer_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("lot_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(range_from = 'none') = (low_c IS NULL) AND (low_c IS NULL) = (high_c IS NULL)",
            name=op.f("ck_temperature_records_range"),
        ),
        sa.CheckConstraint("range_from IN ('sku','category','none')", name=op.f("ck_temperature_records_range_from")),
        sa.CheckConstraint("(batch_id IS NULL) <> (lot_id IS NULL)", name=op.f("ck_temperature_records_one_thing")),
        sa.CheckConstraint("least_c <= mean_c AND mean_c <= most_c", name=op.f("ck_temperature_records_order")),
        sa.CheckConstraint("readings > 0 AND ended_at >= started_at", name=op.f("ck_temperature_records_readings")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_temperature_records_batch_id")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_temperature_records_file_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_temperature_records_lot_id")),
        sa.ForeignKeyConstraint(
            ["producer_id"], ["producers.organisation_id"], name=op.f("fk_temperature_records_producer_id")
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name=op.f("fk_temperature_records_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_temperature_records")),
        sa.UniqueConstraint("public_id", name=op.f("uq_temperature_records_public_id")),
    )
    op.create_index(op.f("ix_temperature_records_batch_id"), "temperature_records", ["batch_id"], unique=False)
    op.create_index(op.f("ix_temperature_records_lot_id"), "temperature_records", ["lot_id"], unique=False)
    op.create_index(op.f("ix_temperature_records_producer_id"), "temperature_records", ["producer_id"], unique=False)
    op.create_index(
        "uq_temperature_records_batch",
        "temperature_records",
        ["batch_id", "file_id"],
        unique=True,
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )
    op.create_index(
        "uq_temperature_records_lot",
        "temperature_records",
        ["lot_id", "file_id"],
        unique=True,
        postgresql_where=sa.text("lot_id IS NOT NULL"),
    )
    op.create_table(
        "test_reports",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("laboratory", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("tested_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("has_passed", sa.Boolean(), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_why", sa.Text(), server_default="", nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.Column("producer_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("lot_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_why = '')", name=op.f("ck_test_reports_withdrawn")),
        sa.CheckConstraint("kind IN ('commissioned','own','factory','official')", name=op.f("ck_test_reports_kind")),
        sa.CheckConstraint("(batch_id IS NULL) <> (lot_id IS NULL)", name=op.f("ck_test_reports_one_thing")),
        sa.CheckConstraint("expires_on IS NULL OR expires_on >= tested_on", name=op.f("ck_test_reports_dates")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_test_reports_batch_id")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_test_reports_file_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_test_reports_lot_id")),
        sa.ForeignKeyConstraint(
            ["producer_id"], ["producers.organisation_id"], name=op.f("fk_test_reports_producer_id")
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"], name=op.f("fk_test_reports_recorded_by")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["users.id"], name=op.f("fk_test_reports_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_reports")),
        sa.UniqueConstraint("public_id", name=op.f("uq_test_reports_public_id")),
    )
    op.create_index(op.f("ix_test_reports_batch_id"), "test_reports", ["batch_id"], unique=False)
    op.create_index(op.f("ix_test_reports_lot_id"), "test_reports", ["lot_id"], unique=False)
    op.create_index(op.f("ix_test_reports_producer_id"), "test_reports", ["producer_id"], unique=False)
    op.create_table(
        "temperature_stretches",
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("extreme_c", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("readings", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("side IN ('above','below')", name=op.f("ck_temperature_stretches_side")),
        sa.ForeignKeyConstraint(
            ["record_id"], ["temperature_records.id"], name=op.f("fk_temperature_stretches_record_id")
        ),
        sa.PrimaryKeyConstraint("record_id", "position", name=op.f("pk_temperature_stretches")),
    )
    op.create_table(
        "test_items",
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("allowed", sa.Text(), server_default="", nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("has_passed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["test_reports.id"], name=op.f("fk_test_items_report_id")),
        sa.PrimaryKeyConstraint("report_id", "position", name=op.f("pk_test_items")),
    )
