"""An event about goods of several counties is seen by the officials of each."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

_TABLE = "trace_event_counties"
#: Acts of producers with goods of several counties were told in the county of the first: what was missed is added.
_MISSED = f"""
    INSERT INTO {_TABLE} (event_id, county_code)
    SELECT DISTINCT e.id, p.county_code
    FROM (SELECT producer_id FROM products GROUP BY producer_id HAVING count(DISTINCT county_code) > 1) several
    JOIN batch_acts a ON a.producer_id = several.producer_id
    JOIN batch_movements m ON m.act_id = a.id JOIN batches b ON b.id = m.batch_id JOIN products p ON p.id = b.product_id
    JOIN trace_events e ON e.event_id = 'urn:uuid:' || a.public_id AND e.is_market
    WHERE p.county_code <> e.county_code"""


def upgrade() -> None:
    """Create the table with its guards."""
    op.create_table(
        _TABLE,
        sa.Column("event_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("county_code", sa.Text(), primary_key=True),
    )
    op.create_index("ix_trace_event_counties_county", _TABLE, ["county_code", "event_id"])
    op.execute(_MISSED)
    op.execute(f"""
        CREATE TRIGGER {_TABLE}_append_only BEFORE UPDATE OR DELETE ON {_TABLE}
        FOR EACH ROW EXECUTE FUNCTION refuse_change()""")
    op.execute(f"""
        CREATE TRIGGER {_TABLE}_no_truncate BEFORE TRUNCATE ON {_TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""")
    for trigger in ("append_only", "no_truncate"):
        op.execute(f"ALTER TABLE {_TABLE} ENABLE ALWAYS TRIGGER {_TABLE}_{trigger}")


def downgrade() -> None:
    """Drop it."""
    op.drop_table(_TABLE)
