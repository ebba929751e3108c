"""Readings of loggers begin in this century: an instant that programs cannot hold broke every page that showed it."""

from alembic import op

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None

_FIRST = "'2000-01-01 00:00:00+00'"
_CHECK = f"started_at >= {_FIRST}"


def upgrade() -> None:
    """Refuse such records from now on; those that are there become readable, and are taken back by their makers."""
    for table in ("temperature_records", "temperature_stretches"):
        op.execute(
            f"""UPDATE {table} SET ended_at = greatest(ended_at, {_FIRST}), started_at = {_FIRST}
                WHERE started_at < {_FIRST}"""
        )
    op.create_check_constraint(op.f("ck_temperature_records_started_at"), "temperature_records", _CHECK)


def downgrade() -> None:
    """Take any year again."""
    op.drop_constraint(op.f("ck_temperature_records_started_at"), "temperature_records", type_="check")
