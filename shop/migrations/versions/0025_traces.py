"""Captured events, what they name, the jobs that captured them, and what is derived from them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

#: What was captured is never changed, deleted or emptied, by the owner either.
APPEND_ONLY = ("trace_contexts", "trace_event_attributes", "trace_event_epcs", "trace_events", "trace_names")
TABLES = (
    "trace_containments",
    "trace_contexts",
    "trace_epcs",
    "trace_event_attributes",
    "trace_event_epcs",
    "trace_names",
    "trace_transforms",
    "trace_grants",
    "trace_jobs",
    "trace_master_data",
    "trace_events",
)
_HOLDERS = {
    "trace:capture": (
        "institution_receiver", "institution_admin", "producer_clerk", "producer_admin", "agent_clerk", "agent_admin",
    ),
    "trace:read": (
        "institution_requester", "institution_receiver", "institution_admin", "producer_clerk", "producer_admin",
        "agent_clerk", "agent_admin", "authority_viewer", "authority_reviewer", "authority_confirmer",
        "operator_reviewer", "operator_confirmer", "operator_auditor",
    ),
}  # fmt: skip


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_kw: object) -> str:
        """Name the type."""
        return "xid8"


def upgrade() -> None:
    """Create the tables and their guards, and give the roles what they need."""
    op.create_table(
        "trace_containments",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=False),
        sa.Column("during", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("opened_by", sa.BigInteger(), nullable=False),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_containments")),
    )
    op.create_index("ix_trace_containments_child", "trace_containments", ["child_id", "during"])
    op.create_index(op.f("ix_trace_containments_closed_by"), "trace_containments", ["closed_by"])
    op.create_index(op.f("ix_trace_containments_opened_by"), "trace_containments", ["opened_by"])
    op.create_index("ix_trace_containments_parent", "trace_containments", ["parent_id", "child_id"])
    op.create_table(
        "trace_contexts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("contexts", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_contexts")),
        sa.UniqueConstraint("sha256", name=op.f("uq_trace_contexts_sha256")),
    )
    op.create_table(
        "trace_epcs",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("uri", sa.Text(collation="C"), nullable=False),
        sa.Column("captured", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("gs1_key", sa.Text(collation="C"), nullable=True),
        sa.CheckConstraint(
            "kind IN ('instance','class','lot','place','party','document','other')", name=op.f("ck_trace_epcs_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_epcs")),
        sa.UniqueConstraint("uri", name=op.f("uq_trace_epcs_uri")),
    )
    op.create_index("ix_trace_epcs_gs1_key", "trace_epcs", ["gs1_key"], postgresql_where=sa.text("gs1_key IS NOT NULL"))
    op.create_table(
        "trace_event_attributes",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", sa.SmallInteger(), nullable=False),
        sa.Column("name_id", sa.BigInteger(), nullable=False),
        sa.Column("element", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("num", sa.Numeric(), nullable=True),
        sa.Column("time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("uom", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "ordinal", name=op.f("pk_trace_event_attributes")),
    )
    op.create_index(
        "ix_trace_event_attributes_num",
        "trace_event_attributes",
        ["name_id", "field", "num", "event_id"],
        postgresql_where=sa.text("num IS NOT NULL"),
    )
    op.create_index(
        "ix_trace_event_attributes_value",
        "trace_event_attributes",
        ["name_id", "field", sa.literal_column("left(value, 200)"), "event_id"],
    )
    op.create_index(
        "ix_trace_event_attributes_time",
        "trace_event_attributes",
        ["name_id", "field", "time", "event_id"],
        postgresql_where=sa.text("time IS NOT NULL"),
    )
    op.create_table(
        "trace_event_epcs",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epc_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.SmallInteger(), nullable=False),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("uom", sa.Text(), nullable=True),
        sa.CheckConstraint("role BETWEEN 1 AND 9", name=op.f("ck_trace_event_epcs_role")),
        sa.PrimaryKeyConstraint("event_id", "ordinal", name=op.f("pk_trace_event_epcs")),
    )
    op.create_index(
        "ix_trace_event_epcs_epc", "trace_event_epcs", ["epc_id", "event_time", "event_id"], postgresql_include=["role"]
    )
    op.create_index(
        "ix_trace_event_epcs_quantity",
        "trace_event_epcs",
        ["quantity"],
        postgresql_where=sa.text("quantity IS NOT NULL"),
    )
    op.create_table(
        "trace_names",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_names")),
        sa.UniqueConstraint("name", name=op.f("uq_trace_names_name")),
    )
    op.create_table(
        "trace_transforms",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("transformation_id", sa.Text(), nullable=True),
        sa.Column("epc_id", sa.BigInteger(), nullable=False),
        sa.Column("is_output", sa.Boolean(), nullable=False),
        sa.Column("quantity", sa.Numeric(), nullable=True),
        sa.Column("uom", sa.Text(), nullable=True),
        sa.Column("withdrawn_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "ordinal", name=op.f("pk_trace_transforms")),
    )
    op.create_index("ix_trace_transforms_epc", "trace_transforms", ["epc_id", "is_output", "event_id"])
    op.create_index(
        "ix_trace_transforms_transformation",
        "trace_transforms",
        ["transformation_id", "is_output"],
        postgresql_where=sa.text("transformation_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_trace_transforms_withdrawn_by"), "trace_transforms", ["withdrawn_by"])
    op.create_table(
        "trace_grants",
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("epc_id", sa.BigInteger(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_ref", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["epc_id"], ["trace_epcs.id"], name=op.f("fk_trace_grants_epc_id")),
        sa.ForeignKeyConstraint(["granted_by"], ["organisations.id"], name=op.f("fk_trace_grants_granted_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_trace_grants_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "epc_id", name=op.f("pk_trace_grants")),
    )
    op.create_index(op.f("ix_trace_grants_epc_id"), "trace_grants", ["epc_id"])
    op.create_table(
        "trace_jobs",
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("behaviour", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("payload_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("stored", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("known", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("errors", postgresql.JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "behaviour = 'proceed' OR failed = 0 OR stored + known = 0", name=op.f("ck_trace_jobs_rollback")
        ),
        sa.CheckConstraint("behaviour IN ('rollback','proceed')", name=op.f("ck_trace_jobs_behaviour")),
        sa.CheckConstraint("(finished_at IS NULL) = (payload IS NOT NULL)", name=op.f("ck_trace_jobs_payload")),
        sa.CheckConstraint(
            "done BETWEEN 0 AND events AND stored + known + failed <= events", name=op.f("ck_trace_jobs_counts")
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_trace_jobs_organisation_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_trace_jobs_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_jobs")),
        sa.UniqueConstraint("public_id", name=op.f("uq_trace_jobs_public_id")),
    )
    op.create_index("ix_trace_jobs_open", "trace_jobs", ["id"], postgresql_where=sa.text("finished_at IS NULL"))
    op.create_index("ix_trace_jobs_own", "trace_jobs", ["organisation_id", "id"])
    op.create_table(
        "trace_master_data",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(collation="C"), nullable=False),
        sa.Column("captured", sa.Text(), nullable=False),
        sa.Column("attributes", postgresql.JSONB(), nullable=False),
        sa.Column("children", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_trace_master_data_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_master_data")),
        sa.UniqueConstraint(
            "organisation_id", "type", "uri", name=op.f("uq_trace_master_data_organisation_id_type_uri")
        ),
    )
    op.create_index("ix_trace_master_data_children", "trace_master_data", ["children"], postgresql_using="gin")
    op.create_index("ix_trace_master_data_uri", "trace_master_data", ["uri"])
    op.create_table(
        "trace_events",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("is_declaration", sa.Boolean(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("biz_step", sa.Text(), nullable=True),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("read_point", sa.Text(), nullable=True),
        sa.Column("biz_location", sa.Text(), nullable=True),
        sa.Column("transformation_id", sa.Text(), nullable=True),
        sa.Column("event_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("record_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tz_offset", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declared_reason", sa.Text(), nullable=True),
        sa.Column("has_sensors", sa.Boolean(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("hash_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("context_id", sa.BigInteger(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.CheckConstraint(
            "type IN ('ObjectEvent','AggregationEvent','AssociationEvent','TransactionEvent','TransformationEvent')",
            name=op.f("ck_trace_events_type"),
        ),
        sa.CheckConstraint("is_declaration = (declared_at IS NOT NULL)", name=op.f("ck_trace_events_declared")),
        sa.ForeignKeyConstraint(["context_id"], ["trace_contexts.id"], name=op.f("fk_trace_events_context_id")),
        sa.ForeignKeyConstraint(["job_id"], ["trace_jobs.id"], name=op.f("fk_trace_events_job_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_trace_events_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_events")),
        sa.UniqueConstraint("event_id", "is_declaration", name=op.f("uq_trace_events_event_id_is_declaration")),
    )
    op.create_index("ix_trace_events_biz_location", "trace_events", ["biz_location", "event_time", "id"])
    op.create_index("ix_trace_events_biz_step", "trace_events", ["biz_step", "event_time", "id"])
    op.create_index("ix_trace_events_county", "trace_events", ["county_code", "event_time", "id"])
    op.create_index("ix_trace_events_disposition", "trace_events", ["disposition", "event_time", "id"])
    op.create_index(op.f("ix_trace_events_job_id"), "trace_events", ["job_id"])
    op.create_index("ix_trace_events_own", "trace_events", ["organisation_id", "event_time", "id"])
    op.create_index("ix_trace_events_read_point", "trace_events", ["read_point", "event_time", "id"])
    op.create_index("ix_trace_events_record_time", "trace_events", ["record_time", "id"])
    op.create_index("ix_trace_events_time", "trace_events", ["event_time", "id"])
    op.create_index(
        "ix_trace_events_transformation",
        "trace_events",
        ["transformation_id"],
        postgresql_where=sa.text("transformation_id IS NOT NULL"),
    )
    for table in APPEND_ONLY:
        _guard(table, "UPDATE OR DELETE", "append_only")
    # Of an identifier only the form in which it was captured may become better known.
    _guard("trace_epcs", "DELETE OR UPDATE OF id, uri, kind, gs1_key", "append_only")
    held = sa.text(
        """INSERT INTO role_permissions (role, permission) SELECT code, :permission FROM roles WHERE code = :role
           ON CONFLICT DO NOTHING"""
    )
    for permission, roles in _HOLDERS.items():
        for role in roles:
            op.execute(held.bindparams(permission=permission, role=role))


def _guard(table: str, changes: str, name: str) -> None:
    op.execute(f"""
        CREATE TRIGGER {table}_{name} BEFORE {changes} ON {table}
        FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
    op.execute(f"""
        CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate")


def downgrade() -> None:
    """Drop them."""
    for permission in _HOLDERS:
        op.execute(sa.text("DELETE FROM role_permissions WHERE permission = :name").bindparams(name=permission))
    for table in reversed(TABLES):
        op.drop_table(table)
