"""Packs with numbers are of lots: by events, also where the market gave the numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

_TABLE = "trace_event_lots"
#: What the market itself tells of numbers that it gave is no word of a producer that numbers its own packs.
_IS_RECORDED = """
    CREATE OR REPLACE FUNCTION trace_is_recorded(uri text) RETURNS boolean LANGUAGE sql STABLE AS $$
        SELECT EXISTS (
            SELECT FROM trace_epcs e JOIN trace_event_epcs x ON x.epc_id = e.id JOIN trace_events v ON v.id = x.event_id
            WHERE e.uri = trace_is_recorded.uri {market} trace_may_tell(v.organisation_id, e.id) IS NOT FALSE)
    $$"""


def upgrade() -> None:
    """Create the table with its guards."""
    op.create_table(
        _TABLE,
        sa.Column("event_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("lot_id", sa.BigInteger(), primary_key=True, autoincrement=False),
    )
    op.create_index("ix_trace_event_lots_lot", _TABLE, ["lot_id", "event_id"])
    op.execute(f"""
        CREATE TRIGGER {_TABLE}_append_only BEFORE UPDATE OR DELETE ON {_TABLE}
        FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
    op.execute(f"""
        CREATE TRIGGER {_TABLE}_no_truncate BEFORE TRUNCATE ON {_TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
    for trigger in ("append_only", "no_truncate"):
        op.execute(f"ALTER TABLE {_TABLE} ENABLE ALWAYS TRIGGER {_TABLE}_{trigger}")
    op.execute(_IS_RECORDED.format(market="AND NOT v.is_market AND"))


def downgrade() -> None:
    """Drop it."""
    op.execute(_IS_RECORDED.format(market="AND"))
    op.drop_table(_TABLE)
