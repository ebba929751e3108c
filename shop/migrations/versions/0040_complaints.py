"""Complaints about goods."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_OFFICIALS = ("authority_reviewer", "authority_confirmer", "operator_reviewer", "operator_confirmer")
_SELLERS = ("producer_clerk", "producer_admin", "agent_clerk", "agent_admin")
HOLDERS = {
    "complaints:read": (*_OFFICIALS, *_SELLERS, "authority_viewer", "operator_auditor"),
    "complaints:handle": _OFFICIALS,
    "complaints:respond": _SELLERS,
}
#: From where to where a complaint moves; and nothing else of it changes.
_CHANGED = """
    to_jsonb(OLD) - '{status,answer,answered_at,closed_at,version}'::text[]
    IS DISTINCT FROM to_jsonb(NEW) - '{status,answer,answered_at,closed_at,version}'::text[]
    OR (OLD.status, NEW.status) NOT IN (('received', 'investigating'), ('investigating', 'answered'),
                                        ('investigating', 'closed'), ('answered', 'closed'))
    OR OLD.answer <> '' AND OLD.answer <> NEW.answer"""
_GUARDS = (
    ("complaints", "kept", "UPDATE", "ROW", _CHANGED),
    ("complaints", "no_delete", "DELETE", "ROW", ""),
    ("complaints", "no_truncate", "TRUNCATE", "STATEMENT", ""),
    ("complaint_steps", "append_only", "UPDATE OR DELETE", "ROW", ""),
    ("complaint_steps", "no_truncate", "TRUNCATE", "STATEMENT", ""),
)


def upgrade() -> None:
    """Create the tables with their guards, and give the rights."""
    _create_complaints()
    op.create_table(
        "complaint_contacts",
        sa.Column(
            "complaint_id", sa.BigInteger(), sa.ForeignKey("complaints.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.CheckConstraint("contact <> ''", name=op.f("ck_complaint_contacts_contact")),
    )
    op.create_table(
        "complaint_steps",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("complaint_id", sa.BigInteger(), sa.ForeignKey("complaints.id"), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("users.id"), nullable=True),
        sa.Column("organisation_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "event IN ('received','taken','responded','answered','closed','contact_erased')",
            name=op.f("ck_complaint_steps_event"),
        ),
    )
    op.create_index("ix_complaint_steps_complaint", "complaint_steps", ["complaint_id", "id"])
    for table, name, event, level, condition in _GUARDS:
        when = f"WHEN ({condition})" if condition else ""
        op.execute(
            f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table} FOR EACH {level} {when}"
            " EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")
    held = sa.text(
        """INSERT INTO role_permissions (role, permission) SELECT code, :permission FROM roles WHERE code = :role
           ON CONFLICT DO NOTHING"""
    )
    for permission, roles in HOLDERS.items():
        for role in roles:
            op.execute(held.bindparams(role=role, permission=permission))


def downgrade() -> None:
    """Drop them."""
    op.execute("DELETE FROM role_permissions WHERE permission LIKE 'complaints:%'")
    for table in ("complaint_steps", "complaint_contacts", "complaints"):
        op.drop_table(table)


def _create_complaints() -> None:
    op.create_table(
        "complaints",
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("public_id", sa.Uuid(), nullable=False, unique=True),
        sa.Column("number", sa.Text(), nullable=False, unique=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("sku_id", sa.BigInteger(), sa.ForeignKey("skus.id"), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), sa.ForeignKey("lots.id"), nullable=True),
        sa.Column("lot_number", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("producer_id", sa.BigInteger(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("county_code", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), server_default="received", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "kind IN ('mislabelled','quality','expired','forged','other')", name=op.f("ck_complaints_kind")
        ),
        sa.CheckConstraint(
            "status IN ('received','investigating','answered','closed')", name=op.f("ck_complaints_status")
        ),
        sa.CheckConstraint("words <> ''", name=op.f("ck_complaints_words")),
        sa.CheckConstraint("(answer <> '') = (answered_at IS NOT NULL)", name=op.f("ck_complaints_answer")),
        sa.CheckConstraint("status <> 'answered' OR answer <> ''", name=op.f("ck_complaints_answered")),
        sa.CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_complaints_closed")),
    )
    op.create_index(
        "ix_complaints_waiting", "complaints", ["id"],
        postgresql_where=sa.text("status IN ('received', 'investigating')"),
    )  # fmt: skip
    op.create_index("ix_complaints_producer", "complaints", ["producer_id", "id"])
    op.create_index("ix_complaints_county", "complaints", ["county_code", "id"])
    op.create_index("ix_complaints_lot_id", "complaints", ["lot_id"])
