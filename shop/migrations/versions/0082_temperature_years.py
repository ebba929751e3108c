"""Readings of loggers begin in this century: an instant that programs cannot hold broke every page that showed it."""

from alembic import op

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None

#: What keeps the tables' rows as they are; lifted for this change alone.
_GUARDS = {
    "temperature_records": "temperature_records_kept",
    "temperature_stretches": "temperature_stretches_append_only",
}
_FIRST = "'2000-01-01 00:00:00+00'"
_CHECK = f"started_at >= {_FIRST}"


def upgrade() -> None:
    """Refuse such records from now on; those that are there become readable, and are taken back by their makers."""
    for table, guard in _GUARDS.items():
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER {guard}")
        op.execute(
            f"""UPDATE {table} SET ended_at = greatest(ended_at, {_FIRST}), started_at = {_FIRST}
                WHERE started_at < {_FIRST}"""
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}")
    op.create_check_constraint(op.f("ck_temperature_records_started_at"), "temperature_records", _CHECK)


def downgrade() -> None:
    """Take any year again."""
    op.drop_constraint(op.f("ck_temperature_records_started_at"), "temperature_records", type_="check")
