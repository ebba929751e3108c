"""Papers of meat and temperatures can be taken back, as test reports can."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

TABLES = ("meat_papers", "temperature_records")
_ADDED = "'{withdrawn_at,withdrawn_by,withdrawn_why}'::text[]"


def upgrade() -> None:
    """Add what tells of the taking back, and let nothing else be changed, and that once."""
    for table in TABLES:
        op.add_column(
            table,
            sa.Column(
                "withdrawn_by", sa.BigInteger(), sa.ForeignKey("users.id", name=op.f(f"fk_{table}_withdrawn_by"))
            ),
        )
        op.add_column(table, sa.Column("withdrawn_at", sa.DateTime(timezone=True)))
        op.add_column(table, sa.Column("withdrawn_why", sa.Text(), server_default="", nullable=False))
        op.create_check_constraint(
            op.f(f"ck_{table}_withdrawn"), table, "(withdrawn_at IS NULL) = (withdrawn_why = '')"
        )
        op.execute(f"""
            CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table}
            FOR EACH ROW WHEN (OLD.withdrawn_at IS NOT NULL
                               OR to_jsonb(OLD) - {_ADDED} IS DISTINCT FROM to_jsonb(NEW) - {_ADDED})
            EXECUTE FUNCTION refuse_change()""")
        op.execute(f"""
            CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
        for trigger in ("kept", "no_delete"):
            op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{trigger}")
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    op.execute("""
        CREATE CONSTRAINT TRIGGER meat_papers_taken_back AFTER UPDATE ON meat_papers
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note_lot_paper()""")
    for thing in ("batch", "lot"):
        name = f"uq_temperature_records_{thing}"
        op.drop_index(name, "temperature_records")
        op.create_index(
            name, "temperature_records", [f"{thing}_id", "file_id"], unique=True,
            postgresql_where=sa.text(f"{thing}_id IS NOT NULL AND withdrawn_at IS NULL"),
        )  # fmt: skip


def downgrade() -> None:
    """Let nothing be changed again; what was taken back is there again."""
    op.execute("DROP TRIGGER meat_papers_taken_back ON meat_papers")
    for thing in ("batch", "lot"):
        op.drop_index(f"uq_temperature_records_{thing}", "temperature_records")
    for table in TABLES:
        for trigger in ("kept", "no_delete"):
            op.execute(f"DROP TRIGGER {table}_{trigger} ON {table}")
        for column in ("withdrawn_by", "withdrawn_at", "withdrawn_why"):
            op.drop_column(table, column)
        op.execute(f"""
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
    for thing in ("batch", "lot"):
        op.create_index(
            f"uq_temperature_records_{thing}", "temperature_records", [f"{thing}_id", "file_id"], unique=True,
            postgresql_where=sa.text(f"{thing}_id IS NOT NULL"),
        )  # fmt: skip
